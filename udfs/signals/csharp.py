"""C# signals, rules 90 to 93 of the RefineCode filter."""

from __future__ import annotations

import re

from udfs.signals import c_family as family
from udfs.signals.registry import signal
from udfs.signals.views import View, share

_PRINT = re.compile(r"Console\.WriteLine(?<!\wConsole.WriteLine)(?!\w)[^\n]*+")
_USING = re.compile(r"\n[ \t]*+(?:global[ \t]++)?using[ \t]++(?:static[ \t]++)?[\w.]++[ \t]*+[;=]")
# A declaration that starts no line: a property, what var introduces, or a parameter, which is a type and a name.
_ELSEWHERE = re.compile(
    r"\{\s*+(?:get|set|init)\b|\bvar[ \t]++[\w(]|"
    r"[(,]\s*+(?:(?:this|ref|out|in|params|readonly|scoped)[ \t]++)*+(?!(?:out|ref|new|is|as|await|not|when)\b)"
    r"[A-Za-z_][\w.<>\[\]?]*+[ \t]++[A-Za-z_]\w*+[ \t]*+[,)=]"
)


@signal(90, family="csharp")
def frac_lines_func_ratio(view: View) -> float | None:
    """Methods, definitions and declarations / LC, at most 1.0; null without lines."""
    return family.per_line(family.count(family.FUNCTION, view), view)


@signal(91, family="csharp")
def cate_var_zero(view: View) -> bool:
    """No variable is declared: no field or local, no property, nothing by var, no parameter. Authors: compare a list
    with 0, so never true (B3).
    """
    return family.VARIABLE.search(family.lines_of(view)) is None and _ELSEWHERE.search(view.bare) is None


@signal(92, family="csharp")
def score_lines_no_logic(view: View) -> float | None:
    """(Methods + using directives + declarations without a value + LC that start with return + classes, structs,
    interfaces, enums and records) / LC; null without lines. Can pass 1.
    """
    parts = (family.FUNCTION, _USING, family.BARE_VARIABLE, family.RETURN, family.CLASS)
    return share(sum(family.count(each, view) for each in parts), view.num_code_lines)


@signal(93, family="csharp")
def frac_lines_print(view: View) -> float | None:
    """LC with Console.WriteLine, strings left out / LC; null without lines."""
    return family.per_line(len(_PRINT.findall(view.bare)), view)
