"""JavaScript signals, rules 110 to 118 of the RefineCode filter, on the tree of tree-sitter-javascript.

One query a text does the walking in C; Python only counts nodes and reads the few names and values it needs. The
tree's own text is not kept, so names are cut from the source.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from udfs.signals.registry import signal
from udfs.signals.syntax import captures
from udfs.signals.views import View, share

# A pattern costs at every node of its kind, so each kind has one, and values are told apart by their type.
_QUERY = """
(function_declaration name: (_) @function)
(generator_function_declaration name: (_) @function)
(variable_declarator name: (_) @declared value: (_)? @value)
(for_in_statement kind: _ left: (_) @looped)
(export_statement value: [(function_expression) (generator_function)] @exported)
(import_statement) @import
(return_statement) @return
(class_declaration name: (_) @class)
"""
_SIMPLE = frozenset(
    ("string", "number", "true", "false", "null", "undefined", "identifier", "regex", "this", "member_expression")
)
_ASSIGNMENTS = "(assignment_expression left: (member_expression)) @assignment"
_WITH_EXPORTS = _QUERY + _ASSIGNMENTS
_FUNCTIONS = frozenset(("function_expression", "generator_function"))
_NOT_STATEMENTS = frozenset(("comment", "html_comment", "hash_bang_line"))
# module.exports, module.exports.x and exports.x on the left of an assignment.
_EXPORTS = re.compile(rb"(?:module\s*+\.\s*+exports(?:\s*+\.\s*+[\w$]++)?|exports\s*+\.\s*+[\w$]++)\s*+=(?!=)")
_CAMEL = re.compile(rb"[a-z$_][A-Za-z0-9$]*+|[A-Z][A-Z0-9]*+(?:_[A-Z0-9]++)*+")
_LOWER_CAMEL = re.compile(rb"[a-z$_][A-Za-z0-9$]*+")
_PASCAL = re.compile(rb"[A-Z][A-Za-z0-9$]*+")
_PRINT = re.compile(r"console\.log(?<![\w$]console.log)(?!\w)[^\n]*+")


@dataclass
class JavaScript:
    """What the signals need of a tree: counts, and the names with their own text."""

    functions: list[bytes]  # with a name
    exported: int  # functions without one
    variables: list[bytes]
    simple_variables: int
    data_exports: int
    imports: int
    simple_returns: int
    classes: list[bytes]
    statements: int

    @property
    def num_functions(self) -> int:
        return len(self.functions) + self.exported


@signal(110, family="javascript")
def cate_ast(view: View) -> bool:
    """tree-sitter reads the text without an error: today's syntax, JSX and a first line #! included. Authors: a parser
    of 2017 without JSX, which refuses three of ten library files (B7).
    """
    return view.whole_tree is not None


@signal(111, family="javascript")
def cate_var_zero(view: View) -> bool | None:
    """No variable is declared but function expressions, and exports.x or module.exports is assigned nothing but
    functions; null if it does not parse.
    """
    found = _javascript(view)
    return None if found is None else not found.variables and not found.data_exports


@signal(112, family="javascript")
def frac_lines_func_ratio(view: View) -> float | None:
    """(Function declarations + variables with a function expression + exported function expressions) / LC, at most
    1.0; arrow functions and methods do not count; null without lines or if it does not parse.
    """
    found = _javascript(view)
    part = None if found is None else share(found.num_functions, view.num_code_lines)
    return None if part is None else min(1.0, part)


@signal(113, family="javascript")
def num_statement_line(view: View) -> float | None:
    """Statements at the top level / LC; null without lines or if it does not parse."""
    found = _javascript(view)
    return None if found is None else share(found.statements, view.num_code_lines)


@signal(114, family="javascript")
def score_lines_no_logic(view: View) -> float | None:
    """(Functions as in 112 + imports + variables without a value or with a literal or a name + returns of nothing, a
    literal or a name + classes) / LC; null without lines or if it does not parse. Can pass 1.
    """
    found = _javascript(view)
    if found is None:
        return None
    simple = found.simple_variables + found.simple_returns
    return share(found.num_functions + found.imports + simple + len(found.classes), view.num_code_lines)


@signal(115, family="javascript")
def frac_words_legal_var_name(view: View) -> float | None:
    """Variables called in camelCase or like a constant / variables of 111; null without any."""
    return _legal(view, "variables", _CAMEL)


@signal(116, family="javascript")
def frac_words_legal_func_name(view: View) -> float | None:
    """Functions called in camelCase / functions with a name; null without any."""
    return _legal(view, "functions", _LOWER_CAMEL)


@signal(117, family="javascript")
def frac_words_legal_class_name(view: View) -> float | None:
    """Classes called in PascalCase / classes with a name; null without any."""
    return _legal(view, "classes", _PASCAL)


@signal(118, family="javascript")
def frac_lines_print(view: View) -> float | None:
    """LC with console.log, strings left out / LC; null without lines."""
    found = share(len(_PRINT.findall(view.bare)), view.num_code_lines)
    return None if found is None else min(1.0, found)


def _legal(view: View, kind: str, pattern: re.Pattern[bytes]) -> float | None:
    found = _javascript(view)
    names: list[bytes] = [] if found is None else getattr(found, kind)
    return share(sum(pattern.fullmatch(name) is not None for name in names), len(names))


def _javascript(view: View) -> JavaScript | None:
    """Facts of the tree, gathered once per view; None where the text has an error, which rule 110 drops."""
    if view.whole_tree is None:
        return None
    kept = vars(view)
    if "javascript" not in kept:
        kept["javascript"] = _gather(view.whole_tree.root_node, view.utf8.removeprefix(b"\xef\xbb\xbf"))
    found: JavaScript = kept["javascript"]
    return found


def _gather(root: Any, source: bytes) -> JavaScript:
    exports = _EXPORTS.search(source) is not None  # walking the tree is what a query costs, so one does it all
    nodes = captures("javascript", _WITH_EXPORTS if exports else _QUERY, root)

    def texts(name: str) -> list[bytes]:
        return [source[n.start_byte : n.end_byte] for n in nodes.get(name, ())]

    declared, values = nodes.get("declared", ()), nodes.get("value", ())
    types = [node.type for node in values]
    # A value's parent is searched for from the root down: asked of the few functions only.
    named = [v.parent.child_by_field_name("name") for v, t in zip(values, types, strict=True) if t in _FUNCTIONS]
    functions = {node.start_byte for node in named}
    variables = [n for n in (*declared, *nodes.get("looped", ())) if n.start_byte not in functions]
    data, exported = _exports(nodes.get("assignment", ()), source)
    return JavaScript(
        functions=texts("function") + [source[n.start_byte : n.end_byte] for n in named],
        exported=exported + len(nodes.get("exported", ())),
        variables=[source[n.start_byte : n.end_byte] for n in variables],
        simple_variables=len(declared) - len(values) + sum(t in _SIMPLE for t in types),
        data_exports=data,
        imports=len(nodes.get("import", ())),
        simple_returns=sum(_is_simple(node) for node in nodes.get("return", ())),
        classes=texts("class"),
        statements=sum(child.type not in _NOT_STATEMENTS for child in root.named_children),
    )


def _is_simple(statement: Any) -> bool:
    """A return of nothing, a literal or a name."""
    size = statement.named_child_count
    return size == 0 or any(statement.named_child(i).type in _SIMPLE for i in range(size))


def _exports(assignments: Iterable[Any], source: bytes) -> tuple[int, int]:
    """Assignments to module.exports and its members: how many of anything but a function, how many of functions."""
    data = functions = 0
    for node in assignments:
        if _EXPORTS.match(source, node.start_byte):
            is_function = node.child_by_field_name("right").type in _FUNCTIONS
            functions, data = functions + is_function, data + (not is_function)
    return data, functions
