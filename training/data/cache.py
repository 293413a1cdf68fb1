"""A local copy of a token table for random access: one file of token ids and small arrays beside it, memory-mapped.

Built once per table version, in a folder with a temporary name that is then renamed; ranks and runs on one machine wait
for each other at a lock. A cache that is cut off or damaged is found when it is opened and built again.
"""

from __future__ import annotations

import json
import os
import shutil
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from filelock import FileLock

from training.data import building
from training.data.checksums import damage, mapped
from training.data.order import I32, I64, U64
from training.data.tables import TokenTable

_ROWS = 1 << 20


@dataclass(frozen=True)
class Cache:
    """The documents of a table by number, in the order of its files.

    `tokens` [all tokens] int32 is mapped from disk; document i is tokens[offsets[i] : offsets[i + 1]]. `ids` [n, 4],
    `chunks` [n] and `bytes` [n] (UTF-8 bytes of the texts) go with it; `kinds` [n] are numbers in `labels`, the
    distinct (source, language). `largest` is the greatest token id, `place` the folder. `supervised` [all tokens] uint8
    is 1 where predicting the token is trained; empty for documents.
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
    place: Path

    def lengths(self, documents: I64 | None = None) -> I64:
        """[n] tokens of each of these documents, or of all."""
        if documents is None:
            return np.diff(self.offsets)
        return self.offsets[documents + 1] - self.offsets[documents]

    def length(self, document: int) -> int:
        """Tokens of a document."""
        return int(self.offsets[document + 1] - self.offsets[document])

    def read(self, document: int, start: int, stop: int) -> I32:
        """Tokens of a document from start to stop."""
        first = int(self.offsets[document])
        return self.tokens[first + start : first + stop]

    def mask(self, document: int) -> npt.NDArray[np.bool_]:
        """[tokens of the document] whether each is supervised."""
        begin, end = int(self.offsets[document]), int(self.offsets[document + 1])
        return self.supervised[begin:end].view(np.bool_)

    def blocks(self, sources: tuple[str, ...], languages: tuple[str, ...]) -> Iterator[I64]:
        """Numbers of the documents of these sources and languages, of a million rows of the table at a time; an empty
        tuple stands for all of them.
        """
        wanted = [
            (not sources or source in sources) and (not languages or language in languages)
            for source, language in self.labels
        ]
        for start in range(0, len(self.kinds), _ROWS):
            yield start + np.flatnonzero(np.array(wanted, dtype=bool)[self.kinds[start : start + _ROWS]])

    def select(self, sources: tuple[str, ...], languages: tuple[str, ...]) -> I64:
        """All of these numbers."""
        return np.concatenate([np.empty(0, np.int64), *self.blocks(sources, languages)])


def place_of(table: TokenTable, tokenizer_hash: str, folder: Path) -> Path:
    """The folder of a table's cache below `folder`."""
    return folder / f"{table.fingerprint()[:32]}-{zlib.crc32(tokenizer_hash.encode()):08x}"


def open_cache(
    table: TokenTable, tokenizer_hash: str, folder: Path, said: Callable[[str], None] = lambda _: None
) -> Cache:
    """The cache of a table below `folder`, built where there is none that is whole. Raises ValueError, OSError."""
    place = place_of(table, tokenizer_hash, folder)
    found = _opened(place)
    if found is None:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(str(place) + ".lock"):
            # Another process may have built it while this one waited.
            found = _opened(place)
            if found is None:
                build(table, tokenizer_hash, place, said)
                found = _opened(place)
    if found is None:
        raise ValueError(f"{place}: expected the cache that was just built, found a damaged one; check the disk")
    return found


def renewed(table: TokenTable, tokenizer_hash: str, folder: Path, said: Callable[[str], None]) -> bool:
    """Look at every byte of a table's cache, and make it where it is not whole; whether it was made. Raises ValueError,
    OSError.
    """
    place = place_of(table, tokenizer_hash, folder)
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(str(place) + ".lock"):
        if place.exists():
            wrong = damages(place)
            if not wrong:
                return False
            said("\n".join(f"{why}; it is made again" for why in wrong))
        build(table, tokenizer_hash, place, said)
    return True


def damages(place: Path) -> list[str]:
    """What is wrong with a cache, every block of it looked at; empty where it is whole."""
    try:
        manifest = json.loads((place / "manifest.json").read_text(encoding="utf-8"))
        if manifest["format"] != building.FORMAT:
            return [f"{place}: expected a cache of format {building.FORMAT}, found {manifest['format']}"]
        found = [damage(place / name, manifest["files"][name], most=None) for name in building.TYPES]
        return [why for why in found if why]
    except (OSError, ValueError, KeyError, TypeError) as error:
        return [f"{place}: expected a whole cache, found {error!r}"]


def _opened(place: Path) -> Cache | None:
    """None where the cache is missing, of another format, cut off, or fails its checksums."""
    try:
        manifest = json.loads((place / "manifest.json").read_text(encoding="utf-8"))
        if manifest["format"] != building.FORMAT:
            return None
        written = manifest["files"]
        arrays: dict[str, Any] = {
            name: mapped(place / name, kind, written[name]) for name, kind in building.TYPES.items()
        }
        arrays["ids"] = arrays["ids"].reshape(-1, 4)
        labels = tuple((source, language) for source, language in manifest["labels"])
        return Cache(**arrays, labels=labels, largest=int(manifest["largest"]), place=place)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def build(table: TokenTable, tokenizer_hash: str, place: Path, said: Callable[[str], None]) -> None:
    """Under the lock: half-built folders and a damaged one are nobody's any more."""
    for old in place.parent.glob(f"{place.name}.building*"):
        shutil.rmtree(old)
    temporary = place.with_name(f"{place.name}.building-{os.getpid()}")
    temporary.mkdir()
    try:
        building.write(table, tokenizer_hash, temporary, said)
        if place.exists():
            shutil.rmtree(place)
        temporary.rename(place)
    except OSError as error:
        raise OSError(
            error.errno, f"{temporary}: expected to write the cache of {table.name}, found {error}; free some space"
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
