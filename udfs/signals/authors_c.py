"""C signals as the authors' filter computes them, where ours correct it: for filter.rules=compat."""

from __future__ import annotations

import re

from udfs.signals import c_family as family
from udfs.signals.authors import code_lines, share_with
from udfs.signals.registry import signal
from udfs.signals.views import View, share

# A word, a name and a bracketed list, wherever they stand: "return f(x)" and "else if (x)" as well.
_FUNCTION = re.compile(r"(?<![\w*&<>:\[\]])\w[\w*&<>:\[\]]*+[ \t]++[*&]*+\w++[ \t]*+\([^()]*+\)")
_DIRECTIVE = re.compile(r"[ \t]*+#[ \t]*+[a-z]")


def functions(view: View) -> int:
    return len(_FUNCTION.findall(view.code))


def no_logic(view: View) -> float | None:
    parts = (family.INCLUDE, family.BASIC_VARIABLE, family.SIMPLE_RETURN, family.CLASS)
    return share(functions(view) + sum(family.count(each, view) for each in parts), view.num_code_lines)


def directives(view: View) -> float | None:
    lines = code_lines(view)
    found = sum(_DIRECTIVE.match(line) is not None or "struct" in line or "using" in line for line in lines)
    return share(found, len(lines))


@signal(331, family="c", authors=True)
def frac_lines_func_ratio(view: View) -> float | None:
    """As 74, but every word before a name and brackets, so that "return f(x)" counts."""
    return family.per_line(functions(view), view)


@signal(332, family="c", authors=True)
def score_lines_no_logic(view: View) -> float | None:
    """As 79 with the functions of 331."""
    return no_logic(view)


@signal(333, family="c", authors=True)
def frac_lines_print(view: View) -> float | None:
    """As 80 with the substring printf (B14)."""
    return share_with(view, "printf")


@signal(334, family="c", authors=True)
def frac_lines_preprocessor_directives(view: View) -> float | None:
    """As 81 with the words as substrings (B14)."""
    return directives(view)
