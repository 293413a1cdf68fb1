"""Curves of the training report as SVG: a line through means, a band from the least to the most, x plain or by logs;
and many small ones, a name each, on one scale.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from xml.sax.saxutils import escape, quoteattr

from schemas.lettering import cut, width_of

_WIDTH, _HEIGHT, _LEFT = 640, 150, 70
_MOST_POINTS = 400
_SPARKS, _SPARK = 360, 26
"""Width of a picture, a phone's, and the height of one of its rows."""


class Point(NamedTuple):
    """A value at a step, the mean of those since the point before, with the least and the most of them."""

    x: float
    y: float
    least: float
    most: float


def point(row: dict[str, float | None], key: str) -> Point | None:
    """The point of a line of log.jsonl, None where it has no finite value."""
    value = _number(row, f"{key}_mean", _number(row, key, math.nan))
    if not math.isfinite(value):
        return None
    least, most = _number(row, f"{key}_least", value), _number(row, f"{key}_most", value)
    return Point(_number(row, "step", 0.0), value, least, most)


def _number(row: dict[str, float | None], key: str, otherwise: float) -> float:
    found = row.get(key)
    return otherwise if found is None else float(found)


def by_name(log: Sequence[Mapping[str, Any]], key: str) -> dict[str, list[Point]]:
    """The points of a group of numbers of log.jsonl by name, in order; of a dict each its `loss`."""
    found: dict[str, list[Point]] = {}
    for row in log:
        for name, held in (row.get(key) or {}).items():
            value = held["loss"] if isinstance(held, dict) else held
            if value is not None and math.isfinite(value):
                found.setdefault(name, []).append(Point(float(row["step"]), value, value, value))
    return dict(sorted(found.items(), key=lambda item: (item[0] != "all", item[0])))


def joined(points: Sequence[Point], most: int = _MOST_POINTS) -> list[Point]:
    """At most about that many: neighbours become their mean, with the least and the most of all of them."""
    of = -(-len(points) // most)
    groups = [points[i : i + of] for i in range(0, len(points), of)] if of > 1 else [[p] for p in points]
    return [
        Point(g[-1].x, math.fsum(p.y for p in g) / len(g), min(p.least for p in g), max(p.most for p in g))
        for g in groups
    ]


def curve(points: Sequence[Point], logarithmic: bool = False) -> str:
    """An SVG with its extremes written out; empty for fewer than two points. `logarithmic` scales x by log(1 + x)."""
    if len(points) < 2:
        return ""
    drawn = joined(points)
    low, high = min(p.least for p in drawn), max(p.most for p in drawn)
    up = (high - low) or abs(high) or 1.0
    scale = math.log1p if logarithmic else float
    begin, across = scale(drawn[0].x), (scale(drawn[-1].x) - scale(drawn[0].x)) or 1.0

    def at(x: float, y: float) -> str:
        return f"{_LEFT + (scale(x) - begin) / across * _WIDTH:.1f},{10 + (high - y) / up * _HEIGHT:.1f}"

    line = " ".join(at(p.x, p.y) for p in drawn)
    edge = " ".join([*(at(p.x, p.most) for p in drawn), *(at(p.x, p.least) for p in reversed(drawn))])
    band = f'<polygon points="{edge}"/>' if any(p.most > p.least for p in drawn) else ""
    marks = f'<text x="0" y="18">{high:.4g}</text><text x="0" y="{_HEIGHT + 10}">{low:.4g}</text>'
    ends = f'<text x="{_LEFT}" y="{_HEIGHT + 28}">{drawn[0].x:,.0f}</text>'
    ends += f'<text x="{_LEFT + _WIDTH}" y="{_HEIGHT + 28}" text-anchor="end">{drawn[-1].x:,.0f}</text>'
    return (
        f'<svg viewBox="0 0 {_LEFT + _WIDTH + 10} {_HEIGHT + 34}" role="img">'
        f'{band}<polyline points="{line}"/>{marks}{ends}</svg>'
    )


def sparks(lines: Mapping[str, Sequence[Point]], title: str, logarithmic: bool = False) -> str:
    """A small curve a name between its first and its last value, all on one scale; empty where there is no point."""
    drawn = {name: joined(points, 100) for name, points in lines.items() if points}
    if not drawn:
        return ""
    points = [point for row in drawn.values() for point in row]
    low, high = min(p.y for p in points), max(p.y for p in points)
    scale = math.log1p if logarithmic else float
    begin, end = scale(min(p.x for p in points)), scale(max(p.x for p in points))
    left = min(max(map(width_of, drawn)) + 8, 130.0)
    number = max(width_of(f"{p.y:.3f}", 11) for p in points) + 6
    across, up = _SPARKS - left - 2 * number, _SPARK - 10
    parts = []
    for n, (name, row) in enumerate(drawn.items()):
        top = n * _SPARK
        tip = f"<title>{escape(name)}</title>"
        parts.append(f'<text x="0" y="{top + 17}">{escape(cut(name, left - 6))}{tip}</text>')
        parts.append(f'<text class="small end" x="{left + number - 5:.1f}" y="{top + 17}">{row[0].y:.3f}</text>')
        parts.append(f'<text class="small end" x="{_SPARKS}" y="{top + 17}">{row[-1].y:.3f}</text>')
        path = " ".join(
            f"{left + number + (scale(p.x) - begin) / ((end - begin) or 1) * across:.1f},"
            f"{top + 5 + (high - p.y) / ((high - low) or 1) * up:.1f}"
            for p in row
        )
        parts.append(f'<polyline class="spark" points="{path}"/>')
    return (
        f'<svg class="picture" viewBox="0 0 {_SPARKS} {len(drawn) * _SPARK}" role="img" aria-label={quoteattr(title)}>'
        f"<title>{escape(title)}</title>{''.join(parts)}</svg>"
    )
