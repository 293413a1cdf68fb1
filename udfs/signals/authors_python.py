"""Python signals as the authors' filter computes them, where ours correct it: for filter.rules=compat."""

from __future__ import annotations

import re

from udfs.signals.authors import code_lines, share_with
from udfs.signals.python_text import parses
from udfs.signals.registry import signal
from udfs.signals.views import View, share

_RETURN = re.compile(r"[ \t]*+return\b")


@signal(321, family="python", authors=True)
def cate_ast(view: View) -> bool:
    """As 66, but neither Python 2 nor a byte order mark (B8)."""
    return parses(view.raw)


@signal(322, family="python", authors=True)
def frac_lines_pass(view: View) -> float | None:
    """As 69 with the substring, strings included (B14)."""
    return share_with(view, "pass")


@signal(323, family="python", authors=True)
def frac_lines_import(view: View) -> float | None:
    """As 70 with the substring, strings included (B14)."""
    return share_with(view, "import")


@signal(324, family="python", authors=True)
def score_lines_no_logic(view: View) -> float | None:
    """As 72 with import as a substring (B14)."""
    lines, facts = code_lines(view), view.python.facts
    said = sum("import" in line for line in lines) + sum(_RETURN.match(line) is not None for line in lines)
    return share(facts.defs + facts.classes + facts.class_names + said, len(lines))


@signal(325, family="python", authors=True)
def frac_lines_print(view: View) -> float | None:
    """As 73 with the substring, strings included (B14)."""
    return share_with(view, "print")
