"""Held-out loss within a training run: a fixed sample of the rows that are never trained on, every so many steps.

Forward passes only, of the module that trains, with windows of its own length dealt to all ranks. Nothing is drawn and
nothing is kept, so weights, data and generators of the run are what they would be without it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from training.data.cache import Cache, open_cache
from training.data.order import I32, I64, id_to_hex, permutation
from training.data.packing import IGNORED
from training.data.reader import Batch
from training.engine import distributed as ranks
from training.engine.engine import Engine, tensors
from training.evaluation.scores import bits_per_byte
from training.inputs import Inputs
from training.settings import Evaluate, Run
from udfs.tokens.tokenizer import TextTokenizer

OTHERS = "others"
"""The languages beyond the largest ones, as one."""
_ROUND = 64


@dataclass(frozen=True)
class Window:
    """Tokens `begin` to `stop` of a document, and the one before them as context; `language` is a number in `names`."""

    cache: Cache
    document: int
    begin: int
    stop: int
    language: int


class HeldOut:
    """The sample of a run, cut into windows of its sequence length. `chat` is a table of chat rows, whose answers are
    scored in nats a token, which `bits` tells per byte; documents are scored in bits per byte.
    """

    def __init__(self, run: Run, first: int, padding: int) -> None:
        self.names: list[str] = []
        self.windows: list[Window] = []
        self._bytes: list[int] = []
        self._answered: list[int] = []
        self._first, self._padding, self.chat = first, padding, run.phase == "sft"
        self._length, self._micro, self._isolate = run.batch.length, run.batch.micro, run.data.isolate
        # Compiled layers and kernels for isolated documents are made for one shape.
        self._whole = run.engine.compile or run.data.isolate

    @classmethod
    def opened(cls, run: Run, inputs: Inputs, tokenizer: TextTokenizer) -> HeldOut | None:
        """None where it is off, or where the run's tables hold nothing out. Raises ValueError."""
        if not run.evaluate.every:
            return None
        special = tokenizer.special
        made = cls(run, tokenizer.id(special.bos or special.separator), tokenizer.id(special.padding))
        made._draw(_chosen(inputs, tokenizer, Path(inputs.cache)), run.evaluate, tokenizer)
        return made if made.windows else None

    @classmethod
    def sets(cls, run: Run, inputs: Inputs, tokenizer: TextTokenizer) -> dict[str, HeldOut]:
        """The sets that are looked at beside the first, by name: each the held-out rows of one of inputs.held_out.
        Raises ValueError for one that holds nothing out.
        """
        found = {}
        for source in inputs.held_out[1:] if run.evaluate.every else ():
            made = cls.opened(run, replace(inputs, held_out=(source,)), tokenizer)
            if made is None:
                raise ValueError(
                    f"{source.table}: expected held-out rows to score on, found none in version {source.version}; "
                    "make the table with a greater tokens.held_out"
                )
            found[source.name] = made
        return found

    def _draw(self, chosen: list[tuple[Cache, I64]], wanted: Evaluate, tokenizer: TextTokenizer) -> None:
        """Documents by a hash of their content, until a language has `wanted.tokens`."""
        held: dict[str, int] = {}
        for cache, documents in chosen:
            lengths = cache.offsets[documents + 1] - cache.offsets[documents]
            sums = np.bincount(cache.kinds[documents], weights=lengths, minlength=len(cache.labels))
            for (_, language), tokens in zip(cache.labels, sums.tolist(), strict=True):
                held[language] = held.get(language, 0) + int(tokens)
        largest = sorted((name for name in held if held[name]), key=lambda name: (-held[name], name))
        named = sorted(largest[: wanted.languages])
        self.names = [*named, OTHERS] if len(largest) > len(named) else named
        self._bytes, self._answered = [0] * len(self.names), [0] * len(self.names)
        numbers = {name: number for number, name in enumerate(named)}
        taken, seen = [0] * len(self.names), set()
        for cache, documents in chosen:
            for place in permutation(cache.ids[documents], cache.chunks[documents], 0, 0):
                if min(taken, default=0) >= wanted.tokens:
                    break
                document = int(documents[place])
                number = numbers.get(cache.labels[int(cache.kinds[document])][1], len(named))
                length = int(cache.offsets[document + 1] - cache.offsets[document])
                key = (id_to_hex(cache.ids[document]), int(cache.chunks[document]))
                # A document of more than a language's share would be most of it, and the time of the evaluation.
                if not 0 < length <= wanted.tokens or taken[number] >= wanted.tokens or key in seen:
                    continue
                windows = list(self._cut(cache, document, length, number))
                if windows:
                    seen.add(key)
                    taken[number] += length
                    self._count(cache, document, number, tokenizer)
                    self.windows += windows
        # Equal lengths together: little padding.
        self.windows.sort(key=lambda w: (w.begin - w.stop, id_to_hex(w.cache.ids[w.document]), w.begin))

    def _count(self, cache: Cache, document: int, number: int, tokenizer: TextTokenizer) -> None:
        """Bytes of the text, of a chat row those of its answers, without the ends of turns, and their tokens."""
        if not self.chat:
            self._bytes[number] += int(cache.bytes[document])
            return
        ids = cache.read(document, 1, cache.length(document))[cache.mask(document)[1:]]
        self._answered[number] += len(ids)
        text = ids[ids != tokenizer.id(tokenizer.special.end_of_turn)]
        self._bytes[number] += len(tokenizer.decode([int(n) for n in text]).encode())

    def _cut(self, cache: Cache, document: int, length: int, number: int) -> Iterator[Window]:
        if self.chat:
            if length <= self._length and cache.mask(document)[1:].any():
                yield Window(cache, document, 1, length, number)
            return
        for begin in range(0, length, self._length - 1):
            yield Window(cache, document, begin, min(length, begin + self._length - 1), number)

    @property
    def tokens(self) -> int:
        """Tokens of the sample."""
        return sum(window.stop - window.begin for window in self.windows)

    def _batches(self, rank: int, world: int) -> Iterator[tuple[Batch, list[int]]]:
        """This rank's micro-batches and the language of each row; every rank has as many, if need be of nothing."""
        groups = [self.windows[i : i + self._micro] for i in range(0, len(self.windows), self._micro)]
        groups += [[] for _ in range(-len(groups) % world)]
        for group in groups[rank::world]:
            yield self._filled(group), [window.language for window in group]

    def _filled(self, group: list[Window]) -> Batch:
        longest = max((window.stop - window.begin + 1 for window in group), default=2)
        width = self._length if self._whole else min(self._length, -(-longest // _ROUND) * _ROUND)
        rows = self._micro if self._whole else max(1, len(group))
        ids, labels = np.full((rows, width), self._padding, np.int32), np.full((rows, width), IGNORED, np.int32)
        for window, row, label in zip(group, ids, labels, strict=False):
            self._write(window, row, label)
        positions = np.tile(np.arange(width, dtype=np.int32), (rows, 1)) if self._isolate else None
        return Batch(tuple(range(rows)), ids, labels, positions, ())

    def _write(self, window: Window, ids: I32, labels: I32) -> None:
        cache, document, size = window.cache, window.document, window.stop - window.begin
        ids[0] = cache.read(document, window.begin - 1, window.begin)[0] if window.begin else self._first
        ids[1 : size + 1] = cache.read(document, window.begin, window.stop)
        labels[1 : size + 1] = ids[1 : size + 1]
        if self.chat:
            labels[1 : size + 1][~cache.mask(document)[window.begin : window.stop]] = IGNORED

    def measured(self, engine: Engine) -> dict[str, float]:
        """By language, and for all of the sample: bits per byte, of chat rows nats an answer's token. The same on every
        rank, all of which call it.
        """
        sums = np.zeros((2, len(self.names)))
        module: Any = engine.deepspeed
        module.eval()
        try:
            with torch.no_grad():
                for batch, languages in self._batches(ranks.rank(), ranks.world()):
                    module(*tensors(batch, engine.device))
                    nats = module.module.losses.double().sum(dim=1).tolist()
                    counted = (batch.labels != IGNORED).sum(axis=1).tolist()
                    for number, *found in zip(languages, nats, counted, strict=False):
                        sums[:, number] += found
        finally:
            module.train()
        nats, counted = np.array(ranks.summed(sums.flatten().tolist(), engine.device)).reshape(2, -1).tolist()
        return self._shown(nats, counted)

    def bits(self, found: dict[str, float]) -> dict[str, float]:
        """Nats an answer's token, as `measured` gives them, as bits per byte of the answers."""
        tokens = {"all": sum(self._answered), **dict(zip(self.names, self._answered, strict=True))}
        sizes = {"all": sum(self._bytes), **dict(zip(self.names, self._bytes, strict=True))}
        rates = {name: bits_per_byte(value * tokens[name], sizes[name]) for name, value in found.items()}
        return {name: value for name, value in rates.items() if value is not None}

    def _shown(self, nats: list[float], tokens: list[float]) -> dict[str, float]:
        units: list[float] = tokens if self.chat else [float(size) for size in self._bytes]
        found = {"all": _rate(sum(nats), sum(units), self.chat)}
        found |= {name: _rate(n, u, self.chat) for name, n, u in zip(self.names, nats, units, strict=True)}
        return {name: value for name, value in found.items() if value is not None}


def _rate(nats: float, units: float, chat: bool) -> float | None:
    if chat:
        return nats / units if units else None
    return bits_per_byte(nats, int(units))


def _chosen(inputs: Inputs, tokenizer: TextTokenizer, folder: Path) -> list[tuple[Cache, I64]]:
    """The held-out rows of each table of the run that one of its parts would read, were they not held out; of the first
    of inputs.held_out where there are such, of all stages of it.
    """
    found: dict[str, tuple[Cache, list[I64]]] = {}
    if inputs.held_out:
        inputs = replace(inputs, sources=inputs.held_out[:1], stage=0)
    tables = inputs.tables("only")
    for source in inputs.sources:
        table = tables[source.name]
        held = found.setdefault(table.fingerprint(), (open_cache(table, tokenizer.hash, folder), []))
        held[1].append(held[0].select(source.sources, source.languages))
    return [(cache, np.unique(np.concatenate(rows))) for cache, rows in found.values()]
