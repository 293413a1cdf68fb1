"""The comment styles that a compiled scan reads, as its programs: the same alternatives in the same order."""

from __future__ import annotations

from functools import cache
from typing import Any

from udfs.signals.comment_styles import CODE, COMMENT, DOC, STRING, syntax
from udfs.signals.scanning import (
    AFTER_STOP,
    AFTER_WORD,
    ANYWHERE,
    BLOCK,
    CHAR,
    ESCAPE,
    ESCAPES,
    FIRST,
    LINE,
    LINES,
    NESTED,
    NO_URL,
    QUOTED,
    REGEX,
    SPACED,
    TRIPLE,
    Program,
    Step,
    program,
)

_STRINGS = {
    "dq": Step(QUOTED, '"', flags=ESCAPES),
    "sq": Step(QUOTED, "'", flags=ESCAPES),
    "dqm": Step(QUOTED, '"', flags=ESCAPES | LINES),
    "sqm": Step(QUOTED, "'", flags=ESCAPES | LINES),
    "bt": Step(QUOTED, "`", flags=ESCAPES | LINES),
    "dq_raw": Step(QUOTED, '"'),
    "sq_raw": Step(QUOTED, "'"),
    "dqm_raw": Step(QUOTED, '"', flags=LINES),
    "sqm_raw": Step(QUOTED, "'", flags=LINES),
    "bt_raw": Step(QUOTED, "`", flags=LINES),
    "bt_raw_line": Step(QUOTED, "`"),
    "tdq": Step(TRIPLE, '"""'),
    "tsq": Step(TRIPLE, "'''"),
    "char": Step(CHAR, "'"),
    "dq_open": Step(QUOTED, '"', flags=ESCAPES | AFTER_WORD),
    "sq_open": Step(QUOTED, "'", flags=ESCAPES | AFTER_STOP),
}
# Strings that no text without these has.
_RARE = {"at_raw": ('@"', '@$"'), "cpp_raw": ('R"',), "hash_raw": ('r"', "r#")}
_ESCAPE = r"\\[\s\S]"
_REGEX = (
    r"/(?:(?<=[=(,:\[!&|?{};\n]/)|(?<=[=(,:\[!&|?;] /)|(?<=return /)|(?<=\t/)|(?<=  /))"
    r"(?:[^\\/\[\n]|\\[^\n]|\[(?:[^\]\\\n]|\\[^\n])*+\]?)++/?"
)
_SKIPS = {_ESCAPE: Step(ESCAPE, "\\"), _REGEX: Step(REGEX, "/")}
_FORMS = frozenset(("languages", "line", "block", "nested", "first", "word", "line_not_url", "strings", "skip", "doc"))


@cache
def program_of(name: str) -> Program | None:
    """The program of a style, if it has one."""
    data = syntax()[name]
    skips = [_SKIPS.get(pattern) for pattern in data.get("skip", ())]
    strings = data.get("strings", ())
    known = all(s in _STRINGS or s in _RARE for s in strings)
    if not _FORMS.issuperset(data) or None in skips or not known or _FORMS.isdisjoint(data.keys() - {"languages"}):
        return None
    plain = [s for s in strings if s in _STRINGS]
    unless = [mark for s in strings for mark in _RARE.get(s, ())]
    steps = [*_comments(data, [s for s in plain if s.startswith("t")])]
    steps += [(CODE, skip) for skip in skips if skip]
    steps += [(CODE if s.startswith("bt") else STRING, _STRINGS[s]) for s in plain if not s.startswith("t")]
    return program(steps, tuple(unless))


def _comments(data: dict[str, Any], triple: list[str]) -> list[tuple[int, Step]]:
    """Comments, and the strings that may be one."""
    return [
        *((COMMENT, Step(BLOCK, a, b)) for a, b in data.get("block", ())),
        *((COMMENT, Step(NESTED, a, b)) for a, b in data.get("nested", ())),
        *((DOC if data.get("doc") else STRING, _STRINGS[s]) for s in triple),
        *((COMMENT, Step(FIRST, mark)) for mark in data.get("first", ())),
        *((COMMENT, Step(LINE, mark, flags=ANYWHERE)) for mark in data.get("line", ())),
        *((COMMENT, Step(LINE, mark, flags=SPACED)) for mark in data.get("word", ())),
        *((COMMENT, Step(LINE, mark, flags=NO_URL)) for mark in data.get("line_not_url", ())),
    ]
