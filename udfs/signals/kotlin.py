"""Kotlin signals of our own: the paper's families and the operator that takes null for impossible."""

from __future__ import annotations

import re

from udfs.signals.lines import END, LineStarts, marked_lines, modifiers, share_of_lines
from udfs.signals.registry import signal
from udfs.signals.views import View

_MODIFIERS = modifiers(
    "public|private|protected|internal|open|override|abstract|final|sealed|data|inner|inline|value|suspend|operator|"
    r"infix|tailrec|external|expect|actual|lateinit|const|companion|annotation|enum|fun(?=[ \t]++interface\b)|@\w++"
)
_LINES = LineStarts(
    imports=r"(?:import|package)\b",
    prints=r"(?:System\.(?:out|err)\.)?print(?:ln|f)?[ \t]*+\(",
    expressions=rf"{_MODIFIERS}fun\b[^\n=]*+=(?!=)[ \t]*+[^\s=]",
    functions=rf"{_MODIFIERS}(?:fun\b|constructor\b)",
    types=rf"{_MODIFIERS}(?:class|interface|object|typealias)\b",
    fields=rf'{_MODIFIERS}(?:val|var)[ \t]++\w++[ \t]*+(?::[^\n={{]*+)?(?:=[ \t]*+(?:""|[\w.]++)[ \t]*+)?,?{END}',
    annotations=rf"@[\w.:]++(?:\([^\n()]*+\))?{END}",
    names=rf"[A-Z]\w*+(?:\([^\n()]*+\))?[,;]?{END}",
    returns=rf"return(?:[ \t]++[\w.]++)?{END}",
)
_NOT_NULL = marked_lines(r"!!(?<=[\w)\]}]!!)(?!=)")
# The spans of a head are bounded: a line of nothing but `fun` would be scanned once per word.
_VARIABLE = re.compile(r"va[lr](?<!\wva[lr])[ \t]|fun(?<!\wfun)[ \t][^\n(]{0,80}+\([^\n):]{0,80}+:|\w->|\w ->")


@signal(190, family="kotlin")
def frac_lines_func_ratio(view: View) -> float | None:
    """Lines that begin a function or a secondary constructor / LC; null without lines."""
    return _LINES.share(view, "functions", "expressions")


@signal(191, family="kotlin")
def frac_lines_import(view: View) -> float | None:
    """Lines that begin with import or package / LC; null without lines."""
    return _LINES.share(view, "imports")


@signal(192, family="kotlin")
def score_lines_no_logic(view: View) -> float | None:
    """Lines that only declare: imports, heads of functions (not those that are one expression) and of types, val and
    var without a value or with a plain one, annotations, capitalised names alone (enum entries), returns of a name /
    LC; null without lines.
    """
    return _LINES.share(view, "imports", "functions", "types", "fields", "annotations", "names", "returns")


@signal(193, family="kotlin")
def frac_lines_print(view: View) -> float | None:
    """Lines that begin with print, println or System.out.print / LC; null without lines."""
    return _LINES.share(view, "prints")


@signal(194, family="kotlin")
def cate_var_zero(view: View) -> bool | None:
    """No val, no var, no function with a parameter on its first line and no lambda parameter; null without lines."""
    return _VARIABLE.search(view.bare) is None if view.num_code_lines else None


@signal(195, family="kotlin")
def frac_lines_not_null(view: View) -> float | None:
    """Lines with the not-null assertion !! behind a value / LC; null without lines."""
    return share_of_lines(view, _NOT_NULL, "!!")
