"""Parsing is bounded by the text alone, and what was not parsed is recorded for every signal that needs it."""

from __future__ import annotations

import time

import pytest

from udfs.signals import measure
from udfs.signals.syntax import MOST_BYTES, TooMuchToParse, parse


@pytest.mark.parametrize("language", ["javascript", "typescript", "tsx"])
@pytest.mark.parametrize("text", ["{-" * 20_000 + "-}" * 20_000, "/*function " * 20_000 + "(" * 20_000])
def test_damage_without_end_is_given_up(language: str, text: str) -> None:
    began = time.process_time()
    with pytest.raises(TooMuchToParse, match="damage without end"):
        parse(text.encode(), language)
    assert time.process_time() - began < 5


def test_a_text_over_the_limit_is_not_parsed() -> None:
    with pytest.raises(TooMuchToParse, match=f"at most {MOST_BYTES} bytes"):
        parse(b" " * (MOST_BYTES + 1), "javascript")


def test_a_text_that_is_given_up_is_parsed_once_and_recorded_for_each_signal() -> None:
    text = "{-" * 20_000
    began = time.process_time()
    values, failures = measure(text, language="javascript", kind="code", natural_language="en")
    assert time.process_time() - began < 5
    assert {name for name in failures if "damage without end" in failures[name]} >= {
        "qsc_codejavascript_cate_ast",
        "qsc_codejavascript_score_lines_no_logic",
    }
    assert values["qsc_code_num_chars"] == len(text)
    assert set(failures) & set(values) == set()


def test_ordinary_damage_is_repaired() -> None:
    assert parse(b"function (", "javascript").root_node.has_error
    assert not parse(b"const a = <b/>;", "javascript").root_node.has_error
