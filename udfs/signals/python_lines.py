"""What a Python text defines, read off its logical lines: no syntax tree, so a text of any size costs the same per byte
and Python 2 is counted like Python 3.

The text comes with its strings emptied. Deleting what stands inside brackets leaves the skeleton of the statements, one
logical line each: def, class, return and assignments then start a line, and every ";", ":" and "=" left is a
statement's own. On a text that parses the counts are those of the syntax tree (tests/udfs/test_signals_python.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np

from udfs.lexing import Split

_NAME = rb"[A-Za-z_\x80-\xff][\w\x80-\xff]*+"
_POSITIONAL = re.compile(rb"(?<![\w\x80-\xff])def\s++" + _NAME + rb"\s*+(?:\[[^\]\n]*+\]\s*+)?\(\s*+[A-Za-z_\x80-\xff]")
_ASSIGN = re.compile(rb"(?<![=!<>+\-*/%&|^@:])=(?!=)")
_TARGET = re.compile(rb"\s*+" + _NAME + rb"\s*+")
_FOR = re.compile(rb"(?:async\s++)?for\s++" + _NAME + rb"\s++in\b")
_COMPOUND = re.compile(rb"(?:if|elif|else|for|while|try|except|finally|with|async|case|def|class)\b(?!\s*+=)")
_RETURN = re.compile(rb"return(?![\w\x80-\xff])")
_STEP = np.zeros(256, np.int8)
_STEP[np.frombuffer(b"([{", np.uint8)] = 1
_STEP[np.frombuffer(b")]}", np.uint8)] = -1


@dataclass
class PythonFacts:
    """Counts of one text; `names` says whether it has a plain name as target, loop variable or parameter."""

    defs: int = 0  # without async ones, as the authors count
    simple: int = 0  # of those, whose body is one return and nothing else
    classes: int = 0
    class_names: int = 0  # statements of a class body that assign a plain name
    names: bool = False


@dataclass(slots=True)
class _Block:
    indent: int
    kind: str
    statements: int = field(default=0)
    returns: bool = field(default=False)  # its first statement is a return


def python_facts(parts: Split) -> PythonFacts:
    """Facts of a text that was split as Python."""
    source = _with_strings_emptied(parts).encode("utf-8", "surrogatepass").replace(b"\\\n", b"  ")
    facts = PythonFacts(names=_POSITIONAL.search(source) is not None)
    blocks, header = [_Block(0, "")], ""
    for line in _skeleton(source).split(b"\n"):
        statement = line.lstrip(b" \t\f")
        if not statement:
            continue
        indent = _column(line[: len(line) - len(statement)])
        if indent > blocks[-1].indent:
            blocks.append(_Block(indent, header))
        while indent < blocks[-1].indent:
            facts.simple += _is_simple(blocks.pop())
        header = _statement(statement, blocks[-1], facts)
    facts.simple += sum(map(_is_simple, blocks))
    return facts


def _statement(statement: bytes, block: _Block, facts: PythonFacts) -> str:
    """Count one logical line; the answer is the kind of the block that it opens."""
    kind = ""
    if statement.startswith((b"def ", b"def\t")):
        kind = "def"
        facts.defs += 1
    elif statement.startswith(b"class") and statement[5:6] in (b" ", b"\t"):
        kind = "class"
        facts.classes += 1
    if block.kind == "def":
        block.returns |= not block.statements and _RETURN.match(statement) is not None
        block.statements += _statements(statement)
    elif block.kind == "class" and not kind and b"=" in statement and not _COMPOUND.match(statement):
        facts.class_names += sum(map(_assigns_name, statement.split(b";")))
    if kind:
        _suite(statement, kind, facts)
    if not facts.names:
        facts.names = _names(statement)
    return kind


def _suite(statement: bytes, kind: str, facts: PythonFacts) -> None:
    """The body on the header's own line, as in `def f(): return 1`."""
    body = statement.partition(b":")[2].strip()
    if body and kind == "def":
        facts.simple += _RETURN.match(body) is not None and _statements(body) == 1
    elif body:
        facts.class_names += sum(map(_assigns_name, body.split(b";")))


def _is_simple(block: _Block) -> bool:
    return block.kind == "def" and block.returns and block.statements == 1


def _statements(line: bytes) -> int:
    return sum(bool(part.strip()) for part in line.split(b";")) if b";" in line else 1


def _names(statement: bytes) -> bool:
    if _FOR.match(statement):
        return True
    if _COMPOUND.match(statement):
        statement = statement.partition(b":")[2]
    return b"=" in statement and any(map(_assigns_name, statement.split(b";")))


def _assigns_name(statement: bytes) -> bool:
    """The statement is an assignment, and a plain name is one of its targets."""
    return any(map(_TARGET.fullmatch, _ASSIGN.split(statement)[:-1]))


def _column(space: bytes) -> int:
    """Where a line starts, as Python counts: a tab goes to the next multiple of 8, a form feed to 0."""
    if b"\t" not in space and b"\f" not in space:
        return len(space)
    return len(space[space.rfind(b"\f") + 1 :].expandtabs())


def _with_strings_emptied(parts: Split) -> str:
    """The code with "" for each string, docstrings included: those are statements of their own."""
    pieces = parts.pieces.copy()
    for i in parts.string_at:
        pieces[i] = '""'
    if not any(token[0] in "\"'" for token in parts.comment_tokens):
        return "".join(pieces)
    # A comment left no piece: it stands behind a piece of code that is followed by another one.
    is_string = np.zeros(len(pieces), bool)
    is_string[parts.string_at] = True
    places = np.flatnonzero(~is_string[:-1] & ~is_string[1:])
    for place, token in zip(places.tolist(), parts.comment_tokens, strict=True):
        if token[0] in "\"'":
            pieces[place] += '""'
    return "".join(pieces)


def _skeleton(source: bytes) -> bytes:
    """The source less what stands inside brackets; the source itself where they do not pair up."""
    codes = np.frombuffer(source, np.uint8)
    step = _STEP[codes]
    depth = np.cumsum(step, dtype=np.int32)
    if not len(depth) or depth[-1] != 0 or depth.min() < 0:
        return source
    kept: bytes = codes[(depth == 0) | ((depth == 1) & (step == 1))].tobytes()
    return kept
