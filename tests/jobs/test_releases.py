"""When a flow is whole: which moves of its tables its stages have to follow before a release names them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import write_deltalake

from jobs.flows import INSTRUCT, WEB
from jobs.instruct.model_labels import STAGE as MODEL_LABELS
from jobs.runtime.accounting import StageResult
from jobs.runtime.releases import waits_for
from jobs.runtime.tables import Lake
from schemas.recall import PAGE_LABELS


def no_spark() -> Any:
    raise AssertionError("what a flow waits for is read without Spark")


def test_labels_that_a_later_flow_gives_wait_for_the_next_run_and_those_of_people_do_not(tmp_path: Path) -> None:
    def label(number: int) -> None:
        write_deltalake(str(tmp_path / PAGE_LABELS.name), pa.table({"url": [str(number)]}), mode="append")
        lake.look()

    lake = Lake(no_spark, str(tmp_path))
    label(0)
    done = {s.name: StageResult(s.name, s.writes.name) for s in (*WEB.stages, *INSTRUCT.stages)}
    done[WEB.before[0]] = StageResult(WEB.before[0], "web_pages")
    reads = [s.name for s in WEB.stages if PAGE_LABELS in s.reads]
    assert reads
    for name in reads:
        done[name].inputs = {PAGE_LABELS.name: 0}
    assert waits_for(lake, WEB, done) == []
    label(1)
    assert waits_for(lake, WEB, done) == [f"{n} has not been carried out since page_labels moved" for n in reads]
    done[MODEL_LABELS.name].table_version = 1
    assert waits_for(lake, WEB, done) == []
    label(2)  # by a person, whom the web flow has to hear first
    assert waits_for(lake, WEB, done)
