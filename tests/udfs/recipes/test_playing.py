"""What holds for every recipe, whatever a model says: the same again, only what is missing, a reason and no error."""

from __future__ import annotations

import json
import string
from dataclasses import replace
from functools import cache
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.udfs.recipes.driving import MODELS, Driven, answer_of, drive, run_body
from tests.udfs.recipes.scripts import CASES
from udfs.calls.requests import Answer
from udfs.recipes import prompts
from udfs.recipes.book import RECIPES
from udfs.recipes.replay import Played, play
from udfs.recipes.steps import Ran, Seed, Tested

RULES = {
    *("answer_cut", "call_refused", "ecosystem", "educational_value", "empty", "no_code", "no_entry_point"),
    *("no_public_api", "no_seed_sentences", "no_yes_no", "not_code", "not_evolved", "not_in_form", "not_installed"),
    *(
        "language",
        "length",
        "no_calls",
        "no_trace",
        "quality",
        "unchanged",
        "bug_passes",
        "no_task",
        "not_in_turn",
        "syntax_error",
        "too_few_turns",
        "unfit",
        "unmended",
    ),
    *("not_json", "probe_failed", "says_who_it_is", "symbol_not_used", "tests_failed", "too_few_tests", "too_short"),
}
API = '\n@refinelake-api {"module": "small", "symbol": "twice", "kind": "function", "version": "1.2.3"}\n'


@cache
def ran(body: str) -> Ran:
    """The sandbox; but the packages of two recipes are not installed here: they have tests of their own."""
    said = json.loads(body)
    if "refinelake-api" in said["code"]:
        return Ran((Tested("run", "passed", stdout=API),))
    if "small" in said["code"]:
        return Ran(tuple(Tested(test["name"], "passed") for test in said["tests"]))
    return run_body(body)


@cache
def good(name: str) -> Driven:
    case = CASES[name]
    return drive(RECIPES[name], case.seed, case.script, case.settings, run=ran)


def again(name: str, known: Any, **changed: Any) -> Driven:
    case = CASES[name]
    script = case.script | changed.pop("script", {})
    return drive(RECIPES[name], case.seed, script, case.settings, known, run=changed.pop("run", ran), **changed)


def played(name: str, known: Any) -> Played:
    case = CASES[name]
    return play(RECIPES[name], case.seed, case.settings, MODELS, known)


@pytest.mark.parametrize("name", RECIPES)
def test_a_thread_played_twice_is_the_same(name: str) -> None:
    first, second = played(name, good(name).known), played(name, good(name).known)
    assert first == second == good(name).played and first.status == "done"
    assert good(name).rows


@pytest.mark.parametrize("name", RECIPES)
def test_what_is_known_is_never_asked_again(name: str) -> None:
    assert again(name, good(name).known).asked == []
    for left_out in good(name).asked:
        known = {key: found for key, found in good(name).known.items() if key != left_out.key}
        found = again(name, known)
        assert [asked.key for asked in found.asked] == [left_out.key]
        assert found.played == good(name).played


@pytest.mark.parametrize("name", RECIPES)
def test_what_a_thread_waits_for_is_told_before_anything_else(name: str) -> None:
    known: dict[str, Any] = {}
    steps = 0
    while (now := played(name, known)).waits:
        assert not now.rows and now.status == "waiting" and not any(asked.key in known for asked in now.waits)
        known[now.waits[0].key] = good(name).known[now.waits[0].key]
        steps += 1
    assert now == good(name).played and steps == len({asked.key for asked in now.trail})


@pytest.mark.parametrize("name", sorted({ask[1] for recipe in RECIPES.values() for ask in recipe.asks}))
def test_a_changed_prompt_asks_only_its_own_again(name: str) -> None:
    """What follows from the new answer is asked again only where it is another."""
    changed = prompts.prompt(name)
    own = replace(changed, version=changed.version + 1)
    original = prompts.prompt
    with mock.patch("udfs.recipes.replay.prompt", lambda wanted: own if wanted == name else original(wanted)):
        for recipe in RECIPES:
            asked = again(recipe, good(recipe).known).asked
            uses = [step for step in good(recipe).asked if step.prompt == name]
            assert {step.prompt for step in asked} <= {name} and len(asked) == len(uses)


BROKEN = [
    (
        "",
        {
            "not_json",
            "not_in_form",
            "no_code",
            "too_short",
            "empty",
            "not_evolved",
            "no_yes_no",
            "no_task",
            "too_few_tests",
        },
    ),
    (Answer(refused="content_filter"), {"call_refused"}),
    (Answer("half of", finish="length"), {"answer_cut", "no_yes_no"}),
]


OPTIONAL = {("diverse", "refine"), ("educational", "solve"), ("open_code_instruct", "tests"), ("evolution", "mutate")}
"""Steps without which there is a row; a child is made by mutation or by crossover."""


@pytest.mark.parametrize(("broken", "rules"), BROKEN, ids=["empty", "refused", "cut"])
@pytest.mark.parametrize("name", [name for name in RECIPES if CASES[name].script])
def test_one_broken_answer_ends_its_thread_with_a_reason(name: str, broken: str | Answer, rules: set[str]) -> None:
    for step in CASES[name].script:
        found = again(name, {}, script={step: broken})
        optional = (name, step) in OPTIONAL or (broken == "" and (name, step) == ("interaction", "user"))
        assert found.rows if optional else found.why in rules, (step, found.why)


KEEP_FAILURES = ("open_code_instruct", "interaction")
"""Failures are rows, or a part of them: they have tests of their own."""


def ended(body: str, status: str) -> Ran:
    return Ran(tuple(Tested(test["name"], status, "Trace\nback") for test in json.loads(body)["tests"]))


@pytest.mark.parametrize("status", ["failed", "error", "cpu_limit", "compile_error", "no_tool"])
@pytest.mark.parametrize(
    "name", [n for n in RECIPES if n not in KEEP_FAILURES and any(a.kind == "run" for a in good(n).asked)]
)
def test_programs_that_do_not_pass_give_no_row(name: str, status: str) -> None:
    found = again(name, {}, run=lambda body: ended(body, status))
    assert found.why in ("tests_failed", "probe_failed") and found.played.dropped is not None
    assert f"{status}: back" in (found.played.dropped.detail or "")


WORDS = st.sampled_from(
    ["## Code\n", "### Tests\n", "### Question\n", "### Answer\n", "### Problem\n", "### Entry point\n`f`\n",
     "## Task\n", "### Solution\n", "```python\n", "```\n", "assert f(1) == 1\n", "def f(x):\n    return x\n",
     '{"yes": true, ',
     '"reason": "r"}', '"turns": [1]', '{"sentences": ["a"]', "yes", "no", "```js\n", "import small\n", "f\n",
     "\ud800", "\0", "{", "}", "[", "]", "score", "null", "é", "作为一个"]
)  # fmt: skip
TEXTS = st.lists(WORDS | st.text(alphabet=string.printable, max_size=8), max_size=12).map("".join)
LOGPROBS = st.dictionaries(st.sampled_from(["yes", " NO", "x", ""]), st.floats(), max_size=3)
ANSWERS = st.builds(
    Answer,
    text=TEXTS,
    finish=st.sampled_from(["stop", "stop", "stop", "length"]),
    refused=st.sampled_from(["", "", "", "bad_request"]),
    logprobs=st.lists(LOGPROBS, max_size=1).map(tuple),
)


def told(body: str, draw: st.DataObject) -> Ran:
    """Any verdicts and any output."""
    status = st.sampled_from(["passed", "passed", "failed", "error", "compile_error"])
    tests = json.loads(body)["tests"]
    return Ran(tuple(Tested(t["name"], draw.draw(status), draw.draw(TEXTS), "", draw.draw(TEXTS)) for t in tests))


@settings(deadline=None, max_examples=60)
@given(draw=st.data())
@pytest.mark.parametrize("name", RECIPES)
def test_nothing_that_is_said_raises(name: str, draw: st.DataObject) -> None:
    """Each step is answered well or anyhow, and programs end anyhow."""
    case = CASES[name]

    def say(step: str) -> Any:
        def one(prompt: str, sample: int) -> Answer:
            if draw.draw(st.booleans()):
                return draw.draw(ANSWERS)
            said = case.script[step]
            return answer_of(said, json.dumps({"model": "m", "text": prompt, "parameters": {}, "sample": sample}))

        return one

    script = {step: say(step) for step in case.script}
    script |= {"judge2": say("judge")} if "judge" in script else {}
    found = drive(RECIPES[name], case.seed, script, case.settings, run=lambda body: told(body, draw))
    assert found.rows or found.why in RULES
    for row in found.rows:
        stored = [row.text, [dict(m) for m in row.messages], dict(row.parts)]
        json.dumps(stored, ensure_ascii=False).encode()
        assert "\0" not in row.text and all(type(n) is float for n in row.scores.values())
    json.dumps(found.played.dropped.detail if found.played.dropped else "", ensure_ascii=False).encode()


@settings(deadline=None, max_examples=30)
@given(fields=st.dictionaries(st.sampled_from(["code", "text", "dialogue", "question", "package", "doc"]), TEXTS))
@pytest.mark.parametrize("name", RECIPES)
def test_no_seed_raises(name: str, fields: dict[str, str]) -> None:
    case = CASES[name]
    found = drive(RECIPES[name], Seed("1", fields), case.script, case.settings, run=lambda body: ended(body, "failed"))
    assert found.rows or found.why


def test_limits_in_force_are_a_part_of_a_program_that_says_none() -> None:
    case, recipe = CASES["snippets"], RECIPES["snippets"]
    first = play(recipe, case.seed, case.settings, MODELS, {})
    known = {a.key: answer_of(case.script[a.step], a.body) for a in first.waits}
    bodies = [
        json.loads(play(recipe, case.seed, case.settings, MODELS, known, limits).waits[0].body)
        for limits in ({"cpu_seconds": 10.0, "memory": 5}, {"cpu_seconds": 60.0, "memory": 5}, None)
    ]
    assert [(b["cpu_seconds"], b["memory"]) for b in bodies] == [(10.0, 5), (60.0, 5), (0.0, 0)]
