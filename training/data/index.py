"""The documents of a part in the order of an epoch, and where each ends in the stream: two numbers a document.

Up to a few million documents they are held; more are a file beside the cache, made once by one process with little
memory and mapped by all ranks of the machine, run after run.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np
from filelock import FileLock

from training.data.cache import Cache
from training.data.checksums import mapped, sums_of
from training.data.order import I64, U64, digest, hashes, sorted_rows
from training.files import write_json

HELD = 1 << 22
"""Documents of a part whose index is held in memory, 64 MB."""
_BUCKET = 1 << 22
_ROWS = 1 << 20


@dataclass(frozen=True)
class Chosen:
    """The documents of a cache that a part reads; `added` are the tokens that each gains in the stream."""

    cache: Cache
    sources: tuple[str, ...]
    languages: tuple[str, ...]
    added: int

    def blocks(self) -> Iterator[I64]:
        """Their numbers, a bounded number at a time."""
        return self.cache.blocks(self.sources, self.languages)

    @cached_property
    def counts(self) -> tuple[int, int, int]:
        """Documents, their tokens, and the tokens of their stream."""
        documents = tokens = stream = 0
        for rows in self.blocks():
            lengths = self.cache.lengths(rows)
            documents, tokens = documents + len(rows), tokens + int(lengths.sum())
            stream += int(_pieces(lengths, self.added).sum())
        return documents, tokens, stream

    @cached_property
    def digest(self) -> str:
        """16 digits that identify the rows, whatever their order."""
        cache = self.cache
        parts = (digest(cache.ids[rows], cache.chunks[rows], cache.lengths(rows)) for rows in self.blocks())
        return f"{sum(int(part, 16) for part in parts) % 2**64:016x}"


def opened(chosen: Chosen, seed: int, epoch: int, where: str) -> tuple[I64, I64]:
    """([n] documents in the epoch's order, [n] the stream's token after each).

    Raises ValueError for a row that is there twice, and OSError where the file cannot be made.
    """
    count = chosen.counts[0]
    if count > HELD:
        return _shared(chosen, seed, epoch, where)
    documents, ends = np.empty(count, np.int64), np.empty(count, np.int64)
    _fill(chosen, seed, epoch, where, documents, ends)
    return documents, ends


def _shared(chosen: Chosen, seed: int, epoch: int, where: str) -> tuple[I64, I64]:
    told = json.dumps([sorted(chosen.sources), sorted(chosen.languages), chosen.added, seed])
    name = hashlib.blake2b(told.encode(), digest_size=8).hexdigest()
    file = chosen.cache.place / "orders" / f"{name}-{epoch}"
    file.parent.mkdir(exist_ok=True)
    found = _mapped(file, chosen)
    if found is None:
        with FileLock(f"{file}.lock"):
            found = _mapped(file, chosen)
            if found is None:
                _build(file, chosen, seed, epoch, where)
                found = _mapped(file, chosen)
    if found is None:
        raise ValueError(f"{file}: expected the index that was just built, found a damaged one; check the disk")
    return found


def _mapped(file: Path, chosen: Chosen) -> tuple[I64, I64] | None:
    """None where there is none that is whole."""
    try:
        whole = mapped(file, "<i8", json.loads(file.with_suffix(".json").read_text(encoding="utf-8")))
        documents, ends = whole.reshape(2, chosen.counts[0])
        return documents, ends
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _build(file: Path, chosen: Chosen, seed: int, epoch: int, where: str) -> None:
    """Under the lock: made aside, and named when it is whole. Indexes of epochs that are over go."""
    aside, count = file.with_suffix(".building"), chosen.counts[0]
    try:
        with aside.open("wb+") as made:
            # Room is taken first: writing to a mapped file on a full disk would kill the process.
            os.posix_fallocate(made.fileno(), 0, 16 * count)
        whole = np.memmap(aside, "<i8", "r+", shape=(2, count))
        _fill(chosen, seed, epoch, where, np.asarray(whole[0]), np.asarray(whole[1]))
        whole.flush()
        write_json(file.with_suffix(".json"), sums_of(aside))
        aside.rename(file)
    except OSError as error:
        raise OSError(error.errno, f"{aside}: expected to write an index, found {error}; free some space") from error
    finally:
        aside.unlink(missing_ok=True)
    for old in file.parent.glob(f"{file.name.rpartition('-')[0]}-*"):
        number = old.name.rpartition("-")[2].partition(".")[0]
        if int(number) < epoch - 1:
            old.unlink(missing_ok=True)


def _fill(chosen: Chosen, seed: int, epoch: int, where: str, documents: I64, ends: I64) -> None:
    """Write both arrays [n]. Rows are dealt by the first bits of their keys, and each hand is then sorted by itself."""
    keys, bits = ends.view(np.uint64), (len(documents) // _BUCKET).bit_length()
    counts = np.zeros(1 << bits, np.int64)
    for _, made in _keyed(chosen, seed, epoch) if bits else ():
        counts += np.bincount(_hand(made, bits), minlength=1 << bits)
    starts = [0, *np.cumsum(counts).tolist()] if bits else [0, len(documents)]
    free = starts[:-1]
    for rows, made in _keyed(chosen, seed, epoch):
        hands = _hand(made, bits)
        order = np.argsort(hands, kind="stable")
        for number, dealt in enumerate(np.split(order, np.cumsum(np.bincount(hands, minlength=1 << bits))[:-1])):
            place = slice(free[number], free[number] + len(dealt))
            documents[place], keys[place] = rows[dealt], made[dealt]
            free[number] += len(dealt)
    for begin, end in pairwise(starts):
        held = chosen.cache
        documents[begin:end] = sorted_rows(keys[begin:end], documents[begin:end], held.ids, held.chunks, where)
    total = 0
    for begin in range(0, len(documents), _ROWS):
        part = slice(begin, begin + _ROWS)
        np.cumsum(_pieces(chosen.cache.lengths(documents[part]), chosen.added), out=ends[part])
        ends[part] += total
        total = int(ends[part][-1])


def _keyed(chosen: Chosen, seed: int, epoch: int) -> Iterator[tuple[I64, U64]]:
    """Rows and their keys, a block at a time."""
    for rows in chosen.blocks():
        yield rows, hashes(chosen.cache.ids[rows], chosen.cache.chunks[rows], seed, epoch)


def _hand(keys: U64, bits: int) -> I64:
    """[n] the first bits of each key."""
    return (keys >> np.uint64(64 - bits)).astype(np.int64) if bits else np.zeros(len(keys), np.int64)


def _pieces(lengths: I64, added: int) -> I64:
    """Tokens in the stream. An empty document would be a separator after a separator: it takes no place."""
    return np.where(lengths > 0, lengths + added, 0).astype(np.int64)
