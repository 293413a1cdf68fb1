"""The picture of a comparison, as a file of its own: bits per byte over tokens, a line through the means of an arm's
seeds in a band from the least to the most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle, islice
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from schemas.lettering import width_of
from training.evidence.compare import ALL
from training.evidence.result import Spread, spread

_WIDTH, _HEIGHT, _LEFT, _TOP = 560.0, 220.0, 56.0, 26.0
_RIGHT = 16.0
COLOURS = ("#b3541e", "#1f6f8b", "#5b7f2b", "#7a4f9a", "#8a6d1b", "#444444")
"""Of the arms in order."""
DASHES = ("none", "8 4", "2 3", "8 3 2 3", "14 5", "5 5")
"""Of their lines, so that colour is not all that tells them apart."""
_STYLE = (
    "text{font:12.5px sans-serif;fill:#222}.quiet{fill:#666;font-size:11px}.axis{stroke:#888;fill:none}"
    "@media(prefers-color-scheme:dark){text{fill:#ddd}.quiet{fill:#aaa}}"
)

Curve = list[tuple[float, Spread]]


def curves(runs: Sequence[Mapping[str, Any]], held: str) -> dict[str, Curve]:
    """By arm: (tokens, bits per byte of its seeds) at each look that all of its seeds came to. Tokens are the mean over
    the seeds: of chat rows each order of the rows has other answers in its steps.
    """
    found: dict[str, list[Sequence[Mapping[str, Any]]]] = {}
    for run in runs:
        found.setdefault(run["arm"], []).append(run["curve"])
    return {arm: [_point(looks, held) for looks in zip(*seeds, strict=False)] for arm, seeds in found.items()}


def _point(looks: Sequence[Mapping[str, Any]], held: str) -> tuple[float, Spread]:
    """One look of every seed."""
    at = sum(look["tokens"] for look in looks) / len(looks)
    return at, spread([look["sets"][held][ALL] for look in looks])


def picture(runs: Sequence[Mapping[str, Any]], held: str, title: str) -> str:
    """An SVG file. The first look, of a model that has learned next to nothing, is left out where there are others."""
    drawn = {arm: curve[1:] if len(curve) > 3 else curve for arm, curve in curves(runs, held).items()}
    points = [point for curve in drawn.values() for point in curve]
    low, high = min(s.least for _, s in points), max(s.most for _, s in points)
    begin, end = min(x for x, _ in points), max(x for x, _ in points)
    up, across = (high - low) or 1.0, (end - begin) or 1.0

    def at(x: float, y: float) -> str:
        wide = _WIDTH - _LEFT - _RIGHT
        return f"{_LEFT + (x - begin) / across * wide:.1f},{_TOP + (high - y) / up * _HEIGHT:.1f}"

    parts = []
    for (colour, dash), (_, curve) in zip(_looks(len(drawn)), drawn.items(), strict=True):
        edge = [at(x, s.most) for x, s in curve] + [at(x, s.least) for x, s in reversed(curve)]
        parts.append(f'<polygon points="{" ".join(edge)}" fill="{colour}" fill-opacity="0.2"/>')
        line = " ".join(at(x, s.mean) for x, s in curve)
        parts.append(f'<polyline points="{line}" fill="none" {_stroke(colour, dash)}/>')
    body = "".join([*_axes(low, high, begin, end), *parts, *_legend(list(drawn))])
    tall = _TOP + _HEIGHT + 40
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:.0f} {tall:.0f}" role="img" '
        f"aria-label={quoteattr(title)}><title>{escape(title)}</title><style>{_STYLE}</style>{body}</svg>\n"
    )


def _looks(arms: int) -> list[tuple[str, str]]:
    """Colour and dashes of each arm."""
    return list(islice(cycle(zip(COLOURS, DASHES, strict=True)), arms))


def _stroke(colour: str, dash: str) -> str:
    return f'stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"'


def _axes(low: float, high: float, begin: float, end: float) -> list[str]:
    foot, right = _TOP + _HEIGHT, _WIDTH - _RIGHT
    parts = [f'<path class="axis" d="M{_LEFT} {_TOP}V{foot}H{right}"/>']
    for n in range(5):
        y = foot - n / 4 * _HEIGHT
        value = low + n / 4 * (high - low)
        parts.append(f'<text class="quiet" x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:.3f}</text>')
    parts.append(f'<text class="quiet" x="{_LEFT}" y="{foot + 16}">{begin:,.0f}</text>')
    parts.append(f'<text class="quiet" x="{right}" y="{foot + 16}" text-anchor="end">{end:,.0f} tokens</text>')
    words = "held-out bits per byte: mean, least and most over the seeds"
    parts.append(f'<text class="quiet" x="{_LEFT}" y="{foot + 34}">{words}</text>')
    return parts


def _legend(arms: Sequence[str]) -> list[str]:
    parts, x = [], _LEFT
    for (colour, dash), arm in zip(_looks(len(arms)), arms, strict=True):
        parts.append(f'<path d="M{x:.1f} 11h28" {_stroke(colour, dash)}/>')
        parts.append(f'<text x="{x + 34:.1f}" y="15">{escape(arm)}</text>')
        x += 34 + width_of(arm) + 18
    return parts
