"""Lines at the top of a file that a program reads: shebangs, encodings, modelines, directives of tools."""

from __future__ import annotations

import json
import re
from typing import Any

from schemas.identity import data_bytes

_PHRASES: dict[str, Any] = json.loads(data_bytes("header_phrases.json"))
_KEPT_LINE = re.compile("|".join(_PHRASES["kept_lines"]), re.I)
# Patterns that would look for their mark in the whole line: tried where it is.
_CODING, _MODE, _VIM = (re.compile(_PHRASES["kept_marks"][mark], re.I) for mark in ("coding", "-*-", ":"))


def is_read(line: str) -> bool:
    """Whether it begins as an instruction, or says which encoding or mode of an editor the file wants."""
    if _KEPT_LINE.match(line):
        return True
    if "coding" in line.lower() and _CODING.match(line):
        return True
    return bool(("-*-" in line and _MODE.match(line)) or (":" in line and _VIM.match(line)))
