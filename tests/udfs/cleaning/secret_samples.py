"""Made-up secrets of the kinds of secret_kinds.tsv, drawn anew from a seed: no scanner finds one in the repository."""

from __future__ import annotations

import base64
import random
import re
import string
import uuid
from pathlib import Path
from typing import NamedTuple

_LETTERS, _DIGITS = string.ascii_letters, string.digits
_ALPHABETS = {
    "a": _LETTERS + _DIGITS,
    "h": _DIGITS + "abcdef",
    "H": _DIGITS + "ABCDEF",
    "l": string.ascii_lowercase + _DIGITS,
    "A": string.ascii_uppercase + _DIGITS,
    "u": _LETTERS + _DIGITS + "-_",
    "b": _LETTERS + _DIGITS + "+/",
    "d": _DIGITS,
    "c": _LETTERS,
}
_PART = re.compile(r"\((?:([ahHlAubdcp])(\d+)|([Uwj]))\)")
_WORDS = ("Orchid", "Falcon", "Meadow", "Copper", "Zephyr", "Lagoon", "Walnut", "Pepper", "Violet", "Marble")


class Sample(NamedTuple):
    """A text with a secret, and the parts of it of which none may be left."""

    kind: str
    text: str
    drawn: list[str]


def kinds(group: str) -> list[str]:
    lines = (Path(__file__).parent / "secret_kinds.tsv").read_text(encoding="utf-8").splitlines()
    return [line.split("\t")[1] for line in lines if line.startswith(f"{group}\t")]


def sample(kind: str, number: int) -> Sample:
    """The same for the same kind and number."""
    draw = random.Random(f"{kind} {number}")
    drawn: list[str] = []

    def part(match: re.Match[str]) -> str:
        drawn.append(_drawn(draw, match[1] or match[3], int(match[2] or 0)))
        return drawn[-1]

    text = _PART.sub(part, kind.replace("\\\\n", "\0").replace("\\n", "\n").replace("\0", "\\n"))
    return Sample(kind, text, [part for part in drawn if len(part) > 10] or drawn)


def _drawn(draw: random.Random, what: str, size: int) -> str:
    if what == "U":
        return str(uuid.UUID(int=draw.getrandbits(128), version=4))
    if what == "w":
        return f"{draw.choice(_WORDS)}{draw.choice('!#@&*-_')}{draw.choice(_WORDS)}{draw.randint(10, 9999)}"
    if what == "j":
        return base64.b64encode(f"{draw.choice(['bob', 'svc', 'ci'])}:{_drawn(draw, 'a', 16)}".encode()).decode()
    if what == "p":
        body = [draw.choice(_ALPHABETS["a"]) for _ in range(size - 3)] + [draw.choice("!#%^*-_+=?.~") for _ in range(2)]
        draw.shuffle(body)
        return draw.choice(_LETTERS) + "".join(body)
    alphabet = _ALPHABETS[what]
    edge = alphabet.translate(str.maketrans("", "", "-_+/"))  # a dash at the end would be no part of most tokens
    return "".join(draw.choice(edge if i in (0, size - 1) else alphabet) for i in range(size))
