"""Views: which rows of a table of made conversations go into training, as conditions on their scores.

Named ones are data (udfs/data/views.toml); another is said in place, as in `judge >= 4, average_test_score >= 0.5`.
"""

from __future__ import annotations

import operator
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from schemas.identity import data_bytes

ALL = "all"
OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "=": operator.eq,
}
_CONDITION = re.compile(r"\s*([a-z]\w*)\s*(>=|<=|>|<|=)\s*(-?\d+(?:\.\d+)?)\s*")
_SHARE = re.compile(r"\s*share\s*=\s*(0?\.\d+|1(?:\.0+)?)\s*")


@dataclass(frozen=True)
class Condition:
    """A score of a row against a number; a row without the score is not taken."""

    score: str
    op: str
    number: float

    def __str__(self) -> str:
        return f"{self.score} {self.op} {self.number:g}"


@dataclass(frozen=True)
class View:
    """All `conditions` hold; of what is left a `share` is drawn by a hash of the row."""

    name: str
    conditions: tuple[Condition, ...] = ()
    share: float = 1.0
    why: str = ""

    def takes(self, scores: Mapping[str, float]) -> bool:
        """Whether a row with these scores fulfils the conditions, the draw aside."""
        return all(c.score in scores and OPERATORS[c.op](scores[c.score], c.number) for c in self.conditions)


@cache
def named(table: str) -> Mapping[str, View]:
    """The named views of a table, in their order."""
    said = tomllib.loads(data_bytes("views.toml").decode()).get(table, {})
    return {
        name: View(name, tuple(map(_condition, one["where"])), float(one.get("share", 1.0)), one["why"])
        for name, one in said.items()
    }


def tables() -> tuple[str, ...]:
    """Tables that have views."""
    return tuple(tomllib.loads(data_bytes("views.toml").decode()))


def view(table: str, text: str) -> View:
    """A view by its name, or by conditions with commas between. Raises ValueError."""
    if table not in tables():
        raise ValueError(f"recipes.views: expected tables out of {', '.join(tables())}, found {table}; correct it")
    known = named(table)
    if text in known:
        return known[text]
    parts = text.split(",")
    shares = [match for part in parts if (match := _SHARE.fullmatch(part))]
    conditions = [_CONDITION.fullmatch(part) for part in parts if not _SHARE.fullmatch(part)]
    if len(shares) > 1 or not all(m and m[1] != "share" for m in conditions):
        raise ValueError(
            f"recipes.views: expected for {table} one of {', '.join(known)}, or conditions as in "
            f'"judge >= 4, share = 0.1", found {text!r}; correct it'
        )
    found = tuple(Condition(m[1], m[2], float(m[3])) for m in conditions if m)
    share = float(shares[0][1]) if shares else 1.0
    return View(text, found, share)


def _condition(text: str) -> Condition:
    match = _CONDITION.fullmatch(text)
    if match is None:
        raise ValueError(f"views.toml: expected SCORE OPERATOR NUMBER, found {text!r}; correct the file")
    return Condition(match[1], match[2], float(match[3]))
