"""One part of a mixture: the documents of a table that it takes, their order in each epoch, their packed streams."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from training.data import index
from training.data.bijection import Bijection
from training.data.cache import Cache
from training.data.index import Chosen
from training.data.mixture import Weight
from training.data.order import I32, I64, id_to_hex
from training.data.packing import Account, Packing, Span, Stream
from training.data.tables import TokenTable


@dataclass(frozen=True)
class Part:
    """A part of a mixture: `weight` of the tokens come from these rows of `table`, at most `epochs` times each.

    Empty `sources` and `languages` stand for all of the table.
    """

    name: str
    table: TokenTable
    weight: Weight
    epochs: float = 1.0
    sources: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()


class Piece(NamedTuple):
    """Tokens of a document in a sequence: `start` to `stop` count BOS and separator, `place` is in the sequence.
    `source` is the document's, as its table has it.
    """

    part: str
    epoch: int
    content_id: str
    chunk: int
    start: int
    stop: int
    place: int
    source: str


class _Epoch(NamedTuple):
    """Documents of the table in the order of the epoch, their stream, and the order of the stream's whole blocks."""

    documents: I64
    stream: Stream
    blocks: Bijection


class Source:
    """The sequences of a part, over all epochs: number // sequences is the epoch, each with an order of its own.

    Documents are permuted, packed, and then the blocks of the stream are permuted: else the sequences of one long
    document would be trained on one after another. What fills no whole block comes last.

    Two epochs are kept open; see index.py for their memory.
    """

    def __init__(self, part: Part, cache: Cache, packing: Packing, seed: int) -> None:
        self.part, self.packing, self.seed = part, packing, seed
        self._cache = cache
        self._chosen = Chosen(cache, part.sources, part.languages, packing.added)
        self._epoch = lru_cache(maxsize=2)(self._opened)
        # The number of tokens is the same in every epoch, and so is the number of sequences.
        self.sequences = packing.sequences(self._chosen.counts[2])

    def _opened(self, epoch: int) -> _Epoch:
        documents, ends = index.opened(self._chosen, self.seed, epoch, self.part.table.name)
        stream = Stream(ends, self.packing)
        blocks = Bijection(stream.tokens // self.packing.moved, f"{self.seed}\n{epoch}\n{self.part.name}")
        return _Epoch(documents, stream, blocks)

    def _find(self, number: int) -> tuple[int, I64, Stream, list[Span]]:
        epoch, place = divmod(number, self.sequences)
        documents, stream, blocks = self._epoch(epoch)
        return epoch, documents, stream, stream.spans(self._moved(place, blocks.size, blocks))

    def _moved(self, number: int, blocks: int, by: Callable[[int], int]) -> int:
        """The sequence at a place, or the place of a sequence: its whole block moves."""
        of = self.packing.moved // self.packing.length
        block, within = divmod(number, of)
        return by(block) * of + within if block < blocks else number

    def fill(self, number: int, ids: I32, labels: I32, positions: I32 | None) -> list[Piece]:
        """Writes sequence `number` into views [length]; returns what it holds."""
        epoch, documents, stream, spans = self._find(number)

        def read(document: int, start: int, stop: int) -> I32:
            return self._cache.read(int(documents[document]), start, stop)

        stream.fill(spans, read, ids, labels, positions)
        return [self._piece(epoch, int(documents[span.document]), span) for span in spans]

    def _piece(self, epoch: int, document: int, span: Span) -> Piece:
        name, chunk = id_to_hex(self._cache.ids[document]), int(self._cache.chunks[document])
        source = self._cache.labels[int(self._cache.kinds[document])][0]
        return Piece(self.part.name, epoch, name, chunk, span.start, span.stop, span.place, source)

    def names(self) -> set[tuple[str, str]]:
        """(part, source) that pieces may have."""
        part = self.part
        return {(part.name, source) for source, _ in self._cache.labels if not part.sources or source in part.sources}

    def holding(self, content: I64, epoch: int) -> list[int]:
        """Numbers of the sequences of an epoch that hold any of these documents of the table."""
        documents, stream, blocks = self._epoch(epoch)
        found: set[int] = set()
        for document in np.flatnonzero(np.isin(documents, content)):
            found.update(stream.holding(int(document)))
        return sorted(epoch * self.sequences + self._moved(n, blocks.size, blocks.place) for n in found)

    def account(self, epoch: int = 0) -> Account:
        """Where the tokens of an epoch go."""
        return self._epoch(epoch).stream.account()

    def state(self) -> dict[str, object]:
        """What a checkpoint stores of the part, and what a resume compares."""
        part, (documents, tokens, _) = self.part, self._chosen.counts
        return {
            "weight": str(part.weight),
            "epochs": float(part.epochs),
            "sources": sorted(part.sources),
            "languages": sorted(part.languages),
            "held_out": part.table.held_out,
            "table": part.table.identity,
            "version": part.table.version,
            "documents": documents,
            "tokens": tokens,
            "rows": self._chosen.digest,
        }
