"""Which code a stored result hangs on: a hash of a module and of every project module that it can reach.

Comments, docstrings and line numbers are left out, so that explaining code better measures nothing again. What is
hashed is the source that the import system gives, in a folder or in a zip.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from importlib import resources
from importlib.util import find_spec

PROJECT = ("jobs", "schemas", "training", "udfs")


@cache
def code_identity(*modules: str, data: tuple[str, ...] = ()) -> str:
    """16 hexadecimal digits that move with the code of `modules`, of what they import of this project, or with `data`.

    `data` are names of files in udfs/data. Raises ModuleNotFoundError for a module that is not there.
    """
    digest = hashlib.sha256()
    for name in sorted(reachable(*modules)):
        digest.update(f"{name}\0{_parsed(name)[0]}\0".encode())
    for name in sorted(data):
        digest.update(name.encode() + b"\0" + data_bytes(name) + b"\0")
    return digest.hexdigest()[:16]


def data_bytes(name: str) -> bytes:
    """A file of udfs/data, wherever the package is: a folder, a wheel, a zip. Line ends are those of Unix."""
    return resources.files("udfs").joinpath("data", name).read_bytes().replace(b"\r\n", b"\n")


@cache
def reachable(*modules: str) -> frozenset[str]:
    """`modules` and every module of the project that they import, at any depth; imports for type checkers aside."""
    found: set[str] = set()
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _parsed(name)[1]
    return frozenset(found)


@cache
def _parsed(module: str) -> tuple[str, tuple[str, ...]]:
    """(source without comments and docstrings, project modules that it imports)."""
    tree = ast.parse(_source(module))
    imported = sorted({name for name in _imports(tree) if name.split(".")[0] in PROJECT})
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [s for s in body if not _is_text(s)] or [ast.Pass()]  # type: ignore[attr-defined]
    return ast.unparse(tree), tuple(imported)


def _source(module: str) -> str:
    spec = find_spec(module)
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError(f"{module}: expected a module of refinelake, found none; reinstall refinelake")
    return spec.loader.get_source(module) or ""  # type: ignore[attr-defined]


def _is_text(statement: ast.stmt) -> bool:
    """A docstring, or the same below a constant."""
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ("TYPE_CHECKING" in ast.unparse(node.test) or _is_main(node)):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in PROJECT:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if _is_module(inner) else node.module
        yield from _imports(node)


@cache
def _is_module(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:  # its parent is a module and not a package
        return False


def _is_main(node: ast.If) -> bool:
    """`if __name__ == "__main__"`: what a file does as a script stands above everything and is nothing it computes."""
    return "__name__" in ast.unparse(node.test)
