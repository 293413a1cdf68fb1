"""Why a file is dropped, in words: "29 words, fewer than 30", "too few words".

A reason is stored as a rule (a signal and a comparison, or the word of a stage), a value, a limit and a detail. The
words are data/reason_words.json; what it does not know is said by its name.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

from udfs.signals import AUTHORS

_OPERATORS = ("<", ">", "==", "is")


def sentence(rule: str, value: float | None = None, threshold: float | None = None) -> str:
    """Of one file: its value beside the limit."""
    words, op, by = _words(rule)
    if value is None or op not in _OPERATORS:
        return label(rule) + _similarity(rule, value, threshold)
    if op == "is":
        return (words.get("true" if value else "false") or f"{rule.split()[0]} is {bool(value)}".lower()) + by
    text = "share" in words
    said = (
        f"{number(100 * value, value != 0)} % of the {words['share'][0]} {words['share'][1]}" if text else number(value)
    )
    limit = "" if threshold is None else f"{number(100 * threshold)} %" if text else number(threshold)
    if "count" in words:
        said += f" {_counted(words['count'], value)}"
    elif "mean" in words:
        said += f" {words['mean']} on average"
    elif not text:
        said = f"{rule.split()[0]} is {said}"
    # What rounds to the limit is told to more places.
    if limit and threshold is not None and value != threshold and said.split()[0] == limit.split()[0]:
        said = said.replace(said.split()[0], f"{100 * value if text else value:.10g}", 1)
    if limit:
        said += ", which is refused" if op == "==" else f", {_compared(op, 'count' in words)} {limit}"
    return said + by


def label(rule: str) -> str:
    """Of a rule, whatever the value: for tables that count files."""
    words, op, by = _words(rule)
    if not op:
        return str(_data()["reasons"].get(rule) or rule.replace("_", " "))
    if op == "is":
        known = [str(words[key]) for key in ("true", "false") if key in words]
        return (known[0] if len(known) == 1 else rule.split()[0]) + by
    much, less = ("too many", "too few") if "count" in words or "share" in words else ("too much of", "too little of")
    how = {">": much, "<": less, "==": "exactly so many"}[op]
    if "share" in words:
        return f"{how} {words['share'][0]} that {words['share'][1]}{by}"
    if "mean" in words:
        return f"{'too many' if op == '>' else 'too few'} {words['mean']}{by}"
    return f"{how} {words.get('count', rule.split()[0])}{by}"


def is_share(rule: str) -> bool:
    """Whether the rule compares a share, which is told in per cent."""
    return "share" in _words(rule)[0]


def number(value: float, exact: bool = False) -> str:
    """As a reader writes it: 5,230, 0.95, 12.3; `exact`: what is not nothing is not shown as 0."""
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    shown = f"{value:,.1f}" if abs(value) >= 10 else f"{value:.3g}"
    return shown.removesuffix(".0") if not exact or float(shown.replace(",", "")) else f"{value:.3g}"


def _compared(op: str, counted: bool) -> str:
    return "more than" if op == ">" else "fewer than" if counted else "less than"


def _counted(plural: str, value: float) -> str:
    """The words for one are those for many, less the s of the first."""
    first, space, rest = plural.partition(" ")
    return plural if value != 1 else first.removesuffix("s") + space + rest


def _similarity(rule: str, value: float | None, threshold: float | None) -> str:
    if value is None or threshold is None:
        return ""
    if rule == "sampled_out":
        return f", drawn {number(value)}, kept below {number(threshold)}"
    compared = {"text_not_recalled": "score", "benchmark_copy": "share"}.get(rule, "similarity")
    return f", {compared} {number(value)}, at least {number(threshold)}"


def _words(rule: str) -> tuple[dict[str, Any], str, str]:
    """(words, comparison, a remark) of a rule; no comparison where it is the word of a stage."""
    name, _, op = rule.rpartition(" ")
    if op not in _OPERATORS or not name:
        return {}, "", ""
    plain = name.removesuffix(AUTHORS)
    known = _data()["signals"]
    end = plain.split("_", 2)[-1]
    return known.get(plain) or known.get(end) or {}, op, " (as the authors count)" if plain != name else ""


@cache
def _data() -> dict[str, Any]:
    file = resources.files("udfs").joinpath("data/reason_words.json")
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found
