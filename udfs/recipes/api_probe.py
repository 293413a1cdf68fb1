"""What runs in the sandbox to read a Python package's public interface: copied there as it is, imports nothing of ours.

Writes a line of JSON for each public function, class and method, in an order that hangs on the package only, or one
with `error`. Signatures and texts are those of the version that is installed there.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import inspect
import io
import json
import pkgutil
import pydoc
import re
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, TextIO

MARK = "@refinelake-api "
MOST_MODULES = 60
SKIPPED = ("tests", "test", "testing", "conftest", "setup", "examples", "benchmarks")


def main(package: str, version: str, most: int, doc_chars: int) -> None:
    """At most `most` lines; of a text at most `doc_chars` characters."""
    out, sys.stdout, sys.stderr = sys.stdout, io.StringIO(), io.StringIO()  # packages greet when they are imported
    try:
        found = importlib.metadata.distribution(package)
    except Exception as error:
        return tell(out, {"error": f"not installed: {type(error).__name__}"})
    if version and found.version != version:
        return tell(out, {"error": f"version {found.version} is installed"})
    seen: set[int] = set()
    told = 0
    for module in modules(tops(found)):
        for symbol, value in symbols(module):
            if id(value) in seen or told >= most:
                continue
            seen.add(id(value))
            told += 1
            line = {"module": module.__name__, "symbol": symbol, "kind": kind(value), "version": found.version}
            tell(out, line | {"signature": signature(symbol, value), "doc": doc(value)[:doc_chars]})
    if not told:
        tell(out, {"error": "nothing public that could be imported"})


def tell(out: TextIO, line: dict[str, str]) -> None:
    out.write(f"\n{MARK}{json.dumps(line)}\n")
    out.flush()


def tops(found: Any) -> list[str]:
    """Names that the distribution is imported by."""
    named = (found.read_text("top_level.txt") or "").split()
    if not named:
        files = [file.parts for file in found.files or () if str(file).endswith((".py", ".so"))]
        named = sorted({parts[0].split(".")[0] for parts in files if ".." not in parts})
    return [name for name in named if not name.startswith("_") and name.isidentifier() and name not in SKIPPED]


def modules(names: list[str]) -> Iterator[Any]:
    """Public modules that can be imported, those above first."""
    waiting, count = list(names), 0
    while waiting and count < MOST_MODULES:
        name = waiting.pop(0)
        count += 1
        try:
            module = importlib.import_module(name)
        except BaseException:  # an optional part of it, or one that leaves
            continue
        yield module
        below = [each.name for each in pkgutil.iter_modules(getattr(module, "__path__", []))]
        waiting += [f"{name}.{each}" for each in sorted(below) if not each.startswith("_") and each not in SKIPPED]


def symbols(module: Any) -> Iterator[tuple[str, Any]]:
    """Its functions and classes with their public methods, by name; nothing that it imported from elsewhere."""
    said = getattr(module, "__all__", None)
    names = sorted(str(name) for name in (said if isinstance(said, (list, tuple)) else vars(module)))
    top = module.__name__.split(".")[0]
    for name in names:
        value = vars(module).get(name)
        if name.startswith("_") or not (inspect.isroutine(value) or inspect.isclass(value)):
            continue
        if str(getattr(value, "__module__", None) or top).split(".")[0] != top:
            continue
        if inspect.isclass(value) and issubclass(value, BaseException):
            continue  # there are many, and nobody asks how they are called
        yield name, value
        if inspect.isclass(value):
            for method, own in sorted(vars(value).items()):
                reached = getattr(value, method, None)
                if not method.startswith("_") and inspect.isroutine(reached) and doc(own):
                    yield f"{name}.{method}", reached


def kind(value: Any) -> str:
    return "class" if inspect.isclass(value) else "function"


def signature(symbol: str, value: Any) -> str:
    """As inspect tells it, without addresses; for what is written in C the first line of its text where it is one."""
    name = symbol.split(".")[-1]
    try:
        return re.sub(r" at 0x[0-9a-fA-F]+", "", f"{name}{inspect.signature(value)}")[:500]
    except Exception:
        first = doc(value).split("\n")[0]
        return first[:500] if first.startswith(f"{name}(") else ""


def doc(value: Any) -> str:
    """Its text as pydoc shows it."""
    try:
        return pydoc.getdoc(value)
    except Exception:
        return ""
