"""The data reader: any sequence of a run by its global number, as int32 arrays.

Sequence n is a function of seed, rows, tokenizer, mixture and packing. World size, batch size, learning rate, the
layout of the files and what was read before have no part in it, so seeking is asking, and a resume is a number.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from training.data import resume
from training.data.cache import Cache, open_cache
from training.data.mixture import Plan
from training.data.order import I32, ids_from_hex
from training.data.packing import Account, Packing
from training.data.source import Part, Piece, Source
from training.data.tables import TokenTable


@dataclass(frozen=True)
class Batch:
    """Sequences by their global numbers. `ids` and `labels` are [n, length]; `positions` too, where documents are
    isolated; `pieces` say what each sequence holds. Labels are not shifted: the model does that.
    """

    sequences: tuple[int, ...]
    ids: I32
    labels: I32
    positions: I32 | None
    pieces: tuple[tuple[Piece, ...], ...]


class Reader:
    """Sequences of a mixture. Tables are opened by their caller (opening.open_table), caches are built below `folder`.

    `missing` says what happens where a part has no sequence: fail, or renormalise and say so in `notices`.
    Raises ValueError.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        packing: Packing,
        seed: int,
        tokenizer_hash: str,
        folder: Path,
        missing: Literal["fail", "renormalise"] = "fail",
    ) -> None:
        if len({part.name for part in parts}) != len(parts):
            raise ValueError(f"mixture: expected parts of different names, found {[part.name for part in parts]}")
        self.packing, self.seed, self.tokenizer_hash, self.missing = packing, seed, tokenizer_hash, missing
        caches: dict[str, Cache] = {}
        for part in parts:
            caches.setdefault(part.table.fingerprint(), open_cache(part.table, tokenizer_hash, folder))
        self._caches = caches
        self.sources = {p.name: Source(p, caches[p.table.fingerprint()], packing, seed) for p in parts}
        self.plan = Plan(
            {part.name: part.weight for part in parts},
            {name: source.sequences for name, source in self.sources.items()},
            {part.name: part.epochs for part in parts},
            missing,
        )

    @property
    def notices(self) -> list[str]:
        """What a user should know of the mixture: missing parts, rounded weights."""
        return self.plan.notices

    @property
    def total(self) -> int:
        """Sequences that the mixture can give."""
        return self.plan.total

    @property
    def largest(self) -> int:
        """The greatest token id: it must be below the number of the model's embeddings."""
        own = (self.packing.separator, self.packing.padding, self.packing.bos or 0)
        return max(*own, *(cache.largest for cache in self._caches.values()))

    def sequences(self, first: int, count: int) -> Batch:
        """`count` sequences from the global number `first`. Raises IndexError past the last one."""
        return self.rows(range(first, first + count))

    def rows(self, numbers: Sequence[int]) -> Batch:
        """Sequences of these global numbers, in this order."""
        shape = (len(numbers), self.packing.length)
        ids, labels = np.empty(shape, np.int32), np.empty(shape, np.int32)
        positions = np.empty(shape, np.int32) if self.packing.isolate else None
        pieces = []
        for row, number in enumerate(numbers):
            name, local = self.plan.find(number)
            view = None if positions is None else positions[row]
            pieces.append(tuple(self.sources[name].fill(local, ids[row], labels[row], view)))
        return Batch(tuple(numbers), ids, labels, positions, tuple(pieces))

    def batch(
        self, step: int, rank: int = 0, world: int = 1, micro: int = 1, *, size: int, first: int = 0
    ) -> list[Batch]:
        """The micro-batches of a rank in optimizer step `step`, of global batches of `size` sequences.

        Steps count from the global sequence `first`. The union over ranks is the same for every world and micro.
        Raises ValueError where size is no multiple of world x micro.
        """
        return [self.rows(numbers) for numbers in dealt(first + step * size, size, rank, world, micro)]

    def seen(self, content_id: str, upto: int) -> list[int]:
        """Global sequences below `upto` that hold tokens of a content, in order; for `seen --content`."""
        wanted = ids_from_hex(content_id.encode(), 1, "seen")[0]
        found: list[int] = []
        for name, count in self.plan.counts(min(upto, self.total)).items():
            source = self.sources[name]
            ids = self._caches[source.part.table.fingerprint()].ids
            rows = np.flatnonzero(ids[:, 0] == wanted[0])
            rows = rows[(ids[rows] == wanted).all(axis=1)]
            for epoch in range(-(-count // source.sequences) if len(rows) else 0):
                local = source.holding(rows, epoch)
                found += [self.plan.place(name, number) for number in local if number < count]
        return sorted(found)

    def account(self) -> dict[str, Account]:
        """Where the tokens of each part's first epoch go."""
        return {name: source.account() for name, source in self.sources.items()}

    def realised(self, upto: int) -> dict[str, dict[str, float]]:
        """Of the first `upto` sequences: sequences, share and epochs of each part."""
        counts, epochs = self.plan.counts(upto), self.plan.epochs(upto)
        return {n: {"sequences": c, "share": c / max(1, upto), "epochs": epochs[n]} for n, c in counts.items()}

    def state(self, sequence: int) -> dict[str, Any]:
        """What a checkpoint stores: the next global sequence and all that decides what it is. JSON can hold it."""
        settings = {"seed": self.seed, "tokenizer_hash": self.tokenizer_hash, "missing": self.missing}
        parts = {name: source.state() for name, source in self.sources.items()}
        return resume.state(sequence, {**settings, **asdict(self.packing), "block": self.packing.moved}, parts)

    def resume(self, state: Mapping[str, Any], allow: Collection[str] = ()) -> int:
        """The next global sequence of a run whose checkpoint holds `state`.

        Refused where anything differs that decides the data, unless `allow` names it: see resume.check.
        """
        return resume.check(state, self.state(0), allow)


def dealt(first: int, size: int, rank: int, world: int, micro: int) -> Iterator[range]:
    """Global numbers of each micro-batch of a rank, in a global batch of `size` sequences from `first`.

    Within an accumulation step, rank r has the r-th block of `micro`. Raises ValueError.
    """
    if min(size, world, micro) < 1 or not 0 <= rank < world or size % (world * micro):
        raise ValueError(
            f"batch: expected a global batch that is a multiple of micro-batch x ranks, found {size} for "
            f"{micro} x {world} (rank {rank}); change one of them"
        )
    for start in range(first + rank * micro, first + size, world * micro):
        yield range(start, start + micro)


__all__ = ["Batch", "Part", "Reader", "TokenTable", "dealt"]
