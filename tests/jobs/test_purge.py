"""Storage forgets: deleted rows leave their files, old versions and logs go, and the table is as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from jobs.runtime import purge
from jobs.runtime.tables import Lake
from schemas.code import NEAR_PAIRS
from udfs.reading.delta import rows_left

GONE, KEPT = "needle", "stays"


def with_a_deleted_row(spark: Any, folder: Path) -> Lake:
    lake = Lake(spark, str(folder / "warehouse"))
    lake.ensure(NEAR_PAIRS)
    rows = [(f"{name}-{n}", f"z{n}", 0.5, False) for name in (GONE, KEPT) for n in range(20)]
    table = pa.Table.from_pylist([dict(zip(NEAR_PAIRS.names, r, strict=True)) for r in rows], NEAR_PAIRS.arrow_schema())
    lake.append(NEAR_PAIRS, spark.createDataFrame(table).coalesce(1), {"run_id": "r"})
    lake.maintain(NEAR_PAIRS, "OPTIMIZE {table}")  # into a place of its own, which REORG alone would leave
    lake.delete(NEAR_PAIRS, spark.createDataFrame([(f"{GONE}-{n}",) for n in range(20)], "unit_a string"), {})
    assert rows_left(DeltaTable(lake.location(NEAR_PAIRS.name))), "the rows must stand behind a deletion vector"
    return lake


def clustering(lake: Lake) -> list[str]:
    detail = lake.spark.sql(f"DESCRIBE DETAIL {lake.ref(NEAR_PAIRS.name)}").collect()[0]
    return list(detail["clusteringColumns"])


def test_a_purge_leaves_no_byte_and_moves_no_row(spark: Any, tmp_path: Path) -> None:
    lake = with_a_deleted_row(spark, tmp_path)
    folder, moved = Path(lake.location(NEAR_PAIRS.name)), lake.rows_version(NEAR_PAIRS.name)
    assert any(GONE.encode() in p.read_bytes() for p in folder.rglob("*") if p.is_file())
    purge.rewrite_all(lake, [NEAR_PAIRS])
    assert purge.forget_all(lake, [NEAR_PAIRS], at_once=True) == []
    assert [str(p) for p in folder.rglob("*") if p.is_file() and GONE.encode() in p.read_bytes()] == []
    fresh = Lake(spark, lake.warehouse)
    assert fresh.rows_version(NEAR_PAIRS.name) == moved, "what was finished stays finished"
    assert fresh.rows(NEAR_PAIRS) == 20 and clustering(fresh) == list(NEAR_PAIRS.cluster_by)
    before = fresh.version(NEAR_PAIRS.name)
    fresh.ensure(NEAR_PAIRS)
    assert fresh.version(NEAR_PAIRS.name) == before, "and has its contract still"


def test_a_purge_that_dies_half_way_is_made_good(spark: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = with_a_deleted_row(spark, tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(Lake, "maintain", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            purge.rewrite(lake, NEAR_PAIRS)
    assert clustering(lake) == []
    fresh = Lake(spark, lake.warehouse)
    fresh.ensure(NEAR_PAIRS)
    assert clustering(fresh) == list(NEAR_PAIRS.cluster_by)


def test_a_log_keeps_what_a_release_may_need(tmp_path: Path) -> None:
    log = tmp_path / "t" / "_delta_log"
    log.mkdir(parents=True)
    names = [f"{n:020d}.json" for n in range(5)] + [f"{3:020d}.checkpoint.parquet", "_last_checkpoint"]
    for name in names:
        (log / name).write_text("{}")
    assert purge.forget_log(str(tmp_path / "t"), 30) == 0, "the checkpoint is of today"
    assert purge.forget_log(str(tmp_path / "t"), 0) == 3
    assert sorted(p.name for p in log.iterdir()) == sorted(names[3:])
