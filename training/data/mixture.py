"""Mixtures as quotas: which source the sequence of a global number comes from, without drawing lots.

Weights are whole numbers. Within a segment (a time in which the same sources take part) the sources are scheduled as
periodic tasks with earliest deadlines first: the j-th sequence of a source of share s may not come before j / s and not
after (j + 1) / s. Such a schedule exists and this rule finds it (Baruah et al., proportionate progress, 1996), so after
each sequence each source's count is less than one from its share. The schedule repeats after as many sequences as the
weights add up to; one period is tabulated and every question is answered from it at once.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from math import gcd, lcm
from typing import Literal, NamedTuple

import numpy as np

from training.data.order import I32, I64

Weight = int | float | str | Decimal | Fraction
PERIOD = 1_000_000
"""Weights that add up to more are rounded to parts of this."""

ANNEALING: dict[str, Weight] = {"original": "83.94", "algorithmic": "12.44", "snippets": "2.71", "textbooks": "0.91"}
"""The paper's annealing mixture, in percent of tokens."""


def without(weights: Mapping[str, Weight], *names: str) -> dict[str, Weight]:
    """An ablation: the mixture without some of its parts, the others in proportion. Raises ValueError."""
    unknown = sorted(set(names) - set(weights))
    if unknown or set(names) >= set(weights):
        raise ValueError(f"mixture: expected to leave out some of {', '.join(weights)}, found {', '.join(names)}")
    return {name: weight for name, weight in weights.items() if name not in names}


def whole_weights(weights: Mapping[str, Weight]) -> tuple[dict[str, int], bool]:
    """The same shares in smallest whole numbers, and whether they had to be rounded. Raises ValueError.

    A decimal fraction counts as it is written: 0.91 is 91 of 10,000, not the nearest binary number.
    """
    exact = {name: Fraction(str(weight)) for name, weight in weights.items()}
    wrong = sorted(name for name, weight in exact.items() if weight <= 0)
    if wrong or not exact or len(exact) > PERIOD:
        raise ValueError(f"mixture: expected weights above 0, found {wrong or 'none'}; leave those parts out")
    scale = lcm(*(weight.denominator for weight in exact.values()))
    whole = {name: int(weight * scale) for name, weight in exact.items()}
    common = gcd(*whole.values())
    whole = {name: weight // common for name, weight in whole.items()}
    if sum(whole.values()) <= PERIOD:
        return whole, False
    return _rounded(whole), True


def _rounded(whole: Mapping[str, int]) -> dict[str, int]:
    """Parts of PERIOD by largest remainders, none below one. Names settle equal remainders."""
    total = sum(whole.values())
    parts = {name: max(1, weight * PERIOD // total) for name, weight in whole.items()}
    by_rest = sorted(whole, key=lambda name: (-(whole[name] * PERIOD % total), name))
    for name in by_rest[: max(0, PERIOD - sum(parts.values()))]:
        parts[name] += 1
    return parts


class Cycle(NamedTuple):
    """One period: the source of each place, how many places of that source came before, and the places of each."""

    who: I32
    rank: I32
    places: tuple[I64, ...]


@lru_cache(maxsize=16)
def cycle(weights: tuple[int, ...]) -> Cycle:
    """The schedule of one period of sum(weights) places; sources are numbers, ties go to the smaller one."""
    period = sum(weights)
    who = np.empty(period, dtype=np.int32)
    done = [0] * len(weights)
    waiting = [(0, source) for source in range(len(weights))]  # (earliest place, source)
    ready: list[tuple[int, int]] = []  # (place before which it is due, source)
    for place in range(period):
        while waiting and waiting[0][0] <= place:
            source = heapq.heappop(waiting)[1]
            heapq.heappush(ready, (-(-(done[source] + 1) * period // weights[source]), source))
        source = heapq.heappop(ready)[1]
        who[place] = source
        done[source] += 1
        if done[source] < weights[source]:
            heapq.heappush(waiting, (done[source] * period // weights[source], source))
    places = tuple(np.flatnonzero(who == source).astype(np.int64) for source in range(len(weights)))
    rank = np.empty(period, dtype=np.int32)
    for found in places:
        rank[found] = np.arange(len(found), dtype=np.int32)
    return Cycle(who, rank, places)


@dataclass(frozen=True)
class Segment:
    """Global sequences from `start` to `stop`, in which `sources` take part; `before` are all counts at its start."""

    start: int
    stop: int
    sources: tuple[int, ...]
    weights: tuple[int, ...]
    before: tuple[int, ...]


class Plan:
    """Which sequence of which source each global sequence is.

    `available` says how many sequences one epoch of a source has, `epochs` how often it may be read (1 where it is not
    named; fractions cut the last epoch short). A source that has given all of these stops, and the others go on in
    proportion. A source of the mixture with no sequence at all is `missing`: fail, or renormalise and say so in
    `notices`. Raises ValueError.
    """

    def __init__(
        self,
        weights: Mapping[str, Weight],
        available: Mapping[str, int],
        epochs: Mapping[str, float] | None = None,
        missing: Literal["fail", "renormalise"] = "fail",
    ) -> None:
        self.notices: list[str] = []
        caps = {**dict.fromkeys(available, 1.0), **(epochs or {})}
        most = {name: int(Fraction(str(caps[name])) * count) for name, count in available.items()}
        present = self._present(weights, most, missing)
        whole, rounded = whole_weights(present)
        if rounded:
            self.notices.append(f"mixture: weights were rounded to parts of {PERIOD:,}")
        self.names = tuple(sorted(whole))
        self.weights = tuple(whole[name] for name in self.names)
        self.epoch = tuple(available[name] for name in self.names)
        self.limits = tuple(most[name] for name in self.names)
        self.segments = _segments(self.weights, self.limits)
        self.total = sum(self.limits)
        self._starts = [segment.start for segment in self.segments]

    def _present(self, weights: Mapping[str, Weight], available: Mapping[str, int], missing: str) -> dict[str, Weight]:
        absent = sorted(name for name in weights if available.get(name, 0) < 1)
        if absent and (missing == "fail" or len(absent) == len(weights)):
            raise ValueError(
                f"mixture: expected at least one sequence of each part, found none of {', '.join(absent)}; "
                "add the part or allow more epochs of it, leave it out of the mixture, or renormalise over the others"
            )
        if absent:
            self.notices.append(f"mixture: {', '.join(absent)} missing; the other parts share its place in proportion")
        return {name: weight for name, weight in weights.items() if name not in absent}

    def _segment(self, sequence: int) -> Segment:
        if not 0 <= sequence < self.total:
            raise IndexError(
                f"mixture: expected a sequence from 0 to {self.total - 1}, found {sequence}; "
                "allow more epochs, add data or train for fewer steps"
            )
        return self.segments[bisect_left(self._starts, sequence + 1) - 1]

    def find(self, sequence: int) -> tuple[str, int]:
        """(source, number of the sequence among all that this source gives). Raises IndexError past the end."""
        segment = self._segment(sequence)
        table = cycle(segment.weights)
        turn, place = divmod(sequence - segment.start, len(table.who))
        member = int(table.who[place])
        source = segment.sources[member]
        return self.names[source], segment.before[source] + turn * segment.weights[member] + int(table.rank[place])

    def counts(self, upto: int) -> dict[str, int]:
        """Sequences of each source among the first `upto`."""
        if upto <= 0:
            return dict.fromkeys(self.names, 0)
        segment = self._segment(upto - 1)
        found = list(segment.before)
        for member, source in enumerate(segment.sources):
            found[source] += _given(segment.weights, member, upto - segment.start)
        return dict(zip(self.names, found, strict=True))

    def epochs(self, upto: int) -> dict[str, float]:
        """Epochs of each source after the first `upto` sequences."""
        return {n: c / e for (n, c), e in zip(self.counts(upto).items(), self.epoch, strict=True)}

    def place(self, name: str, number: int) -> int:
        """The global sequence that is the source's sequence `number`: the inverse of `find`. Raises IndexError."""
        source = self.names.index(name)
        for segment in self.segments:
            if source not in segment.sources:
                continue
            member = segment.sources.index(source)
            turn, rank = divmod(number - segment.before[source], segment.weights[member])
            table = cycle(segment.weights)
            found = segment.start + turn * len(table.who) + int(table.places[member][rank])
            if number >= segment.before[source] and found < segment.stop:
                return found
        raise IndexError(f"mixture: expected sequence 0 to {self.limits[source] - 1} of {name}, found {number}")


def _given(weights: tuple[int, ...], member: int, upto: int) -> int:
    """Sequences of a member among the first `upto` of its segment."""
    table = cycle(weights)
    turn, place = divmod(upto, len(table.who))
    return turn * weights[member] + int(np.searchsorted(table.places[member], place))


def _segments(weights: tuple[int, ...], limits: tuple[int, ...]) -> list[Segment]:
    """Segments from the first sequence to the last; each ends where a source would be asked for one too many."""
    before = [0] * len(weights)
    start, segments = 0, []
    while live := tuple(source for source in range(len(weights)) if before[source] < limits[source]):
        common = gcd(*(weights[source] for source in live))
        shares = tuple(weights[source] // common for source in live)
        table = cycle(shares)
        ends = []
        for member, source in enumerate(live):
            turn, rank = divmod(limits[source] - before[source], shares[member])
            ends.append(turn * len(table.who) + int(table.places[member][rank]))
        segments.append(Segment(start, start + min(ends), live, shares, tuple(before)))
        for member, source in enumerate(live):
            before[source] += _given(shares, member, min(ends))
        start += min(ends)
    return segments
