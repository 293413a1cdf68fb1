"""Python signals, rules 66 to 73 of the RefineCode filter and two of our own (119, 120).

Whether the text parses is asked of the running interpreter's parser; everything else is counted on logical lines.
"""

from __future__ import annotations

import re

from udfs.signals.registry import signal
from udfs.signals.syntax import captures
from udfs.signals.views import View, share

# Each match runs to the end of its line, so a line counts once. A word comes first: it is searched for as it stands.
_PASS = re.compile(r"pass(?<!\wpass)(?!\w)[^\n]*+")
_IMPORT = re.compile(r"import(?<!\wimport)(?!\w)[^\n]*+")
_RETURN = re.compile(r"^[ \t\f]*+return\b", re.MULTILINE)
_PRINT = re.compile(r"print(?<![\w.]print)(?<!def print)(?!\w)[ \t]*+(?![=,):.\]}])[^\n]*+")
# What Python 3 has not: statements, operators, prefixes. The nodes' own texts are looked at where the kind is shared.
_PYTHON_2 = """
(print_statement) @old (exec_statement) @old (comparison_operator "<>" @old) (except_clause "," @old)
(raise_statement (expression_list) @old) (integer) @integer (string_start) @quote
(parameters (tuple_pattern) @old)
"""
_OLD_INTEGER = re.compile(rb"0[0-9_]*[1-9][0-9_]*|.*[lL]")
_OLD_QUOTE = re.compile(rb"[uU][rR]")


def is_python2(view: View) -> bool:
    """tree-sitter reads the text without an error and finds something that Python 3 dropped."""
    tree = view.tree
    if tree is None or tree.root_node.has_error:
        return False
    found = captures("python", _PYTHON_2, tree.root_node)
    source = view.utf8.removeprefix(b"\xef\xbb\xbf")
    return (
        "old" in found
        or any(_OLD_INTEGER.fullmatch(source, n.start_byte, n.end_byte) for n in found.get("integer", ()))
        or any(_OLD_QUOTE.match(source, n.start_byte, n.end_byte) for n in found.get("quote", ()))
    )


@signal(66, family="python")
def cate_ast(view: View) -> bool:
    """Parses as Python 3 with the running interpreter, a byte order mark left out, or is Python 2 (signal 119).
    Authors: Python 2 and a byte order mark drop the file (B8).
    """
    return view.python.parses or is_python2(view)


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
    """Ours: does not parse as Python 3, but tree-sitter's grammar, which knows Python 2, finds no error and at least
    one thing that Python 3 dropped: the print or exec statement, <>, a comma in except, two values in raise, a tuple
    parameter, 0777, 10L, ur"".
    """
    return not view.python.parses and is_python2(view)


@signal(120, family="python")
def mean_lines_func(view: View) -> float | None:
    """Ours, after the paper's "average function length": LC / def statements; null without any."""
    return share(view.num_code_lines, view.python.facts.defs)


def _imports(view: View) -> int:
    return len(_IMPORT.findall(view.bare))


def _per_line(part: int, view: View) -> float | None:
    found = share(part, view.num_code_lines)
    return None if found is None else min(1.0, found)
