"""Histograms of the signals that drop most, each over the texts that the rule judges; the limit is an edge of a bin."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.code.filter_decisions import rule_book, rule_set
from jobs.code.parameters import Filter
from jobs.code.signals import SIGNALS
from jobs.report_pictures import Picture
from jobs.runtime.accounting import StageResult
from jobs.runtime.runner import Run
from schemas.pictures import Bin, histogram
from udfs.rules.book import Rule, RuleBook
from udfs.rules.sentences import is_share, label, number

SHOWN = 6
_MOST = 40
"""Bins at the most; what lies beyond is in the last one."""


@dataclass(frozen=True)
class Judged:
    """A rule with the sets that have it at its most usual limit; the bins of its signal lie about that limit."""

    rule: Rule
    sets: tuple[str, ...]

    @property
    def share(self) -> bool:
        return is_share(f"{self.rule.signal} {self.rule.op}")

    def edge(self, n: int) -> float:
        """Left edge of bin n; bin 0 begins at the limit. Shares go in equal steps, numbers in doublings."""
        limit = float(self.rule.threshold)
        return limit + n * self.step if self.share else limit * 2.0**n

    def bin(self) -> Column:
        """Number of the bin of the rule's signal; a value of a `>` rule that is the limit is below it."""
        value, limit = F.col(self.rule.signal).cast("double"), float(self.rule.threshold)
        if self.share:
            at = (value - limit) / self.step
        else:
            at = F.log2(F.greatest(value, F.lit(limit / 2.0**_MOST)) / limit)
        above = self.rule.op == ">"
        at = F.ceil(at) - 1 if above else F.floor(at)
        # What rounds to the limit belongs where the comparison says.
        right = value > limit if above else value >= limit
        return F.when(right, F.greatest(at, F.lit(0))).otherwise(F.least(at, F.lit(-1))).cast("int")

    @property
    def step(self) -> float:
        limit = float(self.rule.threshold)
        parts = 10 if limit <= 0.4 else 20
        return limit / parts


def histograms(run: Run, results: list[StageResult], signals: DataFrame | None) -> list[Picture]:
    """Of the rules that dropped most files, in one aggregate over `signals`, the texts measured."""
    decided = next((r for r in results if r.stage == "filter_decisions"), None)
    if decided is None or signals is None:
        return []
    book = rule_book(run.setting(Filter))
    chosen = top_rules(decided.reasons, book)
    if not chosen:
        return []
    own = rule_set(book)
    needed = sorted({j.rule.signal for j in chosen})
    rows = signals.where("failure is null").select(own.alias("rule_set"), *needed)
    cells = [F.when(F.col("rule_set").isin(list(j.sets)) & F.col(j.rule.signal).isNotNull(), j.bin()) for j in chosen]
    counted = rows.select(F.posexplode(F.array(*cells)).alias("rule", "bin")).where("bin is not null")
    found: dict[int, dict[int, int]] = defaultdict(dict)
    for r in counted.groupBy("rule", "bin").count().collect():
        found[r["rule"]][r["bin"]] = r["count"]
    return [_picture(j, found[n]) for n, j in enumerate(chosen) if found[n]]


def top_rules(reasons: dict[str, int], book: RuleBook) -> list[Judged]:
    """The rules on measured numbers that dropped most, one a signal; a rule of several limits at its most usual one."""
    stored = set(SIGNALS.names)
    sets: dict[str, dict[float, list[str]]] = defaultdict(lambda: defaultdict(list))
    rules: dict[tuple[str, float], Rule] = {}
    for name, every in book.sets.items():
        for rule in every:
            limit = float(rule.threshold)
            if rule.op in ("<", ">") and rule.severity == "drop" and rule.signal in stored and 0 < limit < math.inf:
                sets[f"{rule.signal} {rule.op}"][limit].append(name)
                rules[f"{rule.signal} {rule.op}", limit] = rule
    found: dict[str, Judged] = {}
    for reason, _ in sorted(reasons.items(), key=lambda item: (-item[1], item[0])):
        if reason in sets:
            limit, having = max(sets[reason].items(), key=lambda item: (len(item[1]), -item[0]))
            rule = rules[reason, limit]
            found.setdefault(rule.signal, Judged(rule, tuple(sorted(having))))
    return list(found.values())[:SHOWN]


def _picture(judged: Judged, counts: dict[int, int]) -> Picture:
    rule = judged.rule
    numbers = range(*_span(judged, counts))
    bins = [Bin(_written(judged, judged.edge(n)), 0, (n >= 0) == (rule.op == ">")) for n in numbers]
    totals = [0] * len(bins)
    for n, count in counts.items():
        totals[min(max(n - numbers.start, 0), len(bins) - 1)] += count
    bins = [Bin(b.start, total, b.beyond) for b, total in zip(bins, totals, strict=True)]
    if min(counts) < numbers.start and not judged.share:
        bins[0] = Bin("0", bins[0].count, bins[0].beyond)
    beyond = sum(b.count for b in bins if b.beyond)
    every = sum(totals)
    reason = label(f"{rule.signal} {rule.op}")
    side = "above" if rule.op == ">" else "below"
    limit = _written(judged, float(rule.threshold))
    say = f"{reason[0].upper()}{reason[1:]}: {beyond:,} of {every:,} texts lie {side} the limit of {limit}."
    words = f"limit {limit}, dropped {side} it"
    svg = histogram(bins, [(-numbers.start, words)], "texts", f"{say} Signal {rule.signal}.")
    return Picture(say, svg)


def _span(judged: Judged, counts: dict[int, int]) -> tuple[int, int]:
    """First bin and the one after the last: both sides of the limit, from 0 to the largest value or the most bins."""
    limit, last = float(judged.rule.threshold), max(counts)
    if judged.share:
        low, high = -round(limit / judged.step), min(round((1 - limit) / judged.step), last + 1)
    else:
        low, high = max(min(counts), -1 - math.floor(math.log2(max(limit, 1)))), last + 1
    low = min(low, -1)
    return low, max(min(high, low + _MOST), 1)


def _written(judged: Judged, value: float) -> str:
    if judged.share:
        return f"{number(round(100 * value, 2))} %"
    return number(value if value >= 10 or value == int(value) else round(value, 1))
