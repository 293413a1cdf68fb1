"""Documents of one source, in order, as one stream of tokens cut into sequences.

Each document is [BOS] + its tokens + separator. The stream is cut every L tokens, so a long document goes on in the
next sequence and nothing is lost. A sequence is exactly L inputs; labels are the inputs themselves, -100 where nothing
is predicted, and the model shifts them (as Hugging Face models do). So the first place of a sequence is context only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from training.data.order import I32, I64

IGNORED = -100
"""The label of a place that is not predicted."""
_BLOCK = 1 << 20

Read = Callable[[int, int, int], I32]
"""(document, start, stop) -> its tokens from start to stop; the document is a number in the stream's order."""


@dataclass(frozen=True)
class Packing:
    """How documents become sequences of `length` tokens.

    `tail` says what happens to the last tokens that fill no sequence: padded and masked, or dropped and counted.
    `isolate` restarts positions at each document and predicts no document from the one before it. The stream's blocks
    of `block` tokens (0: of one sequence) are read in an order of their own, a block's sequences one after another.
    Raises ValueError for a length below 2, a padding id that has another use and a block of no whole sequences.
    """

    length: int
    separator: int
    padding: int
    bos: int | None = None
    isolate: bool = False
    tail: Literal["pad", "drop"] = "pad"
    block: int = 0

    def __post_init__(self) -> None:
        if self.length < 2:
            raise ValueError(f"packing: expected sequences of 2 or more tokens, found {self.length}")
        if self.padding in (self.separator, self.bos):
            raise ValueError(f"packing: expected a padding id of its own, found {self.padding} in another use")
        if self.tail not in ("pad", "drop"):
            raise ValueError(f"packing: expected the tail to be pad or drop, found {self.tail!r}")
        if self.block % self.length:
            raise ValueError(
                f"packing: expected blocks of whole sequences, found {self.block} tokens for sequences of "
                f"{self.length}; make data.block a multiple of batch.length, or 0"
            )

    @property
    def moved(self) -> int:
        """Tokens that are moved together when the stream is permuted."""
        return self.block or self.length

    @property
    def added(self) -> int:
        """Tokens that each document gains."""
        return 1 if self.bos is None else 2

    def sequences(self, tokens: int) -> int:
        """Those of a stream of so many tokens."""
        whole, rest = divmod(tokens, self.length)
        return whole + (1 if rest and self.tail == "pad" else 0)


class Span(NamedTuple):
    """A part of a document's piece, BOS and separator counted, and where it begins in the sequence."""

    document: int
    start: int
    stop: int
    place: int


@dataclass(frozen=True)
class Account:
    """Where the tokens of an epoch went; `tokens + added + padding = sequences x length + sum(dropped)`.

    `predicted` counts the labels that remain after the model's shift.
    """

    tokens: int
    added: int
    sequences: int
    padding: int
    dropped: Mapping[str, int]
    empty_documents: int
    predicted: int


class Stream:
    """The packed stream of documents in their order; `ends` [n] is the token after each, its tokens and what they gain
    counted. An empty document takes no place.

    A sequence is found by binary search in them: no pass over earlier data.
    """

    def __init__(self, ends: I64, packing: Packing) -> None:
        self.packing, self.ends = packing, ends
        self.tokens = int(ends[-1]) if len(ends) else 0
        self.sequences = packing.sequences(self.tokens)

    def size(self, document: int) -> int:
        """Tokens of a document in the stream."""
        return int(self.ends[document]) - (int(self.ends[document - 1]) if document else 0)

    def spans(self, sequence: int) -> list[Span]:
        """What a sequence holds. Raises IndexError outside of the stream."""
        if not 0 <= sequence < self.sequences:
            raise IndexError(f"packing: expected a sequence from 0 to {self.sequences - 1}, found {sequence}")
        begin = sequence * self.packing.length
        end = min(begin + self.packing.length, self.tokens)
        first = int(np.searchsorted(self.ends, begin, side="right"))
        last = int(np.searchsorted(self.ends, end, side="left"))
        spans = []
        for document in range(first, last + 1):
            stop = int(self.ends[document])
            size = self.size(document)
            if size:
                start = max(begin, stop - size)
                spans.append(Span(document, start - stop + size, min(end, stop) - stop + size, start - begin))
        return spans

    def holding(self, document: int) -> range:
        """Sequences that hold tokens of a document; none where it is empty or its tokens were dropped."""
        stop, size = int(self.ends[document]), self.size(document)
        if not size:
            return range(0)
        length = self.packing.length
        return range((stop - size) // length, min((stop - 1) // length + 1, self.sequences))

    def account(self) -> Account:
        """Raises nothing: the sums are an identity, which the tests assert."""
        length, documents, inside, before = self.packing.length, 0, 0, 0
        rest = self.tokens - self.sequences * length
        placed = min(self.tokens, self.sequences * length)
        for first in range(0, len(self.ends), _BLOCK):
            ends = self.ends[first : first + _BLOCK]
            starts = np.concatenate([[before], ends[:-1]])
            starts, before = starts[ends > starts], int(ends[-1])
            documents += len(starts)
            inside += int(((starts % length != 0) & (starts < placed)).sum()) if self.packing.isolate else 0
        return Account(
            tokens=self.tokens - documents * self.packing.added,
            added=documents * self.packing.added,
            sequences=self.sequences,
            padding=max(0, -rest),
            dropped={"tail_fills_no_sequence": max(0, rest)},
            empty_documents=len(self.ends) - documents,
            predicted=placed - self.sequences - inside,
        )

    def fill(self, spans: list[Span], read: Read, ids: I32, labels: I32, positions: I32 | None = None) -> None:
        """Writes one sequence into [length] views of a batch; `positions` only where documents are isolated."""
        ids[:] = self.packing.padding
        labels[:] = IGNORED
        used = 0
        for span in spans:
            used = span.place + span.stop - span.start
            self._piece(span, read, ids[span.place : used])
            if positions is not None:
                positions[span.place : used] = np.arange(used - span.place, dtype=np.int32)
        labels[:used] = ids[:used]
        if positions is not None:
            positions[used:] = np.arange(len(ids) - used, dtype=np.int32)
            labels[[span.place for span in spans if span.place]] = IGNORED

    def _piece(self, span: Span, read: Read, out: I32) -> None:
        before = self.packing.added - 1  # 1 with a BOS
        body = self.size(span.document) - self.packing.added
        start, stop = max(0, span.start - before), min(body, span.stop - before)
        at = start + before - span.start
        if stop > start:
            out[at : at + stop - start] = read(span.document, start, stop)
        if before and span.start == 0 and self.packing.bos is not None:
            out[0] = self.packing.bos
        if span.stop == body + self.packing.added:
            out[-1] = self.packing.separator
