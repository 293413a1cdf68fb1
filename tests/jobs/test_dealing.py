"""Units are dealt to tasks by size."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from jobs.runtime.dealing import dealt, spread_by_size


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=60), st.integers(1, 9))
def test_no_task_has_more_than_its_share_and_one_unit(sizes: list[int], tasks: int) -> None:
    known = [size for size in sizes if size]
    usual = sum(known) // len(known) if known else 1
    weights = [size or usual for size in sizes]
    load = [0] * tasks
    for weight, task in zip(weights, dealt(sizes, tasks), strict=True):
        load[task] += weight
    assert sum(load) == sum(weights) and max(load) <= sum(weights) / tasks + max(weights)


def test_a_large_unit_has_a_task_of_its_own(spark: SparkSession, tmp_path: Path) -> None:
    for number in range(9):
        (tmp_path / f"{number}.tar").write_bytes(b"x" * (1000 if number == 4 else 100))
    units = [
        {"source_id": f"s{n}", "kind": "archive", "location": str(p), "revision": None, "unit": str(p)}
        for n, p in enumerate(sorted(tmp_path.iterdir()))
    ]
    units.append({**units[0], "source_id": "gone", "unit": str(tmp_path / "gone.tar")})
    found = spread_by_size(
        spark, units, 3, lambda unit: Path(unit["unit"]).stat().st_size if Path(unit["unit"]).exists() else 0
    ).withColumn("task", F.spark_partition_id())
    tasks: dict[int, list[str]] = {}
    for row in found.collect():
        tasks.setdefault(row["task"], []).append(row["source_id"])
    assert sorted(map(len, tasks.values())) == [1, 4, 5] and ["s4"] in tasks.values()
