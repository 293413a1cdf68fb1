"""From a program, one of its tests and a word to the files of a run, with the word's statement where the test ends."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from udfs.execution.languages import Language

_PACKAGE = re.compile(r"^\s*package\s+([\w.]+)", re.MULTILINE)
_CLASS = re.compile(r"\b(?:class|record|enum)\s+(\w+)")
_PUBLIC = re.compile(
    r"^\s*public\s+(?:(?:final|abstract|sealed|strictfp)\s+)*(?:class|record|enum|interface)\s+(\w+)", re.M
)
_JAVA_MAIN = re.compile(r"\bstatic\s+(?:final\s+)?void\s+main\s*\(")
_LAST_RETURN = re.compile(r"\breturn\s*(?:\(?\s*(?:0|EXIT_SUCCESS)\s*\)?)?\s*;\s*\Z")
# Possessive: else a line of slashes or many short comments take time without end.
_COMMENT_AT_END = re.compile(r"(?:\s++|//[^\n]*+|/\*(?:[^*]|\*(?!/))*+\*/)*+\Z")


@dataclass(frozen=True)
class Build:
    """Files of the program's folder, what compiles them (or nothing) and what runs them."""

    files: Mapping[str, bytes]
    compile: tuple[str, ...]
    run: tuple[str, ...]


def build(language: Language, text: str, word: str | None, heap: int) -> Build:
    """`text`: the program, with its test behind it; `word` None where no statement is to be added.

    `heap` is what a runtime with a heap of its own is told, in megabytes.
    """
    package = _PACKAGE.search(text)
    main = _class_of_main(text)
    names = {
        "{class}": _public_class(text) or main,
        "{main}": f"{package[1]}.{main}" if package else main,
        "{package}": package[1] if package else "main",
        "{heap}": str(heap),
        "{word}": word or "",
    }
    # Without a word Java's own main is run; where files beside it are part of the command they stay.
    beside = {name: _filled(content, names) for name, content in language.beside.items()}
    if word is not None and language.end:
        text = _with_end(language, text, _filled(language.end, names))
    run = language.plain if word is None and language.plain else language.run
    files = {_filled(language.file, names): text, **beside}
    return Build(
        {name: content.encode("utf-8", "replace") for name, content in files.items()},
        tuple(_filled(part, names) for part in language.compile),
        tuple(_filled(part, names) for part in run),
    )


def _filled(text: str, names: Mapping[str, str]) -> str:
    for name, value in names.items():
        text = text.replace(name, value)
    return text


def _with_end(language: Language, text: str, end: str) -> str:
    if language.main:
        return language.before + _in_main(text, end)
    if language.closed_by:
        text = text.rstrip().removesuffix(language.closed_by)
    return f"{language.before}{text}\n{end}\n"


def _in_main(text: str, end: str) -> str:
    """Before the last brace, which is main's, and before a `return 0;` that stands there."""
    code = _COMMENT_AT_END.sub("", text)
    before, brace, after = code.rpartition("}")
    if not brace:
        return text
    last = _LAST_RETURN.search(before)
    at = last.start() if last else len(before)
    return f"{before[:at]}\n{end}\n{before[at:]}{brace}{after}\n"


def _class_of_main(text: str) -> str:
    """The class that main stands in: the last one that begins before it."""
    main = _JAVA_MAIN.search(text)
    found = [match[1] for match in _CLASS.finditer(text[: main.start()] if main else text)]
    return found[-1] if found else "Main"


def _public_class(text: str) -> str | None:
    found = _PUBLIC.search(text)
    return found[1] if found else None
