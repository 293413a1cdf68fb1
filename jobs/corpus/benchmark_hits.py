"""Copies of benchmark tasks in the texts of all tables that training may read, by benchmark.

spark-submit jobs/corpus/benchmark_hits.py --warehouse DIR --set contamination.benchmarks='{mbpp = "mbpp.jsonl"}'
"""

from __future__ import annotations

from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.corpus.parameters import Contamination
from jobs.corpus.searching import in_force, search, versions
from jobs.runtime.stage import Measure
from schemas.code import CODE_CORPUS
from schemas.contamination import BENCHMARK_HITS
from schemas.contract import Table
from schemas.corpus import INSTRUCTIONS
from schemas.instruct import (
    CODE_CHANGES,
    CODE_FEEDBACK,
    EXECUTION_TRACES,
    OPEN_CODE_INSTRUCT,
    REWRITTEN,
    SYNTHETIC_SNIPPETS,
    TEXTBOOKS,
)
from schemas.web import WEB_CORPUS
from udfs.spark.contamination import searched_rows

_MADE = (OPEN_CODE_INSTRUCT, CODE_FEEDBACK, REWRITTEN, EXECUTION_TRACES, CODE_CHANGES)
SEARCHED = (CODE_CORPUS, WEB_CORPUS, SYNTHETIC_SNIPPETS, TEXTBOOKS, INSTRUCTIONS, *_MADE)
"""Every table that holds texts that training may read, `algorithmic` aside, whose texts are code_corpus's; the key of
each names its text."""


def text_places(*tables: DataFrame) -> DataFrame:
    """(text_id, place) of every text of SEARCHED, each once: with the number of the first table that has it."""
    numbered = (
        rows.select(F.col(table.key[0]).alias("text_id"), F.lit(number).alias("place"))
        for number, (table, rows) in enumerate(zip(SEARCHED, tables, strict=True))
    )
    return reduce(DataFrame.union, numbered).groupBy("text_id").agg(F.min("place").alias("place"))


def required(*given: DataFrame | Contamination) -> DataFrame:
    """Every text with every benchmark that is named."""
    *tables, p = given
    named = F.array(*(F.struct(F.lit(n).alias("name"), F.lit(v).alias("version")) for n, v in versions(p).items()))
    named = named.cast("array<struct<name:string,version:string>>")  # of no benchmark too
    every = text_places(*tables).withColumn("b", F.explode(named))
    about = (F.col("b.name").alias("benchmark"), F.col("b.version").alias("benchmark_version"))
    return every.select("text_id", "place", *about)


def benchmark_hits(keys: DataFrame, *given: DataFrame | Contamination) -> DataFrame:
    """One row per text and benchmark. A conversation is its messages, one after another."""
    *tables, p = given
    found = []
    for number, (table, rows) in enumerate(zip(SEARCHED, tables, strict=True)):
        texts = rows.select(F.col(table.key[0]).alias("text_id"), text_of(table).alias("text"))
        found.append(keys.where(F.col("place") == number).drop("place").join(texts, "text_id"))
    return searched_rows(reduce(DataFrame.unionByName, found), search(p))


def text_of(table: Table) -> Column:
    """The text of a row of SEARCHED."""
    if "messages" in table.names:
        return F.array_join(F.transform("messages", lambda m: m["content"]), "\n")
    return F.concat_ws("\n", "input", "output") if table is OPEN_CODE_INSTRUCT else F.col("text")


STAGE = Measure(
    "benchmark_hits",
    benchmark_hits,
    required,
    reads=SEARCHED,
    texts=SEARCHED,
    writes=BENCHMARK_HITS,
    kernel_version=lambda p: search(p).version(),
    version=in_force,
    params=Contamination(),
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
