"""A measure whose kernel dies of marked texts, carried out three times; as a script, on a cluster of processes.

    python tests/jobs/killing.py WAREHOUSE

prints what `scenario` found, as JSON.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame

from jobs.runtime import runner
from jobs.runtime.stage import Measure
from jobs.runtime.tables import Lake
from schemas.contract import Column, Table
from udfs.spark.batches import mapped
from udfs.spark.guard import Kernel

DEADLY, HANGS = "ABORT", "HANGS"

_ID = Column("content_id", "string", "Who.", nullable=False)
_SIZE, _TEXT = Column("text_bytes", "bigint", "How long."), Column("text", "string", "The text.")
NOTES = Table("notes", "Texts.", (_ID, _SIZE, _TEXT), key=("content_id",))
LENGTHS = Table(
    "lengths",
    "A measure of a note.",
    (
        _ID,
        Column("kernel_version", "string", "Kernel.", nullable=False),
        Column("letters", "bigint", "How many.", nullable=False),
        Column("failure", "string", "Why not."),
    ),
    key=("content_id", "kernel_version"),
)


@dataclass(frozen=True)
class Counter:
    """Version 1 dies of marked texts, version 2 has been mended."""

    version: int = 1


def lengths_of(p: Counter, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    if p.version == 1 and DEADLY in batch.column("text").to_pylist():
        os.abort()
    if HANGS in batch.column("text").to_pylist():
        re.match(r"(a+)+b", "a" * 64)  # a loop in C
    letters = pa.array([len(text) for text in batch.column("text").to_pylist()], pa.int64())
    yield pa.RecordBatch.from_arrays([batch.column("content_id"), letters], ["content_id", "letters"])


def _dies(kernel: Kernel, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    if DEADLY in batch.column("text").to_pylist():
        os.abort()
    yield from kernel(batch)


def killed(rows: DataFrame, kernel: Kernel, schema: str) -> DataFrame:
    """`mapped`, with a kernel that aborts where it meets DEADLY and is itself elsewhere."""
    return mapped(rows, partial(_dies, kernel), schema)


def _dies_of_unit(kernel: Kernel, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    for row in range(len(batch)):
        if DEADLY in batch.column("source_id")[row].as_py():
            os.abort()
        yield from kernel(batch.slice(row, 1))


def killed_by_units(rows: DataFrame, kernel: Kernel, schema: str) -> DataFrame:
    """`mapped`, with a reader that aborts at a source whose name says DEADLY."""
    return mapped(rows, partial(_dies_of_unit, kernel), schema)


def required(notes: DataFrame, p: Counter) -> DataFrame:
    return notes.select("content_id")


def lengths(keys: DataFrame, notes: DataFrame, p: Counter) -> DataFrame:
    texts = keys.join(notes, "content_id").select("content_id", "text")
    return mapped(texts, partial(lengths_of, p), "content_id string, letters bigint")


MEASURE = Measure(
    "lengths",
    lengths,
    required,
    reads=(NOTES,),
    texts=(NOTES,),
    writes=LENGTHS,
    kernel_version=lambda p: f"v{p.version}",
    params=Counter(),
)


def scenario(lake: Lake) -> dict[str, Any]:
    """What is stored and said after a run that meets two deadly texts, a run after it, and one with a mended kernel."""
    lake.ensure(NOTES)
    texts = {f"n{n:02}": DEADLY if n in (3, 11) else "x" * n for n in range(20)}
    rows = [(i, len(t), t) for i, t in texts.items()]
    lake.append(NOTES, lake.spark.createDataFrame(rows, "content_id string, text_bytes bigint, text string"), {})
    return {"dies": _run(lake, 1), "again": _run(lake, 1, more="new"), "mended": _run(lake, 2)}


def _run(lake: Lake, version: int, more: str = "") -> dict[str, Any]:
    if more:
        one = lake.spark.createDataFrame([(more, 3, more)], "content_id string, text_bytes bigint, text string")
        lake.append(NOTES, one, {})
    run = runner.Run(lake, f"r{lake.version('lengths')}", (MEASURE,), {Counter: Counter(version)})
    result = runner.run_stages(run, (MEASURE,))[0]
    rows = run.read(LENGTHS).orderBy("content_id").collect()
    return {
        "read": result.rows_read,
        "dropped": result.rows_dropped,
        "reasons": result.reasons,
        "letters": {r["content_id"]: r["letters"] for r in rows if r["failure"] is None},
        "failures": {r["content_id"]: r["failure"] for r in rows if r["failure"] is not None},
        "commits": lake.version("lengths"),
    }


if __name__ == "__main__":
    from jobs.runtime.session import session

    spark = session()
    assert spark.conf.get("spark.master").startswith("local-cluster"), spark.conf.get("spark.master")
    print(json.dumps(scenario(Lake(spark, sys.argv[1]))))
