"""What is known of the keys of threads: answers of models and results of programs, as a recipe takes them."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.runtime.tables import Lake
from schemas.instruct import ANSWERED, EXECUTIONS, LLM_RESPONSES, TRAILS
from udfs.calls.outcomes import OF_THE_ENDPOINT
from udfs.execution.batches import kernel_version

GIVEN_UP = "given_up"
_OF_ANSWER = ("text", "reasoning", "finish", "refused", "prompt_tokens", "completion_tokens", "logprobs")


def answered(lake: Lake, give_up: int, keys: DataFrame | None = None) -> DataFrame:
    """(key, refused) of requests, or of those of some keys, that are not sent again: answered, refused, or failed in so
    many runs. Runs in which an endpoint was down, or refused its key, do not count: no request is given up for them.
    """
    rows = lake.read(LLM_RESPONSES).select(F.col("request_id").alias("key"), "status", "error", "run_id")
    if keys is not None:
        rows = rows.join(keys.select("key").distinct(), "key", "left_semi")
    own = (F.col("status") == "failed") & ~F.col("error").isin(*OF_THE_ENDPOINT)
    failed = F.count_distinct(F.when(own, F.col("run_id")))
    done = F.max(F.col("status").isin(*ANSWERED))
    refused = F.max(F.when(F.col("status") == "refused", F.col("error")))
    by = rows.groupBy("key").agg(done.alias("done"), refused.alias("refused"), failed.alias("runs"))
    gone = F.when(~F.col("done"), F.lit(GIVEN_UP))
    return by.where(F.col("done") | (F.col("runs") >= give_up)).select(
        "key", F.coalesce("refused", gone).alias("refused")
    )


def tried(lake: Lake, run_id: str) -> DataFrame:
    """(key) of requests that failed in this run: it does not send them again."""
    rows = lake.read(LLM_RESPONSES).where((F.col("status") == "failed") & (F.col("run_id") == run_id))
    return rows.select(F.col("request_id").alias("key")).distinct()


def executed(lake: Lake) -> DataFrame:
    """Executions by the kernel in force."""
    return lake.read(EXECUTIONS).where(F.col("kernel_version") == kernel_version())


def known_to(lake: Lake, threads: DataFrame, give_up: int) -> DataFrame:
    """(seed_id, recipe, known) of threads (seed_id, recipe): what came of all that they asked and ran so far."""
    trails = lake.read(TRAILS).join(threads.select("seed_id", "recipe"), ["seed_id", "recipe"], "left_semi")
    trails = trails.select("seed_id", "recipe", "key", "kind")
    asked = trails.where("kind = 'call'")
    calls = asked.join(answered(lake, give_up, asked), "key")
    texts = lake.read(LLM_RESPONSES).where(F.col("status") == "answered")
    texts = texts.withColumnRenamed("request_id", "key").select("key", *(c for c in _OF_ANSWER if c != "refused"))
    # Answers of all other threads are not moved about, round for round.
    texts = texts.join(asked.select("key").distinct(), "key", "left_semi")
    calls = calls.join(texts, "key", "left").withColumn("body", F.to_json(F.struct(*_OF_ANSWER)))
    programs = executed(lake).withColumnRenamed("program_id", "key")
    runs = trails.where("kind = 'run'").join(programs.select("key", "tests", "level", "version"), "key")
    runs = runs.withColumn("body", F.to_json(F.struct("tests", "level", "version")))
    names = ("seed_id", "recipe", "key", "kind", "body")
    both = calls.select(*names).unionByName(runs.select(*names))
    found = F.array_sort(F.collect_list(F.struct("key", "kind", "body"))).alias("known")
    return both.groupBy("seed_id", "recipe").agg(found)
