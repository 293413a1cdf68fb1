"""C++ signals as the authors' filter computes them, where ours correct it: for filter.rules=compat."""

from __future__ import annotations

from udfs.signals import c_family as family
from udfs.signals.authors import share_with
from udfs.signals.authors_c import directives, functions, no_logic
from udfs.signals.registry import signal
from udfs.signals.views import View


@signal(341, family="cpp", authors=True)
def frac_lines_func_ratio(view: View) -> float | None:
    """As 82, but every word before a name and brackets, so that "return f(x)" counts."""
    return family.per_line(functions(view), view)


@signal(342, family="cpp", authors=True)
def score_lines_no_logic(view: View) -> float | None:
    """As 87 with the functions of 341."""
    return no_logic(view)


@signal(343, family="cpp", authors=True)
def frac_lines_print(view: View) -> float | None:
    """As 88 with the substrings (B14)."""
    return share_with(view, "cout", "printf")


@signal(344, family="cpp", authors=True)
def frac_lines_preprocessor_directives(view: View) -> float | None:
    """As 89 with the words as substrings (B14)."""
    return directives(view)
