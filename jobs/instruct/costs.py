"""What calls took: tokens, money, time, by recipe and step, and for each row that was kept of it."""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.runtime.tables import Lake
from schemas.instruct import CALL_CHUNKS, LLM_RESPONSES, MADE_DECISIONS, TRAILS


@dataclass(frozen=True)
class Cost:
    """Of some calls: numbers, tokens, money in the unit of calls.prices, seconds of waiting for answers.

    `uncertain` tries came to nothing that could be used, and may have been billed; `lost` calls were sent by a run that
    was killed before they were written down, `lost_cost` is the most they cost.
    """

    calls: int = 0
    answered: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float = 0.0
    uncertain: int = 0
    uncertain_cost: float = 0.0
    seconds: float = 0.0
    lost: int = 0
    lost_cost: float = 0.0


def _sums() -> list[Column]:
    whole = ("prompt_tokens", "completion_tokens", "uncertain", "cost", "uncertain_cost")
    named = {"calls": "attempts", "seconds": "latency"} | {name: name for name in whole}
    sums = [F.coalesce(F.sum(column), F.lit(0)).alias(name) for name, column in named.items()]
    return [*sums, F.count_if(F.col("status") == "answered").alias("answered")]


def of_run(lake: Lake, run_id: str | None = None) -> Cost:
    """Of the calls of one run, or of all runs."""
    if lake.version(LLM_RESPONSES.name) is None:
        return Cost()
    rows, chunks = lake.read(LLM_RESPONSES), lake.read(CALL_CHUNKS)
    if run_id is not None:
        rows, chunks = rows.where(F.col("run_id") == run_id), chunks.where(F.col("run_id") == run_id)
    found = rows.agg(*_sums()).collect()[0].asDict()
    lost = chunks.join(rows.select(F.col("call_id").alias("chunk_id")), "chunk_id", "left_anti")
    gone = lost.agg(F.coalesce(F.sum("calls"), F.lit(0)), F.coalesce(F.sum("most_cost"), F.lit(0.0))).collect()[0]
    return Cost(**found, lost=gone[0], lost_cost=gone[1])


def by_step(lake: Lake) -> DataFrame:
    """(recipe, step, model, sums of Cost): a call that several recipes asked for counts where its key comes first."""
    first = (
        lake.read(TRAILS)
        .where("kind = 'call'")
        .groupBy("key")
        .agg(F.min(F.struct("recipe", "step", "prompt")).alias("asked"))
    )
    rows = lake.read(LLM_RESPONSES).join(first, F.col("request_id") == F.col("key"), "left")
    recipe = F.coalesce("asked.recipe", F.lit("(none any more)")).alias("recipe")
    by = rows.groupBy(recipe, F.coalesce("asked.step", F.lit("")).alias("step"), "model")
    return by.agg(*_sums()).orderBy("recipe", "step", "model")


def kept_rows(lake: Lake) -> dict[str, int]:
    """How many rows of each recipe were kept."""
    if lake.version(MADE_DECISIONS.name) is None:
        return {}
    by = lake.read(MADE_DECISIONS).where("keep").groupBy("recipe").count()
    return {row["recipe"]: row["count"] for row in by.collect()}


def sentence(cost: Cost) -> str:
    """What was spent, for a person."""
    if not cost.calls and not cost.lost:
        return "no model was asked: every answer was there already"
    said = (
        f"{cost.calls:,} calls, {cost.answered:,} answers, {cost.prompt_tokens:,} tokens of prompts and "
        f"{cost.completion_tokens:,} of answers, cost {cost.cost:.4f}"
    )
    if cost.uncertain:
        said += f"; {cost.uncertain:,} tries came to nothing and may have cost up to {cost.uncertain_cost:.4f} more"
    if cost.lost:
        said += f"; {cost.lost:,} calls of killed runs may have cost up to {cost.lost_cost or 0:.4f}"
    return said
