"""Java signals, rules 102 to 109 of the RefineCode filter."""

from __future__ import annotations

import re

from udfs.signals import c_family as family
from udfs.signals.registry import signal
from udfs.signals.views import View, share

_PRINT = re.compile(r"System\.out\.print(?<!\wSystem.out.print)[^\n]*+")
_IMPORT = re.compile(r"\n[ \t]*+import[ \t]++(?:static[ \t]++)?[\w.*]++[ \t]*+;")
_ACCESS = frozenset(("public", "private", "protected"))
_MODIFIERS = _ACCESS | frozenset(("static", "final", "abstract", "native", "synchronized", "default", "strictfp"))
_CAMEL = re.compile(r"[a-z$_][A-Za-z0-9$]*+")
_CONSTANT = re.compile(r"[A-Z][A-Z0-9]*+(?:_[A-Z0-9]++)*+")
_PASCAL = re.compile(r"[A-Z][A-Za-z0-9$]*+")
_VARIABLE_NAME = re.compile(r"(\w++)[ \t\[\]]*+(?:,|$)")


@signal(102, family="java")
def cate_var_zero(view: View) -> bool:
    """No line starts with a declaration of a variable: a type, a name, then = or a semicolon."""
    return family.VARIABLE.search(family.lines_of(view)) is None


@signal(103, family="java")
def frac_lines_func_ratio(view: View) -> float | None:
    """Methods, definitions and declarations / LC, at most 1.0; null without lines."""
    return family.per_line(len(_heads(family.FUNCTION, view)), view)


@signal(104, family="java")
def score_lines_no_logic(view: View) -> float | None:
    """(Methods + imports + declarations without a value + returns of nothing, a name or a number + classes, interfaces,
    enums and records) / LC; null without lines. Can pass 1.
    """
    heads = len(_heads(family.FUNCTION, view)) + len(_heads(family.CLASS, view))
    parts = (_IMPORT, family.BARE_VARIABLE, family.SIMPLE_RETURN)
    return share(heads + sum(family.count(each, view) for each in parts), view.num_code_lines)


@signal(105, family="java")
def frac_words_no_modifier(view: View) -> float | None:
    """Methods, constructors and classes without public, private or protected / all of them; null without any. Authors:
    the share that has one (B12).
    """
    heads = _heads(family.FUNCTION, view) + _heads(family.CLASS, view)
    return share(sum(_ACCESS.isdisjoint(head.split()) for head in heads), len(heads))


@signal(106, family="java")
def frac_words_legal_var_name(view: View) -> float | None:
    """Variables declared at the start of a line whose name is camelCase or a constant's / all of them; null without
    any. Authors: test the second character of the declaration (B12).
    """
    names = [name for head in _heads(family.VARIABLE, view) for name in _VARIABLE_NAME.findall(head)]
    return share(sum(bool(_CAMEL.fullmatch(name) or _CONSTANT.fullmatch(name)) for name in names), len(names))


@signal(107, family="java")
def frac_words_legal_func_name(view: View) -> float | None:
    """Methods whose name is camelCase / methods, constructors left out; null without any. Authors: test the second
    character of the declaration (B12).
    """
    names = [head.split()[-1] for head in _heads(family.FUNCTION, view) if not _is_constructor(head)]
    return share(sum(_CAMEL.fullmatch(name) is not None for name in names), len(names))


@signal(108, family="java")
def frac_words_legal_class_name(view: View) -> float | None:
    """Classes, interfaces, enums and records whose name is PascalCase / all of them; null without any."""
    names = _class_names(view)
    return share(sum(_PASCAL.fullmatch(name) is not None for name in names), len(names))


@signal(109, family="java")
def frac_lines_print(view: View) -> float | None:
    """LC with System.out.print, strings left out / LC; null without lines."""
    return family.per_line(len(_PRINT.findall(view.bare)), view)


def _matches(pattern: re.Pattern[str], view: View) -> list[re.Match[str]]:
    shared, key = family.kept(view), ("matches", pattern.pattern)
    if key not in shared:
        shared[key] = list(pattern.finditer(family.lines_of(view)))
    matches: list[re.Match[str]] = shared[key]
    return matches


def _heads(pattern: re.Pattern[str], view: View) -> list[str]:
    """What each match says before its brackets."""
    shared, key = family.kept(view), ("heads", pattern.pattern)
    if key not in shared:
        shared[key] = [match.group().partition("(")[0].strip() for match in _matches(pattern, view)]
    heads: list[str] = shared[key]
    return heads


def _is_constructor(head: str) -> bool:
    return len([word for word in head.split() if word not in _MODIFIERS and not word.startswith(("@", "<"))]) < 2


def _class_names(view: View) -> list[str]:
    lines = family.lines_of(view)
    ends = [match.end() for match in _matches(family.CLASS, view)]
    words = [re.match(r"\s*+(\w++)", lines[end : end + 200]) for end in ends]
    return [word.group(1) for word in words if word]
