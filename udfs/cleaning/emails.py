"""E-mail addresses: in the strings and comments of a program, where an @ outside of them is an operator; anywhere else.

What survives: addresses under the reserved names of RFC 2606 and 6761, names without a real top level domain, ssh and
scp forms, users of URLs, methods of matrix products, labels of Kotlin, slots of R.
"""

from __future__ import annotations

import json
import re
import string

from schemas.identity import data_bytes
from udfs.cleaning.contained import OPERATORS, code_of
from udfs.cleaning.needle_conditions import EMAIL
from udfs.cleaning.needles import Needle
from udfs.cleaning.placeholders import About, Counts
from udfs.cleaning.secrecy import DATA

_WORDS = {k: frozenset(v.split()) for k, v in json.loads(data_bytes(DATA)).items() if isinstance(v, str)}
_TOP_LEVEL = _WORDS["generic_domains"] | _WORDS["country_domains"]

_AT = re.compile(r"@((?<=[A-Za-z0-9_+-]@)[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})(?:\.[A-Za-z0-9][A-Za-z0-9-]{0,62}){1,5})")
_LOCAL_BACKWARD = re.compile(r"[A-Za-z0-9._+-]{1,64}")
# The user of `https://user@host`, or the last part of a path.
_USERINFO = re.compile(r"://(?:[^\s/\"'<>(),;]{0,64}|[^\s\"'<>(),;]{0,99}/)\Z")
# What a string puts in by an expression.
_FILLED_IN = re.compile(r"\{[^{}\"'`\n]*\Z")
_LONGEST_EXPRESSION = 100
_CODE_SIGN = re.compile(r"[=(\[{<`@*+/\\$%|]|[:\]>][ \t]*\Z")
_STATEMENTS = (
    "return",
    "print",
    "yield",
    "assert",
    "if ",
    "while ",
    "elif ",
    "for ",
    "await ",
    "else",
    "lambda",
    "In ",
    ">>>",
)


def replace_emails(text: str, counts: Counts, about: About) -> str:
    """Every address that is someone's."""
    if "email" not in about.holds:
        return text
    pieces: list[str] = []
    end = 0
    code: str | None = None
    for match in _AT.finditer(text):
        start = _local_start(text, match.start())
        if not (end <= start < match.start() and _is_address(text, start, match)):
            continue
        if not (_is_quoted(text, start, match.end()) or (about.language not in OPERATORS and _is_prose(text, start))):
            code = code_of(text, about.language, about.kind) if code is None else code
            if _is_operator(text, start, match.end(), code, about.language):
                continue
        pieces += (text[end:start], about.placeholder("email"))
        end = match.end()
        counts["email"] += 1
    return "".join([*pieces, text[end:]]) if pieces else text


def _is_quoted(text: str, start: int, end: int) -> bool:
    """Whether it is plain without a lexer that no operator stands there: <name@host>, or behind a first # of a line."""
    if text[start - 1 : start] == "<" and text[end : end + 1] == ">":
        return True
    line = text[max(start - _LONGEST_EXPRESSION, 0) : start].rpartition("\n")
    sign = line[2].lstrip()[:2] if line[1] else ""
    # Such a comment may show code.
    return sign[:1] == "#" and sign != "#'" and "```" not in text and ">>>" not in text


def _is_prose(text: str, start: int) -> bool:
    """Whether words without signs of code stand before it in its line."""
    line = text[max(start - _LONGEST_EXPRESSION, 0) : start].rpartition("\n")[2].lstrip("> \t")
    return bool(line) and _CODE_SIGN.search(line) is None and not line.startswith(_STATEMENTS)


def _is_operator(text: str, start: int, end: int, code: str, language: str | None) -> bool:
    if text[start:end] in code:
        return True
    before = text[max(start - _LONGEST_EXPRESSION, 0) : start]
    return language in OPERATORS and _FILLED_IN.search(before) is not None


def _local_start(text: str, at: int) -> int:
    """Where the part before the @ starts: read backwards, for a forward pattern would be tried at every letter."""
    backward = _LOCAL_BACKWARD.match(text[max(at - 64, 0) : at][::-1])
    local = backward[0][::-1] if backward else ""
    start = at - len(local.lstrip("._+-"))
    # The n of an escaped line break is no part of a name.
    return start + 1 if text[start - 1 : start] == "\\" and text[start] in "nrt" else start


def _is_address(text: str, start: int, match: re.Match[str]) -> bool:
    labels = match[1].lower().split(".")
    # A transposed matrix: no one writes a domain like that.
    if match[1].endswith((".mT", ".mH")):
        return False
    if labels[-1] not in _TOP_LEVEL or labels[-1] in _WORDS["kept_suffixes"]:
        return False
    if len(labels) == 2 and labels[1] in _WORDS["file_endings"]:
        return False
    if ".".join(labels[-2:]) in _WORDS["kept_domains"]:
        return False
    before, after = text[start - 1 : start], text[match.end() : match.end() + 2]
    local = text[start : match.start()]
    # `git@host:path` and `user@host:/path`; a method of a matrix product; the `%s` of a format.
    if (
        local in ("git", "hg", "svn")
        or (after[:1] == ":" and after[1:].strip("\"')"))
        or (after and after[0] in "(_@=")
    ):
        return False
    if before and before in "%${}\\@":
        return False
    return not _USERINFO.search(text[max(start - 100, 0) : start])


_LETTERS_AND_DIGITS = (string.digits + string.ascii_letters).encode()
NEEDLES = {
    "email": Needle(b"", EMAIL, firsts=(b"@", _LETTERS_AND_DIGITS), thirds=_LETTERS_AND_DIGITS + b"-."),
}
