"""How a placeholder is put in, and what a step that puts some in is told."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from schemas.identity import data_bytes

Counts = Counter[str]
PLACEHOLDERS = {
    "email": "<EMAIL>",
    "ipv4": "<IP_ADDRESS>",
    "ipv6": "<IP_ADDRESS>",
    "key": "<KEY>",
    "token": "<TOKEN>",
    "password": "<PASSWORD>",
}
_ESCAPED = {kind: text.replace("<", "&lt;").replace(">", "&gt;") for kind, text in PLACEHOLDERS.items()}
_XML = frozenset(json.loads(data_bytes("personal_data.json"))["xml_languages"].split(", "))


@dataclass(frozen=True, slots=True)
class About:
    """The needles that a text holds, its language (named as in udfs/languages/detect.py) and its kind."""

    holds: frozenset[str]
    language: str | None = None
    kind: str = "code"

    def placeholder(self, kind: str) -> str:
        """As the language writes it: in XML a bare `<EMAIL>` would be an element that never ends."""
        return _ESCAPED[kind] if self.language in _XML else PLACEHOLDERS[kind]


Step = Callable[[str, Counts, About], str]


def substitute(
    pattern: re.Pattern[str],
    text: str,
    counts: Counts,
    about: About,
    kind: str,
    wanted: Callable[[re.Match[str]], bool],
    group: str | int = 1,
) -> str:
    """Replace a group of each wanted match by the kind's placeholder."""
    pieces: list[str] = []
    end = 0
    for match in pattern.finditer(text):
        if wanted(match):
            pieces += (text[end : match.start(group)], about.placeholder(kind))
            end = match.end(group)
            counts[kind] += 1
    return "".join([*pieces, text[end:]]) if pieces else text


def substitute_in(
    lower: str,
    text: str,
    about: About,
    pattern: re.Pattern[str],
    kind: Callable[[re.Match[str], str], str | None],
) -> tuple[str, list[str]]:
    """The same by a pattern over the text in lower case; `kind` is told the value as written. Group "value" goes."""
    pieces: list[str] = []
    kinds: list[str] = []
    end = 0
    for match in pattern.finditer(lower):
        start, stop = match.span("value")
        found = kind(match, text[start:stop]) if start >= end else None
        if found:
            pieces += (text[end:start], about.placeholder(found))
            end = stop
            kinds.append(found)
    return ("".join([*pieces, text[end:]]) if pieces else text), kinds


def lowered(text: str) -> str:
    """ASCII letters only, so that every character keeps its place; bytes do it at memory speed."""
    return text.encode("utf-8", "surrogatepass").lower().decode("utf-8", "surrogatepass")
