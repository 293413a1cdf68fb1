"""No decision reads a text: seen in the scans that Spark plans for every decide stage, required key and publication."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs.code.parameters import Quality
from jobs.corpus.parameters import InstructionDedup, Tokens
from jobs.flows import FLOWS, TABLES
from jobs.instruct.parameters import Synthesis
from jobs.runtime.frames import align
from jobs.runtime.runner import Run
from jobs.runtime.stage import Decide, Measure, Stage
from jobs.runtime.tables import Lake
from schemas.contract import Table
from tests.udfs.quality.files import scorer_in
from udfs.tokens.tokenizer import TextTokenizer

STAGES = tuple(stage for flow in FLOWS for stage in flow.stages)
TEXTS = {text for table in TABLES for text in table.text}
WIDE = [table for table in FLOWS[0].tables if table.text]


@pytest.fixture(scope="module")
def empty(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run over a warehouse with every table of the flow, by contract and empty."""
    folder = tmp_path_factory.mktemp("plans")
    lake = Lake(spark, str(folder / "warehouse"))
    for table in TABLES:
        lake.ensure(table)
    TextTokenizer.train(["a text"], 300).save(folder / "tokenizer")
    scorer = Quality(str(scorer_in(folder / "scorer").folder))  # without one its stage reads nothing
    return Run(lake, "plans", STAGES, {Tokens: Tokens(str(folder / "tokenizer")), Quality: scorer})


def scanned(plan: DataFrame) -> list[set[str]]:
    """Columns that each scan of the physical plan takes from its files."""
    leaves = plan._jdf.queryExecution().sparkPlan().collectLeaves()
    found = [leaves.apply(n) for n in range(leaves.size())]
    return [set(leaf.schema().fieldNames()) for leaf in found if leaf.nodeName().startswith("Scan")]


def once(step: Callable[[DataFrame], DataFrame], rows: DataFrame, at_once: object = None) -> DataFrame:
    """One round of a fixpoint keeps the whole of it in the plan."""
    return step(rows)


def narrow_part(run: Run, stage: Stage) -> DataFrame:
    """What the runner asks of a stage before any text is due, as it is written."""
    reads, params = [run.read(table) for table in stage.reads], run.params_of(stage)
    if isinstance(params, Synthesis):
        names = ("package", "package_api", "evolution", "open_code_instruct", "packing")
        params = replace(params, stored=dict.fromkeys(names, "v"))  # no model is named here
    if isinstance(params, InstructionDedup):
        params = replace(params, embeddings="a folder")  # without one its stages read nothing
    if isinstance(stage, Measure):
        return stage.required(*reads, params)
    if isinstance(stage, Decide):
        extra = {"fixpoint": once} if stage.iterative else {}
        return align(stage.writes, stage.transform(*reads, params, **extra))
    return stage.transform(*reads, params)


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: f"{type(stage).__name__.lower()} {stage.name}")
def test_what_a_stage_decides_by_is_narrow(empty: Run, stage: Stage) -> None:
    scans = scanned(narrow_part(empty, stage))
    assert len(scans) >= len({t.name for t in stage.reads}) - 1, "the plan was read"
    assert [columns & TEXTS for columns in scans if columns & TEXTS] == []


@pytest.mark.parametrize("table", WIDE, ids=lambda table: table.name)
def test_a_transform_that_reads_a_text_is_seen(empty: Run, table: Table) -> None:
    """Without this the test above might be looking at the wrong thing."""
    key = table.key[0]
    rows = empty.lake.read(table)
    wide = rows.groupBy(key).agg(F.max(F.length(table.text[0])).alias("longest"))
    assert scanned(wide) == [{key, table.text[0]}]
    assert scanned(rows.groupBy(key).agg(F.max("text_bytes"))) == [{key, "text_bytes"}]
