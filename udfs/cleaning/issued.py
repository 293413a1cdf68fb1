"""Keys and tokens by the forms of their issuers: udfs/data/secret_forms.tsv, a line each.

Sources: the issuers' own documentation of their tokens' formats and of secret scanning; RFC 7519 and 7516 for JSON web
tokens. A checksum that holds makes a token certain; one that does not says nothing, for most texts show altered ones.
"""

from __future__ import annotations

import re
import string
import zlib
from collections.abc import Callable
from typing import NamedTuple

from schemas.identity import data_bytes
from udfs.cleaning.needle_conditions import ALNUM, BOT, DIGIT, HEX, KINDS, TOKEN, URL, WIDE
from udfs.cleaning.needles import Needle
from udfs.cleaning.placeholders import About, Counts, substitute
from udfs.cleaning.secrecy import is_issued

DATA = "secret_forms.tsv"
_ALPHABETS = {
    "digit": ("0-9", DIGIT),
    "hex": ("0-9A-Fa-f", HEX),
    "lower": ("0-9a-z", ALNUM),
    "upper": ("0-9A-Z", ALNUM),
    "alpha": ("A-Za-z", ALNUM),
    "alnum": ("0-9A-Za-z", ALNUM),
    "word": ("0-9A-Za-z_", URL),
    "dash": ("0-9A-Za-z-", URL),
    "url": ("0-9A-Za-z_-", URL),
    "dotted": ("0-9A-Za-z_.-", WIDE),
    "azure": ("0-9A-Za-z_~.-", WIDE),
    "base64": ("0-9A-Za-z+/", WIDE),
    "padded": ("0-9A-Za-z+/=", WIDE),
    "percent": ("0-9A-Za-z%_-", WIDE),
    "equal": ("=", WIDE),
    "bot": ("MNO", ALNUM),
    "uuid": ("0-9A-Fa-f-", URL),
}
_BOTH_CASES = frozenset(("alnum", "word", "url", "base64", "padded"))
_SHORT = 4
_UUID = "[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}"
_PART = re.compile(r"\{(\w+)(?::(\d+)(?:-(\d+))?)?\}|([<>])")
_WORD = frozenset(string.ascii_letters + string.digits)
_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase


class _Run(NamedTuple):
    """A run of characters of one alphabet, or a literal."""

    literal: str
    alphabet: str
    least: int
    pattern: str


def _parsed(form: str) -> list[_Run]:
    """The parts of a form, with the marks of the secret among them."""
    runs: list[_Run] = []
    end = 0
    for part in _PART.finditer(form):
        runs += _literal(form[end : part.start()])
        name, least, most, mark = part.groups()
        if mark:
            runs.append(_Run(mark, "mark", 0, "(" if mark == "<" else ")"))
        elif name == "uuid":
            runs.append(_Run("", name, 36, _UUID))
        else:
            behind = form[part.end() :].lstrip("<>")
            # Nothing that could end the run is in it, so that no text is tried twice.
            ends = not behind or (behind[0] != "{" and not re.match(f"[{_ALPHABETS[name][0]}]", behind))
            repeat = f"{{{least},{most}}}{'+' * ends}" if most else f"{{{least}}}"
            runs.append(_Run("", name, int(least), f"[{_ALPHABETS[name][0]}]{repeat}"))
        end = part.end()
    return [*runs, *_literal(form[end:])]


def _literal(text: str) -> list[_Run]:
    return [_Run(text, "", 0, re.escape(text))] if text else []


def _pattern(form: str, runs: list[_Run]) -> re.Pattern[str]:
    """Group 1 is the secret. No word goes on before it or behind it, but for an escaped line break."""
    marks = [run for run in runs if run.alphabet != "mark"]
    first = marks[0]
    body = "".join(run.pattern for run in runs)
    body = body if "<" in form else f"({body})"
    if first.literal and first.literal[0] in _WORD:
        # Behind the literal, with which the pattern begins, so that `re` finds it fast.
        guard = rf"(?:(?<![A-Za-z0-9]{first.pattern})|(?<=\\[nrt]{first.pattern}))"
        body = body.replace(first.pattern, first.pattern + guard, 1)
    elif first.alphabet:
        # The number of a bot stands behind its name in a URL of Telegram.
        body = ("(?<![0-9])" if first.alphabet == "digit" else r"(?:(?<![A-Za-z0-9])|(?<=\\[nrt]))") + body
    return re.compile(body + "(?![A-Za-z0-9_])")


def _needle(runs: list[_Run]) -> Needle:
    """The longest literal of the form, the first one if it will do, and what stands around it."""
    runs = [run for run in runs if run.alphabet != "mark"]
    literals = [i for i, run in enumerate(runs) if run.literal]
    at = literals[0] if len(runs[literals[0]].literal) > 2 else max(literals, key=lambda i: len(runs[i].literal))
    before = runs[at - 1] if at else _Run("", "", 0, "")
    after = runs[at + 1] if at + 1 < len(runs) else _Run("", "", 0, "")
    kinds = {name: kind for name, (_, kind) in _ALPHABETS.items()}
    literal = runs[at].literal.encode()
    firsts, thirds = (b"", b""), b""
    if len(literal) == 1:
        alphabet = bytes(byte for byte in range(256) if KINDS[byte] & kinds[after.alphabet])
        firsts, thirds = (literal, alphabet), alphabet
    least = (before.least, kinds.get(before.alphabet, 0), after.least, kinds.get(after.alphabet, 0))
    return Needle(literal, BOT if literal == b"." else TOKEN, False, firsts, *least, thirds)


def _sum_of_github(token: str) -> bool:
    """The last six characters are the CRC-32 of the rest in base 62 (GitHub, "Behind GitHub's new token formats")."""
    body = token.partition("_")[2]
    number, digits = zlib.crc32(body[:-6].encode()), ""
    while number:
        number, digit = divmod(number, 62)
        digits = _BASE62[digit] + digits
    return body[-6:] == digits.rjust(6, "0")


_CHECKSUMS: dict[str, Callable[[str], bool]] = {"crc32": _sum_of_github, "": lambda token: False}


class Form(NamedTuple):
    """One line of the data. A `weak` one has a short mark that names have too, and both cases behind it."""

    kind: str
    pattern: re.Pattern[str]
    needle: Needle
    weak: bool
    checksum: Callable[[str], bool]

    def is_met(self, match: re.Match[str]) -> bool:
        """Whether a match is a token, not a name or a sample."""
        found = match[1]
        return self.checksum(found) or (is_issued(found) and (not self.weak or found.lower() != found))


def _forms() -> dict[str, Form]:
    lines = data_bytes(DATA).decode().splitlines()
    found: dict[str, Form] = {}
    for kind, form, _, *checksum in (line.split("\t") for line in lines if not line.startswith("#")):
        runs = _parsed(form)
        needle = _needle(runs)
        weak = sum(map(str.isalnum, needle.literal.decode())) <= _SHORT and any(
            run.alphabet in _BOTH_CASES for run in runs
        )
        proof = _CHECKSUMS[checksum[0] if checksum else ""]
        found[f"form {form}"] = Form(kind, _pattern(form, runs), needle, weak, proof)
    return found


FORMS = _forms()
"""By the name of their needle, the most special first."""
_NAMES = frozenset(FORMS)


def replace_issued(text: str, counts: Counts, about: About) -> str:
    """Every token that has the form of an issuer's."""
    names = about.holds & _NAMES
    for form in [form for name, form in FORMS.items() if name in names] if names else ():
        text = substitute(form.pattern, text, counts, about, form.kind, form.is_met)
    return text
