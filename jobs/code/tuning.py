"""What thresholds do to the files that the filter judges, from the stored signals alone (paper A.1).

Coarse: the distribution of a signal and what each candidate threshold would drop. Fine: the files that only this rule
drops. Then examples on both sides of the line, ordered by how surprising a language model finds them. Nothing here
writes; text is read for a few examples and for the sample that trains the n-gram model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.code.draws import draw
from jobs.code.filter_decisions import reasons, rows_to_filter
from jobs.code.signals import SIGNALS
from jobs.code.texts import with_text
from jobs.runtime.runner import Run
from schemas.code import CLEANED_TEXTS, CODE_CORPUS, CONTENTS, NEAR_DUPLICATES, RAW_FILES
from schemas.contract import Table
from schemas.quality import QUALITY_SCORES
from udfs.rules.load import Rule, RuleBook
from udfs.rules.perplexity import ByteNgrams, Model

PERCENTS = (0, 1, 5, 10, 25, 50, 75, 90, 95, 99, 100)
FILE = ("file_id", "path", "rule_set", "content_id", "clean_id", "language", "kind")
_MOST_CANDIDATES = 200  # files whose text is scored on each side of a line
_EXAMPLE_CHARS = 20_000
_TRAINING_CHARS = 8_000_000
_TRAINING_ROWS = 4_000


@dataclass(frozen=True)
class Distribution:
    """A signal over the files that the filter judges. Percentiles are approximate (1 in 10,000) for large tables."""

    files: int
    null: int
    percentiles: dict[int, float]
    bins: list[tuple[float, float, int]]  # (from, to, files) between the 1st and the 99th percentile


@dataclass(frozen=True)
class Effect:
    """What a rule with this threshold hits: files, and files that no other rule drops."""

    threshold: float
    hits: int
    alone: int


@dataclass(frozen=True)
class Example:
    """A file near the line, or one whose fate changes."""

    path: str
    rule_set: str
    value: float | None
    bits_per_byte: float | None
    text: str
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Judged:
    """Files with signals, rule set and the reasons of the rules in force, at the versions of one release."""

    run: Run
    versions: dict[str, int]
    rows: DataFrame

    def read(self, table: Table) -> DataFrame:
        return self.run.read(table, self.versions.get(table.name))


def judged(run: Run, versions: dict[str, int], book: RuleBook, only: str | None = None) -> Judged:
    """The files of a warehouse, or of one rule set, under a rule book. Nothing is computed yet."""
    tables = (NEAR_DUPLICATES, RAW_FILES, CLEANED_TEXTS, SIGNALS)
    near, raw, cleaned, signals = (run.read(t, versions.get(t.name)) for t in tables)
    quality = _scores(run, versions)
    rows = rows_to_filter(near, raw, cleaned, signals, quality, book).withColumn("reasons", reasons(book))
    return Judged(run, versions, rows.where(F.col("rule_set") == only) if only else rows)


def _scores(run: Run, versions: dict[str, int]) -> DataFrame:
    """Learned scores; none where the warehouse is of before."""
    if run.lake.version(QUALITY_SCORES.name) is None:
        return run.lake.spark.createDataFrame(QUALITY_SCORES.arrow_schema().empty_table())
    return run.read(QUALITY_SCORES, versions.get(QUALITY_SCORES.name))


def of_rule(rows: DataFrame, rule: Rule, book: RuleBook) -> DataFrame:
    """The rows whose set has this rule, with `value` and the `others` that drop them; a set with a threshold of its
    own has another rule. Where no set has it the rows are those with a value: a rule may be tried before it is written.
    """
    this = (rule.signal, rule.op, rule.threshold)
    own = [name for name, rules in book.sets.items() if any((r.signal, r.op, r.threshold) == this for r in rules)]
    judged_by_it = F.col("rule_set").isin(own) if own else F.col(rule.signal).isNotNull()
    mine = F.lit(f"{rule.signal} {rule.op}")
    others = F.filter("reasons", lambda r: r["rule"] != mine)
    value = F.col(rule.signal).cast("double").alias("value")
    return rows.where(judged_by_it).select(*FILE, value, others["rule"].alias("others"))


def beyond(rule: Rule, threshold: float) -> Column:
    """Whether the column `value` is where a rule of this comparison drops; a rule's chance is left out."""
    value, limit = F.col("value"), F.lit(float(threshold))
    return {"<": value < limit, ">": value > limit, "==": value == limit, "is": value == limit}[rule.op]


def distribution(rows: DataFrame, bins: int = 20) -> Distribution:
    """Of the column `value`."""
    shares = [p / 100 for p in PERCENTS]
    quantiles = F.percentile_approx("value", shares, 10_000).alias("at")
    found = rows.agg(F.count(F.lit(1)).alias("files"), F.count("value").alias("known"), quantiles).first()
    assert found is not None
    at = dict(zip(PERCENTS, found["at"] or (), strict=False))
    low, high = at.get(1, 0.0), at.get(99, 0.0)
    return Distribution(found["files"], found["files"] - found["known"], at, _bins(rows, low, high, bins))


def _bins(rows: DataFrame, low: float, high: float, bins: int) -> list[tuple[float, float, int]]:
    if not low < high:
        return []
    width = (high - low) / bins
    number = F.least(F.floor((F.col("value") - low) / width), F.lit(bins - 1)).alias("bin")
    counted = rows.where(F.col("value").between(low, high)).groupBy(number).count()
    files = {row["bin"]: row["count"] for row in counted.toLocalIterator()}
    return [(low + i * width, low + (i + 1) * width, files.get(i, 0)) for i in range(bins)]


def candidates(rule: Rule, found: Distribution, more: list[float]) -> list[float]:
    """Thresholds worth a look: the one in force, those asked for, and percentiles on the side that the rule cuts."""
    if rule.op in ("==", "is"):
        return sorted({float(rule.threshold), *more})
    percents = [p if rule.op == "<" else 100 - p for p in (1, 5, 10, 25)]
    near = [found.percentiles[p] for p in percents if p in found.percentiles]
    return sorted({float(rule.threshold), *more, *near})


def sweep(rows: DataFrame, rule: Rule, thresholds: list[float]) -> list[Effect]:
    """What each threshold hits, in one pass."""
    counts: list[Column] = []
    for i, threshold in enumerate(thresholds):
        hits = beyond(rule, threshold)
        counts.append(F.count_if(hits).alias(f"hits{i}"))
        counts.append(F.count_if(hits & (F.size("others") == 0)).alias(f"alone{i}"))
    row = rows.agg(*counts).first()
    assert row is not None
    return [Effect(t, row[f"hits{i}"], row[f"alone{i}"]) for i, t in enumerate(thresholds)]


def shared(rows: DataFrame, rule: Rule, threshold: float, most: int = 5) -> list[tuple[str, int]]:
    """The other rules that drop most of the files which this one drops."""
    others = rows.where(beyond(rule, threshold)).select(F.explode("others").alias("rule"))
    found = others.groupBy("rule").count().orderBy(F.desc("count"), "rule").limit(most)
    return [(row["rule"], row["count"]) for row in found.toLocalIterator()]


def overlap(rows: DataFrame) -> DataFrame:
    """(rule, other, files): files that both drop, each pair twice; a rule with itself is all that it drops."""
    each = rows.select("file_id", F.explode(F.col("reasons")["rule"]).alias("rule"))
    other = each.withColumnRenamed("rule", "other")
    return each.join(other, "file_id").groupBy("rule", "other").agg(F.count(F.lit(1)).alias("files"))


def examples(files: Judged, rows: DataFrame, rule: Rule, threshold: float, model: Model | None, most: int) -> Any:
    """(dropped, kept): files next to the line that no other rule drops, `most` on each side.

    The nearest are taken; of those, the ones that the model finds least and most surprising are shown.
    """
    alone = rows.where((F.size("others") == 0) & F.col("value").isNotNull())
    near = F.abs(F.col("value") - F.lit(float(threshold)))
    sides = []
    for side in (beyond(rule, threshold), ~beyond(rule, threshold)):
        nearest = alone.where(side).orderBy(near, "file_id").limit(_MOST_CANDIDATES if model else most)
        sides.append(extremes(scored(files, nearest, model), most))
    return tuple(sides)


def scored(files: Judged, rows: DataFrame, model: Model | None) -> list[Example]:
    """The rows (few) with the beginning of their text and its bits per byte."""
    texts = with_text(
        F.broadcast(rows.select(*FILE, "value", "others")), files.read(CONTENTS), files.read(CLEANED_TEXTS)
    )
    found = texts.select("path", "rule_set", "value", "others", F.substring("text", 1, _EXAMPLE_CHARS).alias("text"))
    every = [
        Example(
            row["path"],
            row["rule_set"],
            row["value"],
            model.bits_per_byte(row["text"]) if model else None,
            row["text"],
            tuple(row["others"]),
        )
        for row in found.toLocalIterator()
    ]
    return sorted(every, key=lambda e: (e.bits_per_byte or 0.0, e.path))


def extremes(every: list[Example], most: int) -> list[Example]:
    """The first and the last ones of a list in order."""
    return every if len(every) <= most else every[: most - most // 2] + every[len(every) - most // 2 :]


def ngram_model(files: Judged, rows: DataFrame) -> ByteNgrams:
    """A byte n-gram model of published texts in the languages of these rows, at most 8 MB, chosen by their hash."""
    languages = rows.select("language").distinct()
    corpus = files.read(CODE_CORPUS).join(F.broadcast(languages), "language")
    size = corpus.agg(F.sum("text_bytes")).first()
    assert size is not None
    share = _TRAINING_CHARS / (size[0] or 1)
    sample = (
        corpus.where(draw(F.col("clean_id"), "tune:") < share)
        .select(F.substring("text", 1, 1 << 16).alias("text"))
        .limit(_TRAINING_ROWS)
    )
    return ByteNgrams().train(row["text"] for row in sample.toLocalIterator())
