"""Bodies of private keys: PEM and PGP blocks, PuTTY files, JSON Web Keys and the XML form of .NET."""

from __future__ import annotations

import re

from udfs.cleaning.needles import Needle
from udfs.cleaning.placeholders import About, Counts, substitute

_MAX_KEY_CHARS = 32_768
_BEGIN = re.compile(r"-----? ?BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)? ?-----?")
# A run of base64 from its start; in a string literal the n of an escaped line break comes before it.
_KEY_LINE = re.compile(r"(?:(?<=\\[nr])|(?<![\\A-Za-z0-9+/=]))[A-Za-z0-9+/=]{40}")
# Of a key that was cut off: lines of base64, in a program with quotes and signs between them.
_RUN = re.compile(r"(?:[A-Za-z0-9+/=]{16,}+(?:\\[nr]|[\s\"'+,.\\]){0,16}+)+")
_MAX_PREFACE, _LEAST_VARIED = 400, 24
_BASE64 = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=")
_PUTTY = re.compile(r"Private-Lines: \d{1,3}\s{1,4}((?:[A-Za-z0-9+/=]{20,76}\s{1,2}){0,400}[A-Za-z0-9+/=]{4,76})")
# The private exponent and the primes, beside a public part (RFC 7517 and 7518).
_JWK = re.compile(r"\"(?:d|p|q|dp|dq|qi|k)\"\s{0,4}:\s{0,4}\"([A-Za-z0-9_-]{22,2000})\"")
_RSA_XML = re.compile(r"<(?:D|P|Q|DP|DQ|InverseQ)>\s{0,40}([A-Za-z0-9+/=]{40,2000})\s{0,40}</")


def replace_private_keys(text: str, counts: Counts, about: About) -> str:
    """What stands around a body stays, so that a reader sees what was there."""
    if "private key" in about.holds:
        text = _blocks(text, counts, about)
    if "putty" in about.holds:
        text = substitute(_PUTTY, text, counts, about, "key", _is_varied)
    if "kty" in about.holds:
        text = substitute(_JWK, text, counts, about, "key", _is_varied)
    if "rsa xml" in about.holds:
        text = substitute(_RSA_XML, text, counts, about, "key", _is_varied)
    return text


def _is_varied(match: re.Match[str]) -> bool:
    return len(set(match[1])) > 8


def _blocks(text: str, counts: Counts, about: About) -> str:
    pieces: list[str] = []
    end = 0
    for begin in _BEGIN.finditer(text):
        # Up to the next marker of any kind: bodies do not overlap, so that no part of the text is searched twice.
        dashes = "-----" if begin[0].startswith("-----") else "----"
        stop = text.find(dashes, begin.end(), begin.end() + _MAX_KEY_CHARS)
        is_end = stop >= 0 and text.startswith(("END", " END"), stop + len(dashes))
        first = _KEY_LINE.search(text, begin.end(), stop if is_end else begin.end() + _MAX_PREFACE)
        if first is None:
            continue
        if not is_end:
            stop = _RUN.match(text, first.start(), first.start() + _MAX_KEY_CHARS).end()  # type: ignore[union-attr]
            if len(set(text[first.start() : stop])) < _LEAST_VARIED:
                continue
        while stop > first.end() and (text.endswith(("\\n", "\\r"), 0, stop) or text[stop - 1] not in _BASE64):
            stop -= 2 if text.endswith(("\\n", "\\r"), 0, stop) else 1
        pieces += (text[end : first.start()], about.placeholder("key"))
        end = stop
        counts["key"] += 1
    return "".join([*pieces, text[end:]])


NEEDLES = {
    "private key": Needle(b"PRIVATE KEY"),
    "putty": Needle(b"Private-Lines:"),
    "kty": Needle(b'"kty"'),
    "rsa xml": Needle(b"<RSAKeyValue>"),
}
