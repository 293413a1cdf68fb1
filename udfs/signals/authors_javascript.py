"""JavaScript signals as the authors' filter computes them: on the tree of esprima, a parser of 2017, for
filter.rules=compat. It is an extra, `pip install refinelake[compat]`: slow, and wanted for nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from udfs.signals.registry import signal
from udfs.signals.syntax import MOST_BYTES, TooMuchToParse
from udfs.signals.views import View, share

_SIMPLE = frozenset(("Literal", "Identifier", "MemberExpression", "ThisExpression"))


@dataclass
class _Counts:
    functions: int = 0
    variables: int = 0
    data_exports: int = 0
    no_logic: int = 0  # imports, simple variables, simple returns, classes


@signal(351, family="javascript", authors=True)
def cate_ast(view: View) -> bool | None:
    """As 110 by esprima 4.0.1, which knows neither JSX nor what came after 2017 (B7). Null where it gives up on deep
    nesting: the authors then lose all signals of the file, and what is absent passes (B1).
    """
    tree = _tree(view)
    return None if tree is RecursionError else tree is not None


@signal(352, family="javascript", authors=True)
def cate_var_zero(view: View) -> bool | None:
    """As 111 on that tree; null where there is none."""
    found = _counts(view)
    return None if found is None else not found.variables and not found.data_exports


@signal(353, family="javascript", authors=True)
def frac_lines_func_ratio(view: View) -> float | None:
    """As 112 on that tree; null where there is none."""
    found = _counts(view)
    return None if found is None else share(found.functions, view.num_code_lines)


@signal(354, family="javascript", authors=True)
def score_lines_no_logic(view: View) -> float | None:
    """As 114 on that tree; null where there is none."""
    found = _counts(view)
    return None if found is None else share(found.functions + found.no_logic, view.num_code_lines)


def _tree(view: View) -> Any:
    """esprima's tree; None where it does not parse, RecursionError where it gave up."""
    kept = vars(view)
    if "esprima" not in kept:
        kept["esprima"] = _parse(view.raw)
    return kept["esprima"]


def _parse(source: str) -> Any:
    if len(source) > MOST_BYTES:
        raise TooMuchToParse(f"expected at most {MOST_BYTES} characters for esprima, found {len(source)}")
    try:
        import esprima
    except ImportError as error:
        raise ImportError(
            "expected the package esprima for the authors' signals; install refinelake[compat]"
        ) from error
    modes = [esprima.parseScript]
    if "import" in source or "export" in source:
        modes.insert(0, esprima.parseModule)
    for parse in modes:
        try:
            return parse(source)
        except RecursionError:
            return RecursionError
        except (esprima.Error, ValueError, IndexError, AttributeError, TypeError):
            continue  # it says no, or stumbles over what it does not know
    return None


def _counts(view: View) -> _Counts | None:
    kept = vars(view)
    if "esprima_counts" not in kept:
        tree = _tree(view)
        found = None if tree is None or tree is RecursionError else _Counts()
        if found is not None:
            for node in _nodes(tree):
                _count(node, found)
        kept["esprima_counts"] = found
    counts: _Counts | None = kept["esprima_counts"]
    return counts


def _nodes(tree: Any) -> Iterator[Any]:
    todo = [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, list):
            todo.extend(node)
        elif getattr(node, "type", None) is not None:
            yield node
            todo.extend(value for value in vars(node).values() if isinstance(value, list) or hasattr(value, "type"))


def _count(node: Any, found: _Counts) -> None:
    if node.type in ("FunctionDeclaration", "AsyncFunctionDeclaration"):
        found.functions += 1
    elif node.type == "VariableDeclarator":
        is_function = node.init is not None and _is_function(node.init)
        found.functions += is_function
        found.variables += not is_function
        found.no_logic += node.init is None or node.init.type in _SIMPLE
    elif node.type == "AssignmentExpression" and _is_export(node.left):
        found.functions += _is_function(node.right)
        found.data_exports += not _is_function(node.right)
    elif node.type == "ReturnStatement":
        found.no_logic += node.argument is None or node.argument.type in _SIMPLE
    elif node.type in ("ImportDeclaration", "ClassDeclaration"):
        found.no_logic += 1


def _is_function(node: Any) -> bool:
    return node.type in ("FunctionExpression", "AsyncFunctionExpression")


def _is_export(left: Any) -> bool:
    """module.exports, module.exports.x or exports.x."""
    names = []
    while left.type == "MemberExpression" and not left.computed:
        names.append(left.property.name)
        left = left.object
    path = [left.name, *reversed(names)] if left.type == "Identifier" else []
    if path[:1] == ["module"]:
        path = path[1:]
        return path[:1] == ["exports"] and len(path) <= 2
    return path[:1] == ["exports"] and len(path) == 2
