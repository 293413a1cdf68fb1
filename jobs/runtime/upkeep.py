"""What keeps tables readable and small: files put together, files of nobody removed, double keys mended.

None of it moves a row, but for the repair of double keys: what was finished stays finished.
"""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from jobs.runtime.tables import Lake
from schemas.contract import Table


@dataclass(frozen=True)
class Tidied:
    """What the upkeep of one table did."""

    table: str
    files_before: int
    files_after: int
    files_removed: int
    bytes_after: int


def tidy(lake: Lake, table: Table) -> Tidied:
    """OPTIMIZE, liquid clustering, statistics of new columns, then VACUUM of what is older than the retention.

    Files that a release within the retention needs stay: VACUUM goes by the table's own retention, never below it.
    """
    lake.ensure(table)
    before = _files(lake, table)[0]
    lake.maintain(table, "OPTIMIZE {table}")
    vacuumed = lake.maintain(table, "VACUUM {table}")
    after, size = _files(lake, table)
    return Tidied(table.name, before, after, _removed(lake, table) if vacuumed else 0, size)


def _files(lake: Lake, table: Table) -> tuple[int, int]:
    """(files, bytes) of the newest version."""
    row = lake.spark.sql(f"DESCRIBE DETAIL {lake.ref(table.name)}").collect()[0]
    return int(row["numFiles"]), int(row["sizeInBytes"])


def _removed(lake: Lake, table: Table) -> int:
    """Files that the last VACUUM removed, as its commit says."""
    rows = lake.spark.sql(f"DESCRIBE HISTORY {lake.ref(table.name)} LIMIT 1").collect()
    found = (rows[0]["operationMetrics"] or {}).get("numDeletedFiles", 0) if rows else 0
    return int(found)


def double_keys(lake: Lake, table: Table) -> int:
    """Keys that stand in more than one row."""
    grouped = lake.keys(table).groupBy(*table.key).agg(F.count(F.lit(1)).alias("n")).where("n > 1")
    return grouped.count()


def repair(lake: Lake, table: Table, run_id: str) -> int:
    """Leave one row of each key, the smallest by its narrow columns, in one commit. Returns the rows removed.

    Rows of one key have the same text wherever the key names it. Which of two others is right, nobody can say here;
    stages that read the table decide anew, and a decision is taken again because its table has moved.
    """
    rows = lake.read(table)
    before = rows.count()
    one = lake.stage(_one_of_each(table, rows), run_id, f"{table.name}.repaired")
    lake.overwrite(table, one, {"run_id": run_id, "repaired": table.name})
    return before - lake.rows(table)


def _one_of_each(table: Table, rows: DataFrame) -> DataFrame:
    maps = {c.name for c in table.columns if c.type.startswith("map")}
    order = [F.to_json(c) if c in maps else F.col(c) for c in table.narrow()]
    first = F.row_number().over(Window.partitionBy(*table.key).orderBy(*order))
    return rows.withColumn("_n", first).where("_n = 1").drop("_n")
