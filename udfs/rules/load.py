"""Thresholds as data: which values of which signals drop a file, by set (udfs/data/rules.toml).

    book = load_rules()                                  # or load_rules("my_rules.toml"): only what it names changes
    book.evaluate(book.set_for("code", "go", "en"), values, clean_id)

`evaluate` is the plain reference of what the filter does relationally. A missing value is never a pass: it hits no
rule here, and `required` names the signals whose failure the filter must take as a reason of its own.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from udfs.rules.book import OPERATORS, Rule, RuleBook, draw_of
from udfs.rules.learned import LEARNED, LearnedSignal
from udfs.signals import PathSignal, Signal, all_signals, path_signals

__all__ = ["OPERATORS", "Rule", "RuleBook", "draw_of", "load_rules", "registered"]

DEFAULT_FILE = "udfs/data/rules.toml"
SEVERITIES = ("drop", "flag")
_SET_KEYS = ("base", "fresh", "source", "about", "rules")
_RULE_KEYS = (*OPERATORS, "severity", "source", "why", "chance")
BUILT_IN = {"default": "rules.toml", "compat": "rules_compat.toml", "learned": "rules_learned.toml"}


def registered() -> dict[str, Signal | PathSignal | LearnedSignal]:
    """Every signal a rule may name, by name, in the order of their numbers."""
    every: list[Signal | PathSignal | LearnedSignal] = [*all_signals(), *path_signals(), *LEARNED]
    return {each.name: each for each in sorted(every, key=lambda s: s.number)}


def load_rules(override: Path | str | None = None) -> RuleBook:
    """The built-in rules, with those of a TOML file of the same form laid over them; "compat" and "learned" are built
    in as well.
    """
    sets = _read(_packaged(BUILT_IN["default"]), DEFAULT_FILE, {})
    if override in BUILT_IN and override != "default":
        sets = _read(_packaged(BUILT_IN[str(override)]), f"udfs/data/{BUILT_IN[str(override)]}", sets)
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
        return path.read_text(encoding="utf-8-sig")  # editors of Windows write a mark
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
