"""PHP signals of our own: markup around the code, the paper's families, debug output and arrays of plain values."""

from __future__ import annotations

import re

from udfs.signals.lines import END, LineStarts, modifiers
from udfs.signals.registry import signal
from udfs.signals.views import View, share

_OUTSIDE = re.compile(r"\?>([^<]*+(?:<(?!\?)[^<]*+)*+)")
_MEMBER = "public|private|protected|static|final|abstract|readonly|var"
_PLAIN = r'(?:""|-?[\d.]++|(?i:true|false|null))'
_LINES = LineStarts(
    imports=r"(?:use|namespace)[ \t]++[\w\\{]|(?:require|include)(?:_once)?\b",
    debugs=r"(?:var_dump|print_r|var_export|dd|dump|debug_print_backtrace)[ \t]*+[(;]",
    prints=r"(?:echo|print)\b|v?printf[ \t]*+\(|=(?=[^=>])",
    functions=rf"{modifiers(_MEMBER)}function\b",
    types=rf"{modifiers('abstract|final|readonly')}(?:class|interface|trait|enum)[ \t]++\w",
    members=rf"(?:(?:{_MEMBER})[ \t]++)++[^\n(;]*+;{END}|(?:(?:{_MEMBER})[ \t]++)*+const[ \t]",
    returns=rf"return(?:[ \t]++(?:\$this->\w++|\$?\w++|\"\"))?[ \t]*+;{END}",
    values=rf'(?:(?:""|[\w:\\]++)[ \t]*+=>[ \t]*+)?{_PLAIN}[ \t]*+,?{END}|'
    rf"\$\w++(?:\[[^\]\n]*+\])++[ \t]*+=[ \t]*+{_PLAIN}[ \t]*+;{END}|"
    rf'define[ \t]*+\([ \t]*+""[ \t]*+,[ \t]*+{_PLAIN}[ \t]*+\)[ \t]*+;{END}',
)


def _inside(view: View) -> str:
    """The bare code between the tags, each tag that leaves it a line end."""
    bare = view.bare
    start = bare.find("<?")
    return "" if start < 0 else _OUTSIDE.sub("\n", bare[start:]).replace("<?php", "\n").replace("<?", "\n")


def _share(view: View, *names: str) -> float | None:
    if not view.num_code_lines:
        return None
    if _LINES not in vars(view).get("line_starts", {}):
        _LINES.counts(view, _inside(view))
    found = _LINES.share(view, *names)
    return None if found is None else min(1.0, found)


@signal(160, family="php")
def frac_chars_outside(view: View) -> float | None:
    """Characters outside of the PHP tags, mostly HTML / C; null if C is empty."""
    bare = view.bare
    start = bare.find("<?")
    if start < 0:
        return share(len(view.code), len(view.code))
    return share(start + sum(map(len, _OUTSIDE.findall(bare, start))), len(view.code))


@signal(161, family="php")
def cate_no_tag(view: View) -> bool:
    """No opening tag `<?`: nothing of the file runs."""
    return "<?" not in view.raw


@signal(162, family="php")
def frac_lines_func_ratio(view: View) -> float | None:
    """Lines that begin a function or a method / LC; null without lines."""
    return _share(view, "functions")


@signal(163, family="php")
def frac_lines_import(view: View) -> float | None:
    """Lines that begin with use, namespace, require or include / LC; null without lines."""
    return _share(view, "imports")


@signal(164, family="php")
def score_lines_no_logic(view: View) -> float | None:
    """Lines that only declare: use, namespace and require, heads of functions and classes, properties, constants,
    returns of a name / LC; null without lines.
    """
    return _share(view, "imports", "functions", "types", "members", "returns")


@signal(165, family="php")
def frac_lines_print(view: View) -> float | None:
    """Lines that begin with echo, print or printf, or with the tag `<?=` / LC, at most 1.0; null without lines."""
    return _share(view, "prints")


@signal(166, family="php")
def frac_lines_debug(view: View) -> float | None:
    """Lines that begin with var_dump, print_r, var_export, dump, dd or a printed backtrace / LC; null without lines."""
    return _share(view, "debugs")


@signal(167, family="php")
def frac_lines_values(view: View) -> float | None:
    """Lines that are an array entry, an array element assignment or a define() of one plain value (a string, a number,
    true, false, null) / LC; null without lines.
    """
    return _share(view, "values")
