"""A rule, and the book of all rules: the plain reference of what the filter does relationally."""

from __future__ import annotations

import hashlib
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any

OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    ">": operator.gt,
    "==": operator.eq,
    "is": operator.eq,
}


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
        for signal, low, high, equal, rules in self._bounds[set_name]:
            value = values.get(signal)
            if value is None or (low <= value <= high and value != equal):
                continue
            for rule in rules:
                applies = rule.chance == 1 or clean_id is None or draw_of(clean_id, signal) < rule.chance
                if applies and OPERATORS[rule.op](value, rule.threshold):
                    hits.append((signal, rule.op, rule.threshold, value))
        return hits

    @cached_property
    def _bounds(self) -> dict[str, tuple[tuple[str, float, float, float | None, tuple[Rule, ...]], ...]]:
        """By set (signal, low, high, equal, rules): a value from low to high that is not `equal` hits none of them."""
        found = {}
        for name, rules in self.sets.items():
            by_signal = {signal: tuple(some) for signal, some in groupby(rules, key=lambda rule: rule.signal)}
            found[name] = tuple((signal, *_bounds_of(some), some) for signal, some in by_signal.items())
        return found

    def required(self, set_name: str) -> set[str]:
        """Signals that the set's drop rules read."""
        return {rule.signal for rule in self.sets[set_name] if rule.severity == "drop"}

    def count(self) -> int:
        """Distinct (signal, comparison, threshold) of all sets."""
        return len({(rule.signal, rule.op, rule.threshold) for rules in self.sets.values() for rule in rules})


def _bounds_of(rules: tuple[Rule, ...]) -> tuple[float, float, float | None]:
    low = max((rule.threshold for rule in rules if rule.op == "<"), default=-math.inf)
    high = min((rule.threshold for rule in rules if rule.op == ">"), default=math.inf)
    equal = next((rule.threshold for rule in rules if rule.op in ("==", "is")), None)
    return low, high, equal


def draw_of(clean_id: str, signal: str) -> float:
    """A number in [0, 1) that is the same for a text and a rule on every machine and in every run."""
    return int(hashlib.sha256(f"rule:{signal}:{clean_id}".encode()).hexdigest()[:13], 16) / 16**13
