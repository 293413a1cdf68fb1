"""Text in pictures: how wide it is at the most, lines that fit, and sizes with their unit."""

from __future__ import annotations

import unicodedata

FONT = 12.5
"""Size of the text in a picture, in its units (page.css says the same)."""
_ROOMY = {"i": 0.3, "j": 0.3, "l": 0.3, " ": 0.34, ".": 0.34, ",": 0.34, "m": 1.0, "w": 0.84, "M": 0.88, "W": 1.02}
_ROOMY |= {"%": 0.97, "@": 1.02, "…": 1.02}


def amount(size: float) -> str:
    """Bytes as a reader writes them, in decimal units."""
    for unit, one in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= 0.9995 * one:
            return f"{size / one:,.1f} {unit}"
    return f"{size:,.0f} bytes"


def width_of(text: str, size: float = FONT) -> float:
    """Units that a text takes, at the most: of a wide font (DejaVu Sans), as nobody knows the reader's."""
    return sum(map(_em, text)) * size


def _em(char: str) -> float:
    if unicodedata.east_asian_width(char) in "WF":
        return 1.0
    return _ROOMY.get(char) or (0.72 if char.isupper() else 0.64)


def fitted(text: str, room: float, most: int = 2, size: float = FONT) -> list[str]:
    """The text in lines that fit, cut with … after `most` of them; a word that fits in no line is cut too."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if width_of(longer, size) <= room or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    if len(lines) > most:
        lines = [*lines[: most - 1], " ".join(lines[most - 1 :])]
    return [cut(line, room, size) for line in lines]


def cut(line: str, room: float, size: float = FONT) -> str:
    """The line, with … at its end where it has no room."""
    if width_of(line, size) <= room:
        return line
    while line and width_of(line + "…", size) > room:
        line = line[:-1]
    return line.rstrip() + "…"
