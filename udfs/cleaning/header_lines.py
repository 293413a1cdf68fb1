"""Lines at the top of a file that a program reads: shebangs, encodings, modelines, directives of tools.

What tools read in any comment stands in the data without the comment's sign: `tool_lines`.
"""

from __future__ import annotations

import json
import re
from typing import Any

from schemas.identity import data_bytes

_PHRASES: dict[str, Any] = json.loads(data_bytes("header_phrases.json"))
_KEPT_LINE = re.compile("|".join(_PHRASES["kept_lines"]), re.I)
_SIGN = r"(?://|[#;%'!]|--|/\*|\(\*|\{-|<!--|<#|\"(?!\"\"))"
_TOOL_LINE = re.compile(rf"[\s*#/!;%{{<|(\"'-]*+(?:{'|'.join(_PHRASES['tool_lines'])})", re.I)
# Found faster: a sign of its own, a first word with a sign behind it, or one of the few without.
_MAY_BE = rf"[\s*#/!;%<|(\"'-]*+(?:[@+$*{{:]|[\w.?]++[ \t]?[-:=\[]|{_PHRASES['tool_words']}\b)"
_MAY_BE_TOOL, _MAY_BE_TOOL_COMMENT = re.compile(_MAY_BE), re.compile(f"{_SIGN}{_MAY_BE}")
_LETTERS = frozenset(("dnl", "rem", "REM", "Rem"))
# Inside of a block comment, and of the comments of Emacs' packages.
_DIRECTIVE = re.compile(
    r"[\s*#/!]*(?:@(?:(?:no)?flow|jsx\w*|format|prettier|ts-[\w-]+|(?:jest|vitest)-environment)\b"
    r"|(?:eslint|jshint|jslint|tslint|istanbul|clang-format|clang-tidy|prettier|stylelint|biome)\b[-: ]"
    r"|globals?[ \t]\w+)"
    r"|;+[ \t]*(?:Package-Requires|(?:Package-)?Version|Keywords|URL|Homepage|Author|Maintainer|Created)[ \t]*:"
)
# Patterns that would look for their mark in the whole line: tried where it is.
_CODING, _MODE, _VIM = (re.compile(_PHRASES["kept_marks"][mark], re.I) for mark in ("coding", "-*-", ":"))


def is_read(line: str) -> bool:
    """Whether it begins as an instruction, or says which encoding or mode of an editor the file wants."""
    # Code: no instruction begins with a letter.
    begins = not line[:1].isalpha() or line[:3] in _LETTERS
    if begins and (_KEPT_LINE.match(line) or (_MAY_BE_TOOL_COMMENT.match(line) and _TOOL_LINE.match(line))):
        return True
    if ("oding" in line or "ODING" in line) and _CODING.match(line):
        return True
    if ":" in line and ("vi" in line or "ex:" in line or "VI" in line) and _VIM.match(line):
        return True
    return "-*-" in line and _MODE.match(line) is not None


def is_directive(line: str) -> bool:
    """Whether a tool reads this line inside of a comment."""
    return _MAY_BE_TOOL.match(line) is not None and (_DIRECTIVE.match(line) or _TOOL_LINE.match(line)) is not None
