"""Whether the top of a file may speak of rights at all: most do not, and need not be cut into lines."""

from __future__ import annotations

import json
from functools import cache

from schemas.identity import data_bytes
from udfs.cleaning.needles import Needle, Needles

HINTS: tuple[str, ...] = tuple(json.loads(data_bytes("header_phrases.json"))["hints"])


def has_hint(head: str) -> bool:
    """Whether a phrase of a notice may be in it."""
    return _needles().any_in(head.encode("utf-8", "surrogatepass"))


@cache
def _needles() -> Needles:
    return Needles({hint: Needle(hint.encode(), any_case=True) for hint in HINTS})
