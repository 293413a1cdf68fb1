"""The comment styles that a compiled scan reads, as its programs; those that a pattern tells too in the same order."""

from __future__ import annotations

from functools import cache
from typing import Any

from udfs.signals.comment_styles import CODE, COMMENT, DOC, STRING, syntax
from udfs.signals.raw_ends import A_WORD, AN_R, BIG_R, DOLLAR, E_OR_Q, FORMATTED, RUBY, SHELL, VERBATIM
from udfs.signals.steps import (
    AFTER_STOP,
    AFTER_WORD,
    ANYWHERE,
    AT_LINE,
    BLOCK,
    BRACED,
    BRACES,
    CHAR,
    CPP,
    DOUBLED,
    ESCAPE,
    ESCAPES,
    FIRST,
    FORMAT,
    HASHED,
    HEREDOC,
    HOLED,
    LAST_QUOTES,
    LINE,
    LINES,
    NESTED,
    NO_HOLE,
    NO_URL,
    OPERATOR,
    OR_LINE,
    ORACLE,
    PARENS,
    QUOTED,
    REGEX,
    RUN,
    SIGIL,
    SLASHED,
    SPACED,
    TAGGED,
    TRIPLE,
    Program,
    Step,
    program,
)

_STRINGS = {
    "dq": Step(QUOTED, '"', '"', flags=ESCAPES),
    "sq": Step(QUOTED, "'", "'", flags=ESCAPES),
    "dqm": Step(QUOTED, '"', '"', flags=ESCAPES | LINES),
    "sqm": Step(QUOTED, "'", "'", flags=ESCAPES | LINES),
    "bt": Step(QUOTED, "`", "`", flags=ESCAPES | LINES),
    "dq_raw": Step(QUOTED, '"'),
    "sq_raw": Step(QUOTED, "'"),
    "dqm_raw": Step(QUOTED, '"', flags=LINES),
    "sqm_raw": Step(QUOTED, "'", flags=LINES),
    "bt_raw": Step(QUOTED, "`", flags=LINES),
    "bt_raw_line": Step(QUOTED, "`"),
    "tdq": Step(TRIPLE, '"""', '"""', flags=ESCAPES | LINES),
    "tsq": Step(TRIPLE, "'''", "'''", flags=ESCAPES | LINES),
    "char": Step(CHAR, "'"),
    "dq_open": Step(QUOTED, '"', flags=ESCAPES | AFTER_WORD),
    "sq_open": Step(QUOTED, "'", flags=ESCAPES | AFTER_STOP),
    # These no pattern of udfs/signals/comment_styles.py tells.
    "at_raw": Step(QUOTED, '"', '"', flags=LINES | DOUBLED, before=VERBATIM),
    "cpp_raw": Step(CPP, '"', before=BIG_R),
    "r_hash": Step(HASHED, '"', flags=0, before=AN_R),
    "hash_only": Step(HASHED, '"', flags=1),
    "tdq_run": Step(RUN, '"""', '"""'),
    "tdq_raw": Step(HOLED, '"""', '"""', flags=LINES | LAST_QUOTES),
    "bt_line": Step(QUOTED, "`", "`", flags=ESCAPES),
    "tr_dq": Step(BLOCK, '"""', '"""', before=AN_R),
    "tr_sq": Step(BLOCK, "'''", "'''", before=AN_R),
    "r_dq": Step(QUOTED, '"', before=AN_R),
    "r_sq": Step(QUOTED, "'", before=AN_R),
    "sh_dq": Step(HOLED, '"', '"', flags=ESCAPES | LINES | OR_LINE),
    "sh_sq": Step(HOLED, "'", "'", flags=LINES | OR_LINE),
    "tagged": Step(TAGGED, "$"),
    "percent": Step(SIGIL, "%"),
    "sigil": Step(SIGIL, "~"),
    "braced": Step(BRACED, "{"),
    "e_or_q_sq": Step(ORACLE, "'", before=E_OR_Q),
    "slashed": Step(SLASHED, "$/"),
}
_BEFORE = {"": 0, "formatted": FORMATTED, "dollar": DOLLAR, "word": A_WORD}
_HEREDOCS = {
    "ruby": (Step(HEREDOC, "<<", flags=RUBY),),
    "shell": (Step(HEREDOC, "<<", flags=SHELL),),
    "powershell": (Step(BLOCK, "@'\n", "\n'@"), Step(BLOCK, '@"\n', '\n"@')),
}
_BRACKETS = {"{": BRACES, "(": PARENS}
_ESCAPE = r"\\[\s\S]"
_REGEX = (
    r"/(?:(?<=[=(,:\[!&|?{};\n]/)|(?<=[=(,:\[!&|?;{] /)|(?<==> /)|(?<=return /)"
    r"|(?<=typeof /)|(?<=case /)|(?<=\t/)|(?<=  /))"
    r"(?:[^\\/\[\n]|\\[^\n]|\[(?:[^\]\\\n]|\\[^\n])*+\]?)++/?"
)
_SKIPS = {_ESCAPE: Step(ESCAPE, "\\"), _REGEX: Step(REGEX, "/")}
_LINES = {"line": ANYWHERE, "line_operator": OPERATOR, "word": SPACED, "word_no_hole": NO_HOLE, "line_not_url": NO_URL}
_FORMS = frozenset(
    ("languages", "block", "nested", "first", "block_at_line", "strings", "skip", "doc", "holes", "heredoc", *_LINES)
)


@cache
def program_of(name: str) -> Program | None:
    """The program of a style, if it has one."""
    data = syntax()[name]
    skips = [_SKIPS.get(pattern) for pattern in data.get("skip", ())]
    known = all(s in _STRINGS for s in data.get("strings", ()))
    if not _FORMS.issuperset(data) or None in skips or not known or _FORMS.isdisjoint(data.keys() - {"languages"}):
        return None
    strings = [(s, step) for s in data.get("strings", ()) for step in _holed(s, data.get("holes", {}))]
    triple = [step for s, step in strings if s.startswith("t") and s != "tagged"]
    steps = [*_comments(data, triple)]
    steps += [(CODE, skip) for skip in skips if skip]
    steps += [(CODE, step) for how in data.get("heredoc", ()) for step in _HEREDOCS[how]]
    steps += [(CODE if s.startswith("bt") else STRING, step) for s, step in strings if step not in triple]
    return program(steps, bool(data.get("doc")))


def _holed(name: str, holes: dict[str, list[str]]) -> list[Step]:
    """A kind of strings, before it that of those which hold code, if any: by its mark and what makes it hold code."""
    plain = _STRINGS[name]
    if name not in holes:
        return [plain]
    mark, condition = holes[name]
    hole, flags = mark.rstrip("({"), plain.flags
    for bracket in mark[len(hole) :]:
        flags |= _BRACKETS[bracket]
    before = _BEFORE[condition]
    flags |= FORMAT if before in (FORMATTED, DOLLAR) else 0
    found = [Step(HOLED, plain.opener, plain.closer, flags, hole, before or plain.before)]
    return [*found, plain] if before else found


def _comments(data: dict[str, Any], triple: list[Step]) -> list[tuple[int, Step]]:
    """Comments, and the strings that may be one."""
    return [
        *((COMMENT, Step(BLOCK, a, b)) for a, b in data.get("block", ())),
        *((COMMENT, Step(AT_LINE, a, b)) for a, b in data.get("block_at_line", ())),
        *((COMMENT, Step(NESTED, a, b)) for a, b in data.get("nested", ())),
        *((DOC if data.get("doc") else STRING, step) for step in triple),
        *((COMMENT, Step(FIRST, mark)) for mark in data.get("first", ())),
        *((COMMENT, Step(LINE, mark, flags=where)) for key, where in _LINES.items() for mark in data.get(key, ())),
    ]
