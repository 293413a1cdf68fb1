"""The evolution of tasks: a function of seeds, settings and answers; lineage, removal, views."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pyspark.sql import functions as F

from jobs.instruct.asked_for import stored_versions
from jobs.instruct.parameters import Recipes
from jobs.runtime.tables import Lake
from schemas.code import CODE_CORPUS
from schemas.instruct import (
    EXECUTIONS,
    GENERATION_1,
    GENERATION_2,
    LLM_RESPONSES,
    MADE_DECISIONS,
    OPEN_CODE_INSTRUCT,
    POPULATION,
    QUESTIONS,
    THREADS,
    TRAILS,
)
from tests.jobs.instruct.teaching import by_stage, corpora, document, function, run_instruct, settings, teacher
from tests.jobs.pipeline import contents_of
from tests.udfs.calls.endpoint import Endpoint
from udfs.recipes.evolution import Evolution

OCI = Recipes(names=("open_code_instruct",))
SMALL = {Evolution: Evolution(generations=2, colonies=1, crossover=0.5)}
COMPARED = (QUESTIONS, GENERATION_1, GENERATION_2, POPULATION, THREADS, MADE_DECISIONS, OPEN_CODE_INSTRUCT, EXECUTIONS)


@pytest.mark.long
def test_tasks_evolve_are_solved_and_fall_with_their_founders(lake: Lake, tmp_path: Path) -> None:
    corpora(lake, [document(f"org/r{n}", f"{n}.py", function(n)) for n in range(4)])
    asked = tmp_path / "taco.jsonl"
    asked.write_text(json.dumps({"question": "Count the islands of a grid of zeros and ones.", "answer": "By search."}))
    recipes = Recipes(names=("open_code_instruct",), tables={str(asked): "open_code_instruct"})
    with Endpoint(teacher) as endpoint:
        calls = settings(endpoint.url)
        first = by_stage(run_instruct(lake, "r1", recipes, calls, more=SMALL))
        people = {row["seed_id"]: row for row in lake.read(POPULATION).collect()}
        founders = [row for row in people.values() if not row["generation"]]
        assert len(founders) == 5 and first["generation_1"].rows_kept == 5
        # Everybody has a child in each generation; parents are of generations before, and there.
        assert len(people) == 5 + 5 + 10
        for row in people.values():
            parents = [people[parent] for parent in row["parents"]]
            assert all(parent["generation"] < row["generation"] for parent in parents)
            assert sorted({o for parent in parents for o in parent["origins"]} or set(row["origins"])) == row["origins"]
            assert (len(parents) > 1) == (row["operator"] == "crossover")
        assert {row["operator"] == "crossover" for row in people.values() if row["generation"]} == {True, False}
        made = {row["seed_id"]: row for row in lake.read(OPEN_CODE_INSTRUCT).collect()}
        assert made.keys() == people.keys()
        some = next(row for row in made.values() if row["generation"] == 2)
        assert some["tests_execution_status"] == ["pass", "fail"] and some["average_test_score"] == 0.5
        assert some["judge"] == 5.0 and len(some["llm_judgement"]) == 3 and some["parents"] and some["unit_tests"]
        assert {row["domain"] for row in made.values()} == {"generic", "algorithmic"}

        # A rerun sends nothing; a rebuild that reuses the answers is equal.
        sent = len(endpoint.log)
        again = run_instruct(lake, "r2", recipes, calls, more=SMALL)
        assert all(r.skipped or r.rows_written == 0 for r in again), [r for r in again if not r.skipped]
        other = Lake(lake.spark, str(tmp_path / "rebuilt"))
        corpora(other, lake.read(CODE_CORPUS).toArrow().to_pylist())
        other.ensure(LLM_RESPONSES)
        other.append(LLM_RESPONSES, lake.read(LLM_RESPONSES), {})
        run_instruct(other, "r1", recipes, calls, more=SMALL)
        assert len(endpoint.log) == sent
        for table in COMPARED:
            assert contents_of(lake, table) == contents_of(other, table), table.name

        # A repository is gone: its descendants go with their answers, others stay, without a model and whatever the
        # settings say now.
        gone = lake.read(CODE_CORPUS).where("repo = 'org/r1'").select("clean_id")
        (dead,) = [row["clean_id"] for row in gone.collect()]
        lake.delete(CODE_CORPUS, gone, {})
        fallen = {name for name, row in people.items() if dead in row["origins"]}
        assert len(fallen) > 3
        lost = lake.read(TRAILS).where(F.col("origin").contains(dead)).select("key").distinct()
        keys = {row["key"] for row in lost.collect()}
        mixed = {row["key"] for row in lake.read(TRAILS).where(~F.col("origin").contains(dead)).collect()}
        run_instruct(lake, "r3", recipes, calls, stored=stored_versions(lake))
        assert len(endpoint.log) == sent
    left = {row["seed_id"] for row in lake.read(POPULATION).collect()}
    assert left == people.keys() - fallen
    assert {row["seed_id"] for row in lake.read(OPEN_CODE_INSTRUCT).collect()} == left
    answers = {row["request_id"] for row in lake.read(LLM_RESPONSES).collect()}
    assert not answers & (keys - mixed)


@pytest.mark.long
def test_a_generation_that_waits_goes_on_where_it_stopped(lake: Lake, tmp_path: Path) -> None:
    """With little money a run plays part of a generation; the next ones pay for nothing twice and end up equal."""
    corpora(lake, [document(f"org/r{n}", f"{n}.py", function(n)) for n in range(3)])
    one = {Evolution: Evolution(generations=1, colonies=1)}
    # An answer costs next to nothing: the most that a call can cost is then little more than what it comes to.
    priced = {"prices": {"teacher": [1.0, 0.01]}, "chunk": 1}
    other = Lake(lake.spark, str(tmp_path / "whole"))
    corpora(other, lake.read(CODE_CORPUS).toArrow().to_pylist())
    with Endpoint(teacher) as endpoint:
        run_instruct(other, "r1", OCI, settings(endpoint.url, **priced), more=one)
    whole = sum(row["cost"] for row in other.read(LLM_RESPONSES).collect())
    with Endpoint(teacher) as endpoint:
        for number in range(20):
            calls = settings(endpoint.url, max_cost=whole / 3, **priced)
            results = by_stage(run_instruct(lake, f"r{number}", OCI, calls, more=one))
            if not any(r.unfinished for r in results.values()):
                break
        assert number > 1, "the money was enough at once: the test shows nothing"
        assert not any(r.unfinished for r in results.values()), "it never came to its end"
        bodies = [json.dumps(sent.body, sort_keys=True) for sent in endpoint.log]
        assert len(bodies) == len(set(bodies)), "an answer was paid twice"
    for table in (POPULATION, OPEN_CODE_INSTRUCT, THREADS):
        assert contents_of(lake, table) == contents_of(other, table), table.name


@pytest.mark.long
def test_a_founder_of_two_texts_stays_with_the_last_of_them_and_so_do_its_children(lake: Lake) -> None:
    corpora(lake, [document(f"org/r{n}", f"{n}.py", f"{function(1)}# {n}\n") for n in range(2)])
    one = {Evolution: Evolution(generations=1, colonies=1)}
    with Endpoint(teacher) as endpoint:
        run_instruct(lake, "r1", OCI, settings(endpoint.url), more=one)
        people = {row["seed_id"]: row for row in lake.read(POPULATION).collect()}
        (founder,) = [row for row in people.values() if not row["generation"]]
        assert len(people) == 2
        answers, sent = lake.read(LLM_RESPONSES).count(), len(endpoint.log)
        (home,) = founder["origins"]
        lake.delete(CODE_CORPUS, lake.read(CODE_CORPUS).where(F.col("clean_id") == home).select("clean_id"), {})
        run_instruct(lake, "r2", OCI, settings(endpoint.url), more=one, stored=stored_versions(lake))
        left = {row["seed_id"]: row["origins"] for row in lake.read(POPULATION).collect()}
        assert left.keys() == people.keys() and [home] not in left.values()
        assert lake.read(LLM_RESPONSES).count() == answers
        lake.delete(CODE_CORPUS, lake.read(CODE_CORPUS).select("clean_id"), {})
        run_instruct(lake, "r3", OCI, settings(endpoint.url), more=one, stored=stored_versions(lake))
        assert len(endpoint.log) == sent
    assert not lake.read(POPULATION).count() and not lake.read(OPEN_CODE_INSTRUCT).count()
    assert not lake.read(LLM_RESPONSES).count()
