"""Chat rows as batches: each once an epoch, in the order of a keyed hash, whole, and padded at the end.

An epoch ends with a step of its own: what fills no whole batch is a smaller one, so every row counts and the weights at
the end of an epoch exist. Order and batches are a function of seed, rows, tokenizer and batch size.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

from training.data import resume
from training.data.cache import Cache, open_cache
from training.data.order import I32, I64, digest, id_to_hex, ids_from_hex, permutation
from training.data.packing import IGNORED
from training.data.source import Piece
from training.data.tables import TokenTable


@dataclass(frozen=True)
class RowShape:
    """How rows become sequences of at most `length` tokens. `end` is the end-of-turn id, which a cut row keeps."""

    length: int
    padding: int
    end: int
    too_long: Literal["drop", "cut"] = "drop"


class Rows:
    """The rows of one table that fit, numbered over epochs: row n of epoch e is order(e)[n].

    `dropped` counts the others by reason, `cut` those that lost their end. Raises ValueError where no row is left.
    """

    def __init__(self, name: str, table: TokenTable, shape: RowShape, seed: int, tokenizer: str, folder: Path) -> None:
        self.name, self.table, self.shape, self.seed = name, table, shape, seed
        self.tokenizer_hash = tokenizer
        self._cache: Cache = open_cache(table, tokenizer, folder)
        self.chosen, self.dropped = self._fitting()
        if not len(self.chosen):
            raise ValueError(
                f"{table.name}: expected chat rows of up to {shape.length} tokens, found none ({dict(self.dropped)}); "
                "raise batch.length, set data.too_long to cut, or name another table"
            )
        self._order = lru_cache(maxsize=2)(self._permuted)

    def _fitting(self) -> tuple[I64, Counter[str]]:
        """Documents that can be trained on, and why the others cannot."""
        lengths = self._cache.lengths()
        fits = lengths <= self.shape.length
        dropped, self.cut = Counter[str](), 0
        if self.shape.too_long == "cut":
            for row in np.flatnonzero(~fits):
                fits[row] = bool(self._cache.mask(int(row))[: self.shape.length].any())
                dropped["nothing_supervised_after_cut"] += not fits[row]
                self.cut += int(fits[row])
        else:
            dropped["too_long"] = int((~fits).sum())
        return np.flatnonzero(fits).astype(np.int64), dropped

    @property
    def notices(self) -> list[str]:
        """What becomes of rows that are longer than a sequence, where there are any."""
        whole, most = len(self.chosen) + self.dropped.total(), f"{self.shape.length:,} tokens"
        long, empty = self.dropped["too_long"], self.dropped["nothing_supervised_after_cut"]
        said = [
            (long, f"are longer than {most} and left out; raise batch.length, or cut them by data.too_long=cut"),
            (self.cut, f"are longer than {most} and cut to them; raise batch.length for whole ones"),
            (empty, f"have no answer within {most} and are left out; raise batch.length"),
        ]
        return [f"{self.name}: {count:,} of {whole:,} rows {what}" for count, what in said if count]

    def _permuted(self, epoch: int) -> I64:
        ids, chunks = self._cache.ids[self.chosen], self._cache.chunks[self.chosen]
        return self.chosen[permutation(ids, chunks, self.seed, epoch, self.table.name)]

    def __len__(self) -> int:
        return len(self.chosen)

    @property
    def largest(self) -> int:
        """The greatest token id."""
        return self._cache.largest

    def order(self, epoch: int) -> I64:
        """[rows] documents of the table in the order of an epoch."""
        return self._order(epoch)

    def lengths(self, documents: I64) -> I64:
        """[n] tokens of each, as they will be trained on."""
        return np.minimum(self._cache.lengths(documents), self.shape.length)

    def write(self, document: int, epoch: int, place: int, ids: I32, labels: I32) -> Piece:
        """Writes a row into views of its trained length; labels are not shifted. Returns what it is."""
        stop = len(ids)
        ids[:] = self._cache.read(document, 0, stop)
        labels[:] = np.where(self._cache.mask(document)[:stop], ids, IGNORED)
        if stop < self._cache.length(document):
            ids[-1] = self.shape.end
            labels[-1] = self.shape.end if labels[-1] != IGNORED else IGNORED
        row, source = self._cache.ids[document], self._cache.labels[int(self._cache.kinds[document])][0]
        return Piece(self.name, epoch, id_to_hex(row), int(self._cache.chunks[document]), 0, stop, place, source)

    def names(self) -> set[tuple[str, str]]:
        """(part, source) that pieces may have."""
        return {(self.name, source) for source, _ in self._cache.labels}

    def holding(self, content_id: str) -> I64:
        """Documents of this content."""
        wanted = ids_from_hex(content_id.encode(), 1, "seen")[0]
        return np.flatnonzero((self._cache.ids == wanted).all(axis=1))

    def settings(self) -> dict[str, Any]:
        """What decides the batches beside the rows."""
        return {
            "seed": self.seed,
            "tokenizer_hash": self.tokenizer_hash,
            "length": self.shape.length,
            "too_long": self.shape.too_long,
        }

    def part(self) -> dict[str, Any]:
        """What a checkpoint stores of the rows."""
        lengths = self._cache.lengths(self.chosen)
        ids, chunks = self._cache.ids[self.chosen], self._cache.chunks[self.chosen]
        return {
            "table": self.table.identity,
            "version": self.table.version,
            "held_out": self.table.held_out,
            "stage": self.table.stage,
            "documents": len(self.chosen),
            "tokens": int(lengths.sum()),
            "rows": digest(ids, chunks, lengths),
        }

    def state(self, number: int, extra: Mapping[str, Any]) -> dict[str, Any]:
        """The reader's part of a checkpoint; `number` is the next row, counted over padded epochs."""
        return resume.state(number, {**self.settings(), **extra}, {self.name: self.part()})


def first_fit(lengths: Sequence[int], capacity: int) -> list[list[int]]:
    """Bins of places in `lengths`, longest first into the first bin with room: at most 11/9 of the fewest bins + 1."""
    bins: list[list[int]] = []
    room: list[int] = []
    for place in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        found = next((b for b, left in enumerate(room) if left >= lengths[place]), None)
        if found is None:
            bins.append([])
            room.append(capacity)
            found = len(bins) - 1
        bins[found].append(place)
        room[found] -= lengths[place]
    return bins
