"""The filter: the rules a file breaks, from the stored signals of its cleaned text (paper 2.1 and appendix A).

    spark-submit jobs/code/filter_decisions.py --warehouse DIR --set filter.rules=my_rules.toml

No text is read: a changed threshold costs a join of narrow tables. A signal that failed is never a pass.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.code.draws import draw
from jobs.code.parameters import Filter
from jobs.code.ranking import decided, reason
from jobs.code.signals import SIGNALS
from jobs.code.texts import kept_files
from jobs.code.touched import FILTERED
from jobs.runtime.stage import Decide
from schemas.code import CLEANED_TEXTS, FILTER_DECISIONS, NEAR_DUPLICATES, RAW_FILES
from schemas.contract import quote
from schemas.quality import QUALITY_SCORES
from udfs.rules.learned import LEARNED, is_learned
from udfs.rules.load import Rule, RuleBook, load_rules
from udfs.signals import AUTHORS, MEASURED_AUTHORS
from udfs.signals.paths import HEADER, NULL_FOR_HEADERS

_KEY = ["content_id", "language", "kind"]
_CLEAN_KEY = ["clean_id", "language", "kind"]


def filter_decisions(
    near: DataFrame, raw_files: DataFrame, cleaned: DataFrame, signals: DataFrame, quality: DataFrame | None, p: Filter
) -> DataFrame:
    """One row per file that near deduplication kept; without `quality` nothing has a learned score."""
    book = rule_book(p)
    rows = rows_to_filter(near, raw_files, cleaned, signals, quality, book)
    return decided(
        rows.select(
            "file_id",
            "clean_id",
            reasons(book).alias("reasons"),
            "rule_set",
            F.array_compact(F.array(F.lit(None), *_flags(book))).cast("array<string>").alias("flags"),
        )
    )


def rows_to_filter(
    near: DataFrame,
    raw_files: DataFrame,
    cleaned: DataFrame,
    signals: DataFrame,
    quality: DataFrame | None,
    book: RuleBook,
) -> DataFrame:
    """Files with their signals, their learned scores, what cleaning left of them and their rule set."""
    files = kept_files(near, raw_files.select("file_id", "path", F.col("size_bytes").alias("file_bytes"), *_KEY))
    files = files.drop("cut")
    texts = cleaned.select(*_KEY, "clean_id", "failure", F.col("text_bytes").alias("clean_bytes"))
    measured = signals.withColumnRenamed("failure", "unmeasured")
    rows = files.join(texts, _KEY, "left").join(measured, _CLEAN_KEY, "left")
    if quality is None:
        rows = rows.withColumns({s.name: F.lit(None).cast("double") for s in LEARNED})
        rows = rows.withColumn("unscored", F.lit(None).cast("string"))
    else:
        scores = quality.select(*_CLEAN_KEY, *(s.name for s in LEARNED), F.col("failure").alias("unscored"))
        rows = rows.join(scores, _CLEAN_KEY, "left")
    return rows.withColumns({**path_columns(), **header_columns()}).withColumn("rule_set", rule_set(book))


def reasons(book: RuleBook) -> Column:
    """Why a row of rows_to_filter is dropped: what could not be measured, and each rule that hits."""
    unmeasured = [
        F.when(F.col("failure").isNotNull(), reason("cleaning_failed", detail=F.col("failure"))),
        F.when(F.col("failure").isNull() & F.col("clean_id").isNull(), reason("cleaning_missing")),
        F.when(F.col("failure").isNull() & (F.col("clean_bytes") == 0), reason("empty_after_cleaning")),
        F.when((F.col("clean_bytes") > 0) & F.col("natural_language").isNull(), reason("signals_missing")),
        F.when(F.col("unmeasured").isNotNull(), reason("signals_failed", detail=F.col("unmeasured"))),
        *_authors_missing(book),
        *_unscored(book),
        _failed_signals(book),
    ]
    return F.array_compact(F.array(*unmeasured, *_conditions(book)))


def rule_book(p: Filter) -> RuleBook:
    return load_rules(p.rules)


def rules_version(p: Filter) -> str:
    """Hash of the rules in force: a changed threshold is a new decision."""
    return hashlib.sha256(repr(sorted(rule_book(p).sets.items())).encode()).hexdigest()[:16]


def rule_set(book: RuleBook) -> Column:
    """The rule set of each row, as RuleBook.set_for says for each (kind, language, natural language)."""
    by_language = F.col("language")
    own = [n for n in book.sets if n not in ("others", "data", "notebook") and not n.startswith("text/")]
    documents = F.when(F.col("natural_language") == "zh", "text/zh").otherwise("text/en")
    return (
        F.when(F.col("kind") == "text", documents)
        .when(F.col("kind") == "notebook", "notebook")
        .when(by_language.isin(own), by_language)
        .when(F.col("kind") == "data", "data")
        .otherwise("others")
    )


def path_columns() -> dict[str, Column]:
    """Path signals as columns: they are functions of the occurrence, so no content stores them."""
    name = F.lower(F.element_at(F.split("path", "/"), -1))
    stem = F.substring_index(name, ".", 1)
    related = stem.isin("readme", "notes", "todo", "description", "cmakelists")
    return {
        "qsc_code_size_file_byte": F.col("file_bytes"),
        "qsc_codego_cate_testfile": F.col("path").endswith("_test.go"),
        "qsc_doc_cate_code_related_file_name": related | stem.contains("requirement") | name.startswith("read.me"),
    }


def header_columns() -> dict[str, Column]:
    """Signals that are null for C and C++ headers, whose directives are their purpose."""
    is_header = F.lower("path").rlike(HEADER)
    return {name: F.when(~is_header, F.col(name)) for name in NULL_FOR_HEADERS}


def _rules(book: RuleBook, severity: str) -> Iterator[tuple[Rule, Column]]:
    """Each distinct rule once, with the condition that a row is in one of its sets and hit by it."""
    sets: dict[tuple[str, str, float, float], list[str]] = {}
    rules: dict[tuple[str, str, float, float], Rule] = {}
    for name, found in book.sets.items():
        for rule in (r for r in found if r.severity == severity):
            key = (rule.signal, rule.op, float(rule.threshold), rule.chance)
            sets.setdefault(key, []).append(name)
            rules[key] = rule
    for key, rule in rules.items():
        yield rule, _hit(rule, sets[key])


def _hit(rule: Rule, sets: list[str]) -> Column:
    """As one SQL expression: built from columns, the rules cost a run 40,000 calls into the JVM."""
    limit = str(rule.threshold).lower() if rule.op == "is" else _double(rule)
    compared = f"`{rule.signal}` {'=' if rule.op in ('is', '==') else rule.op} {limit}"
    hit = F.expr(f"rule_set IN ({', '.join(map(quote, sets))}) AND {compared}")
    # As udfs.rules.load.draw_of draws.
    return hit if rule.chance == 1 else hit & (draw(F.col("clean_id"), f"rule:{rule.signal}:") < rule.chance)


def _double(rule: Rule) -> str:
    return f"CAST('{float(rule.threshold)!r}' AS DOUBLE)"


def _conditions(book: RuleBook) -> list[Column]:
    """A reason (jobs/code/ranking.py) for each drop rule that hits; null where it does not."""
    return [
        F.when(
            hit,
            F.expr(
                f"named_struct('rule', {quote(f'{rule.signal} {rule.op}')}, 'value', CAST(`{rule.signal}` AS DOUBLE), "
                f"'threshold', {_double(rule)}, 'detail', CAST(NULL AS STRING))"
            ),
        )
        for rule, hit in _rules(book, "drop")
    ]


def _flags(book: RuleBook) -> list[Column]:
    return [F.when(hit, F.lit(f"{rule.signal} {rule.op}")) for rule, hit in _rules(book, "flag")]


def _authors_missing(book: RuleBook) -> list[Column]:
    """Rules on the authors' own signals, but these were not measured: nulls would pass for values."""
    asking = [n for n, rules in book.sets.items() if any(r.signal.endswith(AUTHORS) for r in rules)]
    if not asking:
        return []
    unmeasured = F.col("rule_set").isin(asking) & ~F.col("kernel_version").endswith(MEASURED_AUTHORS)
    return [F.when(unmeasured, reason("signals_missing", detail=F.lit("the rules need signals.authors=true")))]


def _unscored(book: RuleBook) -> list[Column]:
    """A text that the scorer failed on, in sets with a rule on its score: missing is never a pass."""
    asking = [n for n in book.sets if any(map(is_learned, book.required(n)))]
    if not asking:
        return []
    failed = F.col("rule_set").isin(asking) & F.col("unscored").isNotNull()
    return [F.when(failed, reason("quality_failed", detail=F.col("unscored")))]


def _failed_signals(book: RuleBook) -> Column:
    """A signal that the row's rules need and that failed: missing is never a pass."""
    needed = reduce(
        lambda other, name: F.when(
            F.col("rule_set") == name, F.array(*map(F.lit, sorted(book.required(name))))
        ).otherwise(other),
        book.sets,
        F.array().cast("array<string>"),
    )
    failed = F.array_intersect(F.map_keys("failures"), needed)
    return F.when(F.size(failed) > 0, reason("signal_failed", detail=F.array_join(F.array_sort(failed), ", ")))


STAGE = Decide(
    "filter_decisions",
    filter_decisions,
    reads=(NEAR_DUPLICATES, RAW_FILES, CLEANED_TEXTS, SIGNALS, QUALITY_SCORES),
    writes=FILTER_DECISIONS,
    params=Filter(),
    version=rules_version,
    narrow=FILTERED,
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
