"""C++ signals, rules 82 to 89 of the RefineCode filter."""

from __future__ import annotations

import re

from udfs.signals import c_family as family
from udfs.signals.registry import signal
from udfs.signals.views import View

_PRINT = re.compile(
    r"(?:printf(?<!\w\wprintf)(?<![^\Wvfd]printf)|(?:vfprintf|vdprintf)(?<!\wv[fd]printf)|cout(?<!\wcout))(?!\w)[^\n]*+"
)


@signal(82, family="cpp")
def frac_lines_func_ratio(view: View) -> float | None:
    """Functions, definitions and declarations / LC, at most 1.0; null without lines. Authors: every word before a name
    and brackets, so that "return f(x)" and "else if (x)" count.
    """
    return family.per_line(family.functions(view), view)


@signal(83, family="cpp")
def cate_bitsstdc(view: View) -> bool:
    """bits/stdc++.h in the first 200 characters of C."""
    return "bits/stdc++.h" in view.code[:200]


@signal(84, family="cpp")
def nums_lines_main(view: View) -> int:
    """Definitions of main."""
    return family.mains(view)


@signal(85, family="cpp")
def frac_lines_goto(view: View) -> float | None:
    """LC with the word goto, strings left out / LC; null without lines. Authors: the substring (B14)."""
    return family.per_line(family.count(family.GOTO, view), view)


@signal(86, family="cpp")
def cate_var_zero(view: View) -> bool:
    """No line starts with a declaration of a variable: a type, a name, then = or a semicolon."""
    return family.count(family.VARIABLE, view) == 0


@signal(87, family="cpp")
def score_lines_no_logic(view: View) -> float | None:
    """(Functions + includes + declarations of basic types without a value + returns of nothing, a name or a number +
    classes, struct, union and enum types) / LC; null without lines. Can pass 1.
    """
    return family.no_logic(view)


@signal(88, family="cpp")
def frac_lines_print(view: View) -> float | None:
    """LC with cout, or printf with or without f, d or v in front, strings left out / LC; null without lines. Authors:
    substrings, so that sprintf counts too (B14).
    """
    return family.per_line(len(_PRINT.findall(view.bare)), view)


@signal(89, family="cpp")
def frac_lines_preprocessor_directives(view: View) -> float | None:
    """LC that start with a preprocessor directive or hold the word struct or using / LC; null without lines. The filter
    takes it as null for files called h, hpp, hxx, hh or h++, as the authors do. Authors: the words as substrings (B14).
    """
    return family.per_line(family.directives(view), view)
