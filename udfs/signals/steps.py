"""What a compiled scan of comments and strings is made of: steps, their forms and flags, and a program of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

LINE, BLOCK, NESTED, QUOTED, TRIPLE, CHAR, REGEX, ESCAPE, FIRST, HOLED, CPP, HASHED, RUN, TAGGED, HEREDOC, AT_LINE = (
    range(16)
)
SIGIL, BRACED, ORACLE, SLASHED = range(16, 20)
"""Forms: a mark up to the line's end, marks around, these within each other, quotes, three quotes, a character, a
regular expression of JavaScript, a backslash and what follows, a mark that is the first of its line, quotes around
text and code, the raw strings of C++ and of Rust and Swift, three quotes or more, $tag$, a heredoc, lines from a mark
to a mark; %w() of Ruby and ~s() of Elixir, {id|...|id} of OCaml, q'[...]' of Oracle, $/.../$ of Groovy."""
ESCAPES, LINES, AFTER_WORD, AFTER_STOP, DOUBLED, BRACES, PARENS, FORMAT, LAST_QUOTES, OR_LINE = (
    1 << i for i in range(10)
)
"""Of quotes: a backslash takes a character along, line feeds may be inside; which characters before are no opener's; a
doubled quote closes nothing; which brackets open code, whether a colon in it begins a format and a doubled bracket
opens none; more quotes than the closer has are inside; where it is not closed it ends at its line."""
ANYWHERE, SPACED, NO_URL, NO_HOLE, OPERATOR = range(5)
"""Where the mark of a line comment counts: always, behind white space, not behind a colon, as SPACED and before no
brace, where it is no operator of Haskell (`-->`)."""
KIND, FORM, FLAGS, OPENER, CLOSER, END, NEXT, BEFORE, HOLE, HOLE_END = range(10)


class Step(NamedTuple):
    """`flags` are those of the form; `hole` stands before the bracket that opens code; `before` must stand before."""

    form: int
    opener: str
    closer: str = ""
    flags: int = 0
    hole: str = ""
    before: int = 0


class Program(NamedTuple):
    """`first` is the first step by the first byte of its opener; `steps` are rows of what the names above say: places
    in `marks`, and the next step with this byte, or -1.
    """

    first: npt.NDArray[np.int64]
    steps: npt.NDArray[np.int64]
    marks: npt.NDArray[np.uint8]
    at_line: bool
    docs: bool


def program(steps: Sequence[tuple[int, Step]], docs: bool) -> Program:
    """A program of (kind, step), earlier ones first."""
    first, rows, marks = np.full(256, -1, np.int64), list[list[int]](), b""
    last: dict[int, int] = {}
    for number, (kind, step) in enumerate(steps):
        opener, closer, at = step.opener.encode(), step.closer.encode(), len(marks)
        marks += opener + closer + step.hole.encode()
        ends = at + len(opener), at + len(opener + closer)
        rows.append([kind, step.form, step.flags, at, *ends, -1, step.before, ends[1], len(marks)])
        byte = 0x0A if step.form in (FIRST, AT_LINE) else opener[0]
        if byte in last:
            rows[last[byte]][NEXT] = number
        else:
            first[byte] = number
        last[byte] = number
    table = np.array(rows, np.int64)
    at_line = any(step.form in (FIRST, AT_LINE) for _, step in steps)
    return Program(first, table, np.frombuffer(marks, np.uint8), at_line, docs)
