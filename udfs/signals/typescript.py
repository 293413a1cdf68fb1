"""TypeScript and TSX signals of our own: the paper's families (functions, imports, no logic, output, syntax) and types.

The text of a template literal counts as code, as in the split of code and comments.
"""

from __future__ import annotations

import re
from typing import Any

from udfs.signals.lines import END, LineStarts, marked_lines, modifiers, share_of_lines
from udfs.signals.registry import signal
from udfs.signals.views import View, share

_MODIFIERS = modifiers(
    "export|default|const(?=[ \\t]++enum)|abstract|public|private|protected|static|readonly|override"
)
_NO_METHOD = r"(?!(?:if|for|while|switch|catch|with|return|function|await|new|throw|else|do|try)\b)"
_LINES = LineStarts(
    imports=r"import\b(?![ \t]*+[(.])|export[ \t]++(?:type[ \t]++)?[{*]|\}[ \t]*+from\b",
    prints=r"console[ \t]*+\.[ \t]*+\w++[ \t]*+\(",
    returns=rf"return(?:[ \t]++[\w$.]++)?[ \t]*+;{END}",
    types=rf"(?:export[ \t]++)?declare[ \t]|{_MODIFIERS}(?:class|interface|type|enum|namespace|module)[ \t]++[\w$]",
    functions=rf"{_MODIFIERS}(?:"
    r"(?:async[ \t]++)?function\b|(?:const|let)[ \t]++[\w$]++[^\n=]*+=(?!=)[^\n=]*+=>|"
    rf"(?:(?:async|get|set)[ \t]++)?{_NO_METHOD}[\w$#]++\??\([^\n;={{]*+\{{{END})",
    members=rf"{_MODIFIERS}(?:[\w$#]++[?!]?[ \t]*+:[^\n;{{}}]*+;{END}|"
    rf"[\w$#]++\??(?:<[^\n;{{}}(]*+)?\([^\n;{{}})]*+\)[ \t]*+:[^\n;{{}}]*+;{END}|"
    rf"(?:const|let|var)[ \t]++[\w$]++[ \t]*+:[^\n;={{}}]*+;{END})",
    names=rf"[\w$]++,?{END}",
)
_ANY = marked_lines(r"any(?<=[:<|&,(\s]any)(?![\w$])(?![ \t]*+[(:.=])")
_SUPPRESSED = re.compile(r"(?:@ts-(?:ignore|nocheck|expect-error)|(?:eslint|tslint)[:-]disable)[^\n]*+")


@signal(150, family="typescript")
def cate_ast(view: View) -> bool:
    """The text is TypeScript (for .tsx with JSX) without a syntax error, by tree-sitter. Fails where the parser
    passes its limits (udfs/signals/syntax.py).
    """
    return not view.tree.root_node.has_error


@signal(151, family="typescript")
def frac_lines_func_ratio(view: View) -> float | None:
    """Lines that begin a function with a body: `function`, a variable of an arrow, a method / LC; null without
    lines.
    """
    return _LINES.share(view, "functions")


@signal(152, family="typescript")
def frac_lines_import(view: View) -> float | None:
    """Lines that begin an import, begin a list of exports or of re-exports, or end an import list / LC; null without
    lines.
    """
    return _LINES.share(view, "imports")


@signal(153, family="typescript")
def score_lines_no_logic(view: View) -> float | None:
    """Lines that only declare: imports and exports, heads of functions, classes and types, members and variables with
    a type and no block, returns of a name, names alone (of lists and enums) / LC; null without lines.
    """
    return _LINES.share(view, "imports", "functions", "types", "members", "returns", "names")


@signal(154, family="typescript")
def frac_lines_print(view: View) -> float | None:
    """Lines that begin with a call of console / LC; null without lines."""
    return _LINES.share(view, "prints")


@signal(155, family="typescript")
def frac_lines_any(view: View) -> float | None:
    """Lines with the type `any`: the word behind : < | & , ( or a blank, and not a name that is called or a key / LC;
    null without lines.
    """
    return share_of_lines(view, _ANY, "any")


@signal(156, family="typescript")
def frac_lines_suppressed(view: View) -> float | None:
    """Comment lines that silence a check (@ts-ignore, @ts-nocheck, @ts-expect-error, eslint-disable, tslint:disable) /
    LC, at most 1.0; null without lines.
    """
    found = share(len(_SUPPRESSED.findall(view.comment_text)), view.num_code_lines)
    return None if found is None else min(1.0, found)


@signal(157, family="typescript")
def frac_chars_error(view: View) -> float | None:
    """UTF-8 bytes that tree-sitter's grammar finds no place for / bytes of the text, null if empty. Fails where the
    parser passes its limits.
    """
    root = view.tree.root_node
    if not root.has_error:
        return share(0, len(view.utf8))
    return share(_damaged(root), len(view.utf8))


def _damaged(root: Any) -> int:
    """Bytes of the outermost error nodes. A walk that enters only what holds an error: a query over the same tree takes
    time in the square of its size.
    """
    found, cursor = 0, root.walk()
    while True:
        node = cursor.node
        if node.is_error:
            found += node.end_byte - node.start_byte
        elif node.has_error and cursor.goto_first_child():
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return found
