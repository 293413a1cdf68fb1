"""Threads round by round: play each as far as what is known reaches, ask and run what it waits for, play again.

Nothing is lost with a run: answers and runs are committed as they come, and a thread is played again from its seed.
"""

from __future__ import annotations

from functools import partial, reduce

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from jobs.instruct.asking import Asking
from jobs.instruct.forgetting import forget
from jobs.instruct.known import by_thread, known
from jobs.instruct.parameters import Synthesis
from jobs.instruct.running import Programs
from jobs.runtime.accounting import StageResult, dropped_by
from jobs.runtime.keys import Keys, only
from jobs.runtime.narrowing import Work
from jobs.runtime.quarantine import append_measured, stage_counted
from schemas.instruct import CALL_CHUNKS, EXECUTIONS, LLM_RESPONSES, TRAILS
from udfs.recipes.book import RECIPES
from udfs.recipes.replay import MOST_STEPS
from udfs.spark.instruct import ThreadGuard, played_rows

THREAD = ["seed_id", "recipe"]
_COLUMNS = (*THREAD, "recipe_version", "keep", "reasons", "steps", "made", "scores", "texts")
_STATUSES = ("waiting", "done", "dropped")
_EMPTY = ("waits", "trail", "steps", "made", "scores", "texts")
"""Of a thread that killed its worker."""


def play_all(work: Work, missing: DataFrame, texts: list[DataFrame], result: StageResult) -> None:
    """Play the missing threads until all are at their end or wait for what does not come in this run."""
    lake, p = work.run.lake, work.params
    for table in (TRAILS, LLM_RESPONSES, CALL_CHUNKS, EXECUTIONS):
        lake.ensure(table)
    number = result.rows_read
    result.rows_written -= number
    result.rows_read = result.rows_kept = 0
    forget(work)
    if not number or (p.stored is not None and not p.only):
        result.unfinished = bool(number)
        return
    threads = work.stage.transform(to_play(missing, p), *texts, p)
    seen = {recipe: F.count_if(F.col("recipe") == recipe) for recipe in RECIPES}
    seeds, counts = lake.stage_counted(threads, work.run.run_id, f"{work.stage.name}.seeds", seen)
    played = sum(counts.values())
    waiting = _Rounds(work, seeds).play([recipe for recipe in RECIPES if counts[recipe]], result)
    result.rows_read = played - waiting
    result.unfinished = bool(waiting) or played < number


def to_play(missing: DataFrame, p: Synthesis) -> DataFrame:
    """Of the missing threads those of the recipes of `p.only`, of each recipe not more than `p.limit`, by their ids."""
    asked = missing.where(F.col("recipe").isin(*p.only)) if p.only else missing
    if not p.limit:
        return asked
    order = Window.partitionBy("recipe").orderBy("seed_id")
    return asked.withColumn("_n", F.row_number().over(order)).where(F.col("_n") <= p.limit).drop("_n")


class _Rounds:
    """The rounds of one run of a stage. Of the stores only what a round waits for is read."""

    def __init__(self, work: Work, seeds: DataFrame) -> None:
        self.work, self.lake, self.p, self.seeds = work, work.run.lake, work.params, seeds
        self.facts: list[DataFrame] = []

    def play(self, recipes: list[str], result: StageResult) -> int:
        """All rounds, of these recipes. Returns how many threads wait for another run."""
        asking, running = Asking(self.work), Programs(self.work)
        running.check(recipes)
        trails = self._trails()
        if trails is not None:
            self._learn(trails, "known")
        todo = self.seeds
        for turn in range(MOST_STEPS):
            played, seen = self._played(todo, turn)
            waits = played.where("status = 'waiting'").select(*THREAD, F.explode("waits").alias("w"))
            waits = waits.select(*THREAD, "w.*")
            self._write_down(waits if turn else played.select(*THREAD, F.explode("trail").alias("w")), trails, turn)
            self._keep(played, seen, result)
            if not seen["waiting"] or not self._answered(asking, running, waits, seen, turn):
                break
            self._learn(waits, f"known.{turn}", tuple(kind for kind in ("call", "run") if seen[kind]))
            todo = self.seeds.join(played.where("status = 'waiting'").select(*THREAD), THREAD, "left_semi")
        result.waiting = dict(asking.why + running.why)
        return seen["waiting"]

    def _trails(self) -> DataFrame | None:
        """What these threads asked and ran in earlier runs; None where nothing is written down."""
        if not self.lake.rows(TRAILS):
            return None
        mine = only(self.lake.read(TRAILS), "seed_id", Keys.of(self.seeds.select("seed_id")))
        return self.lake.stage(mine.select(*THREAD, "key", "kind"), self.work.run.run_id, self._name("trails"))

    def _learn(self, asked: DataFrame, name: str, kinds: tuple[str, ...] = ("call", "run")) -> None:
        facts = known(self.lake, asked.select(*THREAD, "key", "kind"), self.p.calls.give_up, kinds)
        self.facts.append(self.lake.stage(facts, self.work.run.run_id, self._name(name)))

    def _played(self, todo: DataFrame, turn: int) -> tuple[DataFrame, dict[str, int]]:
        rows = todo.withColumn("known", F.lit(None))
        if self.facts:
            rows = todo.join(by_thread(reduce(DataFrame.unionByName, self.facts)), THREAD, "left")
        seen = {status: F.count_if(F.col("status") == status) for status in _STATUSES}
        for kind in ("call", "run"):
            seen[kind] = F.coalesce(F.sum(F.size(F.expr(f"filter(waits, w -> w.kind = '{kind}')"))), F.lit(0))
        guard = ThreadGuard("recipes", frozenset(), frozenset((*THREAD, "recipe_version")), frozenset(_EMPTY))
        played = partial(played_rows, rows, self.p.player())
        return stage_counted(self.lake, played, guard, self.work.run.run_id, self._name(str(turn)), seen)

    def _write_down(self, asked: DataFrame, trails: DataFrame | None, turn: int) -> None:
        """Who asks what, with the origin of its seed: in the first round also what other versions asked before."""
        columns = ("key", "kind", "step", "prompt")
        rows = asked.select(*THREAD, *(c if turn else f"w.{c}" for c in columns)).dropDuplicates([*THREAD, "key"])
        if trails is not None:
            rows = rows.join(trails.select(*THREAD, "key"), [*THREAD, "key"], "left_anti")
        self.lake.append(TRAILS, rows.join(self.seeds.select(*THREAD, "origin"), THREAD), self.work.metadata)

    def _keep(self, played: DataFrame, seen: dict[str, int], result: StageResult) -> None:
        """Write the threads that are at their end."""
        stage, number = self.work.stage, seen["done"] + seen["dropped"]
        if not number:
            return
        ended = played.where("status <> 'waiting'").select(*_COLUMNS)
        kernel = stage.kernel_version(self.work.params)
        append_measured(self.lake, stage.writes, lambda: ended, kernel, self.work.metadata)
        result.rows_written += number
        result.rows_kept += seen["done"]
        for reason, count in (dropped_by(ended) if seen["dropped"] else {}).items():
            result.reasons[reason] = result.reasons.get(reason, 0) + count

    def _answered(self, asking: Asking, running: Programs, waits: DataFrame, seen: dict[str, int], turn: int) -> int:
        """How many of the waited for keys are known now."""
        found = asking.answer(waits, turn) if seen["call"] else 0
        return found + (running.run(waits, turn) if seen["run"] else 0)

    def _name(self, part: str) -> str:
        return f"{self.work.stage.name}.{part}"
