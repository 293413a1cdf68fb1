"""Threads round by round: play each as far as what is known reaches, ask and run what it waits for, play again.

Nothing is lost with a run: answers and runs are committed as they come, and a thread is played again from its seed.
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.instruct.asking import Asking
from jobs.instruct.forgetting import forget
from jobs.instruct.known import known_to
from jobs.instruct.running import Programs
from jobs.runtime.accounting import StageResult, dropped_by
from jobs.runtime.narrowing import Work
from jobs.runtime.quarantine import append_measured
from schemas.instruct import CALL_CHUNKS, EXECUTIONS, LLM_RESPONSES, TRAILS
from udfs.recipes.replay import MOST_STEPS
from udfs.spark.instruct import played_rows

THREAD = ["seed_id", "recipe"]
_COLUMNS = (*THREAD, "recipe_version", "keep", "reasons", "steps", "made", "scores", "texts")


def play_all(work: Work, missing: DataFrame, texts: list[DataFrame], result: StageResult) -> None:
    """Play the missing threads until all are at their end or wait for what does not come in this run."""
    lake, p = work.run.lake, work.params
    for table in (TRAILS, LLM_RESPONSES, CALL_CHUNKS, EXECUTIONS):
        lake.ensure(table)
    number = result.rows_read
    result.rows_written -= number
    result.rows_read = result.rows_kept = 0
    forget(work)
    if not number or p.stored is not None:
        result.unfinished = bool(number)
        return
    threads = work.stage.transform(limited(missing, p.limit), *texts, p)
    seeds, counts = lake.stage_counted(threads, work.run.run_id, f"{work.stage.name}.seeds", {"n": F.count(F.lit(1))})
    asking, running = Asking(work), Programs(work)
    todo = seeds
    for turn in range(MOST_STEPS):
        played, seen = _play(work, todo, turn)
        _keep(work, seeds, played, seen, result)
        waits = played.where("status = 'waiting'").select(*THREAD, F.explode("waits").alias("w"))
        waits = waits.select(*THREAD, "w.*")
        if not seen["waiting"] or not asking.answer(waits, turn) + running.run(waits, turn):
            break
        todo = seeds.join(played.where("status = 'waiting'").select(*THREAD), THREAD, "left_semi")
    result.rows_read = counts["n"] - seen["waiting"]
    result.unfinished = bool(seen["waiting"]) or counts["n"] < number
    result.waiting = dict(asking.why + running.why)


def limited(missing: DataFrame, limit: int) -> DataFrame:
    """Of each recipe so many threads, by their ids; all where the limit is 0."""
    if not limit:
        return missing
    from pyspark.sql import Window

    order = Window.partitionBy("recipe").orderBy("seed_id")
    return missing.withColumn("_n", F.row_number().over(order)).where(F.col("_n") <= limit).drop("_n")


def _play(work: Work, todo: DataFrame, number: int) -> tuple[DataFrame, dict[str, int]]:
    lake, p = work.run.lake, work.params
    rows = todo.join(known_to(lake, todo, p.calls.give_up), THREAD, "left")
    seen = {status: F.count_if(F.col("status") == status) for status in ("waiting", "done", "dropped")}
    name = f"{work.stage.name}.{number}"
    return lake.stage_counted(played_rows(rows, p.player()), work.run.run_id, name, seen)


def _keep(work: Work, seeds: DataFrame, played: DataFrame, seen: dict[str, int], result: StageResult) -> None:
    """Write down who asks what, and the threads that are at their end."""
    lake, stage = work.run.lake, work.stage
    origins = seeds.select(*THREAD, "origin")
    asked = played.select(*THREAD, F.explode("trail").alias("t")).join(origins, THREAD)
    asked = asked.select(*THREAD, "origin", "t.key", "t.kind", "t.step", "t.prompt").dropDuplicates([*THREAD, "key"])
    new = asked.join(lake.read(TRAILS).select(*THREAD, "key"), [*THREAD, "key"], "left_anti")
    lake.append(TRAILS, new, work.metadata)
    if not seen["done"] + seen["dropped"]:
        return
    ended = played.where("status <> 'waiting'").select(*_COLUMNS)
    append_measured(lake, stage.writes, lambda: ended, stage.kernel_version(work.params), work.metadata)
    result.rows_written += seen["done"] + seen["dropped"]
    result.rows_kept += seen["done"]
    for reason, count in (dropped_by(ended) if seen["dropped"] else {}).items():
        result.reasons[reason] = result.reasons.get(reason, 0) + count
