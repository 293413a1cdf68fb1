"""Recipes of OpenCodeInstruct and OpenCodeInterpreter: what a row holds, what is proven, what only looks right."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.udfs.recipes.driving import Driven, drive
from tests.udfs.recipes.scripts import (
    ADD,
    ADD_TESTS,
    ANSWER,
    CASES,
    LOOP,
    MEDIUM,
    PROBLEM_ROW,
    PUBLISHED,
    REWRITTEN,
    TASK,
    block,
    judged,
    scored,
    seed,
    settings,
)
from udfs.recipes import gates
from udfs.recipes.book import RECIPES, with_makers
from udfs.recipes.dialogue_rows import code_shares
from udfs.recipes.evolution import Evolution
from udfs.recipes.interaction import program_in
from udfs.recipes.open_code_instruct import assertions_in, entry_point
from udfs.recipes.open_code_rows import read
from udfs.recipes.packing import Packing
from udfs.recipes.steps import Dropped

READABLE = ("naming_and_form", "understandable", "self_contained")


def through(name: str, **changed: Any) -> Driven:
    case = CASES[name]
    script = case.script | changed.pop("script", {})
    return drive(RECIPES[name], changed.pop("seed", case.seed), script, changed.pop("settings", case.settings))


def test_a_task_has_the_status_of_each_test_and_what_the_judge_said() -> None:
    (row,) = through("open_code_instruct").rows
    assert row.scores["tests"] == 3 and row.scores["average_test_score"] == 1.0 and row.scores["mutation"] == 1.0
    assert row.scores["judge"] == row.scores["judge_least"] == 5.0 and row.scores["answers_agree"] < 1
    assert json.loads(row.parts["tests_execution_status"]) == ["pass"] * 3
    assert json.loads(row.parts["llm_judgement"])[0]["criterion"] == "requirement_conformance"
    assert row.parts["generation_algorithm"] == "evol-instruct" and "add" in row.messages[1]["content"]
    # The second answer is the right one: it is taken.
    wrong = f"No:\n{block('python', 'def add(a, b): return a - b')}"
    (row,) = through("open_code_instruct", script={"solve": [wrong, ANSWER]}).rows
    assert row.messages[1]["content"] == ANSWER


def test_failures_are_rows_and_without_tests_there_is_no_share() -> None:
    one = settings("open_code_instruct")
    bad = {"solve": f"So:\n{block('python', 'def add(a, b): return a - b')}"}
    (row,) = through("open_code_instruct", script=bad, settings=one).rows
    assert 0 < row.scores["average_test_score"] < 1 and "fail" in row.parts["tests_execution_status"]
    (row,) = through("open_code_instruct", script={"tests": "<test>assert True</test>"}, settings=one).rows
    assert "average_test_score" not in row.scores and row.parts["unit_tests"] == "[]"
    assert (
        through("open_code_instruct", script={"solve": "```python\ndef f(:\n```"}, settings=one).why == "syntax_error"
    )


def test_tests_are_assertions_about_what_the_answer_defines() -> None:
    said = "".join(
        f"<test>{line}</test>" for line in (*ADD_TESTS.splitlines(), "assert 1 == 1", "add(1, 2)", "assert f(")
    )
    assert [test.name for test in assertions_in(said, ADD, 10)] == ["1", "2", "3"]
    assert len(assertions_in(said, ADD, 2)) == 2 and assertions_in(said, "x = 1", 10) == ()
    fenced = assertions_in(block("python", ADD_TESTS), ADD, 10)
    assert [test.code for test in fenced] == [test.code for test in assertions_in(said, ADD, 10)]
    assert entry_point(f"def help_(x):\n    return x\n{ADD}", fenced) == "add"


def test_published_rows_come_in_typed_and_wrong_ones_say_why() -> None:
    row = read(PUBLISHED)
    assert json.loads(row.parts["tests_execution_status"]) == ["pass", "pass", "fail"]
    assert row.scores["average_test_score"] == pytest.approx(2 / 3) and row.scores["crossover"] == 1.0
    assert row.scores["judge_requirement_conformance"] == 5.0
    typed = PUBLISHED | {"unit_tests": ["assert 1"], "tests_execution_status": ["fail"], "average_test_score": 0.0}
    assert json.loads(read(typed).parts["unit_tests"]) == ["assert 1"]
    plain = read(PUBLISHED | {"llm_judgement": '{"logical_correctness": 4}', "average_test_score": ""})
    assert plain.scores["judge"] == 4.0 and plain.scores["average_test_score"] == pytest.approx(2 / 3)
    for wrong in (
        {"tests_execution_status": '["pass"]'},
        {"tests_execution_status": '["pass", "ok", "fail"]'},
        {"unit_tests": "no list"},
        {"llm_judgement": '{"a": {"score": "five"}}'},
        {"average_test_score": "2"},
        {"output": " "},
    ):
        with pytest.raises(Dropped):
            read(PUBLISHED | wrong)


def test_a_query_keeps_both_scores_and_both_raw_answers() -> None:
    (row,) = through("queries").rows
    assert (row.scores["complexity1"], row.scores["complexity2"], row.scores["complexity"]) == (5.0, 4.0, 4.5)
    raw = json.loads(row.parts["raw"])
    assert [one["scores"] for one in raw] == [{"complexity": 5}, {"demands": 4}] and raw[0]["reasons"]
    assert through("queries", script={"complexity2": scored(9, "demands")}).why == "not_json"


def test_a_dialogue_shows_what_the_run_said_and_ends_well() -> None:
    found = through("interaction")
    (row,) = found.rows
    said = [message["content"] for message in row.messages]
    assert said[2].startswith("Execution result:\n\nExecution ended with an error.") and "addd" in said[2]
    assert row.scores["failed"] == 1 and row.scores["mended"] == 1 and row.scores["runs"] == 3
    assert row.scores["with_code"] == 1.0 and row.scores["mixed"] == pytest.approx(1 / 3) and len(said) == 6
    assert [a.step for a in found.asked if a.kind == "call"] == ["answer", "repair", "user", "follow"]
    stubborn = {"repair": CASES["interaction"].script["answer"]}
    assert through("interaction", script=stubborn).why == "unmended"
    talk = through("interaction", script={"answer": "There is nothing to program here, to be honest."})
    assert talk.rows and talk.rows[0].scores["runs"] == 1, "an answer without a program is a turn of a talk"
    assert through("interaction", script={"answer": ANSWER, "user": "DONE."}).why == "too_few_turns"


def test_the_last_program_of_an_answer_is_run() -> None:
    assert program_in("```python\na = 1\n```\n```py\nb = 2\n```\n```sh\nls\n```") == "b = 2"
    assert program_in("```\nc = 3\n```") == "c = 3" and program_in("```sh\nls\n```") == "" == program_in("none")


def test_a_bug_is_proven_to_fail_and_its_repair_to_pass() -> None:
    (row,) = through("correction").rows
    user, wrong, said, mended = (message["content"] for message in row.messages)
    assert "a - b" in wrong and "This does not hold: assert add(" in said and "a + b" in mended and user
    assert row.scores["bug_passed"] < 1
    assert through("correction", script={"bug": block("python", ADD)}).why == "bug_passes"
    assert through("correction", script={"repair": block("python", "def add(a, b): return 0")}).why == "tests_failed"


def test_problems_and_packs_and_follow_ups() -> None:
    (row,) = through("problems").rows
    assert row.parts["tags"] == "amortized analysis|sorting" and row.scores["solutions"] == 2
    bare = {"row": json.dumps(PROBLEM_ROW | {"solutions": "[]"})}
    assert through("problems", seed=seed(bare)).why == "no_solution"
    assert through("problems", seed=seed({"row": json.dumps({"question": "?"})})).why == "not_in_form"
    (row,) = through("packing").rows
    assert [m["role"] for m in row.messages] == ["user", "assistant"] * 2 and row.scores["similar"] == 0.0
    members = json.dumps([{"question": TASK, "solutions": json.dumps([ADD])}] * 2)
    (row,) = through("packing", seed=seed({"kind": "similar", "members": members})).rows
    assert ADD.strip() in row.messages[1]["content"] and row.scores["similar"] == 1.0
    lost = json.dumps([{"question": TASK}] * 2)
    assert through("packing", seed=seed({"kind": "single_turn", "members": lost})).why == "no_answer"
    (row,) = through("follow_up").rows
    assert len(row.messages) == 4 and row.messages[1]["content"].startswith("It adds.") and row.scores["mixed"] == 1.0


def test_how_much_code_answers_hold() -> None:
    assert code_shares([ANSWER, block("python", ADD), "Only words."]) == {
        "with_code": pytest.approx(2 / 3),
        "mixed": pytest.approx(1 / 3),
    }
    assert code_shares([]) == {}


def test_settings_are_refused_with_what_they_may_be() -> None:
    for make, said in (
        (lambda: Evolution(generations=4), "evolution.generations: expected 0 to 3"),
        (lambda: Evolution(operators=("nothing",)), "evolution.operators: expected names out of"),
        (lambda: Evolution(parents=1), "evolution.parents: expected 2 to 10"),
        (lambda: Evolution(crossover=1.5), "evolution.crossover: expected a share"),
        (lambda: Packing(nearest=0.5, farthest=0.6), "packing: expected farthest below nearest"),
        (lambda: Packing(turns=1), "packing: expected turns from 2"),
    ):
        with pytest.raises(ValueError, match=said):
            make()
    assert with_makers(("open_code_instruct",)) == ("open_code_instruct", "oss_questions", "evolution")


def test_a_file_between_poor_and_good_is_written_again_and_proven() -> None:
    found = through("rewriting")
    (row,) = found.rows
    assert row.text == REWRITTEN and row.scores["readability"] == 3.0 and row.scores["tests"] == 1.0, "one was wrong"
    for script, why in (
        ({"score": judged(5, *READABLE)}, "quality"),
        ({"score": judged(1, *READABLE)}, "quality"),
        ({"rewrite": block("python", MEDIUM)}, "unchanged"),
        ({"rewrite": block("python", "def f(a):\n    return (")}, "syntax_error"),
        ({"rewrite": block("python", "f = 1")}, "length"),
        ({"rewrite": block("python", "def f(a):\n    return a * 3\n")}, "tests_failed"),
    ):
        assert through("rewriting", script=script).why == why
    assert through("rewriting", seed=seed({"code": MEDIUM}, "haskell")).why == "language"
    assert through("rewriting", seed=seed({"code": "def f(:\n" * 9})).why == "syntax_error"
    assert [a.step for a in through("rewriting", script={"score": judged(5, *READABLE)}).asked] == ["score"]
    assert gates.parses("typescript", "const a: number = 1;") and not gates.parses("javascript", "let a = = 1;")


def test_a_trace_is_what_the_run_did() -> None:
    rows = through("traces").rows
    first, question, second, _ = rows
    assert (first.target, question.target) == ("execution_traces", "instructions")
    assert first.parts["call"] == "count(2)" and first.parts["value"] == "1" and second.parts["call"] == "count(-1)"
    assert "# count line 4: total = 1" in first.text or "total = 1" in first.text
    assert first.text.rstrip().endswith("# It returns 1.") and "n = 2" in first.text
    assert question.messages[0]["content"].startswith("What happens, step by step, when `count(2)` runs?")
    assert "1  def count(n):" in question.messages[0]["content"]
    # Examples of the docstring need no model.
    doc = {"name": "count", "doc": "Counts.\n\n>>> count(3)\n3\n>>> other(1)\n", "code": LOOP}
    found = through("traces", seed=seed(doc))
    assert [a.kind for a in found.asked] == ["run"] and found.rows[0].parts["value"] == "3"
    long = through("traces", script={"inputs": block("python", "count(5000)")})
    assert long.why == "no_trace", "a way too long to be followed is none"
    raising = seed({"name": "bad", "doc": ">>> bad([])", "code": "def bad(x):\n    y = 1\n    return x[y]\n"})
    (row, _) = through("traces", seed=raising).rows
    assert row.parts["raised"].startswith("IndexError") and "It raises IndexError" in row.text


def test_objects_in_a_trace_have_no_address() -> None:
    code = "class A:\n    pass\n\n\ndef g(n):\n    a = A()\n    s = {3, 1}\n    return (a, s, n)\n"
    rows = through("traces", seed=seed({"name": "g", "doc": ">>> g(1)", "code": code})).rows
    assert "0x" not in rows[0].text and "A object" in rows[0].text
