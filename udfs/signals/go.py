"""Go signals, rules 95 to 98 of the RefineCode filter (94, the test file, is in paths.py)."""

from __future__ import annotations

import re

from udfs.signals import c_family as family
from udfs.signals.registry import signal
from udfs.signals.views import View, share

_RAW_STRING = re.compile(r"`[^`]*+`?")
_FUNC = re.compile(r"\n[ \t]*+func\b")
_IMPORT = re.compile(r'\nimport[ \t]*+(?:\(([^()]*+)\)|[\w.]*+[ \t]*+"")')
_BARE_VAR = re.compile(r"\n[ \t]*+var[ \t]++\w[^=\n]*+(?=\n|\Z)")
_TYPE = re.compile(r"\n[ \t]*+(?:type[ \t]++)?\w++(?:\[[^\]\n]*+\])?[ \t]++(?:struct|interface)\b")
_PRINT = re.compile(r"fmt\.Print(?<!\wfmt.Print)[^\n]*+")
_DECLARED = re.compile(
    r":=|\n[ \t]*+(?:var|const)\b|\bfunc\b(?:[ \t]++\w++)?[ \t]*+(?:\[[^\]\n]*+\])?\(\s*+\w|\bstruct[ \t]*+\{\s*+\w"
)


@signal(95, family="go")
def frac_lines_func_ratio(view: View) -> float | None:
    """LC that start with func / LC; null without lines."""
    return family.per_line(len(_FUNC.findall(_lines(view))), view)


@signal(96, family="go")
def cate_var_zero(view: View) -> bool:
    """No variable is declared: no :=, var or const, no parameter or receiver, no field of a struct. Authors: compare a
    list with 0, so never true (B3).
    """
    return _DECLARED.search(_lines(view)) is None


@signal(97, family="go")
def score_lines_no_logic(view: View) -> float | None:
    """(LC that start with func + imported packages + var without a value + LC that start with return + struct and
    interface types) / LC; null without lines. Can pass 1. Authors: a bracketed import is one line.
    """
    lines = _lines(view)
    imports = sum(max(1, group.count('""')) for group in _IMPORT.findall(lines))
    parts = (_FUNC, _BARE_VAR, family.RETURN, _TYPE)
    return share(imports + sum(len(each.findall(lines)) for each in parts), view.num_code_lines)


@signal(98, family="go")
def frac_lines_print(view: View) -> float | None:
    """LC with fmt.Print, Println or Printf, strings left out / LC; null without lines."""
    return family.per_line(len(_PRINT.findall(_lines(view))), view)


def _lines(view: View) -> str:
    """Bare code with its raw strings emptied as well, which the split leaves as they are."""
    shared = family.kept(view)
    if "go" not in shared:
        shared["go"] = _RAW_STRING.sub('""', family.lines_of(view))
    lines: str = shared["go"]
    return lines
