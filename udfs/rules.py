"""Thresholds as data: which values of which signals drop a file, by set (udfs/data/rules.toml).

    book = load_rules()                                  # or load_rules("my_rules.toml"): only what it names changes
    book.evaluate(book.set_for("code", "go", "en"), values, clean_id)
    python -m udfs.rules --write-docs                    # docs/rules.md from the registry and the rules

`evaluate` is the plain reference of what the filter does relationally. A missing value is never a pass: it hits no
rule here, and `required` names the signals whose failure the filter must take as a reason of its own.
"""

from __future__ import annotations

import argparse
import difflib
import hashlib
import operator
import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from udfs.signals import PathSignal, Signal, all_signals, path_signals

DEFAULT_FILE = "udfs/data/rules.toml"
OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    ">": operator.gt,
    "==": operator.eq,
    "is": operator.eq,
}
SEVERITIES = ("drop", "flag")
_SET_KEYS = ("base", "fresh", "source", "about", "rules")
_RULE_KEYS = (*OPERATORS, "severity", "source", "why", "chance")
BUILT_IN = {"default": "rules.toml", "compat": "rules_compat.toml"}


@dataclass(frozen=True)
class Rule:
    """A file is hit if `value op threshold`; severity "drop" removes it, "flag" only says so. With a `chance` below 1
    that share of the texts is hit, see `draw_of`.
    """

    signal: str
    op: str
    threshold: float | bool
    severity: str
    source: str
    why: str
    chance: float = 1.0


@dataclass(frozen=True)
class RuleBook:
    """Rules by set, inheritance resolved, in the order of the signals' numbers."""

    sets: dict[str, tuple[Rule, ...]]

    def set_for(self, kind: str, language: str, natural_language: str) -> str:
        """The set of a file: documents by natural language, code and data by language, else by kind."""
        if kind == "text":
            return "text/zh" if natural_language == "zh" else "text/en"
        if kind == "notebook":
            return "notebook"
        if kind not in ("code", "data"):
            raise ValueError(f"rules: expected a kind of code, data, notebook, text, found {kind!r}")
        if language in self.sets and language not in ("others", "data", "notebook"):
            return language
        return "data" if kind == "data" else "others"

    def evaluate(
        self, set_name: str, values: Mapping[str, float | bool | None], clean_id: str | None = None
    ) -> list[tuple[str, str, float | bool, float | bool]]:
        """Every rule of the set that the values hit, as (signal, op, threshold, value). None hits nothing. Without a
        `clean_id` a rule with a chance always applies.
        """
        hits = []
        for rule in self.sets[set_name]:
            value = values.get(rule.signal)
            applies = rule.chance == 1 or clean_id is None or draw_of(clean_id, rule.signal) < rule.chance
            if applies and value is not None and OPERATORS[rule.op](value, rule.threshold):
                hits.append((rule.signal, rule.op, rule.threshold, value))
        return hits

    def required(self, set_name: str) -> set[str]:
        """Signals that the set's drop rules read."""
        return {rule.signal for rule in self.sets[set_name] if rule.severity == "drop"}

    def count(self) -> int:
        """Distinct (signal, comparison, threshold) of all sets."""
        return len({(rule.signal, rule.op, rule.threshold) for rules in self.sets.values() for rule in rules})


def draw_of(clean_id: str, signal: str) -> float:
    """A number in [0, 1) that is the same for a text and a rule on every machine and in every run."""
    return int(hashlib.sha256(f"rule:{signal}:{clean_id}".encode()).hexdigest()[:13], 16) / 16**13


def registered() -> dict[str, Signal | PathSignal]:
    """Every signal a rule may name, by name, in the order of their numbers."""
    every: list[Signal | PathSignal] = [*all_signals(), *path_signals()]
    return {each.name: each for each in sorted(every, key=lambda s: s.number)}


def load_rules(override: Path | str | None = None) -> RuleBook:
    """The built-in rules, with those of a TOML file of the same form laid over them; "compat" is built in as well."""
    sets = _read(_packaged(BUILT_IN["default"]), DEFAULT_FILE, {})
    if override == "compat":
        sets = _read(_packaged(BUILT_IN["compat"]), "udfs/data/rules_compat.toml", sets)
    elif override is not None and override != "default":
        sets = _read(_text_of(Path(override)), str(override), sets)
    known, book = registered(), {}
    for name in sets:
        rules = [rule for found in _inherited(name, sets).values() for rule in found]
        book[name] = tuple(sorted(rules, key=lambda rule: (known[rule.signal].number, rule.op)))
    return RuleBook(book)


def _packaged(name: str) -> str:
    return resources.files("udfs").joinpath("data", name).read_text(encoding="utf-8")


@dataclass
class _Set:
    base: str | None
    rules: dict[str, tuple[Rule, ...]]  # by signal; empty where the inherited rule is off


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: expected a readable TOML file of rules, found {error}") from error


def _read(text: str, file: str, under: dict[str, _Set]) -> dict[str, _Set]:
    """Check one file and lay it over the sets below it."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{file}: expected TOML, found {error}") from error
    _known(data, ("sets",), file, "table")
    sets = dict(under)
    for name, table in _table(data.get("sets", {}), f"{file}: sets").items():
        where = f"{file}: set {name!r}"
        _known(_table(table, where), _SET_KEYS, where, "key")
        if under:
            _known([name], tuple(under), file, "set")
        below = under.get(name)
        rules = dict(below.rules) if below and not _flag(table.get("fresh", False), where) else {}
        source = table.get("source") or (f"override {Path(file).name}" if under else "RefineCode 3.2")
        for signal, entry in _table(table.get("rules", {}), where).items():
            rules[signal] = _rules_of(signal, entry, f"{where}, rule {signal!r}", source)
        sets[name] = _Set(table.get("base", below.base if below else None), rules)
    for name, each in sets.items():
        if each.base is not None:
            _known([each.base], tuple(sets), f"{file}: set {name!r}", "base")
    return sets


def _rules_of(signal: str, entry: Any, where: str, source: str) -> tuple[Rule, ...]:
    known = registered()
    _known([signal], tuple(known), where, "signal")
    if entry == "off":
        return ()
    if not isinstance(entry, dict):
        raise ValueError(f'{where}: expected "off" or a table like {{ ">" = 0.2 }}, found {entry!r}')
    _known(entry, _RULE_KEYS, where, "key")
    kind, severity = known[signal].type, entry.get("severity", "drop")
    _known([severity], SEVERITIES, where, "severity")
    compared = [op for op in OPERATORS if op in entry]
    if not compared:
        raise ValueError(f"{where}: expected one of {', '.join(OPERATORS)}, found {', '.join(entry) or 'nothing'}")
    allowed = ("is",) if kind == "bool" else ("<", ">", "==")
    for op in compared:
        _known([op], allowed, where, f"comparison for type {kind}")
        if isinstance(entry[op], bool) != (op == "is") or not isinstance(entry[op], (bool, int, float)):
            expected = "true or false" if op == "is" else "a number"
            raise ValueError(f"{where}: expected {expected} after {op!r}, found {entry[op]!r}")
    about = (severity, entry.get("source", source), entry.get("why", ""), _chance(entry.get("chance", 1.0), where))
    return tuple(Rule(signal, op, entry[op], *about) for op in compared)


def _flag(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{where}: expected true or false after 'fresh', found {value!r}")
    return value


def _chance(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= 1:
        raise ValueError(f"{where}: expected a chance above 0 and at most 1, found {value!r}")
    return float(value)


def _table(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{where}: expected a table, found {value!r}")
    return value


def _known(names: Iterable[Any], allowed: tuple[str, ...], where: str, what: str) -> None:
    """Refuse a name that is not allowed, and say which one is nearest."""
    for name in names:
        if name not in allowed:
            near = difflib.get_close_matches(str(name), allowed, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"choose from {', '.join(allowed[:12])}"
            raise ValueError(f"{where}: expected a known {what}, found {name!r}; {hint}")


def _inherited(name: str, sets: dict[str, _Set]) -> dict[str, tuple[Rule, ...]]:
    """Rules by signal from the root of the chain down to `name`."""
    chain: list[str] = []
    at: str | None = name
    while at is not None:
        if at in chain:
            raise ValueError(f"rules: set {name!r}: expected a chain of bases that ends, found {' -> '.join(chain)}")
        chain.append(at)
        at = sets[at].base
    found: dict[str, tuple[Rule, ...]] = {}
    for each in reversed(chain):
        found.update(sets[each].rules)
    return found


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m udfs.rules", description="Print or write docs/rules.md.")
    parser.add_argument("--write-docs", action="store_true", help="write docs/rules.md instead of printing it")
    chosen = parser.parse_args(arguments)
    from udfs.rules_page import DOCS, page  # here, since that module needs this one

    if chosen.write_docs:
        DOCS.write_text(page(load_rules()), encoding="utf-8")
    else:
        sys.stdout.write(page(load_rules()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
