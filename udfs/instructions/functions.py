"""Documented Python functions that stand by themselves: signature, docstring, and the source without the docstring."""

from __future__ import annotations

import ast
import builtins
import inspect
import re
import textwrap
import warnings
from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

MIN_DOC_WORDS = 5
MAX_SOURCE_CHARS = 8_000
_BUILTINS = frozenset(dir(builtins)) | {"__name__", "__file__"}
_Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
_Import: TypeAlias = ast.Import | ast.ImportFrom


class Documented(NamedTuple):
    """`signature` ends with its colon; `source` holds the imports that it needs, and no docstring."""

    name: str
    signature: str
    doc: str
    source: str


def documented(text: str) -> Iterator[Documented]:
    """Functions of the top level, in their order. Nothing for a text that this Python cannot parse."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # invalid escapes of old files
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    lines = _lines(text)
    imported = _imports(tree)
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and (found := _found(node, lines, imported)):
            yield found


def _found(node: _Function, lines: list[str], imported: dict[str, _Import]) -> Documented | None:
    doc = inspect.cleandoc(ast.get_docstring(node, clean=False) or "").strip()
    if len(doc.split()) < MIN_DOC_WORDS or node.name.startswith("test") or _is_empty(node.body[1:]):
        return None
    begin, end = node.body[0].lineno - 1, node.body[0].end_lineno or 0
    header, body = lines[node.lineno - 1 : begin], lines[end : node.end_lineno]
    if not header or node.body[1].lineno <= end:
        return None  # the docstring shares a line with code
    first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
    needed = _free_names(node)
    if not needed <= imported.keys():
        return None
    heads = dict.fromkeys(ast.unparse(_only(imported[name], needed)) for name in sorted(needed))
    own = "".join([*lines[first - 1 : begin], "".join(body).lstrip("\n")]).strip("\n")
    source = "\n".join(heads) + "\n\n\n" + own if heads else own
    if len(source) > MAX_SOURCE_CHARS or not _same(own, node):
        return None
    return Documented(node.name, textwrap.dedent("".join(header)).strip(), doc, source)


def _lines(text: str) -> list[str]:
    """Lines as the parser counts them: a form feed ends none."""
    return re.findall(r"[^\n]*\n|[^\n]+", text.replace("\r\n", "\n").replace("\r", "\n"))


def _is_empty(body: list[ast.stmt]) -> bool:
    """Whether nothing is done: pass, an ellipsis, or a refusal to implement."""
    return all(
        isinstance(s, ast.Pass)
        or (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))
        or (isinstance(s, ast.Raise) and s.exc is not None and "NotImplemented" in ast.unparse(s.exc))
        for s in body
    )


def _imports(tree: ast.Module) -> dict[str, _Import]:
    """Absolute imports of the top level by the name they bind; relative ones mean nothing elsewhere."""
    found: dict[str, _Import] = {}
    for node in tree.body:
        if isinstance(node, ast.Import):
            found |= {alias.asname or alias.name.split(".")[0]: node for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module != "__future__":
            found |= {alias.asname or alias.name: node for alias in node.names if alias.name != "*"}
    return found


def _only(node: _Import, names: set[str]) -> _Import:
    """The import with those of its names that are needed."""
    if isinstance(node, ast.ImportFrom):
        return ast.ImportFrom(node.module, [a for a in node.names if (a.asname or a.name) in names], 0)
    return ast.Import([a for a in node.names if (a.asname or a.name.split(".")[0]) in names])


def _free_names(node: _Function) -> set[str]:
    """Names that are read and bound nowhere inside; a name bound in any inner scope counts as bound."""
    read: set[str] = set()
    bound = {node.name}
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name):
            (read if isinstance(inner.ctx, ast.Load) else bound).add(inner.id)
        elif isinstance(inner, ast.arg):
            bound.add(inner.arg)
        elif isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            bound.add(inner.name)
        elif isinstance(inner, (ast.Import, ast.ImportFrom)):
            bound |= {alias.asname or alias.name.split(".")[0] for alias in inner.names}
        elif isinstance(inner, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and inner.name:
            bound.add(inner.name)
        elif isinstance(inner, ast.MatchMapping) and inner.rest:
            bound.add(inner.rest)
        elif isinstance(inner, (ast.Global, ast.Nonlocal)):
            read |= set(inner.names)
    return read - bound - _BUILTINS


def _same(source: str, node: _Function) -> bool:
    """Whether cutting out lines left the function as it was, but for its docstring."""
    try:
        (again,) = ast.parse(source).body
        if not isinstance(again, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return False
        return [ast.dump(s) for s in again.body] == [ast.dump(s) for s in node.body[1:]]
    except (SyntaxError, ValueError, RecursionError):  # an expression of a thousand terms is told by none of them
        return False
