"""Every recipe from its seed to its rows, with a scripted teacher and the real sandbox."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import Any

import pytest

from schemas.instruct import CONVERSATIONS
from tests.udfs.recipes.driving import Driven, drive
from tests.udfs.recipes.scripts import (
    ADD,
    ADD_TESTS,
    ANSWER,
    CASES,
    CODE,
    PAGE,
    PROBLEM,
    QUALITY,
    QUESTION,
    VALUE,
    block,
    dialogue,
    judged,
    seed,
    settings,
)
from udfs.calls.requests import Answer, request_of
from udfs.execution.languages import Missing, tools
from udfs.recipes.book import RECIPES, recipe
from udfs.recipes.prompts import names as prompt_names
from udfs.recipes.replay import Models
from udfs.recipes.steps import Seed
from udfs.recipes.writing import forms_of_tests


def through(name: str, library: str = "", **changed: Any) -> Driven:
    case = CASES[name]
    script = case.script | changed.pop("script", {})
    given = changed.pop("seed", case.seed)
    p = changed.pop("settings", case.settings)
    return drive(RECIPES[name], given, script, p, libraries=(library,) if library else ())


@pytest.mark.parametrize("name", [name for name in RECIPES if name not in ("package", "package_api")])
def test_what_the_settings_never_ask_needs_no_model(name: str) -> None:
    """A step that is asked zero times by its estimate is asked by no thread, and so may have no model."""
    times = {step: number for step, _, number in RECIPES[name].asked(CASES[name].settings)}
    asked = {step.step for step in through(name).asked if step.kind == "call"}
    assert not {step for step in asked if not times[step]}
    never = {step for step, number in times.items() if not number}
    needed = Models({f"{name}.{step}": "m" for step in times.keys() - never}).needed(
        RECIPES[name], CASES[name].settings
    )
    assert set(needed) == {step for step, _, _ in RECIPES[name].asks} - never


def test_a_step_that_is_asked_needs_one() -> None:
    with pytest.raises(ValueError, match=r"expected a model for commits.code"):
        Models({}).needed(RECIPES["commits"], RECIPES["commits"].settings)
    assert Models({}).needed(RECIPES["commits"], replace(RECIPES["commits"].settings, judge=False)) == {}


@pytest.mark.parametrize("name", [name for name in RECIPES if name not in ("package", "package_api")])
def test_a_good_teacher_gives_rows_for_the_table(name: str) -> None:
    found = through(name)
    assert found.played.dropped is None and found.rows
    for row in found.rows:
        assert row.target == RECIPES[name].target or (name in ("traces", "commits") and row.target == "instructions")
        if row.target in CONVERSATIONS:
            assert [m["role"] for m in row.messages] == ["user", "assistant"] * (len(row.messages) // 2)
            assert row.stage == (1 if name in ("infinity", "realuser", "diverse") else 2)
        if row.target not in ("open_code_instruct", "code_feedback"):
            assert row.licence == "mit"
        json.dumps([row.text, dict(row.parts), row.messages], ensure_ascii=False).encode()
        assert all(isinstance(number, float) for number in row.scores.values())


def test_the_book_names_its_steps_and_prompts() -> None:
    assert {ask[1] for each in RECIPES.values() for ask in each.asks} <= set(prompt_names())
    for name, each in RECIPES.items():
        assert each.name == name and recipe(name) is each and each.doc.endswith(".") and each.takes
        asked = {asked.step for asked in through(name).asked if asked.kind == "call"} if name in CASES else set()
        always = {step for step, _, times in each.asks if times} - {"mutate", "cross"}  # one or the other
        assert always <= asked, name
        settings_of = CASES[name].settings if name in CASES else each.settings
        assert asked <= {step for step, _, times in each.asked(settings_of) if times}, "an estimate counts each step"
    with pytest.raises(ValueError, match=r"recipe nobody: expected one of web_labels, .*, found none"):
        recipe("nobody")


def test_page_labels_multiply_what_the_first_tokens_say() -> None:
    (row,) = through("web_labels").rows
    assert 0.8 < row.scores["q1"] < 0.9 and row.scores["q2"] == 0.0 == row.scores["score"]
    assert row.parts == {"url": "https://example.org/a"}
    words = {"q1": "Yes.", "q2": Answer("是的", finish="length")}
    assert through("web_labels", script=words).rows[0].scores == {"score": 1.0, "q1": 1.0, "q2": 1.0}
    assert through("web_labels", script={"q2": "Perhaps"}).why == "no_yes_no"
    body = json.loads(through("web_labels").asked[0].body)
    assert body["parameters"]["logprobs"] is True and body["parameters"]["max_tokens"] == 1


@pytest.mark.parametrize(
    ("language", "code", "tests"),
    [
        ("javascript", "function add(a, b) { return a + b; }", "require('assert').strictEqual(add(1, 2), 3);"),
        ("cpp", "#include <cassert>\nint add(int a, int b) { return a + b; }",
         "int main() { assert(add(1, 2) == 3); }"),
        ("java", "class Solution { static int add(int a, int b) { return a + b; } }",
         "class Main { public static void main(String[] args) { assert Solution.add(1, 2) == 3; } }"),
        ("shell", "add() { echo $(($1 + $2)); }", "set -e\n[[ $(add 1 2) == 3 ]]"),
        ("php", "<?php\nfunction add($a, $b) { return $a + $b; }", "assert(add(1, 2) === 3);"),
        ("rust", "fn add(a: i32, b: i32) -> i32 { a + b }", "fn main() { assert_eq!(add(1, 2), 3); }"),
    ],
)  # fmt: skip
def test_snippets_of_each_language_are_run(language: str, code: str, tests: str) -> None:
    if isinstance(missing := tools(language, shared=os.geteuid() == 0), Missing):
        pytest.skip(str(missing))
    said = f"### Code\n{block(language, code)}\n### Tests\n{block(language, tests)}"
    p = settings("snippets", languages=(language,))
    (row,) = through("snippets", settings=p, script={"write": said}).rows
    assert row.language == language and row.text == f"{code}\n\n{tests}\n"
    wrong = through("snippets", settings=p, script={"write": said.replace("3", "4")})
    assert wrong.why == "tests_failed" and wrong.played.dropped is not None
    assert wrong.played.dropped.value == 0.0 and wrong.played.dropped.detail.startswith(language)


def test_a_language_that_fails_leaves_the_others() -> None:
    def say(prompt: str, _: int) -> str:
        return PYTHON if "a function in python " in prompt else "I cannot."

    from tests.udfs.recipes.scripts import PYTHON

    p = settings("snippets", languages=("python", "javascript"), per_seed=2)
    found = through("snippets", settings=p, script={"write": say})
    assert [row.language for row in found.rows] == ["python"]
    assert len(found.asked) == 3


def test_languages_are_drawn_by_the_seed() -> None:
    p = settings("snippets")
    drawn = set()
    for number in range(40):
        given = Seed(f"{number:04x}", {"code": CODE})
        asked = through("snippets", settings=p, seed=given, script={"write": "no"}).asked
        assert asked == through("snippets", settings=p, seed=given, script={"write": "no"}).asked
        drawn |= {lang for lang in p.languages if f"a function in {lang} " in asked[0].body}
    assert drawn == set(p.languages)


def test_what_asks_too_little_of_a_test_does_not_pass() -> None:
    few = f"### Code\n{block('python', ADD)}\n### Tests\n{block('python', 'assert add(1, 2) == 3')}"
    assert through("snippets", script={"write": few}).why == "too_few_tests"
    early = f"### Code\n{block('python', 'import os; os._exit(0)')}\n### Tests\n{block('python', ADD_TESTS)}"
    assert through("snippets", script={"write": early}).why == "tests_failed"


def test_textbooks_hold_task_code_and_explanation() -> None:
    (row,) = through("textbooks").rows
    assert row.text.startswith("Halve a list.\n\n```python\ndef halve") and row.text.endswith("The slice.")
    assert through("textbooks", script={"explain": "Short."}).why == "too_short"
    assert through("textbooks", script={"explain": "As an AI language model I explain. " * 20}).why == "says_who_it_is"


def test_chinese_seeds_are_answered_in_chinese() -> None:
    chinese = seed(dialogue("如何用 Python 写一个函数把两个数字相加？请给出代码和说明。", "使用加号。"))
    for name in ("infinity", "realuser"):
        keep = {"turns": '{"reason": "a", "turns": [1]}', "regenerate": "```python\n1\n```\n这样写。"}
        found = through(name, seed=chinese, script=keep)
        asked = [a for a in found.asked if a.prompt == "answer"]
        assert asked and all("You answer in Chinese." in a.body for a in asked)
    assert found.rows[0].parts["tongue"] == "zh"


def test_dialogues_that_are_not_about_code_are_dropped_with_the_reason() -> None:
    no = '{"reason": "cooking", "yes": false}'
    found = through("infinity", script={"label": no})
    assert found.why == "not_code" and found.played.dropped is not None and found.played.dropped.detail == "cooking"
    kept = through("infinity", settings=settings("infinity"))
    assert kept.rows[0].messages[1]["content"] == "Use +." and kept.rows[0].scores == {"rewritten": 0.0}
    assert through("infinity", seed=seed({"dialogue": "[1]"})).why == "not_a_dialogue"
    assert through("infinity", seed=seed({})).why == "seed_without_field"


def test_personal_data_never_leaves_and_never_stays() -> None:
    found = through("realuser")
    assert not [a for a in found.asked if "bob@corp.com" in a.body]
    (row,) = found.rows
    text = json.dumps(row.messages)
    assert "@corp.com" not in text and text.count("<EMAIL>") == 2
    assert row.scores == {"quality": 2.0, "regenerated": 1.0, "replaced": 2.0}


def test_good_answers_of_people_stay_as_they_are() -> None:
    found = through("realuser", script={"judge": judged(5, *QUALITY)})
    assert found.rows[0].messages[1]["content"].startswith("Use +") and found.rows[0].scores["regenerated"] == 0
    russian = seed(dialogue("Как сложить два числа в программе на языке?", "Так: плюс."))
    assert through("realuser", seed=russian).why == "tongue"
    assert through("realuser", script={"turns": '{"reason": "none", "turns": []}'}).why == "not_code"


def test_sentences_that_are_not_on_the_page_are_no_seed() -> None:
    found = through("diverse")
    (write,) = [a for a in found.asked if a.step == "write"]
    assert "A list is halved" in write.body and "Made up." not in write.body
    none = '{"reason": "nothing", "sentences": ["Made up."]}'
    assert through("diverse", script={"sentences": none}).why == "no_seed_sentences"
    assert request_of(write.body).parameters["temperature"] == 1.0


def test_a_refinement_that_breaks_the_code_is_not_taken() -> None:
    (good,) = through("diverse").rows
    assert good.messages[1]["content"].startswith("Better:") and good.scores["refined"] == 1.0
    for worse in (f"Better:\n\n{block('python', ADD.replace('+', '-'))}", "No code.", Answer("cut", finish="length")):
        (row,) = through("diverse", script={"refine": worse}).rows
        assert row.messages[1]["content"] == ANSWER and row.scores["refined"] == 0.0
    assert through("diverse", script={"write": through_wrong()}).why == "tests_failed"


def through_wrong() -> str:
    return f"### Question\n{QUESTION}\n### Answer\n{ANSWER}\n### Tests\n{block('python', ADD_TESTS.replace('3', '4'))}"


def test_tasks_of_talk_have_no_tests() -> None:
    p = settings("diverse", run_types=(), refine=False)
    said = f"### Question\n{QUESTION}\n### Answer\nUse a plus sign."
    found = through("diverse", settings=p, script={"write": said})
    assert found.rows[0].scores == {"verified": 0.0, "refined": 0.0}
    assert {a.kind for a in found.asked} == {"call"}


def test_educational_rows_hold_code_entry_point_and_tests() -> None:
    (row,) = through("educational", settings=settings("educational")).rows
    assert row.parts["code"] == ADD and row.parts["entry_point"] == "add"
    assert len(json.loads(row.parts["testcase"])) == 3 and row.scores["educational"] == 5.0
    assert row.messages[0]["content"].startswith("Write `add(a, b)`")


def test_no_money_is_spent_below_the_threshold_of_value() -> None:
    found = through("educational", script={"score": judged(2, *VALUE)})
    assert found.why == "educational_value" and [a.step for a in found.asked] == ["score"]
    assert found.played.dropped is not None
    assert (found.played.dropped.value, found.played.dropped.threshold) == (2.0, 3.5)


def test_several_answers_say_how_far_the_tests_can_be_trusted() -> None:
    (row,) = through("educational").rows
    assert row.scores["answers"] == 3.0 and row.scores["answers_passed"] == pytest.approx(2 / 3)
    assert row.scores["answers_agree"] == 1.0 and row.scores["tests_trust"] == 1.0
    wrong = PROBLEM.replace("add(0, 0) == 0", "add(2, 2) == 5")
    assert through("educational", script={"problem": wrong}).why == "tests_failed"
    kept = through("educational", settings=settings("educational", answers=3, need=0.5), script={"problem": wrong})
    assert kept.rows[0].scores["tests_trust"] == pytest.approx(2 / 3)
    assert kept.rows[0].scores["tests_passed"] == pytest.approx(2 / 3) and "failed" in kept.rows[0].parts


def test_a_right_answer_among_wrong_ones_is_taken() -> None:
    wrong = PROBLEM.replace("a + b", "a * b")
    found = through("educational", script={"problem": wrong})
    assert found.rows[0].parts["code"] == ADD
    assert through("educational", script={"problem": wrong.replace("`add`", "`sub`")}).why == "no_entry_point"


def test_each_round_changes_the_task_by_another_operator() -> None:
    rows = through("evol").rows
    first, second = (json.loads(row.parts["operators"]) for row in rows)
    assert second[:1] == first and len(set(second)) == 2
    assert rows[1].parts["parent"] == rows[0].messages[0]["content"]
    assert rows[0].scores["judge_logical_correctness"] == 4.0
    same = {"evolve": "Write a function, that adds two NUMBERS"}
    assert through("evol", script=same).why == "not_evolved"


def test_languages_without_a_runner_are_kept_unverified() -> None:
    p = settings("mceval", languages=("haskell",))
    said = f"### Task\n{QUESTION}\n### Answer\n{block('haskell', 'add a b = a + b')}"
    (row,) = through("mceval", settings=p, script={"write": said}).rows
    assert row.language == "haskell" and row.scores == {"verified": 0.0}
    p = settings("mceval", languages=("visual basic .net",))
    (row,) = through("mceval", settings=p, script={"write": said.replace("haskell", "vbnet")}).rows
    assert row.parts["code"] == "add a b = a + b\n"


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("snippets", {"languages": ("cobol",)}),
        ("snippets", {"per_seed": 0}),
        ("diverse", {"run": ("sql",)}),
        ("evol", {"operators": ("magic",)}),
        ("evol", {"rounds": 99}),
        ("educational", {"need": 2}),
        ("mceval", {"least_tests": 0}),
        ("web_labels", {"questions": ()}),
    ],
)
def test_settings_that_cannot_be_are_refused_by_name(name: str, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=rf"^{name}\.\w+: expected .*, found "):
        replace(RECIPES[name].settings, **wrong)


def test_every_form_of_tests_is_of_a_language_that_can_be_run() -> None:
    from udfs.execution.languages import languages

    assert set(forms_of_tests()) == set(languages()) - {"go_test"}
    assert PAGE.count("\n\n") == 2


def test_an_estimate_counts_what_the_settings_ask_for() -> None:
    def asked(name: str, **changed: Any) -> dict[str, float]:
        recipe = RECIPES[name]
        return {step: times for step, _, times in recipe.asked(replace(recipe.settings, **changed)) if times}

    assert asked("educational") == {"score": 1, "problem": 1}
    assert asked("educational", answers=4, second=True) == {"score": 1, "problem": 1, "solve": 3, "score2": 1}
    assert asked("evol", rounds=3, every=True, judged=True) == {"evolve": 3, "answer": 3, "judge": 3}
    assert asked("evol", rounds=3) == {"evolve": 3, "answer": 1}
    assert asked("infinity") == {"label": 1} and asked("infinity", rewrite=True) == {"label": 1, "rewrite": 1}
    assert asked("snippets", per_seed=3) == {"write": 3}
    assert asked("web_labels", questions=("a", "b", "c")) == {"q1": 1, "q2": 1, "q3": 1}
