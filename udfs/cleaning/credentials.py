"""Keys, tokens and passwords in a text, replaced by placeholders; and how a placeholder is put in.

Token forms are the issuers' published prefixes (GitHub, GitLab, Slack, Stripe, Google, npm, PyPI, AWS, Twilio,
SendGrid, Telegram) and JSON web tokens by RFC 7519: udfs/data/personal_data.json lists them. What is only assigned to a
name that ends in password, secret, key or token must look like a secret: letters and digits without white space, not a
file, a name or a word that says that it is made up. Hashes survive under every other name.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

from schemas.identity import data_bytes
from udfs.cleaning.needles import LOGIN, NAME, TOKEN, Needle

DATA = "personal_data.json"
_DATA: dict[str, Any] = json.loads(data_bytes(DATA))
_MADE_UP = frozenset(_DATA["placeholder_words"].split())

Counts = Counter[str]
Step = Callable[[str, Counts, frozenset[str]], str]
"""(text, counts, what the text may hold) -> text."""
PLACEHOLDERS = {
    "email": "<EMAIL>",
    "ipv4": "<IP_ADDRESS>",
    "ipv6": "<IP_ADDRESS>",
    "key": "<KEY>",
    "token": "<TOKEN>",
    "password": "<PASSWORD>",
}


def substitute(
    pattern: re.Pattern[str],
    text: str,
    counts: Counts,
    kind: str,
    wanted: Callable[[re.Match[str]], bool],
    group: str | int = 1,
) -> str:
    """Replace a group of each wanted match by the kind's placeholder."""
    pieces: list[str] = []
    end = 0
    for match in pattern.finditer(text):
        if wanted(match):
            pieces += (text[end : match.start(group)], PLACEHOLDERS[kind])
            end = match.end(group)
            counts[kind] += 1
    return "".join([*pieces, text[end:]]) if pieces else text


_MAX_KEY_CHARS = 32_768
_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
# A run of base64 from its start; in a string literal the n of an escaped line break comes before it.
_KEY_LINE = re.compile(r"(?:(?<=\\[nr])|(?<![\\A-Za-z0-9+/=]))[A-Za-z0-9+/=]{40}")
_BASE64 = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=")


def _private_keys(text: str, counts: Counts, may_hold: frozenset[str]) -> str:
    """Bodies of PEM and PGP private keys; the lines around them stay, so that a reader sees what was there."""
    if "private key" not in may_hold:
        return text
    pieces: list[str] = []
    end = 0
    for begin in _BEGIN.finditer(text):
        # Up to the next marker of any kind: bodies do not overlap, so that no part of the text is searched twice.
        stop = text.find("-----", begin.end(), begin.end() + _MAX_KEY_CHARS)
        is_end = stop >= 0 and text.startswith("-----END", stop)
        first = _KEY_LINE.search(text, begin.end(), stop) if is_end else None
        if first is None:
            continue
        while stop > first.end() and (text.endswith(("\\n", "\\r"), 0, stop) or text[stop - 1] not in _BASE64):
            stop -= 2 if text.endswith(("\\n", "\\r"), 0, stop) else 1
        pieces += (text[end : first.start()], "<KEY>")
        end = stop
        counts["key"] += 1
    return "".join([*pieces, text[end:]])


_PATTERNS = [(literal, kind, re.compile(pattern)) for literal, kind, pattern in _DATA["issued"]]


def _issued(text: str, counts: Counts, may_hold: frozenset[str]) -> str:
    for literal, kind, pattern in _PATTERNS:
        if literal in may_hold:
            text = substitute(pattern, text, counts, kind, _is_issued)
    return text


def _is_issued(match: re.Match[str]) -> bool:
    """Issued at random: many different characters, and not marked as the documentation's sample."""
    found = match[1]
    if found.startswith(":"):
        number = match.string[max(match.start() - 10, 0) : match.start()]
        if not number[-8:].isdecimal() or len(number) < 8:
            return False
    return len(set(found)) > 8 and "EXAMPLE" not in found and "xxxx" not in found.lower()


_URL = re.compile(
    r"://(?P<user>[^\s:/@'\"<>{}()\[\]$\\]{1,64}):(?P<password>[^\s:/@'\"<>{}()\[\]$\\]{3,64})@(?=[A-Za-z0-9\[])"
)
# A name's last word, what may stand between it and a value, and the value in quotes; searched in lower case.
_TAIL = (
    r"[0-9]{0,2}(?:\\?[\"'])?\]?[ \t]{0,16}(?::=|=>|==|[:=])[ \t]{0,16}[bru]?\\?([\"'])([^\"'\s\\<>{}$]{6,200})\\?\1"
)
_NAMES = [
    (word, kind, re.compile(word + _TAIL), re.compile(before + r"\Z"))
    for word, kind, before in (
        ("password", "password", ""),
        ("passwd", "password", ""),
        ("passphrase", "password", ""),
        ("pwd", "password", ""),
        ("secret", "key", ""),
        ("key", "key", "(?:api|secret|access|private|account|encryption|consumer|auth)[_-]?"),
        ("token", "token", "(?:access|auth|api|bearer|refresh|oauth|bot|session|id|secret)[_-]?"),
    )
]


def _in_urls(text: str, counts: Counts, may_hold: frozenset[str]) -> str:
    if "login" not in may_hold:
        return text
    return substitute(_URL, text, counts, "password", _is_login, "password")


def _is_login(match: re.Match[str]) -> bool:
    """A user with a password of one's own: not postgres:postgres, a port, or a word of a manual."""
    user, password = match["user"], match["password"]
    return user != password and len(set(password)) > 3 and not password.isdecimal() and not _is_made_up(password)


def _assigned(text: str, counts: Counts, may_hold: frozenset[str]) -> str:
    names = [each for each in _NAMES if each[0] in may_hold]
    lower = _lower(text) if names else ""
    for _, kind, pattern, before in names:
        pieces: list[str] = []
        end = 0
        for match in pattern.finditer(lower):
            start, stop = match.span(2)
            named = before.search(lower[max(match.start() - 12, 0) : match.start()])
            if named and _is_secret(text[start:stop], 6 if kind == "password" else 8):
                pieces += (text[end:start], PLACEHOLDERS[kind])
                end = stop
                counts[kind] += 1
        if pieces:
            text = "".join([*pieces, text[end:]])
            lower = _lower(text)
    return text


def _lower(text: str) -> str:
    """ASCII letters only, so that every character keeps its place; bytes do it at memory speed."""
    return text.encode("utf-8", "surrogatepass").lower().decode("utf-8", "surrogatepass")


def _is_made_up(value: str) -> bool:
    lower = value.lower()
    return any(word in lower for word in _MADE_UP) or lower in ("pass", "user", "pwd", "pw", "token", "repo", "key")


_FILE_OR_NAME = re.compile(
    r"\.{0,2}/.*|[A-Za-z]\w*(?:[./:][A-Za-z_][\w-]*)+/?|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|[#.%@&$].*|.*[%()\[\]|,;].*"
    r"|[a-z]+(?:[-_][a-z0-9]+)+|\w{1,40}\.\w{1,4}"
)


def _is_secret(value: str, shortest: int) -> bool:
    """Letters with digits, of many kinds, not a name of something else and not plainly made up."""
    if len(value) < shortest or len(set(value)) < 5 or _is_made_up(value) or _FILE_OR_NAME.fullmatch(value):
        return False
    digits = sum(c.isdecimal() for c in value)
    letters = sum(c.isalpha() for c in value)
    return bool(letters) and digits >= (1 if shortest == 6 else 2)


STEPS: tuple[Step, ...] = (_private_keys, _issued, _in_urls, _assigned)
NEEDLES = {
    "private key": Needle(b"PRIVATE KEY"),
    "login": Needle(b"://", LOGIN),
    **{literal: Needle(literal.encode(), TOKEN) for literal, _, _ in _PATTERNS},
    **{word: Needle(word.encode(), NAME, any_case=True) for word, *_ in _NAMES},
}
"""What a text holds that a step may change. A placeholder put in by a step before brings none of it about."""
