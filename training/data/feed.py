"""What a run reads at each optimizer step, whatever it reads: documents as packed sequences, or chat rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Protocol

import numpy as np

from training.data import resume
from training.data.order import I32
from training.data.packing import IGNORED
from training.data.reader import Batch, Reader, dealt
from training.data.rows import Rows, first_fit
from training.data.source import Piece
from training.settings import Batch as BatchSettings

_ROUND = 64
"""Lengths of row batches are multiples of this: few shapes, little padding."""


class Feed(Protocol):
    """Batches by global step. `steps` is how many there are, counted from the run's step 0; `names` are the (part,
    source) that pieces may have.
    """

    steps: int
    steps_an_epoch: int
    notices: list[str]
    largest: int
    names: set[tuple[str, str]]

    def batches(self, step: int, rank: int, world: int) -> list[Batch]:
        """The micro-batches of a rank; every rank has as many."""
        ...

    def pieces(self, step: int) -> list[tuple[Piece, ...]]:
        """What the sequences of the whole step hold."""
        ...

    def state(self, step: int) -> dict[str, Any]:
        """What a checkpoint before `step` stores."""
        ...

    def resume(self, state: Mapping[str, Any], allow: Collection[str]) -> int:
        """The sequence to go on with; raises ValueError where the data differ (resume.check)."""
        ...

    def begin(self, step: int, sequence: int) -> None:
        """From now on `step` begins with `sequence`: a resume, or another phase."""
        ...

    def realised(self, step: int) -> dict[str, dict[str, float]]:
        """Share and epochs of each part before `step`."""
        ...

    def seen(self, content_id: str, upto: int) -> list[int]:
        """Steps below `upto` that read a content."""
        ...

    def account(self) -> dict[str, Any]:
        """Where the tokens of the data go."""
        ...


class DocumentFeed:
    """Global batches of `batch.size` packed sequences, in the reader's order."""

    def __init__(self, reader: Reader, batch: BatchSettings) -> None:
        self.reader, self.batch = reader, batch
        self.begin(0, 0)
        whole = sum(source.sequences for source in reader.sources.values())
        self.steps_an_epoch = max(1, whole // batch.size)
        self.notices, self.largest = reader.notices, reader.largest
        self.names = {name for source in reader.sources.values() for name in source.names()}

    def begin(self, step: int, sequence: int) -> None:
        self.first_step, self.first_sequence = step, sequence
        self.steps = step + (self.reader.total - sequence) // self.batch.size

    def sequence(self, step: int) -> int:
        """The global sequence with which a step begins."""
        return self.first_sequence + (step - self.first_step) * self.batch.size

    def batches(self, step: int, rank: int, world: int) -> list[Batch]:
        return self.reader.batch(0, rank, world, self.batch.micro, size=self.batch.size, first=self.sequence(step))

    def pieces(self, step: int) -> list[tuple[Piece, ...]]:
        return list(self.reader.sequences(self.sequence(step), self.batch.size).pieces)

    def state(self, step: int) -> dict[str, Any]:
        return self.reader.state(self.sequence(step))

    def resume(self, state: Mapping[str, Any], allow: Collection[str]) -> int:
        return self.reader.resume(state, allow)

    def realised(self, step: int) -> dict[str, dict[str, float]]:
        return self.reader.realised(self.sequence(step))

    def seen(self, content_id: str, upto: int) -> list[int]:
        """Steps from the feed's first one on."""
        begin = self.first_sequence
        found = (n for n in self.reader.seen(content_id, self.sequence(upto)) if n >= begin)
        return sorted({self.first_step + (n - begin) // self.batch.size for n in found})

    def account(self) -> dict[str, Any]:
        return {
            name: {
                "tokens": a.tokens,
                "added": a.added,
                "sequences": a.sequences,
                "padding": a.padding,
                "dropped": dict(a.dropped),
                "empty_documents": a.empty_documents,
            }
            for name, a in self.reader.account().items()
        }


class RowFeed:
    """Global batches of `batch.size` chat rows. The last step of an epoch has the rows that are left.

    `packed` puts several rows of a batch into one sequence, isolated by their positions: the same rows a step, so the
    same gradient. `whole` pads to the full length, which compiled layers want.
    """

    def __init__(
        self, rows: Rows, batch: BatchSettings, epochs: float, packed: bool = False, whole: bool = False
    ) -> None:
        self.rows, self.batch, self.packed, self.whole = rows, batch, packed, whole
        self.steps_an_epoch = -(-len(rows) // batch.size)
        self.steps = max(1, round(epochs * self.steps_an_epoch))
        self.notices = rows.notices
        self.largest, self.names = rows.largest, rows.names()

    def _chosen(self, step: int) -> tuple[int, Any]:
        """Epoch and documents of a step."""
        epoch, turn = divmod(step, self.steps_an_epoch)
        return epoch, self.rows.order(epoch)[turn * self.batch.size : (turn + 1) * self.batch.size]

    def batches(self, step: int, rank: int, world: int) -> list[Batch]:
        epoch, documents = self._chosen(step)
        lengths = [int(n) for n in self.rows.lengths(documents)]
        bins = first_fit(lengths, self.batch.length) if self.packed else [[i] for i in range(len(documents))]
        share = self.batch.micro * world
        # Sequences without a row fill up the last micro-batches: all ranks take equally many turns.
        bins += [[] for _ in range(-len(bins) % share)]
        made = []
        for numbers in dealt(0, len(bins), rank, world, self.batch.micro):
            sequences = [[(int(documents[i]), lengths[i]) for i in bins[n]] for n in numbers]
            made.append(self._filled(epoch, tuple(step * self.batch.size + n for n in numbers), sequences))
        return made

    def _filled(self, epoch: int, numbers: tuple[int, ...], sequences: list[list[tuple[int, int]]]) -> Batch:
        longest = max(sum(length for _, length in sequence) for sequence in sequences)
        width = self.batch.length if self.whole else min(self.batch.length, max(2, -(-longest // _ROUND) * _ROUND))
        shape = (len(sequences), width)
        ids, labels = np.full(shape, self.rows.shape.padding, np.int32), np.full(shape, IGNORED, np.int32)
        positions = np.empty(shape, np.int32) if self.packed else None
        pieces = [self._row(epoch, sequence, ids[n], labels[n], positions, n) for n, sequence in enumerate(sequences)]
        return Batch(numbers, ids, labels, positions, tuple(pieces))

    def _row(
        self, epoch: int, sequence: list[tuple[int, int]], ids: I32, labels: I32, positions: I32 | None, row: int
    ) -> tuple[Piece, ...]:
        place, pieces = 0, []
        for document, length in sequence:
            part = slice(place, place + length)
            pieces.append(self.rows.write(document, epoch, place, ids[part], labels[part]))
            # The model shifts: the row before must not predict this one's first token.
            labels[place] = IGNORED
            if positions is not None:
                positions[row, part] = np.arange(length)
            place += length
        if positions is not None:
            positions[row, place:] = np.arange(len(ids) - place)
        return tuple(pieces)

    def pieces(self, step: int) -> list[tuple[Piece, ...]]:
        return [pieces for batch in self.batches(step, 0, 1) for pieces in batch.pieces if pieces]

    def _extra(self) -> dict[str, Any]:
        return {"size": self.batch.size}

    def state(self, step: int) -> dict[str, Any]:
        return self.rows.state(step * self.batch.size, self._extra())

    def resume(self, state: Mapping[str, Any], allow: Collection[str]) -> int:
        own = self.rows.state(0, self._extra())
        for name in ("size", "length", "too_long"):
            old, new = state.get("settings", {}).get(name), own["settings"][name]
            if old is not None and old != new:
                setting = "data.too_long" if name == "too_long" else f"batch.{name}"
                raise ValueError(
                    f"checkpoint: expected {setting} {old!r} as it was trained with, found {new!r}: it decides which "
                    "rows a step has and where epochs end; set it back, or begin a run with --from its weights"
                )
        return resume.check(state, own, allow)

    def begin(self, step: int, sequence: int) -> None:
        assert step * self.batch.size == sequence, "resume refuses another number of rows a step"

    def realised(self, step: int) -> dict[str, dict[str, float]]:
        epochs = step / self.steps_an_epoch
        return {self.rows.name: {"sequences": epochs * len(self.rows), "share": 1.0, "epochs": epochs}}

    def seen(self, content_id: str, upto: int) -> list[int]:
        documents = self.rows.holding(content_id)
        found = set()
        for epoch in range(-(-upto // self.steps_an_epoch) if len(documents) else 0):
            for place in np.flatnonzero(np.isin(self.rows.order(epoch), documents)):
                found.add(epoch * self.steps_an_epoch + int(place) // self.batch.size)
        return sorted(step for step in found if step < upto)

    def account(self) -> dict[str, Any]:
        tokens = int(self.rows.lengths(self.rows.chosen).sum())
        dropped, cut = dict(self.rows.dropped), self.rows.cut
        return {self.rows.name: {"rows": len(self.rows), "tokens": tokens, "dropped": dropped, "cut": cut}}
