"""Dialogues, corrections, rewritten files and traces from given tables and a corpus, to the tables made of them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from pyspark.sql import functions as F

from jobs.cli import exit_code
from jobs.commands.explain_made import explain_thread, find_threads
from jobs.instruct.asked_for import stored_versions
from jobs.instruct.parameters import Recipes
from jobs.report_instruct import instruct_report_page
from jobs.runtime.snapshot import Snapshot
from jobs.runtime.tables import Lake
from schemas.code import CODE_CORPUS
from schemas.instruct import (
    CODE_FEEDBACK,
    EXECUTION_TRACES,
    LLM_RESPONSES,
    MADE_DECISIONS,
    OPEN_CODE_INSTRUCT,
    QUERY_PACKS,
    REWRITTEN,
    THREADS,
)
from tests.jobs.instruct.teaching import by_stage, corpora, document, function, run_instruct, settings, teacher
from tests.jobs.pipeline import contents_of
from tests.udfs.calls.endpoint import Endpoint
from tests.udfs.recipes.scripts import ADD, ANSWER, PUBLISHED
from udfs.recipes.evolution import Evolution
from udfs.recipes.rewriting import Rewriting

NAMES = (
    "packing",
    "interaction",
    "follow_up",
    "correction",
    "rewriting",
    "traces",
    "open_code_rows",
    "open_code_instruct",
)
SMALL = {Rewriting: Rewriting(least_chars=20), Evolution: Evolution(generations=1)}
COMPARED = (QUERY_PACKS, THREADS, MADE_DECISIONS, CODE_FEEDBACK, REWRITTEN, EXECUTION_TRACES, OPEN_CODE_INSTRUCT)


def lines(place: Path, *rows: dict[str, object]) -> str:
    place.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(place)


@pytest.mark.long
def test_what_is_given_becomes_dialogues_and_files_are_rewritten_and_traced(
    lake: Lake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corpora(lake, [document("org/r1", "1.py", function(1))])
    query = "Write a function that adds two numbers, whatever their sign."
    pool = lines(
        tmp_path / "magicoder.jsonl",
        {"instruction": query, "output": ANSWER},
        {"instruction": query + " ", "output": ANSWER},
        {"instruction": "An easy one: print hello in Python please.", "output": "print('hello')"},
    )
    tagged = {"solutions": [ADD], "skill_types": ["Sorting"]}
    problems = lines(
        tmp_path / "taco.jsonl",
        tagged | {"question": "Sort a list of numbers by their last digit."},
        tagged | {"question": "Sort a list of words by their last letter."},
        tagged | {"question": "Sort a list of pairs by their sum.", "solutions": [ADD, ADD + "# again\n"]},
        {"question": "Too short"},
    )
    rows = lines(tmp_path / "oci.jsonl", dict(PUBLISHED), dict(PUBLISHED) | {"tests_execution_status": "[]"})
    tables = {pool: "queries", problems: "problems", rows: "open_code_rows"}
    recipes = Recipes(names=NAMES, tables=tables)
    with Endpoint(teacher) as endpoint:
        calls = settings(endpoint.url)
        first = by_stage(run_instruct(lake, "r1", recipes, calls, more=SMALL))
        assert first["questions"].reasons == {"not_in_form": 1}
        why = {r["reasons"][0]["rule"] if r["reasons"] else r["becomes"] for r in lake.read(QUERY_PACKS).collect()}
        assert why == {"interaction", "follow_up", "packing", "duplicate", "too_simple"}
        made = {row["kind"]: row for row in lake.read(CODE_FEEDBACK).collect()}
        assert made.keys() == {"similar", "interaction", "correction", "follow_up"}
        assert made["similar"]["turns"] == 2 and made["interaction"]["turns"] == 2
        (new,), traces = lake.read(REWRITTEN).collect(), lake.read(EXECUTION_TRACES).collect()
        assert new["original"] == lake.read(CODE_CORPUS).first()["clean_id"]
        assert {(row["call"], row["value"]) for row in traces} == {("add_1(1)", "2"), ("add_1(2)", "3")}
        founder, child, given = lake.read(OPEN_CODE_INSTRUCT).orderBy(F.col("generation").asc_nulls_last()).collect()
        assert child["parents"] == [founder["seed_id"]] and child["operator"] and founder["operator"] == ""
        assert given["tests_execution_status"] == ["pass", "pass", "fail"] and given["generation"] is None

        sent = len(endpoint.log)
        again = run_instruct(lake, "r2", recipes, calls, more=SMALL)
        assert all(r.skipped or r.rows_written == 0 for r in again), [r for r in again if not r.skipped]
        # Other settings and no model: what was made stays as it is.
        quiet = run_instruct(lake, "r3", Recipes(names=NAMES, tables=tables), calls, stored=stored_versions(lake))
        assert all(r.skipped or r.rows_written == 0 for r in quiet), [r for r in quiet if not r.skipped]
        other = Lake(lake.spark, str(tmp_path / "rebuilt"))
        corpora(other, lake.read(CODE_CORPUS).toArrow().to_pylist())
        other.ensure(LLM_RESPONSES)
        other.append(LLM_RESPONSES, lake.read(LLM_RESPONSES), {})
        run_instruct(other, "r1", recipes, calls, more=SMALL)
        assert len(endpoint.log) == sent
    for table in COMPARED:
        assert contents_of(lake, table) == contents_of(other, table), table.name

    snapshot = Snapshot(lake.warehouse)
    (thread,) = find_threads(snapshot, new["row_id"])
    said = "\n".join(explain_thread(snapshot, thread))
    assert "original: org/r1 1.py" in said and "rewritten:" in said and "| def plus_" in said
    page = instruct_report_page(lake)
    assert (
        "1 founder became 2 tasks" in page
        and "Dialogues by kind" in page
        and "How their tests ended" in page
        and "What each view takes" in page
    )

    views = ["instruct", "views", "--warehouse", lake.warehouse]
    assert exit_code(views) == 0
    told = capsys.readouterr().out
    assert re.search(r"^all +3 +100\.0%", told, re.M) and re.search(r"^tests_pass +0 +0\.0%", told, re.M)
    assert exit_code([*views, "--view", "average_test_score >= 0.5, judge >= 4"]) == 0
    assert re.search(r" 3 +100\.0%", capsys.readouterr().out)
    assert exit_code([*views, "--sweep", "average_test_score"]) == 0
    assert "average_test_score of at least" in capsys.readouterr().out
    assert exit_code([*views, "--sweep", "nothing"]) == 2
    assert "expected a score of open_code_instruct (" in capsys.readouterr().err
    assert exit_code([*views, "--table", "code_feedback"]) == 0
    assert re.search(r"^all +4 ", capsys.readouterr().out, re.M)
