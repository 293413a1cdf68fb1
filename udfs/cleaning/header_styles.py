"""How comments of a language look at the top of a file: udfs/data/header_styles.json."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache

from schemas.identity import data_bytes

DATA = "header_styles.json"


@dataclass(frozen=True)
class Style:
    """Markers of line comments, and openers with their closers."""

    line: tuple[str, ...]
    block: tuple[tuple[str, str], ...]


@cache
def _styles() -> dict[str, Style]:
    """Comment markers by language; names without a language stand for what is unknown."""
    found: dict[str, Style] = {}
    for name, data in json.loads(data_bytes(DATA)).items():
        style = Style(tuple(m.lower() for m in data["line"]), tuple((a, b) for a, b in data["block"]))
        found[name if not data["languages"] else f"family {name}"] = style
        found.update(dict.fromkeys(data["languages"], style))
    return found


def style_of(language: str | None, kind: str) -> Style:
    """The markers of a language; where it is none that is known, those of most."""
    styles = _styles()
    name = (language or "").lower()
    if kind == "text":
        # In prose a hash is a heading and a dash a list: only comments that no reader sees count.
        prose = styles["unknown prose"]
        known = styles.get(name, prose)
        return known if not known.line else prose
    return styles.get({"c++": "cpp", "c#": "csharp"}.get(name, name), styles["unknown"])
