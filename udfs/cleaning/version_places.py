"""Places where a dotted quad is the version of a package: tables of dependencies, coordinates, commands that install.

Sources: sbt's `%`, Leiningen's and mix's vectors, package.json, Composer, Cargo, Poetry, Pipfile, pubspec, conda, apt,
apk, GitHub's `uses:`, Deno's and npm's `name@version`, Swift's `from:`.
"""

from __future__ import annotations

import re

_TABLE_CHARS, _COMMAND_CHARS = 8_000, 600
# sbt: "org" %% "name" % "1"; Debian and opam: (= 1), {= "1"}; Swift: from: "1"; npm, Deno, GitHub: owner/name@1.
_BESIDE = re.compile(
    r"%{1,3} (?:[\"'][\w.-]+[\"']|\w+) %{1,2} [\"']\Z|[({\[] ?(?:[<>]=?|==?) ?[\"']?\Z"
    r"|\.package\([^\n]{0,90}\b(?:(?:from|exact|upToNextM\w+\(from): ?|exact\()\"\Z"
    r"|(?<![\w./:@-])(?:https?://|\w{2,6}:)?@?[\w.-]+(?:/[\w.-]+){1,8}@\Z"
)
_SIGNS = frozenset("%=<>@([{,:-")
# Leiningen and Boot: [a/b "1"]; mix: {:a, "1"}.
_VECTOR = re.compile(r"[\[{][ \t]*:?(?P<name>[\w.*+!?-]+(?:/[\w.*+!?-]+)?),?[ \t]+\"\Z")
_VECTORS = {"clojure": "", "edn": "", "elixir": "deps"}
# A line of a table: "a": "1", a = "1", a: 1.
_ENTRY = re.compile(r"(?:^|[{,])[ \t]*[\"']?(?P<name>@?[\w./-]+)[\"']?[ \t]*[:=][ \t]*[\"']?\Z")
_CONDA = re.compile(r"[ \t]*-[ \t]+[\"']?[\w./:-]+={1,2}\Z")
_OF_PACKAGES = (
    r"(?:[\w.-]*dependenc(?:y|ies)|require(?:s|d|-dev)?|resolutions|overrides|engines|packages|dev-packages|versions|plugins"
    r"|catalogs?|constraints|provides?|conflict|replace|suggest|pins?)"
)
_JSON_TABLE = re.compile(rf"[\"']?{_OF_PACKAGES}[\"']?[ \t]*[:=][ \t]*\{{[^{{}}]*\Z", re.I)
_TOML_TABLE = re.compile(
    rf"^\[\[?(?:[^\]\n]*\.)?[\"']?{_OF_PACKAGES}[\"']?(?:\.[\w.\"'-]+)?\]\]?[^\n]*\n(?:(?![ \t]*\[)[^\n]*\n)*+[^\n]*\Z",
    re.I | re.M,
)
_YAML_TABLE = re.compile(
    rf"^(?P<indent>[ \t]*)[\"']?{_OF_PACKAGES}[\"']?:[ \t]*\n"
    r"(?:(?:(?P=indent)[ \t]+[^\n]*|(?P=indent)-[^\n]*|[ \t]*)\n)*+(?P=indent)(?:[ \t]|-)[^\n]*\Z",
    re.I | re.M,
)
_NO_PACKAGES = re.compile(
    r"(?:.*[-_.])?(?:ips?|hosts?|addr|address|server|dns|gw|gateway|peer|proxy|bind|listen|url|endpoint)\Z", re.I
)
_INSTALLS = re.compile(
    r"\b(?:apt(?:-get|itude)?|dnf|microdnf|yum|apk|conda|mamba|micromamba|zypper|choco|brew|npm|npx|pnpm|yarn|bun|deno|pip\d?|pipx"
    r"|uv|gem|cargo|go|dotnet|snap|pkg|pkgin|emerge|winget|scoop|helm|composer|opam|nuget|install-package|luarocks|cpanm|tlmgr"
    r"|vcpkg|conan|pecl|asdf|sdk|nvm|rustup|poetry|mix)\b"
    r"(?=[^\n|;&]*[ \t](?:install|add|get|i|upgrade|update|global|require|-s|run|use|download)\b)",
    re.I,
)
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
    if in_place and (_BESIDE.search(before[-120:]) or _is_in_table(text, start, before) or _is_installed(text, start)):
        return True
    return _is_in_vector(text, start, before, language)


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
    table = text[max(start - _TABLE_CHARS, 0) : start]
    return any(pattern.search(table) for pattern in (_JSON_TABLE, _TOML_TABLE, _YAML_TABLE))


def _is_installed(text: str, start: int) -> bool:
    """Whether it stands behind a package in a command that installs, which may go on from line to line."""
    command = text[max(start - _COMMAND_CHARS, 0) : start].replace("\\\n", " ").replace("`\n", " ").rpartition("\n")[2]
    return _WANTED.search(command[-80:]) is not None and _INSTALLS.search(command) is not None
