"""Pictures of both halves' pages: pure functions that return SVG as text, for a column of 360 units, a phone's width.

No scripts, no network. Colours and sizes are classes of page.css, so that dark mode turns a picture with its page.
Every picture has a title for screen readers, every bar its numbers with units. All text is escaped here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib import resources
from xml.sax.saxutils import escape, quoteattr

from schemas.lettering import amount, cut, fitted, width_of

WIDTH = 360
_LINE = 15


@dataclass(frozen=True)
class Step:
    """A stage that files flow through: how many came, how many stay, bytes of both, and why most of the others go."""

    name: str
    files: int
    kept: int
    bytes: int
    kept_bytes: int
    why: str = ""


@dataclass(frozen=True)
class Bar:
    """A bar with what is written of it; `mark` is drawn as a line across it."""

    name: str
    value: float
    shown: str
    mark: float | None = None


@dataclass(frozen=True)
class Bin:
    """A bar of a histogram: the number at its left edge, as written, its count, and whether it is beyond a limit."""

    start: str
    count: int
    beyond: bool


def style() -> str:
    """The style sheet of the pages, for a <style> element."""
    return resources.files("schemas").joinpath("page.css").read_text(encoding="utf-8")


def flow(steps: Sequence[Step], title: str) -> str:
    """From the top to the bottom: a bar a step, files at the left and bytes at the right, as wide as their share of
    what came in; what goes is set off, what stays runs on to the next step.
    """
    if not steps:
        return ""
    column, right = 168.0, 192.0
    files, size = max(s.files for s in steps) or 1, max(s.bytes for s in steps) or 1
    parts: list[str] = []
    above, y, top, last = [], 0.0, 0.0, None
    for step in steps:
        at = y + 20
        scales = ((0.0, files, step.files, step.kept), (right, size, step.bytes, step.kept_bytes))
        for x, whole, came, stay in scales:
            wide, kept = column * came / whole, column * stay / whole
            parts += [_rect("kept", x, at, kept, 14), _rect("dropped", x + kept, at, wide - kept, 14)]
        if last:
            under = [_ribbon(0, top, at, column * last.kept / files, column * step.files / files)]
            under += [_ribbon(right, top, at, column * last.kept_bytes / size, column * step.bytes / size)]
            parts = under + parts
        lines = fitted(_gone(step), WIDTH) if step.files > step.kept else []
        above += [_text(0, y + 14, step.name, "strong"), _text(0, at + 28, f"{step.kept:,} files")]
        above += [_text(right, at + 28, amount(step.kept_bytes))]
        above += [_text(0, at + 28 + _LINE * n, line, "quiet") for n, line in enumerate(lines, 1)]
        last, top, y = step, at + 14, at + 40 + _LINE * len(lines)
    return _svg("".join(parts + above), y, title)


def _gone(step: Step) -> str:
    gone = step.files - step.kept
    return f"{gone:,} {'file goes' if gone == 1 else 'files go'}" + (f": {step.why}" if step.why else "")


def pairs(rows: Sequence[tuple[str, float, float]], shown: Callable[[float], str], title: str) -> str:
    """Two bars a name: before, after."""
    if not rows:
        return ""
    left, numbers = min(max(width_of(name) for name, _, _ in rows) + 8, 140.0), 74.0
    most = max(max(a, b) for _, a, b in rows) or 1
    scale, parts = (WIDTH - left - numbers) / most, []
    for n, (name, before, after) in enumerate(rows):
        y = n * 34.0
        parts.append(_text(0, y + 20, cut(name, left - 6), tip=name))
        for at, value, css in ((y + 2, before, "before"), (y + 16, after, "kept")):
            parts.append(_rect(css, left, at, value * scale, 12, f"{name}: {shown(value)}"))
            parts.append(_text(left + value * scale + 5, at + 11, shown(value), "small"))
    return _svg("".join(parts), len(rows) * 34.0, title)


def bars(rows: Sequence[Bar], title: str, css: str = "kept") -> str:
    """A bar a name, its number behind it; names stand before the bars, or above them where one is long."""
    if not rows:
        return ""
    beside = all(width_of(row.name) <= 130 for row in rows)
    left = max(width_of(row.name) for row in rows) + 8 if beside else 0.0
    numbers = max(width_of(row.shown, 11) for row in rows) + 12
    scale = (WIDTH - left - numbers) / (max(max(r.value, r.mark or 0) for r in rows) or 1)
    parts, y = [], 0.0
    for row in rows:
        lines = [row.name] if beside else fitted(row.name, WIDTH)
        parts += [_text(0, y + 13 + _LINE * n, line, tip=row.name) for n, line in enumerate(lines)]
        y += 0.0 if beside else _LINE * len(lines) + 3
        parts.append(_rect(css, left, y + 3, row.value * scale, 12, f"{row.name}: {row.shown}"))
        if row.mark is not None:
            at = left + row.mark * scale
            parts.append(f'<path class="limit" d="M{at:.1f} {y:.1f}v18"/>')
        parts.append(_text(left + max(row.value, row.mark or 0) * scale + 6, y + 13, row.shown, "small"))
        y += 21
    return _svg("".join(parts), y, title)


def histogram(bins: Sequence[Bin], limits: Iterable[tuple[int, str]], unit: str, title: str) -> str:
    """Counts by bin; each limit is a line at the left edge of a bin, with its words above."""
    if not bins:
        return ""
    limits, high = list(limits), 110.0
    top = 20.0 + _LINE * len(limits)
    wide, most = WIDTH / len(bins), max(b.count for b in bins) or 1
    parts = [_text(0, 12, f"tallest bar: {most:,} {unit}", "small")]
    for n, b in enumerate(bins):
        tall = high * b.count / most
        end = f" to {bins[n + 1].start}" if n + 1 < len(bins) else " and more"
        css = "dropped" if b.beyond else "kept"
        parts.append(
            _rect(css, n * wide + 0.5, top + high - tall, wide - 1, tall, f"{b.start}{end}: {b.count:,} {unit}")
        )
    for n, (at, words) in enumerate(limits, 1):
        x, start = at * wide, at * wide + width_of(words, 11) + 6 <= WIDTH
        parts.append(f'<path class="limit" d="M{x:.1f} {8 + _LINE * n}V{top + high:.1f}"/>')
        parts.append(_text(x + (5 if start else -5), 15 + _LINE * n, words, "small" if start else "small end"))
    parts.append(f'<path class="axis" d="M0 {top + high:.1f}h{WIDTH}"/>')
    parts += _ticks([b.start for b in bins], wide, top + high + 14)
    return _svg("".join(parts), top + high + 18, title)


def _ticks(names: Sequence[str], wide: float, y: float) -> list[str]:
    """The numbers at the left edges of bins, as many as have room."""
    found, free = [], 0.0
    for n, name in enumerate(names):
        half = width_of(name, 11) / 2
        middle = min(max(n * wide, half), WIDTH - half)
        if middle - half >= free:
            found.append(_text(middle, y, name, "small middle"))
            free = middle + half + 8
    return found


def curve(line: Sequence[tuple[float, float]], stacked: Sequence[tuple[float, float]], title: str) -> str:
    """A line over the unit square, and under it two counts a bin, the first at the foot, as high as their share."""
    left, high, top = 14.0, 200.0, 8.0
    across, most = WIDTH - 2 * left, max((a + b for a, b in stacked), default=0) or 1
    parts = []
    for n, (yes, no) in enumerate(stacked):
        base = top + high
        for count, css in ((yes, "kept"), (no, "before")):
            tall = high * count / most
            base -= tall
            tip = f"{n / len(stacked):.2f} to {(n + 1) / len(stacked):.2f}: {count:,.0f} pairs"
            parts.append(_rect(css, left + n * across / len(stacked), base, across / len(stacked) - 1, tall, tip))
    points = " ".join(f"{left + x * across:.1f},{top + (1 - y) * high:.1f}" for x, y in line)
    ticks = (_text(left + t * across / 10, top + high + 15, f"{t / 10:g}", "small middle") for t in range(0, 11, 2))
    marks = _text(0, top + 9, "1", "small") + _text(0, top + high, "0", "small")
    return _svg(f'{"".join(parts)}<polyline points="{points}"/>{"".join(ticks)}{marks}', top + high + 20, title)


def _rect(css: str, x: float, y: float, wide: float, high: float, tip: str = "") -> str:
    if wide <= 0 or high <= 0:
        return ""
    inner = f"<title>{escape(tip)}</title>" if tip else ""
    return (
        f'<rect class="{css}" x="{x:.1f}" y="{y:.1f}" width="{max(wide, 0.6):.1f}" height="{high:.1f}">{inner}</rect>'
    )


def _ribbon(x: float, top: float, bottom: float, above: float, below: float) -> str:
    ends = f"{x:.1f},{top:.1f} {x + above:.1f},{top:.1f} {x + below:.1f},{bottom:.1f} {x:.1f},{bottom:.1f}"
    return f'<polygon class="ribbon" points="{ends}"/>'


def _text(x: float, y: float, words: str, css: str = "", tip: str = "") -> str:
    inner = f"<title>{escape(tip)}</title>" if tip and tip != words else ""
    named = f' class="{css}"' if css else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{named}>{escape(words)}{inner}</text>'


def _svg(body: str, high: float, title: str) -> str:
    return (
        f'<svg class="picture" viewBox="0 0 {WIDTH} {high:.0f}" role="img" aria-label={quoteattr(title)}>'
        f"<title>{escape(title)}</title>{body}</svg>"
    )
