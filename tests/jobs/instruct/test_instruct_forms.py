"""Made conversations in the forms of their papers: a round trip, and what a public loader finds in them."""

from __future__ import annotations

import json

from pyspark.sql import SparkSession

from jobs.export.conversations import COLUMNS, in_form
from schemas.instruct import CODE_FEEDBACK, OPEN_CODE_INSTRUCT
from tests.jobs.rows import frame
from tests.udfs.recipes.scripts import PUBLISHED
from udfs.recipes import open_code_rows
from udfs.recipes.open_code_rows import read


def test_published_rows_go_in_and_come_out_the_same(spark: SparkSession) -> None:
    made = read(PUBLISHED)
    parts = {name: json.loads(made.parts[name]) for name in ("unit_tests", "tests_execution_status", "llm_judgement")}
    row = {"row_id": "ab" * 32, "input": PUBLISHED["input"], "output": PUBLISHED["output"]} | parts
    row |= {"domain": made.parts["domain"], "generation_algorithm": made.parts["generation_algorithm"]}
    row |= {"average_test_score": made.scores["average_test_score"], "parents": [], "scores": []}
    bare = row | {"row_id": "cd" * 32, "unit_tests": [], "tests_execution_status": [], "llm_judgement": []}
    bare |= {"average_test_score": None}
    rows = in_form(frame(spark, OPEN_CODE_INSTRUCT, [row, bare]), "open-code-instruct").orderBy("id").collect()
    out = rows[0].asDict()
    assert tuple(out)[1:] == open_code_rows.COLUMNS == tuple(c.name for c in COLUMNS["open-code-instruct"])
    assert all(isinstance(value, str) for value in out.values()) and out["id"] == "ab" * 16
    # A loader compares the elements of the list with "pass"; the column itself is a text.
    assert json.loads(out["tests_execution_status"]) == ["pass", "pass", "fail"]
    assert json.loads(out["llm_judgement"])["requirement_conformance"] == {"score": 5.0, "justification": "all of it"}
    again = read(out)
    assert again.parts == made.parts and again.messages == made.messages and again.scores == made.scores
    assert read(rows[1].asDict()).parts["unit_tests"] == "[]"


def test_dialogues_have_an_id_and_messages(spark: SparkSession) -> None:
    talk = [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "So."}]
    made = frame(spark, CODE_FEEDBACK, [{"row_id": "ef" * 32, "messages": talk, "scores": []}])
    (row,) = in_form(made, "code-feedback").collect()
    assert row["id"] == "ef" * 16 and [m["role"] for m in row["messages"]] == ["user", "assistant"]
