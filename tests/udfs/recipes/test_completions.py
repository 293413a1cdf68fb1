"""What a model that only continues a text is shown, and what of it counts as its answer."""

from __future__ import annotations

import pytest

from udfs.recipes.prompts import PromptError, names, parse, prompt
from udfs.recipes.replay import Models, request_for
from udfs.recipes.steps import Ask

BASE, CHAT = (Models({"default": "m"}, features) for features in ({"m": ("completion", "seed")}, {}))
FIELDS = {"code": "def clamp(value, low, high):\n    return 1", "given": "python", "language": "python", "form": "f"}
FIELDS |= {"tests": "3", "tongue": "English", "question": "Clamp a number.", "solution": "def clamp(): ..."}


def test_a_completion_is_begun_for_the_model_and_ends_before_the_next() -> None:
    asked = request_for(BASE, "snippets", Ask("write", "snippet", FIELDS))
    assert not asked.messages and asked.parameters["stop"] == ["### Line"]
    assert asked.text.endswith("### Line\n`def clamp(value, low, high):`\n") and "return 1" not in asked.text
    # A chat knows nothing of it.
    said = request_for(CHAT, "snippets", Ask("write", "snippet", FIELDS))
    assert "stop" not in said.parameters and [m["role"] for m in said.messages] == ["system", "user"]
    assert all("### Line" not in m["content"] for m in said.messages)


def test_a_prompt_without_examples_is_shown_under_headings() -> None:
    fields = {"text": "t", "question": "q", "title": ""}
    asked = request_for(BASE, "web_labels", Ask("ask", "yes_no", fields))
    assert asked.text.endswith("\n### Assistant\n") and "### User\n" in asked.text and "stop" not in asked.parameters


def test_the_examples_of_every_prompt_are_as_its_stop_divides_them() -> None:
    begun = [p for p in map(prompt, names()) if p.completion is not None]
    assert {p.name for p in begun} == {"oss_question", "snippet", "solution", "textbook", "unit_tests"}
    for p in begun:
        text = p.as_text(FIELDS)
        assert p.stop and all(text.count(s) >= 3 for s in p.stop), p.name


def test_a_completion_stands_before_the_sections_of_a_chat() -> None:
    head = "+++\nversion = 1\nmax_tokens = 9\n+++\n"
    found = parse("p", head + "## completion\n1, {{ n }},\n## user\nGo on: {{ n }}\n")
    assert found.as_text({"n": 2}) == "1, 2,\n" and found.fill({"n": 2})[0]["content"] == "Go on: 2"
    for wrong in ("## user\nq\n## completion\nc\n", "## completion\nc\n"):
        with pytest.raises(PromptError, match="prompt p: expected"):
            parse("p", head + wrong)
    with pytest.raises(PromptError, match="expected every field that it names"):
        found.as_text({})
