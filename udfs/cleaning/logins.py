"""Passwords and tokens by the place they stand in: URLs, headers, connection strings, SQL, command lines, netrc.

Sources: RFC 3986 (userinfo), RFC 7617 and 6750 (Basic, Bearer), Docker's config.json, the keywords of ADO.NET, ODBC,
JDBC and libpq, SQL of Oracle, MySQL, PostgreSQL and SQL Server. Patterns run over the text in lower case and begin
with a literal, which `re` finds fast.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from udfs.cleaning.needle_conditions import BARE, LOGIN, PLAIN, TOKEN, WIDE
from udfs.cleaning.needles import Needle
from udfs.cleaning.placeholders import About, Counts, lowered, substitute_in
from udfs.cleaning.secrecy import is_issued, is_key, is_login, is_made_up, is_mixed, is_password, is_random, is_template

Wanted = Callable[[re.Match[str], str], bool]
"""(match in lower case, value as written) -> whether it is a secret."""


class Place(NamedTuple):
    """A literal and the pattern that begins with it; group "value" is a secret where `wanted` says so."""

    kind: str
    needle: Needle
    pattern: re.Pattern[str]
    wanted: Wanted


_VERSION = re.compile(r"v?\d+(?:\.\d+)*(?:[-_][\w.-]*)?|latest|stable")
_DIGEST = re.compile(r"sha(?:1|256|384|512)[:-]")


def _in_url(match: re.Match[str], value: str) -> bool:
    """A password of one's own: not postgres:postgres, a port, a tag before a digest, a word of a manual."""
    if match["user"] == value.lower() or len(set(value)) <= 3 or value.isdecimal():
        return False
    if is_made_up(value) or is_template(value) or is_template(match["user"]):
        return False
    return not (_VERSION.fullmatch(value) or _DIGEST.match(match.string, match.end("value") + 1))


def _encoded(match: re.Match[str], value: str) -> bool:
    return is_login(value)


def _token(match: re.Match[str], value: str) -> bool:
    drawn = is_random(value) or is_mixed(value)
    return drawn and is_issued(value) and not is_template(value) and not is_made_up(value[:16])


def _key(match: re.Match[str], value: str) -> bool:
    return is_key(value)


def _password(match: re.Match[str], value: str) -> bool:
    return is_password(value)


def _secret(match: re.Match[str], value: str) -> bool:
    return is_password(value, 4) or is_key(value)


_SQL_BEFORE = re.compile(
    r"\b(?:with|encrypted|create|alter|set|role|user|login|(?:no)?superuser|(?:no)?createdb)\b[^;=]*\Z"
)
_HEADER_BEFORE = re.compile(
    r"(?<![a-z])(?:x|private|api|job|deploy|access|auth|ocp|vault|app|client|dd|sf|rest|admin)(?:-[a-z]{1,20}){0,4}\Z"
)
_CONNECTION = re.compile(
    r"\b(?:server|host|hostname|data source|address|addr|user id|userid|uid|user|username|database"
    r"|initial catalog|dbname|dsn|driver|provider|endpoint|service|port|sslmode|accountname)\s?=|jdbc:|://[^\s\"']{1,120}\?"
)


def _line_before(match: re.Match[str], most: int) -> str:
    return match.string[max(match.start() - most, 0) : match.start()].rpartition("\n")[2]


def _in_sql(match: re.Match[str], value: str) -> bool:
    return _SQL_BEFORE.search(_line_before(match, 120)) is not None and is_password(value)


def _in_header(match: re.Match[str], value: str) -> bool:
    return _HEADER_BEFORE.search(_line_before(match, 60)) is not None and is_key(value)


def _connects(match: re.Match[str], value: str) -> bool:
    """Whether the setting stands among those of a connection."""
    after = match.string[match.end() : match.end() + 200].partition("\n")[0]
    if not _CONNECTION.search(_line_before(match, 300)) and not _CONNECTION.search(after):
        return False
    return is_key(value) if match[0].startswith(("access", "auth", "secret")) else is_password(value)


def _identifies(match: re.Match[str], value: str) -> bool:
    """In prose something is identified, too: a value in quotes, or a user before it."""
    before = match.string[max(match.start() - 120, 0) : match.start()]
    return is_password(value) and (match["quote"] is not None or _SQL_BEFORE.search(before) is not None)


def _in_pgpass(match: re.Match[str], value: str) -> bool:
    """Whether only a host stands before the port."""
    return is_password(value) and re.fullmatch(r"[^\s:\"',=]{1,100}", _line_before(match, 120)) is not None


def _on_command_line(match: re.Match[str], value: str) -> bool:
    return is_password(value) and match.string[match.start() - 1 : match.start()] not in ("_", "-", "/")


_QUOTE = r"\\?[\"'`]?"
_URL_USER, _URL_PASSWORD = r"[^\s:/@'\"<>{}()\[\]$\\]", r"[^\s:/@'\"<>{}()\[\]\\]"
_BASE64 = r"(?P<value>[a-z0-9+/]{8,1024}+={0,2})(?![a-z0-9+/=_-])"


def _place(kind: str, literal: str, tail: str, wanted: Wanted, condition: int = PLAIN, least: int = 0) -> Place:
    kinds = WIDE if least else 0
    if condition == TOKEN:  # a word of its own
        tail = rf"(?:(?<![a-z0-9]{literal})|(?<=\\.{literal})){tail}"
    needle = Needle(literal.encode(), condition, True, after=least, after_kinds=kinds)
    return Place(kind, needle, re.compile(re.escape(literal) + tail, re.M), wanted)


def _logins_and_headers() -> Iterable[Place]:
    login = rf"(?P<user>{_URL_USER}{{0,64}}):(?P<value>{_URL_PASSWORD}{{3,128}})@(?=[a-z0-9\[])"
    yield _place("password", "://", login, _in_url, LOGIN)
    yield _place("password", "jdbc:oracle:", r"\w{2,5}:(?P<user>\w{1,40})/(?P<value>[^\s/@'\"<>{}\\]{3,64})@", _in_url)
    yield _place("token", "basic ", r" {0,3}" + _BASE64, _encoded, TOKEN, 8)
    yield _place("token", "auth", rf"{_QUOTE}\s{{0,4}}[:=]\s{{0,4}}{_QUOTE}{_BASE64}", _encoded, BARE)
    token = r" {0,3}(?P<value>[a-z0-9._~+/-]{16,8192}+={0,2})(?![a-z0-9+/=_-])"
    yield _place("token", "bearer ", token, _token, TOKEN, 10)
    schemes = r"(?:(?:token|api-?key|key|bot|ssws|sso-key|genie-?key|token token=)[ \t=:]{1,2})?\\?[\"']?"
    given = rf"{_QUOTE}\]?[ \t]{{0,4}}[:=,][ \t]{{0,4}}{_QUOTE}"
    value = r"(?P<value>[a-z0-9._~+/:-]{16,4096}+={0,2})(?![a-z0-9+/=_-])"
    yield _place("token", "authorization", given + schemes + value, _token)
    for word in ("-key", "-token", "-secret"):
        value = r"(?P<value>[a-z0-9._~+/-]{16,512}+={0,2})(?![a-z0-9+/=_-])"
        yield _place("token", word, rf"{_QUOTE}[ \t]{{0,4}}[:,][ \t]{{0,4}}{_QUOTE}{value}", _in_header, BARE)


def _settings_and_commands() -> Iterable[Place]:
    how = r"\s{1,8}(?:with\s{1,4}[\w'`]{1,40}\s{1,4})?(?:by|as)\s{1,8}(?:password\s{1,4})?(?P<quote>\\?[\"'])?"
    yield _place("password", "identified", how + r"(?P<value>[^\s\"'\\;`]{6,200})", _identifies)
    said = r"\s{0,4}(?:=|for[^\n=]{1,60}=)?\s{0,4}(?:password)?\(?\s{0,4}n?\\?'(?P<value>[^\s\"'\\]{6,200}+)\\?'"
    yield _place("password", "password", said, _in_sql, BARE)
    user = r"[^\n]{0,200}?(?<=[ \t])(?:-u|--user|--proxy-user)[ =]{0,2}[\"']?(?P<user>[^\s:\"'$<>{}]{1,64})"
    yield _place("password", "curl ", user + r":(?P<value>[^\s\"'<>{}\\]{3,128})", _in_url)
    flag = r"\b[^\n|;]{0,120}?[ \t]-p ?[\"']?(?P<value>[^\s\"'\\-][^\s\"'\\]{5,128})"
    for command in ("sshpass", "docker login"):
        yield _place("password", command, flag, _on_command_line)
    for command in ("mysql", "mysqldump", "mysqladmin"):  # behind a blank stands the name of a database
        yield _place("password", command, flag.replace("-p ?", "-p"), _on_command_line)
    of_openssl = r"(?:in|out)?(?:\\?[\"']?[ \t=,]{1,3}\\?[\"']?)pass:(?P<value>[^\s\"'`;|&()\\]{4,128})"
    yield _place("password", "-pass", of_openssl, _secret)
    of_keytool = r"(?:\\?[\"']?[ \t=,]{1,3}\\?[\"']?)(?P<value>[^\s\"'`;|&\\-][^\s\"'`;|&\\]{5,128})"
    for option in ("storepass", "keypass"):
        yield _place("password", option, of_keytool, _password, BARE)
    user = r"\s{1,8}login\s{1,4}\S{1,120}\s{1,8}password\s{1,4}[\"']?(?P<value>[^\s\"']{4,200})"
    yield _place("password", "machine ", r"\s{0,4}\S{1,120}" + user, _secret)
    for whole in ("default login", "default\nlogin", "default\n\tlogin", "default\n  login", "default\n    login"):
        yield _place("password", whole, user.replace(r"\s{1,8}login", "", 1), _secret)
    for port in (":5432:", ":*:"):
        yield _place("password", port, r"[^\s:]{1,64}:[^\s:]{1,64}:(?P<value>[^\s:]{4,128})\r?$", _in_pgpass)
    ended = r" ?= ?(?P<value>[^\s\"';&<>{}\\]{4,200}+)(?=[;&\"'\s\\<`]|\Z)"
    for word in ("password", "pwd", "passwd", "accesskey", "authtoken", "secretkey"):
        yield _place("password", word, ended, _connects, BARE)
    for network in (b"@tcp(", b"@unix("):  # Go's MySQL driver; rare enough for a pattern that does not begin with it
        dsn = r"(?<![\w.-])(?P<user>[\w.-]{1,64}):(?P<value>[^\s:/@'\"<>{}()\\]{3,64})" + re.escape(network.decode())
        yield Place("password", Needle(network), re.compile(dsn), _in_url)


PLACES = {f"place {i}": each for i, each in enumerate((*_logins_and_headers(), *_settings_and_commands()))}
NEEDLES = {name: place.needle for name, place in PLACES.items()}
_NAMES = frozenset(PLACES)


def replace_placed(text: str, counts: Counts, about: About) -> str:
    """What stands where secrets stand."""
    names = about.holds & _NAMES
    if not names:
        return text
    lower = lowered(text)
    for place in [place for name, place in PLACES.items() if name in names]:

        def kind(match: re.Match[str], value: str, place: Place = place) -> str | None:
            return place.kind if place.wanted(match, value) else None

        text, found = substitute_in(lower, text, about, place.pattern, kind)
        if found:
            counts.update(found)
            lower = lowered(text)
    return text
