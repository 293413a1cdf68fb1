"""The registry: each signal is one small function of a View under one decorator.

    @signal(2, family="code")
    def num_chars(view: View) -> int:
        \"\"\"Characters of the raw text.\"\"\"

The name is the authors' prefix of the family and the function's name; the type is the annotation. A family is `code`,
`doc`, or a language (then its signals are measured for that language's code only, besides `code`). What depends on
the path or the size on disk is a path signal: a function of (path, size_bytes), met when deciding, never measured.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

from udfs.signals.views import View

Value = int | float | bool | None
_F = TypeVar("_F", bound=Callable[..., Value])
_TYPES = {"int": "int", "float": "float", "bool": "bool"}
KINDS = ("code", "data", "notebook", "text")
# The end of the name of a signal as the authors compute it, where the default one is corrected.
AUTHORS = "_authors"
# Languages that are measured by the signals of another.
FAMILY_OF = {"tsx": "typescript"}


@dataclass(frozen=True)
class Signal:
    """One measure of a content: `function(view)` is an int, a float or a bool, or None where it is not defined."""

    name: str
    number: int
    family: str
    type: str
    doc: str
    function: Callable[[View], Value]


@dataclass(frozen=True)
class PathSignal:
    """One measure of a file's path and size: `function(path, size_bytes)`."""

    name: str
    number: int
    type: str
    doc: str
    function: Callable[[str, int | None], Value]
    family: str = "path"


_signals: dict[int, Signal] = {}
_path_signals: dict[int, PathSignal] = {}


def signal(number: int, *, family: str, authors: bool = False) -> Callable[[_F], _F]:
    """Register a function of a View under its number in docs/rules.md. `authors` marks the authors' own version of a
    signal that we correct: it is measured on request only.
    """
    prefix = {"code": "qsc_code_", "doc": "qsc_doc_"}.get(family, f"qsc_code{family}_")

    def register(function: _F) -> _F:
        _free(number)
        name = prefix + function.__name__ + (AUTHORS if authors else "")
        _signals[number] = Signal(name, number, family, _type_of(function), _doc_of(function), function)
        applicable.cache_clear()
        _functions.cache_clear()
        return function

    return register


def path_signal(number: int, *, name: str) -> Callable[[_F], _F]:
    """Register a function of (path, size_bytes)."""

    def register(function: _F) -> _F:
        _free(number)
        _path_signals[number] = PathSignal(name, number, _type_of(function), _doc_of(function), function)
        return function

    return register


def _free(number: int) -> None:
    assert number not in _signals and number not in _path_signals, f"signal {number} is registered twice"


def _type_of(function: Callable[..., Value]) -> str:
    annotation = str(function.__annotations__["return"])
    return _TYPES[annotation.removesuffix(" | None")]


def _doc_of(function: Callable[..., Value]) -> str:
    assert function.__doc__, f"{function.__name__} has no definition"
    return " ".join(function.__doc__.split())


def all_signals() -> tuple[Signal, ...]:
    """Every measured signal, by number."""
    return tuple(_signals[number] for number in sorted(_signals))


def path_signals() -> tuple[PathSignal, ...]:
    """Every signal of a path, by number."""
    return tuple(_path_signals[number] for number in sorted(_path_signals))


@cache
def applicable(kind: str, language: str, authors: bool = False) -> tuple[Signal, ...]:
    """The signals of a kind: documents have theirs, everything else the general code ones and its language's. The
    authors' own versions are among them on request.
    """
    if kind not in KINDS:
        raise ValueError(f"signals: expected a kind of {', '.join(KINDS)}, found {kind!r}")
    families = {"doc"} if kind == "text" else {"code"}
    if kind in ("code", "data"):
        families.add(FAMILY_OF.get(language, language))
    if kind != "text":
        families.discard("doc")
    return tuple(s for s in all_signals() if s.family in families and (authors or not s.name.endswith(AUTHORS)))


def measure(
    text: str, *, language: str, kind: str, natural_language: str, authors: bool = False
) -> tuple[dict[str, Value], dict[str, str]]:
    """All signals of one text by name, and by name the error of each that failed. A failure stops no other signal."""
    view = View(text, language, natural_language)
    values: dict[str, Value] = {}
    failures: dict[str, str] = {}
    for name, function in _functions(kind, language, authors):
        try:
            value = function(view)
        except Exception as error:  # whatever it is, it is a fact about this content and this signal
            failures[name] = f"{type(error).__name__}: {error}"[:200]
        else:
            # Most shares are 0.0; rounding one costs as much as finding it.
            values[name] = round(value, 8) if value and isinstance(value, float) else value
    return values, failures


@cache
def _functions(kind: str, language: str, authors: bool) -> tuple[tuple[str, Callable[[View], Value]], ...]:
    return tuple((each.name, each.function) for each in applicable(kind, language, authors))
