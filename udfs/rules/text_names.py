"""Which text files of a repository are about code by their names alone: rules as data, the first that fits holds.

The rules are data/text_names.toml. A name is a fact of an occurrence and never of a text: the same licence may lie in a
file that is called README. The regular expressions keep to what Python and Java read alike, for Spark applies them too.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any

from schemas.identity import data_bytes

DEFAULT = "default"
_FILE = "text_names.toml"
_PARTS = ("names", "folders", "endings")
_KEYS = {"why", "recall", "decides", *_PARTS}
# Of a glob: what stands for itself in a regular expression, a class of characters, or a wildcard.
_PIECE = re.compile(r"\[[^\]/^]+\]\??|\*|\?|[^*?\[]+|\[")


@dataclass(frozen=True)
class NameRule:
    """One rule: `why` its word, `recall` whether a file that fits is about code, `decides` whether that is the last
    word or a hint. What it states must all fit; of each list one glob, in lower case.
    """

    why: str
    recall: bool
    decides: bool = True
    names: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    endings: tuple[str, ...] = ()

    @cached_property
    def pattern(self) -> str:
        """A regular expression that is found in the lower-case path of a file that fits, of Python and of Java."""
        folder = f"(?:.*/)?(?:{_any(self.folders)})/(?:.*/)?" if self.folders else "(?:.*/)?"
        ending = f"(?=[^/]*(?:{_any(self.endings)})(?![\\s\\S]))" if self.endings else ""
        return f"(?s)^{folder}{ending}(?:{_any(self.names) if self.names else '[^/]+'})(?![\\s\\S])"


@dataclass(frozen=True)
class NameRules:
    """Rules in their order."""

    rules: tuple[NameRule, ...]
    _compiled: dict[str, re.Pattern[str]] = field(default_factory=dict, compare=False, repr=False)

    def of(self, path: str) -> NameRule | None:
        """The first rule that fits a path, `/` between its parts; None where none does."""
        lower = path.lower()
        return next((rule for rule in self.rules if self._regex(rule).search(lower)), None)

    def _regex(self, rule: NameRule) -> re.Pattern[str]:
        if rule.pattern not in self._compiled:
            self._compiled[rule.pattern] = re.compile(rule.pattern)
        return self._compiled[rule.pattern]

    @property
    def version(self) -> str:
        """Moves with every rule and its place."""
        return hashlib.sha256(repr(self.rules).encode()).hexdigest()[:16]


def _any(globs: Iterable[str]) -> str:
    return "|".join(map(_regex_of, globs))


def _regex_of(glob: str) -> str:
    """A glob as a regular expression: * and ? within a part of the path, [abc] a class, [abc]? one that may lack."""
    found = ""
    for piece in _PIECE.findall(glob):
        if piece == "*":
            found += "[^/]*"
        elif piece == "?":
            found += "[^/]"
        elif piece[0] == "[" and len(piece) > 1:
            optional = piece.endswith("?")
            inner = piece[1 : -2 if optional else -1]
            found += "[" + "".join(f"\\{c}" if c in "\\-]^&[" else c for c in inner) + "]" + "?" * optional
        else:
            found += re.escape(piece)
    return found


@lru_cache(8)
def load_names(source: str = DEFAULT) -> NameRules:
    """The rules that ship with the project; of a TOML file its own before them. Raises ValueError, naming the file, the
    rule and what is wrong with it.
    """
    default = _shipped()
    if source == DEFAULT:
        return default
    try:
        text = Path(source).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{source}: expected a readable TOML file of rules on names, found {error}") from error
    return NameRules(_rules(text, source) + default.rules)


@cache
def _shipped() -> NameRules:
    return NameRules(_rules(data_bytes(_FILE).decode(), _FILE))


def _rules(text: str, file: str) -> tuple[NameRule, ...]:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{file}: expected TOML, found {error}") from error
    tables = data.pop("rule", [])
    if data or not isinstance(tables, list):
        raise ValueError(f"{file}: expected [[rule]] tables alone, found {', '.join(data) or 'one [rule]'}")
    return tuple(_rule(table, f"{file}: rule {number}") for number, table in enumerate(tables, start=1))


def _rule(table: dict[str, Any], where: str) -> NameRule:
    if unknown := sorted(table.keys() - _KEYS):
        raise ValueError(f"{where}: expected the keys {', '.join(sorted(_KEYS))}, found {', '.join(unknown)}")
    why, recall, decides = table.get("why"), table.get("recall"), table.get("decides", True)
    if not isinstance(why, str) or not why:
        raise ValueError(f"{where}: expected why, a word, found {why!r}")
    if not isinstance(recall, bool) or not isinstance(decides, bool):
        raise ValueError(f"{where}: expected recall and decides to be true or false, found {recall!r} and {decides!r}")
    parts = {name: table.get(name, []) for name in _PARTS}
    for name, globs in parts.items():
        if not isinstance(globs, list) or not all(isinstance(g, str) and g and "/" not in g for g in globs):
            raise ValueError(f"{where}: expected {name} to be a list of globs without a slash, found {globs!r}")
    if not any(parts.values()):
        raise ValueError(f"{where}: expected names, folders or endings, found none: it would fit every file")
    return NameRule(why, recall, decides, **{name: tuple(g.lower() for g in globs) for name, globs in parts.items()})
