"""A local copy of a token table for random access: one file of token ids and small arrays beside it, memory-mapped.

Built once per table version, in a folder with a temporary name that is then renamed; ranks and runs on one machine wait
for each other at a lock. A cache that is cut off or damaged is found when it is opened and built again.
"""

from __future__ import annotations

import json
import os
import shutil
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from filelock import FileLock

from training.data.order import I32, I64, U64, ids_from_hex
from training.data.tables import TokenTable
from training.files import write_json

FORMAT = 2
_TYPES = {
    "tokens": "<i4",
    "supervised": "|u1",
    "offsets": "<i8",
    "ids": "<u8",
    "chunks": "<i4",
    "bytes": "<i8",
    "kinds": "<i4",
}
_BLOCK = 1 << 24
_CHECKED_BLOCKS = 64


@dataclass(frozen=True)
class Cache:
    """The documents of a table by number, in the order of its files.

    `tokens` [all tokens] int32 is mapped from disk; document i is tokens[offsets[i] : offsets[i + 1]]. `ids` [n, 4],
    `chunks` [n] and `bytes` [n] (UTF-8 bytes of the texts) go with it; `kinds` [n] are numbers in `labels`, the
    distinct (source, language). `largest` is the greatest token id. `supervised` [all tokens] uint8 is 1 where
    predicting the token is trained; empty for documents.
    """

    tokens: I32
    supervised: npt.NDArray[np.uint8]
    offsets: I64
    ids: U64
    chunks: I32
    bytes: I64
    kinds: I32
    labels: tuple[tuple[str, str], ...]
    largest: int

    def lengths(self) -> I64:
        """[n] tokens of each document."""
        return np.diff(self.offsets)

    def read(self, document: int, start: int, stop: int) -> I32:
        """Tokens of a document from start to stop."""
        first = int(self.offsets[document])
        return self.tokens[first + start : first + stop]

    def mask(self, document: int) -> npt.NDArray[np.bool_]:
        """[tokens of the document] whether each is supervised."""
        begin, end = int(self.offsets[document]), int(self.offsets[document + 1])
        return self.supervised[begin:end].view(np.bool_)

    def select(self, sources: tuple[str, ...], languages: tuple[str, ...]) -> I64:
        """Numbers of the documents of these sources and languages; an empty tuple stands for all of them."""
        wanted = [
            (not sources or source in sources) and (not languages or language in languages)
            for source, language in self.labels
        ]
        return np.flatnonzero(np.array(wanted, dtype=bool)[self.kinds]) if self.labels else np.empty(0, np.int64)


def open_cache(table: TokenTable, tokenizer_hash: str, folder: Path) -> Cache:
    """The cache of a table below `folder`, built where there is none that is whole. Raises ValueError, OSError."""
    name = zlib.crc32(tokenizer_hash.encode())
    place = folder / f"{table.fingerprint()[:32]}-{name:08x}"
    found = _opened(place)
    if found is None:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(str(place) + ".lock"):
            # Another process may have built it while this one waited.
            found = _opened(place)
            if found is None:
                _build(table, tokenizer_hash, place)
                found = _opened(place)
    if found is None:
        raise ValueError(f"{place}: expected the cache that was just built, found a damaged one; check the disk")
    return found


def _opened(place: Path) -> Cache | None:
    """None where the cache is missing, of another format, cut off, or fails its checksums."""
    try:
        manifest = json.loads((place / "manifest.json").read_text(encoding="utf-8"))
        if manifest["format"] != FORMAT:
            return None
        arrays = {name: _mapped(place / name, kind, manifest["files"][name]) for name, kind in _TYPES.items()}
        arrays["ids"] = arrays["ids"].reshape(-1, 4)
        labels = tuple((source, language) for source, language in manifest["labels"])
        return Cache(**arrays, labels=labels, largest=int(manifest["largest"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _mapped(file: Path, kind: str, written: dict[str, Any]) -> npt.NDArray[Any]:
    """Raises ValueError where size or checksums differ. A large file's are sampled, both ends included."""
    if file.stat().st_size != written["size"]:
        raise ValueError(f"{file}: cut off")
    sums = written["sums"]
    chosen = np.unique(np.linspace(0, len(sums) - 1, min(len(sums), _CHECKED_BLOCKS)).astype(int))
    with file.open("rb") as opened:
        for block in chosen:
            opened.seek(int(block) * _BLOCK)
            if zlib.crc32(opened.read(_BLOCK)) != sums[block]:
                raise ValueError(f"{file}: damaged")
    if not written["size"]:
        return np.empty(0, dtype=kind)
    # A plain view: indexing a memmap object costs several times as much.
    return np.asarray(np.memmap(file, dtype=kind, mode="r")).view(np.ndarray)


def _build(table: TokenTable, tokenizer_hash: str, place: Path) -> None:
    """Under the lock: half-built folders and a damaged one are nobody's any more."""
    for old in place.parent.glob(f"{place.name}.building*"):
        shutil.rmtree(old)
    temporary = place.with_name(f"{place.name}.building-{os.getpid()}")
    temporary.mkdir()
    try:
        _write(table, tokenizer_hash, temporary)
        if place.exists():
            shutil.rmtree(place)
        temporary.rename(place)
    except OSError as error:
        raise OSError(
            error.errno, f"{temporary}: expected to write the cache of {table.name}, found {error}; free some space"
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _write(table: TokenTable, tokenizer_hash: str, folder: Path) -> None:
    rows = _Rows()
    files: dict[str, Any] = {}
    with (folder / "tokens").open("wb") as sink, (folder / "supervised").open("wb") as masks:
        sums, mask_sums = _Sums(sink), _Sums(masks)
        for batch in table.batches(tokenizer_hash):
            sums.write(rows.add(batch, table.name))
            if "supervised" in batch.schema.names:
                mask_sums.write(_mask(batch, table.name))
        files |= {"tokens": sums.finished(), "supervised": mask_sums.finished()}
    for name, array in rows.arrays().items():
        with (folder / name).open("wb") as sink:
            sums = _Sums(sink)
            sums.write(np.ascontiguousarray(array, dtype=_TYPES[name]))
            files[name] = sums.finished()
    manifest = {"format": FORMAT, "table": table.name, "version": table.version, "files": files}
    manifest |= {"labels": list(rows.labels), "largest": rows.largest}
    write_json(folder / "manifest.json", manifest)


def _mask(batch: pa.RecordBatch, where: str) -> npt.NDArray[np.uint8]:
    """The supervised flags of the batch, one after the other. Raises ValueError."""
    lengths = pc.list_value_length(batch["supervised"])
    if len(batch) and not pc.all(pc.equal(lengths, pc.list_value_length(batch["tokens"]))).as_py():
        raise ValueError(f"{where}: expected as many supervised flags as tokens, found others; rebuild the table")
    flags: npt.NDArray[np.uint8] = batch["supervised"].flatten().cast(pa.uint8()).to_numpy()
    return flags


class _Sums:
    """Writes a file and takes the checksum of each block of it."""

    def __init__(self, sink: BinaryIO) -> None:
        self._sink, self._size, self._sum = sink, 0, 0
        self._sums: list[int] = []

    def write(self, array: npt.NDArray[Any]) -> None:
        data = np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
        self._sink.write(data)
        while len(data):
            part = data[: _BLOCK - self._size % _BLOCK]
            self._sum = zlib.crc32(part, self._sum)
            self._size += len(part)
            data = data[len(part) :]
            if self._size % _BLOCK == 0:
                self._sums.append(self._sum)
                self._sum = 0

    def finished(self) -> dict[str, Any]:
        """Size and checksums, with the bytes on disk."""
        self._sink.flush()
        os.fsync(self._sink.fileno())
        return {"size": self._size, "sums": self._sums + ([self._sum] if self._size % _BLOCK else [])}


class _Rows:
    """What is kept of each row beside its tokens; 60 bytes a document in memory while the cache is built."""

    def __init__(self) -> None:
        self.labels: dict[tuple[str, str], int] = {}
        self.largest = -1
        self._parts: dict[str, list[npt.NDArray[Any]]] = {
            name: [] for name in ("lengths", "ids", "chunks", "bytes", "kinds")
        }

    def add(self, batch: pa.RecordBatch, where: str) -> I32:
        """The tokens of the batch, one after the other. Raises ValueError."""
        tokens: I32 = batch["tokens"].flatten().to_numpy()
        lengths: I64 = pc.list_value_length(batch["tokens"]).to_numpy().astype(np.int64)
        if not np.array_equal(lengths, batch["n_tokens"].to_numpy()):
            raise ValueError(f"{where}: expected n_tokens to be the length of tokens, found others; rebuild the table")
        if len(tokens):
            if int(tokens.min()) < 0:
                raise ValueError(f"{where}: expected token ids of 0 or more, found {tokens.min()}; rebuild the table")
            self.largest = max(self.largest, int(tokens.max()))
        if not pc.all(pc.equal(pc.binary_length(batch["content_id"]), 64)).as_py() and len(batch):
            raise ValueError(f"{where}: expected content ids of 64 digits, found others; rebuild the table")
        digits = pc.binary_join(_as_list(batch["content_id"]), "")[0].as_py() if len(batch) else ""
        self._parts["ids"].append(ids_from_hex(digits.encode(), len(batch), where))
        self._parts["lengths"].append(lengths)
        self._parts["chunks"].append(batch["chunk"].to_numpy())
        self._parts["bytes"].append(batch["text_bytes"].to_numpy())
        self._parts["kinds"].append(np.fromiter(self._kinds(batch), dtype=np.int32, count=len(batch)))
        return tokens

    def _kinds(self, batch: pa.RecordBatch) -> Iterator[int]:
        for label in zip(batch["source"].to_pylist(), batch["language"].to_pylist(), strict=True):
            yield self.labels.setdefault(label, len(self.labels))

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        whole = {name: np.concatenate(parts) if parts else np.empty(0) for name, parts in self._parts.items()}
        ends = np.cumsum(whole.pop("lengths"))
        return {**whole, "offsets": np.concatenate([[0], ends])}


def _as_list(column: pa.Array) -> pa.Array:
    """One list that holds the whole column."""
    return pa.ListArray.from_arrays(pa.array([0, len(column)], pa.int32()), column)
