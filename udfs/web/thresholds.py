"""From scores of labelled pages to thresholds: what precision a wanted recall costs, and the other way round."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

RECALLS = (0.90, 0.95, 0.99)
PRECISIONS = (0.90, 0.95)


@dataclass(frozen=True)
class Threshold:
    """A page is recalled when its score is `threshold` or more. None where no threshold reaches the goal."""

    goal: Literal["recall", "precision"]
    wanted: float
    threshold: float | None
    precision: float | None
    recall: float | None


def thresholds(scores: Sequence[float], is_of_tag: Sequence[bool]) -> list[Threshold]:
    """The highest threshold for each recall of RECALLS, and the lowest for each precision of PRECISIONS.

    Raises ValueError where no page is of the tag: then there is nothing to recall.
    """
    points = precision_and_recall(scores, is_of_tag)
    table = list[Threshold]()
    for wanted in RECALLS:
        point = next((p for p in points if p[2] >= wanted), None)
        table.append(_row("recall", wanted, point))
    for wanted in PRECISIONS:
        point = next((p for p in reversed(points) if p[1] >= wanted), None)
        table.append(_row("precision", wanted, point))
    return table


def precision_and_recall(scores: Sequence[float], is_of_tag: Sequence[bool]) -> list[tuple[float, float, float]]:
    """(threshold, precision, recall) at every distinct score, the highest first."""
    of_tag = sum(is_of_tag)
    if not of_tag:
        raise ValueError(f"expected pages of the tag among {len(scores)} labelled ones, found none")
    ordered = sorted(zip(scores, is_of_tag, strict=True), key=lambda pair: -pair[0])
    points, right = list[tuple[float, float, float]](), 0
    for at, (score, of) in enumerate(ordered):
        right += of
        # Pages of one score are recalled together.
        if at + 1 == len(ordered) or ordered[at + 1][0] != score:
            points.append((score, right / (at + 1), right / of_tag))
    return points


def _row(goal: Literal["recall", "precision"], wanted: float, point: tuple[float, float, float] | None) -> Threshold:
    if point is None:
        return Threshold(goal, wanted, None, None, None)
    return Threshold(goal, wanted, *point)
