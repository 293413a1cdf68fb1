"""Making the cache of a token table: files of the table are read beside each other, each written to its own place."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from training.data.checksums import each, put, sums_of
from training.data.order import I64, U64, ids_from_hex
from training.data.tables import File, TokenTable
from training.files import write_json

FORMAT = 2
TYPES = {
    "tokens": "<i4",
    "supervised": "|u1",
    "offsets": "<i8",
    "ids": "<u8",
    "chunks": "<i4",
    "bytes": "<i8",
    "kinds": "<i4",
}
Label = tuple[str, str]


def write(table: TokenTable, tokenizer_hash: str, folder: Path, said: Callable[[str], None] = lambda _: None) -> None:
    """Write the files of a cache and their manifest. Raises ValueError, naming the file at fault, and OSError.

    The narrow columns are read first: they say where the rows of each file go, so that nothing is held of a table.
    """
    counted = list(each(lambda file: table.counted(file, tokenizer_hash), table.files))
    labels = sorted({label for found in counted for label in found.labels})
    rows = [0, *accumulate(found.rows for found in counted)]
    tokens = [0, *accumulate(found.tokens for found in counted)]
    said(f"{table.name}: {rows[-1]:,} rows, {tokens[-1]:,} tokens in {len(table.files):,} files")
    with ExitStack() as stack:
        files = {name: stack.enter_context((folder / name).open("wb")).fileno() for name in TYPES}
        put(files["offsets"], np.zeros(1, np.int64), 0)
        copy = _Copy(table, tokenizer_hash, files, {label: number for number, label in enumerate(labels)})
        parts = zip(table.files, rows[:-1], tokens[:-1], counted, strict=True)
        largest = max(each(lambda part: copy.file(part[0], part[1], part[2], part[3].tokens), parts), default=-1)
    manifest: dict[str, Any] = {"format": FORMAT, "table": table.name, "version": table.version}
    manifest |= {"labels": labels, "largest": largest, "files": {name: sums_of(folder / name) for name in TYPES}}
    write_json(folder / "manifest.json", manifest)


@dataclass(frozen=True)
class _Copy:
    """Rows of a table's files into the open files of a cache."""

    table: TokenTable
    tokenizer_hash: str
    files: dict[str, int]
    labels: dict[Label, int]

    def file(self, file: File, row: int, token: int, expected: int) -> int:
        """Write the rows of a file from these places on; returns its greatest token id. Raises ValueError."""
        largest, end = -1, token + expected
        for batch in self.table.rows(file, self.tokenizer_hash):
            arrays = _arrays(batch, self.table.name, self.labels)
            if len(found := arrays["tokens"]):
                if int(found.min()) < 0:
                    raise ValueError(
                        f"{self.table.name}: expected token ids of 0 or more, found {found.min()}; rebuild the table"
                    )
                largest = max(largest, int(found.max()))
            ends = token + np.cumsum(arrays.pop("lengths"))
            for name in ("tokens", "supervised"):
                put(self.files[name], arrays.pop(name), token * np.dtype(TYPES[name]).itemsize)
            put(self.files["offsets"], ends.astype(TYPES["offsets"]), 8 * (row + 1))
            for name, array in arrays.items():
                put(self.files[name], array.astype(TYPES[name]), row * array[:1].nbytes if len(array) else 0)
            row, token = row + len(batch), int(ends[-1]) if len(batch) else token
        assert token == end, "the narrow columns say how much a file holds"
        return largest


def _arrays(batch: pa.RecordBatch, where: str, labels: dict[Label, int]) -> dict[str, npt.NDArray[Any]]:
    """The arrays of a cache for the rows of a batch, and their `lengths`. Raises ValueError."""
    lengths: I64 = pc.list_value_length(batch["tokens"]).to_numpy().astype(np.int64)
    if not np.array_equal(lengths, batch["n_tokens"].to_numpy()):
        raise ValueError(f"{where}: expected n_tokens to be the length of tokens, found others; rebuild the table")
    distinct, numbers = pairs(batch)
    return {
        "lengths": lengths,
        "tokens": batch["tokens"].flatten().to_numpy(),
        "supervised": _mask(batch, where),
        "ids": _ids(batch, where),
        "chunks": batch["chunk"].to_numpy(),
        "bytes": batch["text_bytes"].to_numpy(),
        "kinds": np.array([labels[label] for label in distinct], np.int32)[numbers],
    }


def _mask(batch: pa.RecordBatch, where: str) -> npt.NDArray[np.uint8]:
    """The supervised flags of the batch, one after the other; none for documents. Raises ValueError."""
    if "supervised" not in batch.schema.names:
        return np.empty(0, np.uint8)
    lengths = pc.list_value_length(batch["supervised"])
    if len(batch) and not pc.all(pc.equal(lengths, pc.list_value_length(batch["tokens"]))).as_py():
        raise ValueError(f"{where}: expected as many supervised flags as tokens, found others; rebuild the table")
    flags: npt.NDArray[np.uint8] = batch["supervised"].flatten().cast(pa.uint8()).to_numpy()
    return flags


def _ids(batch: pa.RecordBatch, where: str) -> U64:
    if len(batch) and not pc.all(pc.equal(pc.binary_length(batch["content_id"]), 64)).as_py():
        raise ValueError(f"{where}: expected content ids of 64 digits, found others; rebuild the table")
    digits = pc.binary_join(_as_list(batch["content_id"]), "")[0].as_py() if len(batch) else ""
    return ids_from_hex(digits.encode(), len(batch), where)


def _as_list(column: pa.Array) -> pa.Array:
    """One list that holds the whole column."""
    return pa.ListArray.from_arrays(pa.array([0, len(column)], pa.int32()), column)


def pairs(batch: pa.RecordBatch) -> tuple[list[Label], I64]:
    """The distinct (source, language) of a batch, and the number of each row's among them."""
    source, language = (batch[name].dictionary_encode() for name in ("source", "language"))
    sources, languages = source.dictionary.to_pylist(), language.dictionary.to_pylist()
    both = source.indices.to_numpy().astype(np.int64) * max(1, len(languages)) + language.indices.to_numpy()
    found, numbers = np.unique(both, return_inverse=True)
    return [(sources[n // len(languages)], languages[n % len(languages)]) for n in found.tolist()], numbers
