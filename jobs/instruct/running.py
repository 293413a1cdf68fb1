"""Run the programs that threads wait for; what the machine may have decided is not stored: another run tries it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.runtime.keys import Keys, only
from jobs.runtime.narrowing import Work
from jobs.runtime.quarantine import append_measured
from schemas.instruct import EXECUTIONS
from udfs.execution.batches import NOWHERE, Running, kernel_version
from udfs.execution.programs import Limits
from udfs.recipes.book import RECIPES
from udfs.spark.instruct import lacking_rows, ran_rows

_PROBES = 4
"""Tasks that look whether programs can be run: some more than one, since workers may differ."""


@dataclass
class Programs:
    """The runs of programs of one run of a stage, and why some gave nothing."""

    work: Work
    why: Counter[str] = field(default_factory=Counter)
    tried: list[DataFrame] = field(default_factory=list)

    def check(self, recipes: list[str]) -> None:
        """Before anything is paid: whether the programs of these recipes can be run. Languages without tools are told.
        Raises ValueError where the isolation that is needed does not hold.
        """
        p, run = self.work.params, self.work.run
        languages = sorted({name for recipe in recipes for name in RECIPES[recipe].runs_in(p.settings_of(recipe))})
        if not languages:
            return
        rows = run.lake.spark.createDataFrame([(name,) for name in languages] * _PROBES, "language string")
        lacking = lacking_rows(rows.repartition(_PROBES), self._how()).distinct().orderBy("language", "why").collect()
        if nowhere := [row["why"] for row in lacking if not row["language"]]:
            raise ValueError(f"runs: {nowhere[0]}")
        if lacking and run.progress is not None:
            told = "; ".join(dict.fromkeys(row["why"] for row in lacking))
            run.progress.note(
                f"{self.work.stage.name}: threads with programs that cannot be run here will wait: {told}"
            )

    def run(self, waits: DataFrame, number: int) -> int:
        """Run what rows (key, kind, body) wait for. Returns how many of the results are known now.

        Raises ValueError where the isolation that is needed does not hold on a worker.
        """
        lake, run_id, name = self.work.run.lake, self.work.run.run_id, self.work.stage.name
        programs = waits.where("kind = 'run'").dropDuplicates(["key"])
        programs = programs.select(F.col("key").alias("program_id"), "body")
        for frame in self.tried:
            programs = programs.join(frame, "program_id", "left_anti")
        rows = programs.withColumn("stored", F.lit(None).cast("boolean"))
        if lake.rows(EXECUTIONS):
            stored = only(lake.read(EXECUTIONS), "program_id", Keys.of(programs.select("program_id")))
            stored = stored.where(F.col("kernel_version") == kernel_version())
            rows = programs.join(stored.select("program_id", F.lit(True).alias("stored")), "program_id", "left")
        seen = {"stored": F.count_if("stored"), "new": F.count_if(F.col("stored").isNull())}
        rows, counts = lake.stage_counted(rows, run_id, f"{name}.programs.{number}", seen)
        if not counts["new"]:
            return counts["stored"]
        ran, known = self._run(rows.where("stored is null"), counts["new"], f"{name}.ran.{number}")
        if known < counts["new"]:
            self._note(ran)
        return counts["stored"] + known

    def _run(self, rows: DataFrame, number: int, name: str) -> tuple[DataFrame, int]:
        lake = self.work.run.lake
        # Programs differ in what they take by a thousand times: many small tasks even that out.
        tasks = rows.select("program_id", "body").repartition(max(1, min(number // 8, 1024)), "program_id")
        ran = ran_rows(tasks, self._how())
        seen = {"known": F.count_if("is_measure")}
        ran, counts = lake.stage_counted(ran, self.work.run.run_id, name, seen)
        if counts["known"]:
            sound = ran.where("is_measure").drop("is_measure")
            append_measured(lake, EXECUTIONS, lambda: sound, kernel_version(), self.work.metadata)
        return ran, counts["known"]

    def _how(self) -> Running:
        runs = self.work.params.runs
        limits = Limits(cpu_seconds=runs.cpu_seconds, memory=runs.memory)
        return Running(runs.need, limits, runs.at_once, runs.libraries)

    def _note(self, ran: DataFrame) -> None:
        """Why programs gave nothing; they are not tried again in this run."""
        lost = ran.where("not is_measure")
        self.tried.append(lost.select("program_id"))
        for row in (
            lost.groupBy("status", "level", "language")
            .agg(F.count(F.lit(1)).alias("n"), F.min(F.col("tests")[0]["detail"]).alias("detail"))
            .collect()
        ):
            if row["level"] == NOWHERE:
                raise ValueError(f"runs: {row['detail']}")
            self.why[f"run_{row['status']}: {row['language']}"] += row["n"]
