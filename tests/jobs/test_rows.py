"""The rows that the tests of stages are made of."""

from __future__ import annotations

import itertools

from pyspark.sql import SparkSession

from jobs.code import signals
from schemas.code import EXACT_DUPLICATES, FINGERPRINTS
from tests.jobs.rows import frame


def test_every_table_of_a_stage_can_be_built_from_its_contract(spark: SparkSession) -> None:
    for table in (EXACT_DUPLICATES, FINGERPRINTS, signals.SIGNALS):
        row = frame(spark, table, [{}]).collect()[0]
        assert [c.name for c in table.columns if row[c.name] is None] == [c.name for c in table.columns if c.nullable]
    assert list(itertools.chain(frame(spark, EXACT_DUPLICATES).collect())) == []
