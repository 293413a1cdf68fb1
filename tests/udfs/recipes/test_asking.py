"""Answers of any kind: JSON that is strict or mended, sections, code, or a reason."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.udfs.recipes.driving import MODELS, Driven, Said, drive
from udfs.calls.code_in_answers import code_blocks, fenced_code
from udfs.calls.requests import Answer
from udfs.recipes.asking import ask_json, bounded, code_in, drawn, json_of, said, sections
from udfs.recipes.steps import Ask, Dropped, Made, Recipe, Seed, Steps

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}
TEXTS = st.text(alphabet=st.characters(codec=None), max_size=200)


def asking(most: int = 3) -> Recipe:
    def play(seed: Seed, _: Any) -> Steps:
        found = yield from ask_json(Ask("n", "yes_no", {"title": "", "text": "", "question": "n?"}), SCHEMA, most)
        return [Made("numbers", text=str(found["n"]))]

    return Recipe("numbers", "Numbers.", play, None, "numbers", ())


def ask(said: Said, most: int = 3) -> Driven:
    return drive(asking(most), Seed("1", {}), {"n": said})


@pytest.mark.parametrize(
    "text",
    [
        '{"n": 1}',
        'Here you are:\n```json\n{"n": 1}\n```\nGood luck!',
        "{'n': 1,}",
        '{"n": 1',
        "{n: 1}",
        '\ufeff {"n": 1} ',
        '```\n{"n": 1}\n```',
    ],
)
def test_json_is_read_and_mended(text: str) -> None:
    assert json_of(text, SCHEMA) == ({"n": 1}, "")


@pytest.mark.parametrize(
    "text",
    ["", "I cannot.", "[1]", '{"n": "1"}', '{"m": 1}', '{"n": NaN}', '{"n": 1, "m": 2}', "[" * 100_000,
     '{"n": ' + "9" * 5000 + "}", '{"n": 1}' + " " * 300_000],
)  # fmt: skip
def test_other_texts_are_no_json_with_a_reason(text: str) -> None:
    found, wrong = json_of(text + "x" * 0, SCHEMA) if len(text) < 300_000 else json_of(text + "x", SCHEMA)
    assert found is None and wrong


@settings(deadline=None)
@given(TEXTS)
def test_no_text_raises(text: str) -> None:
    for schema in (SCHEMA, {}):
        found, wrong = json_of(text, schema)
        json.dumps(found, ensure_ascii=False).encode()
        assert wrong.encode() is not None
    said(text).encode()
    for read in (lambda: sections("s", text, ("A", "B")), lambda: code_in("s", text, "python")):
        try:
            read()
        except Dropped as reason:
            assert reason.rule in ("not_in_form", "no_code")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS, lambda x: st.lists(x) | st.dictionaries(TEXTS, x)
)


@settings(deadline=None)
@given(VALUES)
def test_json_of_any_value_is_that_value_as_far_as_it_can_be_stored(value: Any) -> None:
    found, wrong = json_of(json.dumps({"v": value}), {"type": "object", "required": ["v"]})
    assert not wrong and found == json.loads(said(json.dumps({"v": value}, ensure_ascii=False)))


def test_what_is_no_json_is_asked_again_as_another_sample() -> None:
    found = ask(["no", "still no", '{"n": 3}'])
    assert found.rows[0].text == "3"
    assert [json.loads(a.body)["sample"] for a in found.asked] == [0, 1, 2]
    assert len({a.key for a in found.asked}) == 3
    assert "response_format" in json.loads(found.asked[0].body)["parameters"]
    failed = ask("never", most=2)
    assert failed.why == "not_json" and len(failed.asked) == 2 and failed.played.dropped is not None
    assert (failed.played.dropped.value, failed.played.dropped.threshold) == (2, 2)


def test_a_cut_answer_is_not_mended_and_a_refused_one_not_asked_again() -> None:
    cut = ask([Answer('{"n": 1', finish="length"), '{"n": 2}'])
    assert cut.rows[0].text == "2"
    assert ask(Answer('{"n": 1}', finish="length")).why == "answer_cut"
    refused = ask(Answer(refused="content_filter"))
    assert refused.why == "call_refused" and len(refused.asked) == 1


def test_sections_are_read_in_any_order_and_depth() -> None:
    text = "Sure!\n### Tests:\n```py\n# Code\n1\n```\n## **Code**\nx = 1\n"
    assert sections("s", text, ("Code", "Tests")) == {"Code": "x = 1", "Tests": "```py\n# Code\n1\n```"}


TWICE = "## Code\na\n## Code\nb\n## Tests\nc"


@pytest.mark.parametrize("text", ["", "## Code\n", "## Code\nx", "## Code\nx\n## Tests\n\n", TWICE])
def test_a_section_that_is_missing_or_doubled_is_a_reason(text: str) -> None:
    with pytest.raises(Dropped, match="not_in_form"):
        sections("s", text, ("Code", "Tests"))


def test_code_is_that_of_the_language() -> None:
    text = "```sh\npip install x\n```\n```python\nimport x\n```"
    assert code_in("s", text, "python") == "import x\n" and fenced_code(text) == "pip install x\n"
    assert code_blocks(text) == [("sh", "pip install x\n"), ("python", "import x\n")]
    assert code_in("s", "def f():\n    return 1\nThat is all, folks.", "python") == "def f():\n    return 1\n"
    for answer in ("No code here, sorry!", "```js\nx\n```", "```python\n\n```"):
        with pytest.raises(Dropped, match="no_code"):
            code_in("s", answer, "python") if answer[0] == "`" else code_in("s", answer, "rust")


def test_a_choice_that_is_added_later_moves_no_other() -> None:
    before, after = tuple("abcdefgh"), tuple("abcdefghi")
    moved = [n for n in range(300) if drawn(str(n), before) != drawn(str(n), after)]
    assert {drawn(str(n), after)[0] for n in moved} == {"i"} and 10 < len(moved) < 70
    assert sorted(drawn("x", before, 8)) == sorted(before) and drawn("x", before, 3) == drawn("x", before, 8)[:3]


@settings(deadline=None)
@given(TEXTS, st.integers(1, 50))
def test_a_bounded_text_is_a_head_of_it(text: str, most: int) -> None:
    assert text.startswith(bounded(text, most)) and len(bounded(text, most)) <= most


def test_models_without_json_schema_are_asked_without() -> None:
    found = drive(asking(), Seed("1", {}), {"n": '{"n": 1}'}, models=replace(MODELS, features={}))
    assert "response_format" not in found.asked[0].body and found.rows


@pytest.mark.parametrize("piece", ["{'a'", "{", "[", '{"n": 1, ', "/*", "'"])
def test_no_text_takes_long_to_mend(piece: str) -> None:
    began = time.process_time()
    json_of(piece * (100_000 // len(piece)), SCHEMA)
    json_of(piece * (6_000 // len(piece)), SCHEMA)
    assert time.process_time() - began < 20
