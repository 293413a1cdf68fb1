"""Personal data and credentials in a text, replaced by placeholders in angle brackets.

Paper (OpenCoder): passwords, e-mails and IP addresses become placeholders by regular expressions, which it does not
print; those here put precision first, since a wrong replacement breaks a program. Kinds and their placeholders: email,
ipv4 and ipv6 (both `<IP_ADDRESS>`), key, token, password. What survives and why:

- addresses under the reserved names of RFC 2606 and 6761, names without a real top level domain, ssh and scp forms;
- addresses that are not globally routable (IANA's registries, by `ipaddress`), resolvers that everyone names, dotted
  quads that read as a version, a section or an object identifier;
- values that say themselves that they are made up ("changeme", "your-key", "${KEY}"), and hashes under other names.

Token forms: the issuers' published prefixes (GitHub, GitLab, Slack, Stripe, Google, npm, PyPI, AWS, Twilio, SendGrid,
Telegram), JSON web tokens by RFC 7519. A pattern starts with a literal or a digit and every repeat has a bound, so that
a pass is linear whatever the text; most are not even tried unless `in` finds their literal.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

DATA = Path(__file__).parent / "data" / "personal_data.json"
_WORDS = {name: frozenset(words.split()) for name, words in json.loads(DATA.read_text("utf-8")).items()}
_TOP_LEVEL = _WORDS["generic_domains"] | _WORDS["country_domains"]

_Counts = Counter[str]
_PLACEHOLDERS = {"email": "<EMAIL>", "ipv4": "<IP_ADDRESS>", "ipv6": "<IP_ADDRESS>", "key": "<KEY>", "token": "<TOKEN>", "password": "<PASSWORD>"}


def replace(text: str) -> tuple[str, dict[str, int]]:
    """The text with placeholders, and how many of each kind were put in."""
    counts: _Counts = Counter()
    for step in (_private_keys, _issued, _in_urls, _assigned, _emails, _ipv4, _ipv6):
        text = step(text, counts)
    return text, dict(counts)


def _sub(pattern: re.Pattern[str], text: str, counts: _Counts, kind: str, wanted: Callable[[re.Match[str]], bool]) -> str:
    """Replace group 1 of each wanted match by the kind's placeholder."""
    pieces: list[str] = []
    end = 0
    for match in pattern.finditer(text):
        if wanted(match):
            pieces += (text[end : match.start(1)], _PLACEHOLDERS[kind])
            end = match.end(1)
            counts[kind] += 1
    return "".join([*pieces, text[end:]]) if pieces else text


# --- keys and tokens that say what they are

_MAX_KEY_CHARS = 32_768
_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_KEY_LINE = re.compile(r"[A-Za-z0-9+/=]{40}")
_BASE64 = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=")


def _private_keys(text: str, counts: _Counts) -> str:
    """Bodies of PEM and PGP private keys; the lines around them stay, so that a reader sees what was there."""
    if "PRIVATE KEY" not in text:
        return text
    pieces: list[str] = []
    end = 0
    for begin in _BEGIN.finditer(text):
        stop = text.find("-----END", begin.end(), begin.end() + _MAX_KEY_CHARS)
        first = _KEY_LINE.search(text, begin.end(), stop) if begin.start() >= end and stop >= 0 else None
        if first is None:
            continue
        while stop > first.end() and (text.endswith(("\\n", "\\r"), 0, stop) or text[stop - 1] not in _BASE64):
            stop -= 2 if text.endswith(("\\n", "\\r"), 0, stop) else 1
        pieces += (text[end : first.start()], "<KEY>")
        end = stop
        counts["key"] += 1
    return "".join([*pieces, text[end:]])


_EDGE = r"(?![A-Za-z0-9_])"
_ISSUED = [
    ("AKIA", "key", r"((?<![A-Za-z0-9])AKIA[0-9A-Z]{16})" + _EDGE),
    ("ASIA", "key", r"((?<![A-Za-z0-9])ASIA[0-9A-Z]{16})" + _EDGE),
    ("sk_live_", "key", r"(sk_live_[0-9A-Za-z]{16,128})" + _EDGE),
    ("rk_live_", "key", r"(rk_live_[0-9A-Za-z]{16,128})" + _EDGE),
    ("AIza", "key", r"((?<![A-Za-z0-9])AIza[0-9A-Za-z_-]{35})" + _EDGE),
    ("SG.", "key", r"((?<![A-Za-z0-9])SG\.[0-9A-Za-z_-]{22}\.[0-9A-Za-z_-]{43})" + _EDGE),
    ("SK", "key", r"((?<![A-Za-z0-9])SK[0-9a-f]{32})" + _EDGE),
    *((f"gh{c}_", "token", rf"((?<![A-Za-z0-9])gh{c}_[0-9A-Za-z]{{36,255}})" + _EDGE) for c in "pousr"),
    ("github_pat_", "token", r"(github_pat_[0-9A-Za-z_]{50,255})" + _EDGE),
    ("glpat-", "token", r"(glpat-[0-9A-Za-z_-]{20,64})" + _EDGE),
    ("xox", "token", r"((?<![A-Za-z0-9])xox[baprs]-[0-9A-Za-z-]{10,250})" + _EDGE),
    ("npm_", "token", r"((?<![A-Za-z0-9])npm_[0-9A-Za-z]{36})" + _EDGE),
    ("pypi-AgEI", "token", r"(pypi-AgEI[0-9A-Za-z_-]{50,1000})" + _EDGE),
    ("eyJ", "token", r"((?<![A-Za-z0-9_-])eyJ[0-9A-Za-z_-]{10,4096}\.eyJ[0-9A-Za-z_-]{4,8192}\.[0-9A-Za-z_-]{16,2048})" + _EDGE),
    (":AA", "token", r"(:AA[0-9A-Za-z_-]{33})" + _EDGE),
]
_PATTERNS = [(literal, kind, re.compile(pattern)) for literal, kind, pattern in _ISSUED]


def _issued(text: str, counts: _Counts) -> str:
    for literal, kind, pattern in _PATTERNS:
        if literal in text:
            text = _sub(pattern, text, counts, kind, _is_issued)
    return text


def _is_issued(match: re.Match[str]) -> bool:
    """Issued at random: many different characters, and not marked as the documentation's sample."""
    found = match[1]
    if found.startswith(":"):
        number = match.string[max(match.start() - 10, 0) : match.start()]
        if not number[-8:].isdecimal() or len(number) < 8:
            return False
    return len(set(found)) > 8 and "EXAMPLE" not in found and "xxxx" not in found.lower()


# --- passwords, secrets and keys that are given a value

_URL = re.compile(r"://[^\s:/@'\"<>{}$\\]{1,64}:([^\s:/@'\"<>{}$\\]{3,64})@(?=[A-Za-z0-9\[])")
# A name's last word, what may stand between it and a value, and the value in quotes; searched in lower case.
_TAIL = r"[0-9]{0,2}(?:\\?[\"'])?\]?[ \t]{0,16}(?::=|=>|==|[:=,])[ \t]{0,16}[bru]?\\?([\"'])([^\"'\s\\<>{}$]{6,200})\\?\1"
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


def _in_urls(text: str, counts: _Counts) -> str:
    if "://" not in text or "@" not in text:
        return text
    return _sub(_URL, text, counts, "password", lambda m: not _is_made_up(m[1]) and not m[1].isdecimal() and len(set(m[1])) > 3)


def _assigned(text: str, counts: _Counts) -> str:
    lower = _lower(text)
    for word, kind, pattern, before in _NAMES:
        if word not in lower:
            continue
        pieces: list[str] = []
        end = 0
        for match in pattern.finditer(lower):
            start, stop = match.span(2)
            named = before.search(lower[max(match.start() - 12, 0) : match.start()])
            if named and _is_secret(text[start:stop], 6 if kind == "password" else 8):
                pieces += (text[end:start], _PLACEHOLDERS[kind])
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
    return any(word in lower for word in _WORDS["placeholder_words"]) or lower in ("pass", "user", "pwd", "pw")


_FILE_OR_NAME = re.compile(r"\.{0,2}/.*|[A-Za-z]\w*(?:[./:][A-Za-z_][\w-]*)+/?|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|[#.%@&$].*|.*[%()\[\]|,;].*|[a-z]+(?:[-_][a-z0-9]+)+|\w{1,40}\.\w{1,4}")


def _is_secret(value: str, shortest: int) -> bool:
    """Letters with digits, of many kinds, not a name of something else and not plainly made up."""
    if len(value) < shortest or len(set(value)) < 5 or _is_made_up(value) or _FILE_OR_NAME.fullmatch(value):
        return False
    digits = sum(c.isdecimal() for c in value)
    letters = sum(c.isalpha() for c in value)
    return bool(letters) and digits >= (1 if shortest == 6 else 2)


# --- e-mail addresses

_AT = re.compile(r"@((?<=[A-Za-z0-9_+-]@)[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})(?:\.[A-Za-z0-9][A-Za-z0-9-]{0,62}){1,5})")
_LOCAL_BACKWARD = re.compile(r"[A-Za-z0-9._+-]{1,64}")


def _emails(text: str, counts: _Counts) -> str:
    if "@" not in text:
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
    return at - len(local.lstrip("._+-"))


def _is_address(text: str, start: int, match: re.Match[str]) -> bool:
    labels = match[1].lower().split(".")
    if labels[-1] not in _TOP_LEVEL or labels[-1] in _WORDS["kept_suffixes"]:
        return False
    if ".".join(labels[-2:]) in _WORDS["kept_domains"]:
        return False
    before, after = text[start - 1 : start], text[match.end() : match.end() + 2]
    local = text[start : match.start()]
    # `git@host:path`, `user@host:/path`, a method called on a matrix product, the `%s` of a format.
    if after[:1] == ":" and after[1:].strip("\"')") or after[:1] in ("(", "_", "@", "=") or local in ("git", "hg", "svn"):
        return False
    if before and before in "%${}\\":
        return False
    run = text[max(start - 100, 0) : start]
    return "://" not in run or "/" in run[run.rindex("://") + 3 :] and before != "/" or any(c.isspace() or c in "\"'<>(),;" for c in run[run.rindex("://") + 3 :])


# --- network addresses

_QUAD = re.compile(r"([0-9][0-9]{0,2}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3})(?![0-9])")
_QUAD_HINT = re.compile(r"\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]")
_VERSION_BEFORE = re.compile(r"(?:\bv(?:er|ersion|ers)?|release|revision|build|section|sec\.|rfc|chrome|firefox|safari|oid|§|[=<>~!^]=|[<>~^])[\"'\s:=/(]{0,4}\Z", re.I)
_GROUPS = re.compile(r"([23][0-9A-Fa-f]{3}:(?:[0-9A-Fa-f]{0,4}:){1,6}[0-9A-Fa-f]{0,4})")


def _ipv4(text: str, counts: _Counts) -> str:
    if not _QUAD_HINT.search(text):
        return text
    return _sub(_QUAD, text, counts, "ipv4", _is_public_quad)


def _is_public_quad(match: re.Match[str]) -> bool:
    text, (start, end) = match.string, match.span(1)
    before, after = text[max(start - 1, 0) : start], text[end : end + 2]
    if before.isalnum() or (before and before in "._-+^~§") or after[:1].isalpha() or (after[:1] and after[:1] in "_-+"):
        return False
    if after[:1] == "." and after[1:].isalnum():
        return False
    try:
        address = ipaddress.IPv4Address(match[1])
    except ValueError:
        # A part over 255 or with a leading zero.
        return False
    if not address.is_global or address.is_multicast or match[1] in _WORDS["kept_resolvers"]:
        return False
    return not _is_numbering(match[1]) and not _VERSION_BEFORE.search(text[max(start - 16, 0) : start])


def _is_numbering(quad: str) -> bool:
    """Small parts and a zero or one at the end read as a version or a section: 1.2.3.4, 2.0.0.0, 4.5.1.0."""
    parts = [int(part) for part in quad.split(".")]
    return parts[0] < 11 and (max(parts[1:]) < 32 or parts[1:].count(0) >= 2) or parts[1:] == [0, 0, 0]


def _ipv6(text: str, counts: _Counts) -> str:
    return _sub(_GROUPS, text, counts, "ipv6", _is_public_groups)


def _is_public_groups(match: re.Match[str]) -> bool:
    """Global unicast is 2000::/3, so four digits come first; three groups at least, or a year would do."""
    text, (start, end) = match.string, match.span(1)
    before, after = text[max(start - 1, 0) : start], text[end : end + 1]
    if before.isalnum() or (before and before in ":._-") or after.isalnum() or (after and after in ":._"):
        return False
    if sum(map(bool, match[1].split(":"))) < 3 or match[1].lower() in _WORDS["kept_resolvers"]:
        return False
    try:
        address = ipaddress.IPv6Address(match[1])
    except ValueError:
        return False
    return address.is_global and address not in _DOCUMENTATION


_DOCUMENTATION = ipaddress.IPv6Network("3fff::/20")
