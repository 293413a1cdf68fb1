"""Scala signals of our own: the paper's families and the marks of Java written in Scala."""

from __future__ import annotations

import re

from udfs.signals.lines import END, LineStarts, marked_lines, modifiers, share_of_lines
from udfs.signals.registry import signal
from udfs.signals.views import View

_MODIFIERS = modifiers(
    r"(?:private|protected)(?:\[\w++\])?|override|final|implicit|lazy|sealed|abstract|inline|given|open|transparent|"
    r"case(?=[ \t]++(?:class|object)\b)|@\w++(?:\([^\n()]*+\))?"
)
_LINES = LineStarts(
    imports=r"(?:import|package)\b",
    prints=r"(?:Console\.|System\.(?:out|err)\.)?print(?:ln|f)?\b(?![ \t]*+[=.:])",
    expressions=rf"{_MODIFIERS}def[ \t][^\n=]*+=(?!>)[ \t]*+[^\s{{]",
    functions=rf"{_MODIFIERS}def[ \t]",
    variables=rf"{_MODIFIERS}var[ \t]",
    types=rf"{_MODIFIERS}(?:class|object|trait|enum|type|extension)\b(?![ \t]*+[=.,)])",
    fields=rf'{_MODIFIERS}(?:val[ \t]++)?\w++[ \t]*+:(?!:)[^\n=(){{}}]*+(?:=[ \t]*+(?:""|[\w.]++)[ \t]*+)?[,)]*+{END}|'
    rf'{_MODIFIERS}val[ \t]++\w++[ \t]*+=[ \t]*+(?:""|[\w.]++){END}',
    annotations=rf"@\w++(?:\([^\n()]*+\))?{END}",
)
_NULLS = marked_lines(r"null(?<!\wnull)(?!\w)|[ai]s(?:Instance)Of\[|return(?<!\wreturn)[ \t]")
# The spans of a head are bounded: a line of nothing but `def` would be scanned once per word.
_VARIABLE = re.compile(r"va[lr](?<!\wva[lr])[ \t]|=>|<-|def(?<!\wdef)[ \t][^\n(]{0,80}+\([^\n):]{0,80}+:")


@signal(210, family="scala")
def frac_lines_func_ratio(view: View) -> float | None:
    """Lines that begin a method with def / LC; null without lines."""
    return _LINES.share(view, "functions", "expressions")


@signal(211, family="scala")
def frac_lines_import(view: View) -> float | None:
    """Lines that begin with import or package / LC; null without lines."""
    return _LINES.share(view, "imports")


@signal(212, family="scala")
def score_lines_no_logic(view: View) -> float | None:
    """Lines that only declare: imports, heads of methods (not those that are one expression) and of types, fields and
    parameters without a value or with a plain one, annotations / LC; null without lines.
    """
    return _LINES.share(view, "imports", "functions", "types", "fields", "annotations")


@signal(213, family="scala")
def frac_lines_print(view: View) -> float | None:
    """Lines that begin with print, println, printf, of Console or System.out too / LC; null without lines."""
    return _LINES.share(view, "prints")


@signal(214, family="scala")
def cate_var_zero(view: View) -> bool | None:
    """No val, no var, no function value, no generator and no method with a parameter; null without code lines."""
    return _VARIABLE.search(view.bare) is None if view.num_code_lines else None


@signal(215, family="scala")
def frac_lines_var(view: View) -> float | None:
    """Lines that begin a var / LC; null without lines."""
    return _LINES.share(view, "variables")


@signal(216, family="scala")
def frac_lines_unsafe(view: View) -> float | None:
    """Lines with null, return, asInstanceOf or isInstanceOf / LC; null without lines."""
    return share_of_lines(view, _NULLS, "null", "InstanceOf[", "return")
