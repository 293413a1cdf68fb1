"""IP addresses that are globally routable, told from versions, sections, object identifiers and drawings.

What survives: addresses that IANA's registries reserve (`ipaddress`), resolvers that everyone names, and dotted quads
that read as something else: behind a sign or a word of versions, with small numbers, in a file that lists versions, or
among the numbers of an SVG path; unless a host, a port, a mask or a scheme beside them says that they are addresses.
"""

from __future__ import annotations

import ipaddress
import json
import re
import string
from functools import lru_cache

from schemas.identity import data_bytes
from udfs.cleaning.needle_conditions import GROUPS, QUAD
from udfs.cleaning.needles import Needle
from udfs.cleaning.placeholders import About, Counts, substitute
from udfs.cleaning.secrecy import DATA
from udfs.cleaning.version_places import is_of_package

_DATA: dict[str, str] = json.loads(data_bytes(DATA))
_RESOLVERS = frozenset(_DATA["kept_resolvers"].split())
# Blocks of IANA's special-purpose registries that the standard library counts as global, or is too old to know.
_SPECIAL = [ipaddress.ip_network(block) for block in sorted(_DATA["special_blocks"].split())]
_OF_VERSIONS = frozenset(_DATA["version_languages"].split(", "))

# From the first dot, which `re` finds faster than a digit.
_QUAD = re.compile(r"\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}(?![0-9])")
_GROUPS = re.compile(r"([23][0-9A-Fa-f]{3}:(?:[0-9A-Fa-f]{0,4}:){1,6}[0-9A-Fa-f]{0,4})")
_VERSION_WORDS = frozenset(_DATA["version_words"].split())
_WORD_BACKWARD = re.compile(r"[A-Za-z.§]{1,24}")
# A range of versions; the coordinates of Maven and the tag of an image, but not the name of a field before an address.
_RANGE = re.compile(r"(?:[=<>~!^]=|~>|\^|~|(?<!\S)[<>]) ?[\"']?\Z")
_TAG = re.compile(r"[\w.-]+[:/][\w.-]+:\Z|(?<![\w.])(?P<field>[A-Za-z][\w-]+):\Z")
_HEADING = re.compile(r"[ \t]*(?:[#=*]{1,6}|\.TH[^\n]{1,40}) ?\[?")
_HEADING_AFTER = re.compile(r"[\])]?(?:[ \t]*[-/,(:\u2013]{0,2}[ \t]*\d{4}-\d\d|[ \t]*\n[=~-]{4,})|\)[ \t]+[\w-]+;")
# Parts of lines in small letters.
_SAY_VERSION = tuple(_DATA["version_hints"].split(","))
_SAY_ADDRESS = re.compile("|".join(map(re.escape, _DATA["address_hints"].split(","))))
_SAY_IP = re.compile(r"(?<![a-z])ip(?:v4|s|_?addr\w*)?(?![a-z])")
_PORT_OR_MASK = re.compile(r":\d{2,5}\b(?!\.)|/(?:8|9|[12]\d|3[0-2])(?![\d.])")
_DRAWN = re.compile(r"(?<![A-Za-z])[MmLlHhVvCcSsQqTtAa] ?-?[0-9]*\.?[0-9]+(?=[\s,.\"'MmLlHhVvCcSsQqTtAaZz-])")
_LINE_CHARS, _SAYING_CHARS = 120, 80
_MOST_SIGNS = 6
_FIELDS = frozenset(
    ("ip", "host", "addr", "address", "server", "dns", "gw", "peer", "inet", "src", "dst", "ipv4", "ip4")
)


def replace_ipv4(text: str, counts: Counts, about: About) -> str:
    """Every address of four numbers."""
    if "ipv4" not in about.holds:
        return text
    lists_versions = about.language in _OF_VERSIONS

    pieces: list[str] = []
    done = 0
    for match in _QUAD.finditer(text):
        start, end = _first_digit(text, match.start()), match.end()
        if start == match.start() or not _stands_alone(text, start, end) or not _is_public(text[start:end]):
            continue
        if not _is_version(text, start, end, lists_versions, about.language):
            pieces += (text[done:start], about.placeholder("ipv4"))
            done = end
            counts["ipv4"] += 1
    return "".join([*pieces, text[done:]]) if pieces else text


def _first_digit(text: str, dot: int) -> int:
    start = dot
    while start > max(dot - 3, 0) and text[start - 1] in string.digits:
        start -= 1
    return start


def _stands_alone(text: str, start: int, end: int) -> bool:
    before, after = text[max(start - 1, 0) : start], text[end : end + 2]
    if _joins(before, "._-+^~") or _joins(after[:1], "_-+") or (after[:1] == "." and _joins(after[1:], "")):
        return False
    # A folder of a path, not the host of a URL.
    return not (before == "/" and text[start - 2 : start] != "//")


def _is_version(text: str, start: int, end: int, lists_versions: bool, language: str | None) -> bool:
    """Whether what stands around the quad, or its numbers, make it something else than an address."""
    before = text[max(start - _LINE_CHARS, 0) : start].rpartition("\n")[2]
    after = text[end : end + _LINE_CHARS].partition("\n")[0]
    if before.endswith("://"):
        return False
    if _is_identifier(text[start:end]) or _reads_as_version(before) or _HEADING_AFTER.match(text, end):
        return True
    if is_of_package(text, start, before, language):
        return True
    said = before[-_SAYING_CHARS:].lower()
    if _PORT_OR_MASK.match(after) or _SAY_IP.search(said) or _SAY_ADDRESS.search(said):
        return False
    if lists_versions or _is_numbering(text[start:end]) or any(hint in said for hint in _SAY_VERSION):
        return True
    beside = (before[-2:-1].isdecimal() and before[-1:] in " ,") or after[:2].lstrip(" ,-")[:1].isdecimal()
    return beside and _DRAWN.search(f"{before[-40:]} {after[:20]}") is not None


def _reads_as_version(before: str) -> bool:
    """Whether a word or a sign of versions stands right before, or the line begins as a heading."""
    tail = before[-48:]
    bare = tail.rstrip("\"' \t:=/(>[,")
    if len(tail) - len(bare) <= _MOST_SIGNS:
        word = _WORD_BACKWARD.match(bare[::-1])
        said = word[0][::-1].lower().lstrip(".") if word else ""
        if said in _VERSION_WORDS or said.endswith(("version", "versions", "release", "revision")):
            return True
    if tail.rstrip(" \"'")[-1:] in tuple("=<>~^") and _RANGE.search(tail):
        return True
    if tail.endswith(":"):
        tag = _TAG.search(tail)
        return tag is not None and (tag["field"] or "").lower() not in _FIELDS
    return len(before) < _LINE_CHARS and _HEADING.fullmatch(before) is not None


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


@lru_cache(maxsize=4096)
def _is_identifier(quad: str) -> bool:
    """0-2 before up to 39 is an object identifier (X.660); three zeros are nothing's address."""
    first, second, *_ = parts = [int(part) for part in quad.split(".")]
    if parts[1:] == [0, 0, 0] or (first <= 2 and second < 40):
        return True
    return first < 11 and (max(parts[1:]) < 32 or parts[1:].count(0) >= 2)


@lru_cache(maxsize=4096)
def _is_numbering(quad: str) -> bool:
    """Three small numbers or two zeros at the end read as a version; few addresses have them."""
    parts = [int(part) for part in quad.split(".")]
    return max(parts[1:]) < 32 or parts[1:].count(0) >= 2


def replace_ipv6(text: str, counts: Counts, about: About) -> str:
    """Every address of groups of hexadecimal digits."""
    if "ipv6" not in about.holds:
        return text
    return substitute(_GROUPS, text, counts, about, "ipv6", _is_public_groups)


def _is_public_groups(match: re.Match[str]) -> bool:
    """Global unicast is 2000::/3, so four digits come first; three groups at least, or a year would do."""
    text, (start, end) = match.string, match.span(1)
    before, after = text[max(start - 1, 0) : start], text[end : end + 1]
    if _joins(before, ":._-") or _joins(after, ":._"):
        return False
    return sum(map(bool, match[1].split(":"))) >= 3 and _is_public(match[1])


_HEXADECIMAL = string.hexdigits.encode()
NEEDLES = {
    "ipv4": Needle(b"", QUAD, firsts=(b".", string.digits.encode()), thirds=string.digits.encode() + b"."),
    "ipv6": Needle(b"", GROUPS, firsts=(_HEXADECIMAL, b":"), thirds=_HEXADECIMAL + b":"),
}
