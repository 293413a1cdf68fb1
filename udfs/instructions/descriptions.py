"""The description that a source file opens with, and the code below it: module docstring or leading comment.

Cleaning has taken licence headers away before; what still speaks of rights, tools or generation is no description.
"""

from __future__ import annotations

import ast
import inspect
import re
import warnings
from typing import NamedTuple

MIN_WORDS, MAX_CHARS = 8, 2_000
MAX_CODE_CHARS = 8_000
_MIN_CODE_LINES = 5
_SLASHES = {"c", "cpp", "csharp", "d", "dart", "go", "groovy", "java", "javascript", "kotlin", "objective-c", "php"}
_SLASHES |= {"rust", "scala", "swift", "typescript", "tsx", "jsx", "zig"}
_HASHES = {"crystal", "elixir", "julia", "nim", "perl", "r", "ruby", "shell", "powershell", "tcl"}
_DASHES = {"ada", "elm", "haskell", "lua", "sql", "vhdl"}
_LINE_MARK = (
    dict.fromkeys(_SLASHES, re.compile(r"[ \t]*//[/!]?[ \t]?(?!go:|\+build)"))
    | dict.fromkeys(_HASHES, re.compile(r"[ \t]*#+(?![!\[{])[ \t]?"))
    | dict.fromkeys(_DASHES, re.compile(r"[ \t]*--+[ \t]?"))
)
_PREAMBLE = re.compile(
    r"\ufeff?(?:#![^\n]*\n|<\?php\b[^\n]*\n|#[^\n]*-\*-[^\n]*\n|# frozen_string_literal[^\n]*\n|\s*\n)*"
)
_BLOCK = re.compile(r"[ \t]*/\*+(?P<said>.*?)\*+/[ \t]*(?:\n|\Z)", re.S)
_STAR = re.compile(r"^[ \t]*\*+[ \t]?", re.M)
_NOT_PROSE = re.compile(
    r"copyright|licen[cs]e|all rights reserved|\(c\)|do not edit|auto-?generated|generated (?:by|from|with)"
    r"|eslint|jshint|rubocop|vim:|-\*-|@ts-|@flow|shellcheck|noinspection|clang-format|[{};]\s*$",
    re.I | re.M,
)


class Description(NamedTuple):
    """`text` says what `code`, the rest of the file, is for."""

    text: str
    code: str


def description(text: str, language: str) -> Description | None:
    """None where the file opens with code, or with a comment that does not describe it in some words."""
    text = text.replace("\r\n", "\n")
    split = _docstring(text) if language == "python" else _comment(text, language)
    if split is None:
        return None
    said, code = split[0].strip(), split[1].strip("\n")
    if len(said.split()) < MIN_WORDS or len(said) > MAX_CHARS or _NOT_PROSE.search(said):
        return None
    lines = sum(1 for line in code.split("\n") if line.strip())
    return Description(said, code) if lines >= _MIN_CODE_LINES and len(code) <= MAX_CODE_CHARS else None


def _docstring(text: str) -> tuple[str, str] | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    said = ast.get_docstring(tree, clean=False)
    if said is None:
        return None
    stated = tree.body[0]
    end = stated.end_lineno or stated.lineno
    if len(tree.body) > 1 and tree.body[1].lineno <= end:
        return None
    lines = re.findall(r"[^\n]*\n|[^\n]+", text.replace("\r", "\n"))
    return inspect.cleandoc(said), "".join([*lines[: stated.lineno - 1], *lines[end:]])


def _comment(text: str, language: str) -> tuple[str, str] | None:
    mark = _LINE_MARK.get(language)
    if mark is None:
        return None
    start = _PREAMBLE.match(text)
    at = start.end() if start else 0
    if language in _SLASHES and (block := _BLOCK.match(text, at)):
        said = inspect.cleandoc(_STAR.sub("", block["said"]))
        return said, text[:at] + text[block.end() :]
    said_lines, end = [], at
    for line in re.findall(r"[^\n]*\n|[^\n]+", text[at:]):
        found = mark.match(line)
        if not found:
            break
        said_lines.append(line[found.end() :].rstrip())
        end += len(line)
    return ("\n".join(said_lines), text[:at] + text[end:]) if said_lines else None
