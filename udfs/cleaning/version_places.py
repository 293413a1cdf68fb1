"""Places where a dotted quad is the version of a package: tables of dependencies, coordinates, commands that install.

Sources: sbt's `%`, Leiningen's and mix's vectors, package.json, Composer, Cargo, Poetry, Pipfile, pubspec, conda, apt,
apk, GitHub's `uses:`, Deno's and npm's `name@version`, Swift's `from:`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import accumulate
from typing import TypeAlias

Spans: TypeAlias = tuple[list[int], list[int]]
_TABLE_CHARS, _COMMAND_CHARS = 8_000, 600
# sbt: "org" %% "name" % "1"; Debian and opam: (= 1), {= "1"}; Swift: from: "1"; npm, Deno, GitHub: owner/name@1.
_COMPARED = re.compile(r"[({\[] ?(?:[<>]=?|==?) ?[\"']?\Z")
_BESIDE = re.compile(
    r"%{1,3} (?:[\"'][\w.-]+[\"']|\w+) %{1,2} [\"']\Z"
    r"|\.package\([^\n]{0,90}\b(?:(?:from|exact|upToNextM\w+\(from): ?|exact\()\"\Z"
    r"|(?<![\w./:@-])(?:https?://|\w{2,6}:)?@?[\w.-]+(?:/[\w.-]+){1,8}@\Z"
)
_BESIDE_ENDS = frozenset("\"'@")
_SIGNS = frozenset("%=<>@([{,:-")
# Leiningen and Boot: [a/b "1"]; mix: {:a, "1"}.
_VECTOR = re.compile(r"[\[{][ \t]*:?(?P<name>[\w.*+!?-]+(?:/[\w.*+!?-]+)?),?[ \t]+\"\Z")
_VECTORS = {"clojure": "", "edn": "", "elixir": "deps"}
# A line of a table: "a": "1", a = "1", a: 1.
_ENTRY = re.compile(r"(?:^|[{,])[ \t]*[\"']?(?P<name>@?[\w./-]+)[\"']?[ \t]*[:=][ \t]*[\"']?\Z")
_CONDA = re.compile(r"[ \t]*-[ \t]+[\"']?[\w./:-]+={1,2}\Z")
_OF_PACKAGES = (
    r"(?:[\w.-]{0,40}dependenc(?:y|ies)|require(?:s|d|-dev)?|resolutions|overrides|engines|packages|dev-packages|versions|plugins"
    r"|catalogs?|constraints|provides?|conflict|replace|suggest|pins?)"
)
_OBJECT, _BRACE = re.compile(r"[:=][ \t]*\{"), re.compile(r"[{}]")
_BEFORE_OBJECT = re.compile(rf"(?<![\w.-])[\"']?{_OF_PACKAGES}[\"']?[ \t]*\Z", re.I)
_SECTION = re.compile(r"^[ \t]*\[[^\n]*", re.M)
_OF_SECTION = re.compile(rf"\[\[?(?:[^\]\n]*\.)?[\"']?{_OF_PACKAGES}[\"']?(?:\.[\w.\"'-]+)?\]\]?", re.I)
_BLOCK = re.compile(rf"^(?P<indent>[ \t]*)[\"']?{_OF_PACKAGES}[\"']?:[ \t]*\n", re.I | re.M)
_NAME_CHARS, _SECTION_CHARS = 80, 200
_NO_PACKAGES = re.compile(
    r"(?:.*[-_.])?(?:ips?|hosts?|addr|address|server|dns|gw|gateway|peer|proxy|bind|listen|url|endpoint)\Z", re.I
)
_INSTALLS = re.compile(
    r"\b(?:apt(?:-get|itude)?|dnf|microdnf|yum|apk|conda|mamba|micromamba|zypper|choco|brew|npm|npx|pnpm|yarn|bun|deno|pip\d?|pipx"
    r"|uv|gem|cargo|go|dotnet|snap|pkg|pkgin|emerge|winget|scoop|helm|composer|opam|nuget|install-package|luarocks|cpanm|tlmgr"
    r"|vcpkg|conan|pecl|asdf|sdk|nvm|rustup|poetry|mix)\b"
    r"(?=(?:[^\n|;&]|[\\`]\n){0,200}[ \t](?:install|add|get|i|upgrade|update|global|require|-s|run|use|download)\b)",
    re.I,
)
_COMMAND_END = re.compile(r"(?<![\\`])\n")
_WANTED = re.compile(r"[\w.+*-]@?(?:={1,2}|@|:|[ \t]-v[ \t]+|[ \t]--version[ =]|[ \t](?=[^ ]*\Z))[\"']?v?\Z", re.I)
# Headings of change logs: Changes in 1, New since 1:
_CHANGES = re.compile(
    r"[\W_]*(?:(?:all|major|notable|important|other|recent|bug|breaking|api) )*"
    r"(?:(?:changes?|changed|change ?log|what'?s new|new|(?:release |upgrade )?notes?|news|fix(?:es|ed)?|added|removed"
    r"|deprecated|introduced|highlights|improvements?|history|updates?|released?)(?: \w+){0,2}?"
    r" (?:in|since|for|of|as of|until)"
    r"|(?:upgrading|migrating|migration)(?: \w+)? (?:from|to))(?: release)? [\"'`*]{0,3}\Z",
    re.I,
)


def is_of_package(text: str, start: int, before: str, language: str | None) -> bool:
    """Whether the place that the line `before` leads to is that of a version."""
    last = before.rstrip(" \t\"'`*")[-1:]
    if last.isalpha() and _CHANGES.match(before[-100:]):
        return True
    in_place = last in _SIGNS and (before[-1:] != " " or last in ":=<>")
    if in_place and (_is_beside(before) or _is_in_table(text, start, before) or _is_installed(text, start, before)):
        return True
    return _is_in_vector(text, start, before, language)


def _is_beside(before: str) -> bool:
    if _COMPARED.search(before[-8:]):
        return True
    return before[-1:] in _BESIDE_ENDS and _BESIDE.search(before[-120:]) is not None


def _is_in_vector(text: str, start: int, before: str, language: str | None) -> bool:
    vector = _VECTOR.search(before[-100:]) if language in _VECTORS else None
    if vector is None or _NO_PACKAGES.match(vector["name"]):
        return False
    return _VECTORS[language or ""] in text[max(start - _TABLE_CHARS, 0) : start]


def _is_in_table(text: str, start: int, before: str) -> bool:
    """Whether it is a line of a table of dependencies."""
    entry = _ENTRY.search(before) or _CONDA.match(before)
    if entry is None or _NO_PACKAGES.match(entry.groupdict().get("name") or ""):
        return False
    return _is_within(_tables(text), start)


@lru_cache(maxsize=1)
def _tables(text: str) -> Spans:
    """Tables of dependencies: looked for once in a text, whose quads may be as many as its lines."""
    return _ordered((*_objects(text), *_sections(text), *_blocks(text)))


def _objects(text: str) -> Iterator[tuple[int, int]]:
    """JSON's, up to the next brace."""
    for match in _OBJECT.finditer(text):
        if _BEFORE_OBJECT.search(text, max(match.start() - _NAME_CHARS, 0), match.start()):
            brace = _BRACE.search(text, match.end())
            yield match.end(), brace.start() if brace else len(text)


def _sections(text: str) -> Iterator[tuple[int, int]]:
    """TOML's, up to the next line in a bracket."""
    begin: int | None = None
    for line in _SECTION.finditer(text):
        if begin is not None:
            yield begin, line.start()
        begin = line.end() if _OF_SECTION.match(line[0][:_SECTION_CHARS]) else None
    if begin is not None:
        yield begin, len(text)


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """YAML's, up to the next line that is not further in, and no item of a list."""
    for match in _BLOCK.finditer(text):
        indent = re.escape(match["indent"])
        body = re.compile(rf"(?:(?:{indent}[ \t][^\n]*|{indent}-[^\n]*|[ \t]*)(?:\n|\Z))*+").match(text, match.end())
        yield match.end(), body.end() if body else match.end()


def _is_installed(text: str, start: int, before: str) -> bool:
    """Whether it stands behind a package in a command that installs, which may go on from line to line."""
    return _WANTED.search(before[-16:]) is not None and _is_within(_commands(text), start)


@lru_cache(maxsize=1)
def _commands(text: str) -> Spans:
    """Commands that install, as `_tables`."""
    spans = []
    for match in _INSTALLS.finditer(text):
        end = _COMMAND_END.search(text, match.end(), match.start() + _COMMAND_CHARS)
        spans.append((match.start(), end.start() if end else match.start() + _COMMAND_CHARS))
    return _ordered(spans)


def _ordered(spans: Iterable[tuple[int, int]]) -> Spans:
    """Where they begin, in order, and where the last of those that began by then ends."""
    found = sorted(spans)
    return [begin for begin, _ in found], list(accumulate((end for _, end in found), max))


def _is_within(spans: Spans, place: int) -> bool:
    begins, ends = spans
    before = bisect_right(begins, place)
    return before > 0 and place <= ends[before - 1]
