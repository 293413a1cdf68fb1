"""How far judges can be trusted, from their scores alone: agreement, preference for their own, people's labels."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Literal


def cohens_kappa(
    counts: Mapping[tuple[Hashable, Hashable], int], weights: Literal["", "quadratic"] = ""
) -> float | None:
    """Agreement of two judges beyond what their own habits would give by chance, from how often each pair of scores was
    given: 1 always, 0 as by chance.

    `quadratic` is for whole numbers of one scale: a disagreement counts by the square of its distance (Cohen 1968).
    None where there is nothing to compare, or where both always give one and the same.
    """
    ones: Counter[Hashable] = Counter()
    others: Counter[Hashable] = Counter()
    for (a, b), n in counts.items():
        ones[a] += n
        others[b] += n
    count = sum(counts.values())
    seen = sum(n * _distance(a, b, weights) for (a, b), n in counts.items())
    by_chance = sum(n * m * _distance(a, b, weights) for a, n in ones.items() for b, m in others.items())
    return 1 - seen * count / by_chance if by_chance else None


def _distance(a: Hashable, b: Hashable, weights: str) -> float:
    if weights == "quadratic":
        if not isinstance(a, (int, float)) or not isinstance(b, (int, float)):
            raise ValueError(f"scores of two judges: expected numbers, found {a!r} and {b!r}; use no weights")
        return float((a - b) ** 2)
    return float(a != b)


@dataclass(frozen=True)
class SelfPreference:
    """Mean score that a judge gives to answers of its own model and to those of others, and to the same answers what
    other judges give. `excess` is how much more the judge favours its own than the other judges do: None without both.
    """

    judge: str
    own: float | None
    others: float | None
    own_by_others: float | None
    others_by_others: float | None
    count_own: int
    count_others: int

    @property
    def excess(self) -> float | None:
        if self.own is None or self.others is None or self.own_by_others is None or self.others_by_others is None:
            return None
        return (self.own - self.others) - (self.own_by_others - self.others_by_others)


def self_preference(means: Mapping[tuple[str, str], tuple[int, float]]) -> list[SelfPreference]:
    """Of each judge, by name. `means` are (rows, mean score) by (judge's model, model that answered)."""
    return [_preference(name, means) for name in sorted({judge for judge, _ in means})]


def _preference(judge: str, means: Mapping[tuple[str, str], tuple[int, float]]) -> SelfPreference:
    def scored(mine: bool, own: bool) -> tuple[int, float | None]:
        found = [rows for (j, a), rows in means.items() if (j == judge) is mine and (a == judge) is own]
        count = sum(n for n, _ in found)
        return count, sum(n * mean for n, mean in found) / count if count else None

    own, others = scored(True, True), scored(True, False)
    return SelfPreference(judge, own[1], others[1], scored(False, True)[1], scored(False, False)[1], own[0], others[0])


@dataclass(frozen=True)
class Calibrated:
    """Of one score of a judge: rows that people have labelled, the share of yes among them, and its 95 % interval."""

    score: float
    count: int
    yes: float
    low: float
    high: float


def calibration(rows: Iterable[tuple[float, bool]]) -> list[Calibrated]:
    """What a judge's score is worth: of (score, whether a person said yes), by score, lowest first.

    The interval is Wilson's (1927), which holds for few rows and for shares of 0 and 1.
    """
    found: dict[float, list[bool]] = defaultdict(list)
    for score, yes in rows:
        found[score].append(yes)
    return [_calibrated(score, found[score]) for score in sorted(found)]


def _calibrated(score: float, labels: Sequence[bool]) -> Calibrated:
    count, z = len(labels), 1.96
    share = sum(labels) / count
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z * sqrt(share * (1 - share) / count + z * z / (4 * count * count)) / (1 + z * z / count)
    return Calibrated(score, count, share, max(0.0, middle - half), min(1.0, middle + half))
