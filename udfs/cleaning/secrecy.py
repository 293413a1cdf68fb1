"""Whether a value is a secret of someone's, or a word of a manual, the name of something else, a template.

What is only assigned to a name must look like a secret: it is made of letters and digits, or of letters and several
signs, without white space, is no path, file, identifier or template, and does not say that it is made up.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from itertools import pairwise
from typing import Any

from schemas.identity import data_bytes

DATA = "personal_data.json"
_DATA: dict[str, Any] = json.loads(data_bytes(DATA))
_MADE_UP = frozenset(_DATA["placeholder_words"].split())
_SAMPLES = re.compile("|".join(map(re.escape, _DATA["sample_words"].split())))
_ALGORITHMS = frozenset(_DATA["algorithm_words"].split())
_LETTERS = re.compile("[a-z]+")
# Names run together: HmacSHA256, PBKDF2WithHmacSHA512AndAES. Short words would read any letters as names.
_JOINED = re.compile(f"(?:{'|'.join(sorted((word for word in _ALGORITHMS if len(word) > 2), key=len, reverse=True))})+")
_SHORT_NAME = re.compile(r"[A-Za-z]{1,2}-?\d{1,4}-?[A-Za-z]{0,2}\d?")
_LONGEST_ALGORITHM = 64
_HEX = re.compile("[0-9a-fA-F]{8,}")
_WHOLE_WORDS = frozenset(_DATA["whole_placeholders"].split())

_TEMPLATE = re.compile(
    r"\$[({]|[{#%]\{|\{%|%\(|%[sdrvx@](?![A-Za-z0-9])|<[A-Za-z_][\w .:-]*>|\{[A-Za-z_]?[\w.]*\}|\A\$[A-Za-z_]\w*\Z"
    r"|%[A-Za-z_]+%|\A@[\w.]+@\Z|\A__\w+__\Z|\A\$[0-9A-Z_]+\b|\.\.\."
)
_FILE_OR_NAME = re.compile(
    r"\.{0,2}/.*|[A-Za-z]\w*(?:[./:][A-Za-z_][\w-]*)+/?|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|[a-z]+(?:[-_][a-z0-9]+)+|[a-z]+\d{0,3}[a-z]?(?:[-_][a-z]+\d{0,2})+"
    r"|\w{1,40}\.\w{1,4}|[a-z]+:/{0,3}[A-Za-z_].*|[A-Za-z_][\w.]*(?:\(.*\)|\[.*\])[;,.\w]*"
)
_PUNCTUATED = re.compile(r"[%()\[\]|,;{}<>]")
_SIGNS = frozenset("!@#$%^&*?~+=")
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_HASH = re.compile(r"(?:0x)?(?:[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{56}|[0-9a-fA-F]{64}|[0-9a-fA-F]{96,})")


def is_made_up(value: str) -> bool:
    """Whether it says of itself that it stands for a value."""
    lower = value.lower()
    return any(word in lower for word in _MADE_UP) or lower in _WHOLE_WORDS


def is_algorithm(value: str) -> bool:
    """Whether it names one: AES-256-GCM, prime256v1, AES/CBC/PKCS5Padding, HmacSHA256, argon2id."""
    if len(value) > _LONGEST_ALGORITHM or _HEX.fullmatch(value):
        return False
    words = _LETTERS.findall(value.lower())
    if not all(word in _ALGORITHMS or _JOINED.fullmatch(word) for word in words):
        return False
    return any(len(word) > 2 for word in words) or _SHORT_NAME.fullmatch(value) is not None


def is_template(value: str) -> bool:
    """Whether it is filled in elsewhere."""
    return _TEMPLATE.search(value) is not None


def is_random(value: str) -> bool:
    """Letters and digits that change places like those of a drawn value; words, paths and identifiers do so seldom."""
    classes = [0 if c.isdecimal() else 1 if c.islower() else 2 for c in value if c.isalnum()]
    if len(classes) < 16 or 0 not in classes or len(set(value)) < 9:
        return False
    changes = sum(a != b for a, b in pairwise(classes))
    return changes >= 0.3 * (len(classes) - 1)


def is_mixed(value: str) -> bool:
    """Capitals and small letters that change places like those of a drawn value, which camel case does more seldom."""
    cases = [c.islower() for c in value if c.isalpha()]
    return len(cases) >= 11 and sum(a != b for a, b in pairwise(cases)) >= 0.4 * (len(cases) - 1)


def is_hash(value: str) -> bool:
    """Whether it has the form of a digest or a UUID, which many other things have, too."""
    return (_HASH.fullmatch(value) or _UUID.fullmatch(value)) is not None


def is_issued(value: str) -> bool:
    """Drawn at random, as issuers do: many different characters, and not marked as the documentation's sample."""
    if len(set(value)) <= 8 or _SAMPLES.search(value.lower()):
        return False
    upper = sum(c.isupper() for c in value)
    letters = sum(c.isalpha() for c in value)
    # A name of that form has no digits, and seldom a capital.
    return (letters < len(value) and any(c.isdecimal() for c in value)) or 0.25 < upper / max(letters, 1) < 0.75


def is_password(value: str, shortest: int = 6) -> bool:
    """What a person or a generator makes: letters with a digit, or of both cases with several signs."""
    if len(value) < shortest or len(set(value)) < 5 or is_made_up(value) or is_template(value) or is_algorithm(value):
        return False
    if _FILE_OR_NAME.fullmatch(value):
        return False
    digits = sum(c.isdecimal() for c in value)
    upper, lower = any(c.isupper() for c in value), any(c.islower() for c in value)
    signs = sum(c in _SIGNS for c in value)
    if value[0] in "#.%@&$" and not (signs > (value[0] != ".") and digits):
        return False
    if _PUNCTUATED.search(value) and not (digits and upper and lower and signs and len(value) >= 8):
        return False
    if digits:
        return upper or lower
    if len(value) < 8 or not (upper and lower):
        return False
    return any(c in _SIGNS for c in value[1:-1]) or is_mixed(value)


def is_key(value: str, shortest: int = 8) -> bool:
    """What is issued: letters with two digits, not the name of something else, or plainly drawn at random."""
    if len(value) < shortest or len(set(value)) < 5 or is_made_up(value) or is_template(value) or is_algorithm(value):
        return False
    if _PUNCTUATED.search(value) or value[0] in "#.%@&$":
        return False
    if _FILE_OR_NAME.fullmatch(value) and not (len(value) >= 24 and is_random(value) and not _PATH.match(value)):
        return False
    if sum(c.isdecimal() for c in value) >= 2:
        return any(c.isalpha() for c in value)
    return len(value) >= 16 and is_mixed(value)


_DJANGO = re.compile(r"(?:django-insecure-)?[A-Za-z0-9!@#$%^&*(\-_=+)]{40,80}")


def is_punctuated_key(value: str) -> bool:
    """What Django draws: letters, digits and signs that change places all the time."""
    if not _DJANGO.fullmatch(value) or is_made_up(value.removeprefix("django-insecure-")):
        return False
    classes = ["d" if c.isdecimal() else "l" if c.isalpha() else "s" for c in value.removeprefix("django-insecure-")]
    changes = sum(a != b for a, b in pairwise(classes))
    return min(map(classes.count, "dls")) >= 3 and changes >= 0.4 * len(classes) and len(set(value)) > 15


_PATH = re.compile(r"\.{0,2}/|[a-z]+://|[a-z]+(?:[./][a-z]+)+\b")


def is_strong_key(value: str) -> bool:
    """The same of a value whose name says little: long, random and no hash."""
    return len(value) >= 20 and is_key(value) and is_random(value) and not is_hash(value)


def is_login(encoded: str) -> bool:
    """Whether it is base64 of a user and a password, as in RFC 7617, and the password is no word of a manual."""
    try:
        plain = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return False
    user, colon, password = plain.partition(":")
    if not colon or not plain.isprintable() or len(password) < 4 or user == password:
        return False
    return not is_made_up(password) and not is_template(password) and "open sesame" not in password
