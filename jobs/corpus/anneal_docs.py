"""Publish anneal_docs: algorithmic files, verified snippets and textbooks without copies of benchmarks (paper 4.1), and
beside the paper's parts rewritten files, execution traces and commits, which a mixture of one's own may name.

spark-submit jobs/corpus/anneal_docs.py --warehouse DIR
"""

from __future__ import annotations

from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.corpus.clean_of_benchmarks import without_copies
from jobs.corpus.parameters import Tokens
from jobs.runtime.stage import Publish
from schemas.contamination import CONTAMINATION
from schemas.documents import ANNEAL_DOCS
from schemas.instruct import ALGORITHMIC, CODE_CHANGES, EXECUTION_TRACES, REWRITTEN, SYNTHETIC_SNIPPETS, TEXTBOOKS
from udfs.spark.corpus import held_out_rows

PARTS = ("algorithmic", "snippets", "textbooks", "rewritten", "traces", "changes")
"""Sources of the table: the names that a mixture gives them."""


def anneal_docs(
    algorithmic: DataFrame,
    snippets: DataFrame,
    textbooks: DataFrame,
    rewritten: DataFrame,
    traces: DataFrame,
    changes: DataFrame,
    contamination: DataFrame,
    p: Tokens,
) -> DataFrame:
    """Every column but the text. Held-out documents are marked, not left out: they are evaluated on."""
    about = ("repo", "path", "licences")
    files = algorithmic.select(F.col("clean_id").alias("content_id"), "language", "text_bytes", *about)
    files = held_out_rows(files, p.held_out).withColumn("source", F.lit(PARTS[0]))
    nothing = {name: F.lit(None).cast(ANNEAL_DOCS.column(name).type) for name in about}
    nothing["licences"] = F.when(F.col("licence").isNotNull(), F.array("licence"))
    columns = (F.col("row_id").alias("content_id"), "language", "text_bytes", "held_out", "licence")
    made = [
        rows.select(*columns).withColumns(nothing | {"source": F.lit(name)}).drop("licence")
        for name, rows in zip(PARTS[1:], (snippets, textbooks, rewritten, traces, changes), strict=True)
    ]
    return without_copies(_once([files, *made]), "content_id", contamination)


def _once(parts: list[DataFrame]) -> DataFrame:
    """All rows; of a text that is in two parts the one in the first."""
    kept = parts[0]
    for rows in parts[1:]:
        kept = kept.unionByName(rows.join(kept.select("content_id"), "content_id", "left_anti"))
    return kept


def everyone(
    algorithmic: DataFrame,
    snippets: DataFrame,
    textbooks: DataFrame,
    rewritten: DataFrame,
    traces: DataFrame,
    changes: DataFrame,
    contamination: DataFrame,
    *_: object,
) -> DataFrame:
    """Every text of the parts without a copy."""
    made = [
        rows.select(F.col("row_id").alias("content_id")) for rows in (snippets, textbooks, rewritten, traces, changes)
    ]
    ids = reduce(DataFrame.union, made, algorithmic.select(F.col("clean_id").alias("content_id"))).distinct()
    return without_copies(ids, "content_id", contamination)


def with_text(
    rows: DataFrame,
    algorithmic: DataFrame,
    snippets: DataFrame,
    textbooks: DataFrame,
    rewritten: DataFrame,
    traces: DataFrame,
    changes: DataFrame,
    p: Tokens,
) -> DataFrame:
    """The rows with their texts, each from the table that its row is of."""
    texts = (algorithmic.withColumnRenamed("clean_id", "row_id"), snippets, textbooks, rewritten, traces, changes)
    found = [
        rows.where(F.col("source") == name).join(some.select(F.col("row_id").alias("content_id"), "text"), "content_id")
        for name, some in zip(PARTS, texts, strict=True)
    ]
    return reduce(DataFrame.unionByName, found)


STAGE = Publish(
    "anneal_docs",
    anneal_docs,
    with_text,
    reads=(ALGORITHMIC, SYNTHETIC_SNIPPETS, TEXTBOOKS, REWRITTEN, EXECUTION_TRACES, CODE_CHANGES, CONTAMINATION),
    texts=(ALGORITHMIC, SYNTHETIC_SNIPPETS, TEXTBOOKS, REWRITTEN, EXECUTION_TRACES, CODE_CHANGES),
    writes=ANNEAL_DOCS,
    params=Tokens(),
    population=everyone,
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
