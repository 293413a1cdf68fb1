"""The language of a file: by modeline, file name, shebang, extension, and by content where an extension is shared."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import regex

from schemas.identity import data_bytes
from udfs.languages import names
from udfs.languages.content_rules import (
    ALSO_RUN,
    CLUED,
    CLUES,
    DEFAULTS,
    FIRST,
    NEEDS_PROOF,
    OWN_RULES_ONLY,
    RUN_BY,
    SHARED_NAMES,
    THEN,
    Rule,
)
from udfs.languages.generated import is_generated

__all__ = ["KEPT", "NAMES", "Detected", "detect", "is_generated", "is_vendored", "kind_of"]

MAX_CHARACTERS: Final = 50_000
MAX_LINES: Final = 1_500
MAX_LINE: Final = 400
MAX_BLANKS: Final = 100
"""What the content rules see: this much of a text, of a line and of white space, so that no pattern runs for long."""

_FACTS: Final[dict[str, Any]] = json.loads(data_bytes("languages.json"))
_LANGUAGES: Final[dict[str, dict[str, Any]]] = _FACTS["languages"]
_HEURISTICS: Final[dict[str, list[dict[str, Any]]]] = _FACTS["heuristics"]

NAMES: Final[frozenset[str]] = frozenset(_LANGUAGES)
KEPT: Final[frozenset[str]] = frozenset(_FACTS["kept"]["names"])

_MODELINES: Final = 5
_SEGMENTS: Final = 5
_BLANKS = re.compile(rf"\s{{{MAX_BLANKS},}}")
# White space of ASCII as spaces: a run of them is found by a search that skips its length at a time.
_BLANKS_AS_SPACES = bytes(0x20 if chr(byte).isspace() and byte < 128 else byte for byte in range(256))
_BLANK_RUN = b" " * MAX_BLANKS
_VIM = re.compile(r"(?:^|[ \t])(?:vim?|ex)(?:[<=>]?\d+)?:[^\n]{0,200}?\b(?:filetype|ft|syntax)[ \t]*=[ \t]*([\w+#-]+)")
_EMACS = re.compile(
    r"-\*-[^\n]{0,200}?\bmode[ \t]*:[ \t]*([\w+#-]+)[^\n]{0,200}?-\*-|-\*-[ \t]*([\w+#-]+)[ \t;]*-\*-", re.I
)
_TOKEN = re.compile(r"\\.|\[\^?\]?|[]()|]", re.DOTALL)
_SHEBANG = re.compile(r"\ufeff?#![ \t]*(\S{1,200})([^\n]{0,300})")
# exec perl -x "$0" "$@"; in disguise: eval 'exec perl -S $0 ${1+"$@"}', "exec" "python" "$0". Not: perl -e '...' "$0".
_EXEC = re.compile(
    r"""^(?![ \t]*#)[^\n]{0,60}?(?<![\w$/.-])exec['"]*[ \t]+['"]?(?:\$\((?:command[ \t]+-v|which)[ \t]+)?"""
    r"""(?:/[^\s'"]*/)?(?:env[ \t]+(?:-[^\s]+[ \t]+)*)?([\w.-]+)['"]?(?![ \t]+-[ce]?[ \t])[^\n]{0,200}?\$\{?0\b""",
    re.M,
)
_SHELLS = frozenset(("sh", "bash", "dash", "ksh", "zsh", "csh"))
_WILDCARD = re.compile(r"\A(?:\(\[\^\\s\]\*\)|\(\.\*\?\))")
_MANUAL = re.compile(r"\.(?:[1-9](?![0-9])[a-z_0-9]*|0p|n|man|mdoc)(?:\.in)?$")
# Octave's help texts carry a texinfo mode line of their own; "idl" is also what editors call WebIDL.
_QUOTED_MODES = frozenset(("texinfo", "idl"))
_PLAIN_NAMES = frozenset(
    ("license", "licence", "copying", "readme", "notice", "authors", "install", "changes", "todo", "news", "thanks")
)


@dataclass(frozen=True, slots=True)
class Detected:
    """`by` names what decided: filename, modeline, shebang, extension, content, default; None when nothing did."""

    language: str | None
    kind: str
    by: str | None


_UNKNOWN: Final = Detected(None, "unknown", None)


class _Text:
    """A text and, once it is asked for, the bounded part of it that the content rules look at."""

    __slots__ = ("_bounded", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._bounded: str | None = None

    @property
    def bounded(self) -> str:
        if self._bounded is None:
            text = self.text[:MAX_CHARACTERS].removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
            lines = [line[:MAX_LINE] for line in text.split("\n", MAX_LINES)[:MAX_LINES]]
            joined = "\n".join(lines)
            if not joined.isascii() or _BLANK_RUN in joined.encode().translate(_BLANKS_AS_SPACES):
                joined = _BLANKS.sub(lambda found: found.group()[:MAX_BLANKS], joined)
            self._bounded = joined
        return self._bounded

    def has(self, pattern: str) -> bool:
        return any(find(self.bounded) for find in _finders(pattern))


@cache
def _finders(pattern: str) -> tuple[Callable[[str], object], ...]:
    """One search for each alternative: `re` is several times faster when each has a beginning of its own."""
    finders: list[Callable[[str], object]] = []
    flags, pattern = (re.IGNORECASE, pattern[4:]) if pattern.startswith("(?i)") else (re.NOFLAG, pattern)
    for part in _alternatives(pattern):
        try:
            compiled: Any = re.compile(part, re.MULTILINE | flags)
        except re.error:  # A few of Linguist's patterns need what only this package has.
            compiled = regex.compile(part, regex.MULTILINE | flags)
        finders.append(compiled.match if part.startswith("\\A") else compiled.search)
    return tuple(finders)


def _alternatives(pattern: str) -> list[str]:
    """The parts between the bars that are in no group; a pattern with flags of its own stays whole."""
    if pattern.startswith("(?") and pattern[2] not in ":=!<":
        return [pattern]
    parts, depth, in_class, start = [], 0, False, 0
    for token in _TOKEN.finditer(pattern):
        mark = token.group()
        in_class = mark.startswith("[") or (in_class and mark != "]")
        if not in_class:
            depth += {"(": 1, ")": -1}.get(mark, 0)
            if mark == "|" and depth == 0:
                parts.append(pattern[start : token.start()])
                start = token.end()
    return [*parts, pattern[start:]]


def kind_of(language: str) -> str:
    """code, data, text, notebook or excluded; unknown for a name that is not among NAMES."""
    facts = _LANGUAGES.get(language)
    return "unknown" if facts is None else str(facts["kind"])


def is_vendored(path: str) -> bool:
    """Whether the path is one where copies of other projects lie (Linguist's list)."""
    return _vendor_pattern().search(path) is not None


@cache
def _vendor_pattern() -> Any:
    """One pattern for all: those that begin at a folder, and the others without their leading wildcard."""
    folders = [pattern[5:] for pattern in _FACTS["vendor"] if pattern.startswith("(^|/)")]
    others = [_WILDCARD.sub("", pattern) for pattern in _FACTS["vendor"] if not pattern.startswith("(^|/)")]
    return re.compile(f"(?:^|/)(?:{'|'.join(folders)})|{'|'.join(others)}")


def detect(path: str, text: str) -> Detected:
    """The language of the file at `path`: only its name, the beginning of its text and the last lines are looked at."""
    name = path.rsplit("/", 1)[-1]
    content = _Text(text)
    extension, languages = _by_extension(name)
    found = _by_modeline(text)
    if found and not (found in _QUOTED_MODES and extension and found not in languages):
        return _known(found, "modeline")
    interpreters = _by_shebang(text) if text[:3].lstrip("\ufeff").startswith("#!") else ()
    if found := _by_filename(name, content, exact=bool(interpreters)):
        return _known(found, "filename")
    if interpreters:
        both = [language for language in interpreters if language in languages]
        if not both and not ALSO_RUN.get(interpreters[0], frozenset()).isdisjoint(languages) and extension:
            return _among(extension, languages, content)
        return _known((both or interpreters)[0], "shebang")
    # Most names end in their extension and can be spared the question.
    odd = not extension or not name.endswith(extension) or extension in _LOOKED_THROUGH or names.may_prove(name)
    if odd and (found := _by_variant(name, content, extension)):
        return _known(found, "filename")
    if extension:
        return _among(extension, languages, content)
    return _without_extension(name, text)


def _known(language: str, by: str) -> Detected:
    return Detected(language, kind_of(language), by)


def _by_modeline(text: str) -> str | None:
    """The language that an editor's mode line names, in the first or last five lines."""
    for part in (text[:4000].split("\n", _MODELINES)[:_MODELINES], text[-2000:].split("\n")[-_MODELINES:]):
        for line in part:
            found = _EMACS.search(line) if "-*-" in line else None
            found = found or (_VIM.search(line) if "=" in line and ":" in line else None)
            if found and (alias := next(group for group in found.groups() if group).lower()) in _ALIASES:
                return _ALIASES[alias]
    return None


def _by_shebang(text: str) -> tuple[str, ...]:
    """The languages that the program of the first line runs; its folder and version do not count."""
    found = _SHEBANG.match(text)
    if not found:
        return ()
    program, arguments = found.group(1).rsplit("/", 1)[-1], found.group(2).split()
    if program == "env":
        arguments = [word for word in arguments if not word.startswith("-") and "=" not in word]
        program = arguments[0].rsplit("/", 1)[-1] if arguments else ""
    if program in _SHELLS and (again := _EXEC.search(text[:2000])):  # A script that hands itself to another program.
        return _run_by(again.group(1)) or _run_by(program)
    return _run_by(program)


def _run_by(program: str) -> tuple[str, ...]:
    unversioned = re.sub(r"-?[\d.]+$", "", program)
    return _INTERPRETERS.get(program) or _INTERPRETERS.get(unversioned) or ()


def _by_filename(name: str, content: _Text, *, exact: bool) -> str | None:
    found = _FILENAMES.get(name)
    if not found and not exact:
        found = _LOWER_FILENAMES.get(name.lower())
    if found and len(found) > 1:
        return _by_rules(SHARED_NAMES[found], content)
    return found[0] if found else None


def _by_variant(name: str, content: _Text, extension: str | None) -> str | None:
    """The language of the file name that this one is a variant of; against an extension only with proof."""
    opposed = extension is not None and extension.lower() not in NEEDS_PROOF
    for base, certain in names.bases(name):
        found = _by_filename(base, content, exact=False)
        if found is None and base.lower() in _PLAIN_NAMES:
            found = "text"
        proof = names.PROOFS.get(found or "")
        if found and (certain or not opposed or (proof and content.has(proof))):
            return found
    return None


def _by_extension(name: str) -> tuple[str | None, tuple[str, ...]]:
    """The longest extension that is known, as written or else in lower case, and its languages."""
    parts = name[-200:].split(".")[-_SEGMENTS:] if "." in name else []
    for start in range(0 if len(parts) == _SEGMENTS else 1, len(parts)):
        extension = "." + ".".join(parts[start:])
        if extension.lower() in _LOOKED_THROUGH and (inner := _by_extension(name[: -len(extension)]))[0]:
            return inner
        if extension in _EXTENSIONS:
            return extension, _EXTENSIONS[extension]
        if extension.lower() in _LOWER_EXTENSIONS:
            return extension.lower(), _LOWER_EXTENSIONS[extension.lower()]
    if shorter := names.without_ending(name[-200:]):
        return _by_extension(shorter)
    return (".1in", _EXTENSIONS[".1in"]) if _MANUAL.search(name[-200:]) else (None, ())


def _without_extension(name: str, text: str) -> Detected:
    start = text[:500].lstrip("\ufeff \t\r\n")
    if start.startswith("<?xml"):
        return _known("xml", "content")
    if start.startswith("<?php"):
        return _known("php", "content")
    return _known("text", "filename") if name.lower() in _PLAIN_NAMES else _UNKNOWN


def _among(extension: str, languages: tuple[str, ...], content: _Text) -> Detected:
    """One of the languages that share an extension: own rules, Linguist's rules, more own rules, clues, default."""
    key = extension.lower()
    first = _FIRST.get(extension) or _FIRST.get(key, ())
    if len(languages) == 1 and not first and key not in _HEURISTICS:
        return _known(languages[0], "extension")
    found = (
        _by_rules(first, content) or _by_heuristics(key, languages, content) or _by_rules(_THEN.get(key, ()), content)
    )
    if not found and key in CLUED:
        found = _by_clues(languages, content)
    if found:
        return _known(found, "content")
    if key in NEEDS_PROOF:
        return _UNKNOWN
    return _known(_default(key, languages), "extension" if len(languages) == 1 else "default")


def _by_rules(rules: tuple[Rule, ...], content: _Text) -> str | None:
    for language, pattern, *unwanted in rules:
        if content.has(pattern) and not any(content.has(other) for other in unwanted):
            return language
    return None


def _by_heuristics(extension: str, languages: tuple[str, ...], content: _Text) -> str | None:
    for rule in () if extension in OWN_RULES_ONLY else _HEURISTICS.get(extension, ()):
        if not rule["all"] and not rule["none"]:  # Linguist's default: the own rules go before it.
            continue
        if any(content.has(pattern) for pattern in rule["none"]):
            continue
        if all(any(content.has(pattern) for pattern in patterns) for patterns in rule["all"]):
            return next((name for name in rule["languages"] if name in languages), str(rule["languages"][0]))
    return None


def _by_clues(languages: tuple[str, ...], content: _Text) -> str | None:
    scores = {name: sum(content.has(pattern) for pattern in CLUES.get(name, ())) for name in languages}
    best = max(languages, key=lambda name: scores[name])
    return best if scores[best] else None


@cache
def _default(extension: str, languages: tuple[str, ...]) -> str:
    """The own default, else that of Linguist's rules, else whose first extension it is, popular ones before others."""
    if DEFAULTS.get(extension) in languages:
        return DEFAULTS[extension]
    for rule in _HEURISTICS.get(extension, ()):
        if not rule["all"] and not rule["none"] and rule["languages"][0] in languages:
            return str(rule["languages"][0])
    primary = [name for name in languages if _LANGUAGES[name]["extensions"][0].lower() == extension]
    popular = [name for name in primary or languages if name in _FACTS["popular"]]
    return (popular or primary or list(languages))[0]


def _index(key: str, *, fold: bool = False) -> dict[str, tuple[str, ...]]:
    table: dict[str, list[str]] = {}
    for name, facts in _LANGUAGES.items():
        for item in facts[key]:
            listed = table.setdefault(item.lower() if fold else item, [])
            if name not in listed:
                listed.append(name)
    return {item: tuple(names) for item, names in table.items()}


def _spread(rules: Mapping[str, tuple[Rule, ...]]) -> dict[str, tuple[Rule, ...]]:
    """One entry for each extension; an extension may be in two groups, whose rules then follow each other."""
    table: dict[str, tuple[Rule, ...]] = {}
    for group, listed in rules.items():
        for extension in group.split():
            table[extension] = table.get(extension, ()) + listed
    return table


_LOOKED_THROUGH: Final = frozenset((".in", ".dist", ".backup"))
_FILENAMES: Final = _index("filenames")
# In any case, but for names such as BUILD and ROOT: in lower case these are other files.
_LOWER_FILENAMES: Final = {
    name.lower(): languages for name, languages in _FILENAMES.items() if "." in name or not name.isupper()
}
_INTERPRETERS: Final = {
    **{program: (language,) for language, programs in RUN_BY.items() for program in programs.split()},
    **_index("interpreters"),
}
_EXTENSIONS: Final = _index("extensions")
_LOWER_EXTENSIONS: Final = _index("extensions", fold=True)
_ALIASES: Final = {alias.replace(" ", "-"): names[0] for alias, names in _index("aliases", fold=True).items()}
_FIRST: Final = _spread(FIRST)
_THEN: Final = _spread(THEN)
