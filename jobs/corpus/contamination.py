"""Which texts may be trained on: those that hold no copy of a task of a benchmark.

    spark-submit jobs/corpus/contamination.py --warehouse DIR

A text that could not be searched is not trained on: missing is never clean.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.code.ranking import decided, reason
from jobs.corpus.benchmark_hits import SEARCHED, text_places
from jobs.corpus.parameters import Contamination
from jobs.corpus.searching import in_force, versions
from jobs.runtime.stage import Decide
from schemas.contamination import BENCHMARK_HITS, CONTAMINATION
from schemas.contract import REASONS

COPY, NOT_SEARCHED = "benchmark_copy", "not_searched"
_SHOWN = 80
"""Characters of a copy in a reason; `copies` has more."""
_COPIES = CONTAMINATION.column("copies").type


def contamination(hits: DataFrame, *given: DataFrame | Contamination) -> DataFrame:
    """One row per text."""
    *tables, p = given
    asked = [f"{name}/{version}" for name, version in versions(p).items()]
    mine = hits.where(F.concat_ws("/", "benchmark", "benchmark_version").isin(asked))
    searched = mine.where("failure IS NULL").groupBy("text_id").agg(F.count(F.lit(1)).alias("searched"))
    rows = text_places(*tables).join(searched, "text_id", "left").join(_copies(mine), "text_id", "left")
    rows = rows.withColumn("copies", F.coalesce("copies", F.array().cast(_COPIES)))
    missing = F.coalesce("searched", F.lit(0)) < len(asked)
    lost = F.when(missing, F.array(reason(NOT_SEARCHED))).otherwise(F.array().cast(REASONS))
    return decided(rows.select("text_id", "copies", F.concat(F.transform("copies", _told), lost).alias("reasons")))


def _copies(hits: DataFrame) -> DataFrame:
    """(text_id, copies) of texts with some: of each task the part that is covered best."""
    each = hits.select("text_id", "benchmark", F.explode("hits").alias("h"))
    best = F.max(F.struct("h.share", "h.part", "h.method", "h.limit", "h.seen")).alias("b")
    each = each.groupBy("text_id", "benchmark", F.col("h.item").alias("item")).agg(best)
    one = F.struct("benchmark", "item", "b.part", "b.method", "b.share", "b.limit", "b.seen")
    return each.groupBy("text_id").agg(F.array_sort(F.collect_list(one)).alias("copies"))


def _told(copy: Column) -> Column:
    said = F.concat_ws(" ", copy["benchmark"], copy["item"], copy["part"], F.substring(copy["seen"], 1, _SHOWN))
    return reason(COPY, copy["share"], copy["limit"], said)


STAGE = Decide(
    "contamination",
    contamination,
    reads=(BENCHMARK_HITS, *SEARCHED),
    writes=CONTAMINATION,
    params=Contamination(),
    version=in_force,
    population=lambda hits, *tables: text_places(*tables[:-1]),
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
