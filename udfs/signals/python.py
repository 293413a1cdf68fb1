"""Python signals, rules 66 to 73 of the RefineCode filter and two of our own (119, 120).

Whether the text parses is asked of the running interpreter's parser first; everything else is counted on logical lines.
"""

from __future__ import annotations

import re

from udfs.signals.python2 import parses_as_python2
from udfs.signals.registry import signal
from udfs.signals.views import View, share

# Each match runs to the end of its line, so a line counts once. A word comes first: it is searched for as it stands.
_PASS = re.compile(r"pass(?<!\wpass)(?!\w)[^\n]*+")
_IMPORT = re.compile(r"import(?<!\wimport)(?!\w)[^\n]*+")
_RETURN = re.compile(r"^[ \t\f]*+return\b", re.MULTILINE)
_PRINT = re.compile(r"print(?<![\w.]print)(?<!def print)(?!\w)[ \t]*+(?![=,):.\]}])[^\n]*+")
# What any of Python 2's own syntax needs, so that other text that does not parse is not parsed again.
_MAYBE_PYTHON_2 = re.compile(r"\b(?:print|exec|except|raise|def)\b|<>|(?<!\w)\d++[lL]|(?<![\w.])0\d")
_MAYBE_OLD_QUOTE = re.compile(r"(?<!\w)[uU][rR][\"']")


def is_python2(view: View) -> bool:
    """A parser of Python 2 takes the text; asked only where Python 3's does not."""
    if not _MAYBE_PYTHON_2.search(view.bare) and not _MAYBE_OLD_QUOTE.search(view.raw):
        return False
    return parses_as_python2(view.raw.removeprefix("\ufeff"))


@signal(66, family="python")
def cate_ast(view: View) -> bool:
    """Parses as Python 3, by the running interpreter or, where that refuses it, by libcst, which knows Python up to
    3.15; a byte order mark is left out. Or is Python 2 (signal 119). Authors: Python 2 and a byte order mark drop the
    file (B8).
    """
    return view.python.parses or view.python.parses_as_newer or is_python2(view)


@signal(67, family="python")
def frac_lines_func_ratio(view: View) -> float | None:
    """def statements, async ones left out / LC, at most 1.0; null without lines. Authors: from the ast, so null for a
    file that does not parse.
    """
    return _per_line(view.python.facts.defs, view)


@signal(68, family="python")
def cate_var_zero(view: View) -> bool:
    """No plain name is the target of an assignment or of a for loop or a positional parameter of a def. Augmented,
    annotated, tuple, with and comprehension targets do not count.
    """
    return not view.python.facts.names


@signal(69, family="python")
def frac_lines_pass(view: View) -> float | None:
    """LC with the word pass, which is the statement / LC, strings left out; null without lines. Authors: the substring,
    so that "password" counts (B14).
    """
    return _per_line(len(_PASS.findall(view.bare)), view)


@signal(70, family="python")
def frac_lines_import(view: View) -> float | None:
    """LC with the word import, which is the statement / LC, strings left out; null without lines. Authors: the
    substring, so that "important" counts (B14).
    """
    return _per_line(_imports(view), view)


@signal(71, family="python")
def frac_lines_simplefunc(view: View) -> float | None:
    """def statements whose body is one return and nothing else, not even a docstring / LC; null without lines."""
    return _per_line(view.python.facts.simple, view)


@signal(72, family="python")
def score_lines_no_logic(view: View) -> float | None:
    """(def statements + LC with import + classes + LC that start with return + statements of class bodies that assign a
    plain name) / LC; null without lines. Can pass 1. Authors: import as a substring (B14).
    """
    facts = view.python.facts
    returns = len(_RETURN.findall(view.bare))
    return share(facts.defs + _imports(view) + facts.classes + returns + facts.class_names, view.num_code_lines)


@signal(73, family="python")
def frac_lines_print(view: View) -> float | None:
    """LC that call print or are a print statement, strings left out / LC; null without lines. Authors: the substring,
    so that "fingerprint" counts (B14).
    """
    return _per_line(len(_PRINT.findall(view.bare)), view)


@signal(119, family="python")
def cate_python2(view: View) -> bool:
    """Ours: does not parse as Python 3, newer included, holds a word or a mark of what Python 3 dropped (the print or
    exec statement, <>, a comma in except, two values in raise, a tuple parameter, 0777, 10L, ur"") and parses with the
    Python 2 grammar of fissix. A text over 100 kB fails.
    """
    return not view.python.parses and not view.python.parses_as_newer and is_python2(view)


@signal(120, family="python")
def mean_lines_func(view: View) -> float | None:
    """Ours, after the paper's "average function length": LC / def statements; null without any."""
    return share(view.num_code_lines, view.python.facts.defs)


def _imports(view: View) -> int:
    return len(_IMPORT.findall(view.bare))


def _per_line(part: int, view: View) -> float | None:
    found = share(part, view.num_code_lines)
    return None if found is None else min(1.0, found)
