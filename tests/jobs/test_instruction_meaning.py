"""Instructions that say the same in other words are found by an encoder, where one is named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import functions as F

from jobs.corpus import (
    instruction_embeddings,
    instruction_fingerprints,
    instruction_groups,
    instruction_neighbours,
    instruction_pairs,
)
from jobs.corpus.parameters import InstructionDedup
from jobs.runtime.accounting import append_rows
from jobs.runtime.runner import Run, run_stages
from jobs.runtime.tables import Lake
from schemas import corpus
from schemas.instruct import MADE_DECISIONS, THREADS
from tests.udfs.embeddings.test_embeddings import small_encoder

STAGES = (
    instruction_fingerprints.STAGE,
    instruction_pairs.STAGE,
    instruction_embeddings.STAGE,
    instruction_neighbours.STAGE,
    instruction_groups.STAGE,
)


def given(instruction_id: str, question: str) -> dict[str, Any]:
    messages = [{"role": "user", "content": question}, {"role": "assistant", "content": "python"}]
    row: dict[str, Any] = dict.fromkeys(corpus.GIVEN_INSTRUCTIONS.names)
    row |= {"origin": "t.jsonl", "instruction_id": instruction_id, "stage": 1, "messages": messages}
    return row | {"language": "", "question_bytes": len(question), "answer_bytes": 6}


def dedup(lake: Lake, run_id: str, p: InstructionDedup) -> tuple[dict[str, Any], dict[str, int]]:
    """({id: its row of instruction_groups}, {stage: rows written})."""
    results = run_stages(Run(lake, run_id, STAGES, {InstructionDedup: p}), STAGES)
    rows = lake.read(corpus.INSTRUCTION_GROUPS).collect()
    return {r["file_id"]: r for r in rows}, {r.stage: r.rows_written for r in results}


def test_one_of_those_that_mean_the_same_stays(lake: Lake, tmp_path: Path) -> None:
    """The small encoder knows few words: two that it does not know are the same to it, but not to MinHash."""
    for table in (corpus.INSTRUCTION_PARTS, MADE_DECISIONS, THREADS):
        lake.ensure(table)
    texts = {"a": "sort cats in python", "b": "sort dogs in python", "c": "numbers of a list", "d": "sort a list"}
    append_rows(lake, corpus.GIVEN_INSTRUCTIONS, [given(name, text) for name, text in texts.items()])
    place = str(small_encoder(tmp_path))
    p = InstructionDedup(embeddings=place, cosine=0.999)

    found, written = dedup(lake, "r1", InstructionDedup())
    assert all(row["keep"] for row in found.values()) and written["instruction_embeddings"] == 0

    found, written = dedup(lake, "r2", p)
    assert written["instruction_embeddings"] == 4
    assert {name for name, row in found.items() if not row["keep"]} == {"b"}
    (why,) = found["b"]["reasons"]
    assert (why["rule"], why["detail"], why["threshold"]) == ("same_meaning", "a", 0.999) and why["value"] > 0.999

    # One more is measured alone, and nothing that was measured is measured again.
    append_rows(lake, corpus.GIVEN_INSTRUCTIONS, [given("e", "sort birds in python")])
    found, written = dedup(lake, "r3", p)
    assert written["instruction_embeddings"] == 1
    assert {name for name, row in found.items() if not row["keep"]} == {"b", "e"}

    # The first goes: another stands for the rest. A bound that all reach leaves one; without an encoder all stay.
    lake.delete(corpus.GIVEN_INSTRUCTIONS, lake.spark.createDataFrame([("a",)], "instruction_id string"), {})
    found, _ = dedup(lake, "r4", p)
    assert set(found) == set("bcde") and {n for n, row in found.items() if not row["keep"]} == {"e"}
    assert lake.read(corpus.INSTRUCTION_EMBEDDINGS).where(F.col("unit_id") == "a").count() == 0
    found, _ = dedup(lake, "r5", replace(p, embeddings=""))
    assert all(row["keep"] for row in found.values())


def test_a_folder_that_is_no_encoder_ends_the_run_with_its_name(lake: Lake, tmp_path: Path) -> None:
    for table in (corpus.INSTRUCTION_PARTS, corpus.GIVEN_INSTRUCTIONS, MADE_DECISIONS, THREADS):
        lake.ensure(table)
    with pytest.raises(ValueError, match=r"none: expected a sentence encoder .*, found no config\.json"):
        dedup(lake, "r1", InstructionDedup(embeddings=str(tmp_path / "none")))
