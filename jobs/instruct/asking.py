"""Send what threads wait for to models, in chunks that are committed one by one: no answer is paid twice."""

from __future__ import annotations

import math
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F

from jobs.instruct.endpoints import settings_of
from jobs.instruct.known import call_states
from jobs.runtime.accounting import append_rows
from jobs.runtime.keys import Keys
from jobs.runtime.narrowing import Work
from schemas.instruct import CALL_CHUNKS, LLM_RESPONSES
from udfs.spark.instruct import sent_rows

_SEEN = ("answered", "refused", "failed")
_MICRO = 1_000_000
"""Money is counted in millionths while it is observed: an Observation gives whole numbers."""


@dataclass
class Asking:
    """The calls of one run of a stage: what they cost so far, and why some were not answered."""

    work: Work
    spent: float = 0.0
    chunks: int = 0
    why: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.lake, self.p = self.work.run.lake, self.work.params.calls

    def answer(self, waits: DataFrame, number: int) -> int:
        """Ask for what rows (key, kind, body) wait for. Returns how many of them are answered now."""
        calls = waits.where("kind = 'call'").dropDuplicates(["key"]).select("key", "body")
        rows = calls.withColumns({"stored": F.lit(False), "tried": F.lit(False)})
        if self.lake.rows(LLM_RESPONSES):
            keys = Keys.of(calls.select("key"))
            rows = calls.join(call_states(self.lake, keys, self.work.run.run_id, self.p.give_up), "key", "left")
        state = F.when(F.col("stored"), "stored").when(F.col("tried"), "tried").otherwise("new")
        rows = rows.select("key", "body", state.alias("state"))
        seen = {s: F.count_if(F.col("state") == s) for s in ("stored", "new")}
        name = f"{self.work.stage.name}.calls.{number}"
        rows, counts = self.lake.stage_counted(rows, self.work.run.run_id, name, seen)
        return counts["stored"] + (self._send(rows.where("state = 'new'"), counts["new"]) if counts["new"] else 0)

    def _send(self, rows: DataFrame, number: int) -> int:
        """Send all, chunk by chunk, until the money is at its end."""
        chunks = math.ceil(number / self.p.chunk)
        chunk = F.pmod(F.xxhash64("key"), F.lit(chunks)).alias("chunk")
        rows = rows.select(F.col("key").alias("request_id"), "body", chunk)
        place = f"{self.lake.staging(self.work.run.run_id)}/{self.work.stage.name}.chunks.{self.chunks}"
        # A chunk is one file: else each task would write a file into each of thousands of folders.
        rows.repartition("chunk").write.mode("overwrite").partitionBy("chunk").parquet(place)
        stored = self.lake.spark.read.schema(rows.schema).parquet(place)
        bounds = F.sum(self._bound()).alias("most"), F.max(self._bound()).alias("dearest")
        sizes = stored.groupBy("chunk").agg(F.count(F.lit(1)).alias("calls"), *bounds)
        found, began, sent = 0, time.monotonic(), 0
        for row in sorted(sizes.collect(), key=lambda r: r["chunk"]):  # a row for each thousand calls
            left = self.p.max_cost - self.spent if self.p.max_cost else math.inf
            if left <= 0:
                self.why["waits_for_money"] += row["calls"]
                continue
            found += self._send_chunk(stored.where(F.col("chunk") == row["chunk"]), row, left)
            sent += row["calls"]
            self._note(sent, number, time.monotonic() - began)
        return found

    def _note(self, sent: int, number: int, seconds: float) -> None:
        """How far the calls of this round are."""
        if self.work.run.progress is None:
            return
        left = seconds * (number - sent) / sent
        money = f", cost {self.spent:.4f} so far" if self.p.prices else ""
        rest = f", about {left / 60:.0f} min left" if left >= 60 else f", about {left:.0f} s left" if left else ""
        said = f"{self.work.stage.name}: {sent:,} of {number:,} calls, {sent / seconds:.1f} a second{money}{rest}"
        self.work.run.progress.note(said)

    def _send_chunk(self, rows: DataFrame, size: Row, left: float) -> int:
        """Say what is going to be sent, send it, commit what came back."""
        run_id, calls, most = self.work.run.run_id, size["calls"], size["most"]
        self.chunks += 1
        chunk_id = f"{run_id}.{self.work.stage.name}.{self.chunks}"
        bound = None if most is None else min(most, left)
        said = {"chunk_id": chunk_id, "run_id": run_id, "calls": calls, "most_cost": bound}
        append_rows(self.lake, CALL_CHUNKS, [said | {"started_at": datetime.now(UTC)}])
        tasks = min(self.p.tasks, self.p.concurrency, calls)
        if size["dearest"] and math.isfinite(left):
            # The money is shared out to the tasks: a share has to cover a call.
            tasks = max(1, min(tasks, int(left / size["dearest"])))
        sent = sent_rows(rows.repartition(tasks, "request_id"), settings_of(self.p, tasks), left / tasks)
        money = F.ceil(F.sum(F.col("cost") + F.col("uncertain_cost")) * _MICRO)
        seen = {status: F.count_if(F.col("status") == status) for status in _SEEN}
        seen |= {"cost": F.coalesce(money, F.lit(0)), "rows": F.count(F.lit(1))}
        sent, counts = self.lake.stage_counted(sent, run_id, f"{self.work.stage.name}.sent.{self.chunks}", seen)
        self.why = +(self.why + Counter(waits_for_money=calls - counts["rows"]))
        if not counts["rows"]:
            # Nothing was sent: no chunk of a killed run, of which as much would be known.
            none = self.lake.spark.createDataFrame([(chunk_id,)], "chunk_id string")
            self.lake.delete(CALL_CHUNKS, none, self.work.metadata, few=True)
            return 0
        given = {"call_id": chunk_id, "run_id": run_id}
        sent = sent.withColumns({name: F.lit(value) for name, value in given.items()})
        sent = sent.withColumn("called_at", F.lit(datetime.now(UTC)))
        self.lake.append(LLM_RESPONSES, sent, self.work.metadata | {"chunk": chunk_id})
        self.spent += counts["cost"] / _MICRO
        if counts["failed"]:
            by = sent.where("status = 'failed'").groupBy("error").count()
            self.why.update({f"call_failed: {r['error']}": r["count"] for r in by.collect()})
        return counts["answered"] + counts["refused"]

    def _bound(self) -> Column:
        """Most that a request of a row (body) may cost: no tokenizer makes more tokens of a text than it has bytes."""
        if not self.p.prices:
            return F.lit(None).cast("double")
        model = F.get_json_object("body", "$.model")
        most = F.get_json_object("body", "$.parameters.max_tokens").cast("double")
        price = F.lit(None).cast("double")
        for name, (asked, given) in sorted(self.p.prices.items()):
            cost = (F.octet_length("body") * asked + most * given) / 1e6
            price = F.when(model == name, cost).otherwise(price)
        return price
