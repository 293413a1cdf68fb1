"""Personal data and credentials in a text, replaced by placeholders in angle brackets.

Paper (OpenCoder): passwords, e-mails and IP addresses become placeholders by regular expressions, which it does not
print; those here put precision first, since a wrong replacement breaks a program. Kinds and their placeholders: email,
ipv4 and ipv6 (both `<IP_ADDRESS>`), key, token, password. What survives and why:

- addresses under the reserved names of RFC 2606 and 6761, names without a real top level domain, ssh and scp forms;
- addresses that are not globally routable (IANA's registries, by `ipaddress`), resolvers that everyone names, dotted
  quads that read as a version, a section or an object identifier;
- values that say themselves that they are made up ("changeme", "your-key", "${KEY}"), and hashes under other names.

Keys, tokens and passwords are in udfs/cleaning/credentials.py. A pattern starts with a literal or a digit and every
repeat has a bound, so that a pass is linear whatever the text; none is tried unless its needle is in the text.
"""

from __future__ import annotations

import ipaddress
import json
import re
import string
from collections import Counter
from functools import cache, lru_cache

from schemas.identity import data_bytes
from udfs.cleaning.credentials import NEEDLES, STEPS
from udfs.cleaning.needle_conditions import EMAIL, GROUPS, QUAD
from udfs.cleaning.needles import Needle, Needles
from udfs.cleaning.placeholders import About, Counts, Step, substitute
from udfs.cleaning.secrecy import DATA

_WORDS = {k: frozenset(v.split()) for k, v in json.loads(data_bytes(DATA)).items() if isinstance(v, str)}
_TOP_LEVEL = _WORDS["generic_domains"] | _WORDS["country_domains"]


def replace(text: str, language: str | None = None, kind: str = "code") -> tuple[str, dict[str, int]]:
    """The text with placeholders, and how many of each kind were put in."""
    may_hold = _needles().found(text.encode("utf-8", "surrogatepass"))
    if not may_hold:
        return text, {}
    counts: Counts = Counter()
    about = About(may_hold, language, kind)
    for step in (*STEPS, *_STEPS):
        text = step(text, counts, about)
    return text, dict(counts)


@cache
def _needles() -> Needles:
    digits, letters, hexadecimal = (s.encode() for s in (string.digits, string.ascii_letters, string.hexdigits))
    own = {
        "email": Needle(b"", EMAIL, firsts=(b"@", digits + letters), thirds=digits + letters + b"-."),
        "ipv4": Needle(b"", QUAD, firsts=(b".", digits), thirds=digits + b"."),
        "ipv6": Needle(b"", GROUPS, firsts=(hexadecimal, b":"), thirds=hexadecimal + b":"),
    }
    return Needles(NEEDLES | own)


_AT = re.compile(r"@((?<=[A-Za-z0-9_+-]@)[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})(?:\.[A-Za-z0-9][A-Za-z0-9-]{0,62}){1,5})")
_LOCAL_BACKWARD = re.compile(r"[A-Za-z0-9._+-]{1,64}")


def _emails(text: str, counts: Counts, about: About) -> str:
    if "email" not in about.holds:
        return text
    pieces: list[str] = []
    end = 0
    for match in _AT.finditer(text):
        start = _local_start(text, match.start())
        if start >= end and start < match.start() and _is_address(text, start, match):
            pieces += (text[end:start], "<EMAIL>")
            end = match.end()
            counts["email"] += 1
    return "".join([*pieces, text[end:]]) if pieces else text


def _local_start(text: str, at: int) -> int:
    """Where the part before the @ starts: read backwards, for a forward pattern would be tried at every letter."""
    backward = _LOCAL_BACKWARD.match(text[max(at - 64, 0) : at][::-1])
    local = backward[0][::-1] if backward else ""
    start = at - len(local.lstrip("._+-"))
    # The n of an escaped line break is no part of a name.
    return start + 1 if text[start - 1 : start] == "\\" and text[start] in "nrt" else start


def _is_address(text: str, start: int, match: re.Match[str]) -> bool:
    labels = match[1].lower().split(".")
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


# The user of `https://user@host`, or the last part of a path.
_USERINFO = re.compile(r"://(?:[^\s/\"'<>(),;]{0,64}|[^\s\"'<>(),;]{0,99}/)\Z")
_RESOLVERS = _WORDS["kept_resolvers"]
# Blocks of IANA's special-purpose registries that the standard library counts as global, or is too old to know.
_SPECIAL = [ipaddress.ip_network(block) for block in sorted(_WORDS["special_blocks"])]
_QUAD = re.compile(r"([0-9][0-9]{0,2}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3})(?![0-9])")
_VERSION_BEFORE = re.compile(
    r"(?:(?:\bv(?:ers?)?|versions?|release|revision|build|section|sec\.|rfc|chrome|firefox|safari|oid|§)[\"'\s:=/(]{0,6}"
    r"|[=<>~!]= ?)\Z",
    re.I,
)
_GROUPS = re.compile(r"([23][0-9A-Fa-f]{3}:(?:[0-9A-Fa-f]{0,4}:){1,6}[0-9A-Fa-f]{0,4})")


def _ipv4(text: str, counts: Counts, about: About) -> str:
    if "ipv4" not in about.holds:
        return text
    return substitute(_QUAD, text, counts, "ipv4", _is_public_quad)


def _is_public_quad(match: re.Match[str]) -> bool:
    text, (start, end) = match.string, match.span(1)
    before, after = text[max(start - 1, 0) : start], text[end : end + 2]
    if _joins(before, "._-+^~") or _joins(after[:1], "_-+") or (after[:1] == "." and _joins(after[1:], "")):
        return False
    # A folder of a path, not the host of a URL.
    if before == "/" and text[start - 2 : start] != "//":
        return False
    if not _is_public(match[1]) or _is_numbering(match[1]):
        return False
    return not _VERSION_BEFORE.search(text[max(start - 24, 0) : start])


@lru_cache(maxsize=4096)
def _is_public(address: str) -> bool:
    """Globally routable, and no one's favourite resolver. Parts over 255 or with a leading zero are no address."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if not found.is_global or found.is_multicast or str(found) in _RESOLVERS:
        return False
    return not any(found in block for block in _SPECIAL)


def _joins(character: str, more: str) -> bool:
    """Whether the neighbour makes an address a part of something longer; a Chinese letter does not."""
    return character != "" and character.isascii() and (character.isalnum() or character in more)


def _is_numbering(quad: str) -> bool:
    """Small parts or zeros read as a version or a section, 0-2 before up to 39 as an object identifier (X.660)."""
    parts = [int(part) for part in quad.split(".")]
    if parts[0] <= 2 and parts[1] < 40:
        return True
    return (parts[0] < 11 and (max(parts[1:]) < 32 or parts[1:].count(0) >= 2)) or parts[1:] == [0, 0, 0]


def _ipv6(text: str, counts: Counts, about: About) -> str:
    if "ipv6" not in about.holds:
        return text
    return substitute(_GROUPS, text, counts, "ipv6", _is_public_groups)


def _is_public_groups(match: re.Match[str]) -> bool:
    """Global unicast is 2000::/3, so four digits come first; three groups at least, or a year would do."""
    text, (start, end) = match.string, match.span(1)
    before, after = text[max(start - 1, 0) : start], text[end : end + 1]
    if _joins(before, ":._-") or _joins(after, ":._"):
        return False
    return sum(map(bool, match[1].split(":"))) >= 3 and _is_public(match[1])


_STEPS: tuple[Step, ...] = (_emails, _ipv4, _ipv6)
