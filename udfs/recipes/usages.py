"""How a file uses packages: which symbol of which module, with the lines around. What `package` shows of the corpus."""

from __future__ import annotations

import ast
import re
import sys
import warnings
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

MOST_CHARS = 200_000


class Usage(NamedTuple):
    """`package` is the name that is imported (its first part for Python), `symbol` the last name of what is used; a
    table joins both with the last part of a seed's `symbol` and with what its package is imported by.
    """

    ecosystem: str
    package: str
    symbol: str
    lines: str


@dataclass(frozen=True)
class Usages:
    """`around`: lines before and behind. At most `most` of a file, one for each symbol, each of `most_chars`."""

    around: int = 3
    most: int = 40
    most_chars: int = 600


def usages(text: str, language: str, p: Usages = Usages()) -> list[Usage]:
    """Uses in the order of the file; none of the standard library, of relative imports, of what cannot be parsed."""
    if len(text) > MOST_CHARS or ("import" not in text and "require" not in text):
        return []
    found = _python(text) if language == "python" else _javascript(text) if language in _SCRIPTS else iter(())
    ecosystem = "python" if language == "python" else "npm"
    lines = re.split(r"\r\n|\r|\n", text)
    seen: dict[tuple[str, str], Usage] = {}
    for package, symbol, line in found:
        if (package, symbol) not in seen and len(seen) < p.most:
            near = "\n".join(lines[max(0, line - 1 - p.around) : line + p.around]).strip("\n")
            seen[package, symbol] = Usage(ecosystem, package, symbol, near[: p.most_chars])
    return list(seen.values())


_Name = tuple[str, str]


def _python(text: str) -> Iterator[tuple[str, str, int]]:
    """(package, symbol, line) where an attribute of an imported module or an imported name is used."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            nodes = list(ast.walk(ast.parse(text)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    modules: dict[str, str] = {}
    names: dict[str, _Name] = {}
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                modules[alias.asname or alias.name.split(".")[0]] = alias.name.split(".")[0]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                names[alias.asname or alias.name] = (node.module.split(".")[0], alias.name)
    places: list[tuple[int, int, _Name]] = []
    for node in nodes:
        if isinstance(node, ast.Attribute) and (root := _root(node)):
            package = modules.get(root) or names.get(root, ("", ""))[0]
            places.append((node.lineno, node.col_offset, (package, node.attr)))
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in names:
            places.append((node.lineno, node.col_offset, names[node.id]))
    for line, _, (package, symbol) in sorted(places):
        if package and package not in sys.stdlib_module_names:
            yield package, symbol, line


def _root(node: ast.Attribute) -> str:
    """The name that a chain of attributes starts from."""
    value: ast.expr = node
    while isinstance(value, ast.Attribute):
        value = value.value
    return value.id if isinstance(value, ast.Name) else ""


_SCRIPTS = ("javascript", "typescript", "jsx", "tsx")
_FROM = r"""['"]((?:@[\w.-]+/)?[\w.-]+)(?:/[^'"\n]*)?['"]"""
_WHOLE = re.compile(
    rf"(?:\b(?:const|let|var)\s+([\w$]+)\s*=\s*require\s*\(\s*{_FROM}|\bimport\s+(?:\*\s+as\s+)?([\w$]+)\s+from\s+{_FROM})"
)
_PARTS = re.compile(
    r"(?:\b(?:const|let|var)\s+\{([^{}]{1,500})\}\s*=\s*require\s*\(\s*"
    rf"{_FROM}|\bimport\s+\{{([^{{}}]{{1,500}})\}}\s+from\s+{_FROM})"
)


def _javascript(text: str) -> Iterator[tuple[str, str, int]]:
    """As for Python, by the shapes in which packages are loaded; a package that is used as a function is its symbol."""
    wholes = {(m[1] or m[3]): (m[2] or m[4]) for m in _WHOLE.finditer(text)}
    parts: dict[str, _Name] = {}
    for match in _PARTS.finditer(text):
        for part in (match[1] or match[3]).split(","):
            names = [name.strip() for name in re.split(r":|\bas\b", part)]
            if re.fullmatch(r"[\w$]+", names[-1]):
                parts[names[-1]] = (match[2] or match[4], names[0])
    places: list[tuple[int, _Name]] = []
    for match in re.finditer(r"(?<![\w$.])([\w$]+)(?:\s*\.\s*([\w$]+)|\s*(\())", text):
        if match[1] in wholes:
            package = wholes[match[1]]
            places.append((match.start(), (package, match[2] or package)))
        elif match[1] in parts:
            places.append((match.start(), parts[match[1]]))
    ends = [match.start() for match in re.finditer(r"\r\n|\r|\n", text)]
    for place, (package, symbol) in places:
        if package not in _NODES_OWN:
            yield package, symbol, bisect_right(ends, place) + 1


_NODES_OWN = frozenset(
    re.findall(
        r"\w+",
        "assert async_hooks buffer child_process cluster console constants crypto dgram diagnostics_channel dns domain "
        "events fs http http2 https inspector module net os path perf_hooks process punycode querystring readline repl "
        "stream string_decoder sys test timers tls tty url util v8 vm wasi worker_threads zlib",
    )
)
