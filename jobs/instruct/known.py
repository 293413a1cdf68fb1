"""What is stored of some keys: answers of models and results of programs, as a recipe takes them.

Stores grow for ever and a round asks for little of them: few keys are named in the condition, and Delta, which clusters
both tables by them, opens few files.
"""

from __future__ import annotations

from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.runtime.keys import Keys, only
from jobs.runtime.tables import Lake
from schemas.instruct import ANSWERED, EXECUTIONS, LLM_RESPONSES
from udfs.calls.outcomes import OF_THE_ENDPOINT
from udfs.execution.batches import kernel_version

GIVEN_UP = "given_up"
_OF_ANSWER = ("text", "reasoning", "finish", "refused", "prompt_tokens", "completion_tokens", "logprobs")


def call_states(lake: Lake, keys: Keys, run_id: str, give_up: int) -> DataFrame:
    """(key, stored, tried): whether a request is not sent again (answered, refused or failed in so many runs), whether
    it failed in this run, which does not send it again. Requests that were never sent have no row.
    """
    rows = only(lake.read(LLM_RESPONSES), "request_id", keys).select("request_id", "status", "error", "run_id")
    failed = F.col("status") == "failed"
    own = failed & ~F.col("error").isin(*OF_THE_ENDPOINT)
    by = rows.groupBy(F.col("request_id").alias("key")).agg(
        F.max(F.col("status").isin(*ANSWERED)).alias("done"),
        F.count_distinct(F.when(own, F.col("run_id"))).alias("runs"),
        F.max(failed & (F.col("run_id") == run_id)).alias("tried"),
    )
    return by.select("key", (F.col("done") | (F.col("runs") >= give_up)).alias("stored"), "tried")


def answers(lake: Lake, keys: Keys, give_up: int) -> DataFrame:
    """(key, body): each answer or refusal as JSON. What failed in `give_up` runs is refused as GIVEN_UP; runs in which
    an endpoint was down, or refused its key, do not count.
    """
    rows = only(lake.read(LLM_RESPONSES), "request_id", keys).withColumnRenamed("request_id", "key")
    rows = rows.withColumn("refused", F.when(F.col("status") == "refused", F.col("error")))
    body = F.to_json(F.struct(*_OF_ANSWER)).alias("body")
    done = rows.where(F.col("status").isin(*ANSWERED)).select("key", body)
    own = (F.col("status") == "failed") & ~F.col("error").isin(*OF_THE_ENDPOINT)
    failed = rows.where(own).groupBy("key").agg(F.count_distinct("run_id").alias("runs"))
    gone = failed.where(F.col("runs") >= give_up).join(done.select("key"), "key", "left_anti")
    return done.unionByName(gone.select("key", F.to_json(F.struct(F.lit(GIVEN_UP).alias("refused"))).alias("body")))


def results(lake: Lake, keys: Keys) -> DataFrame:
    """(key, body): each result by the kernel in force as JSON."""
    rows = only(lake.read(EXECUTIONS), "program_id", keys).where(F.col("kernel_version") == kernel_version())
    return rows.select(F.col("program_id").alias("key"), F.to_json(F.struct("tests", "level", "version")).alias("body"))


def known(lake: Lake, asked: DataFrame, give_up: int, kinds: tuple[str, ...] = ("call", "run")) -> DataFrame:
    """(seed_id, recipe, key, kind, body) of rows (seed_id, recipe, key, kind) of these kinds: those that are stored."""
    names = ("seed_id", "recipe", "key", "kind")
    found = []
    for kind in kinds:
        mine = asked.where(F.col("kind") == kind).select(*names)
        keys = Keys.of(mine.select("key"))
        bodies = answers(lake, keys, give_up) if kind == "call" else results(lake, keys)
        found.append(mine.join(bodies, "key").select(*names, "body"))
    return reduce(DataFrame.unionByName, found)


def by_thread(facts: DataFrame) -> DataFrame:
    """(seed_id, recipe, known) of rows (seed_id, recipe, key, kind, body)."""
    found = F.array_sort(F.collect_set(F.struct("key", "kind", "body"))).alias("known")
    return facts.groupBy("seed_id", "recipe").agg(found)
