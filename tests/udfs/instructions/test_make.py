"""Instructions without a model: which functions and descriptions are taken, how a given row becomes a conversation."""

from __future__ import annotations

import ast
import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from udfs.instructions.batches import found_batch, given_batch
from udfs.instructions.descriptions import description
from udfs.instructions.functions import documented
from udfs.instructions.make import Found, find, given, instruction_id
from udfs.tokens.chat import RowError

ROOT = Path(__file__).parents[3]
SOUND = '''"""Helpers to work with the paths of a checkout and nothing else."""

import os
from math import prod as times, tau
from .near import other


@staticmethod
def area(
    sides: list[float],
) -> float:
    """The area of a box, given the lengths of its sides."""

    found = times(sides)
    return found


def joined(parts):
    r"""Join parts with the separator of this system."""
    return os.sep.join(parts)  # as os.path does


def remote(x):
    """Uses a relative import, which means nothing elsewhere."""
    return other(x)


def global_(x):
    """Reads a name of its module that is no import."""
    return LIMIT + x


def short(x):
    """Too few words."""
    return x


def nothing(x):
    """This one has a docstring but does nothing at all."""
    raise NotImplementedError


def test_area():
    """A test that has a docstring of some words."""
    assert area([1, 2]) == 2


def one_line(x): "A docstring that shares its line with code."; return x
'''
LIMITED = "LIMIT = 3\n"


def test_documented_functions_that_stand_by_themselves_are_taken() -> None:
    found = {one.name: one for one in documented(SOUND + LIMITED)}
    assert set(found) == {"area", "joined"}
    assert found["area"].doc == "The area of a box, given the lengths of its sides."
    assert found["area"].signature == "def area(\n    sides: list[float],\n) -> float:"
    assert found["area"].source == (
        "from math import prod as times\n\n\n@staticmethod\ndef area(\n    sides: list[float],\n) -> float:\n"
        "    found = times(sides)\n    return found"
    )
    assert found["joined"].source == (
        "import os\n\n\ndef joined(parts):\n    return os.sep.join(parts)  # as os.path does"
    )


def test_what_is_taken_of_our_own_kernels_parses_and_has_no_docstring() -> None:
    taken = [
        f for file in sorted((ROOT / "udfs").glob("[!s]*/*.py")) for f in documented(file.read_text(encoding="utf-8"))
    ]
    assert len(taken) > 20
    for one in taken:
        *_, function = ast.parse(one.source).body
        assert isinstance(function, ast.FunctionDef) and function.name == one.name
        assert ast.get_docstring(function) is None and one.doc


@pytest.mark.parametrize("text", ["def f(:\n", "x = '\x00'", "(" * 5000, ""])
def test_what_does_not_parse_gives_nothing(text: str) -> None:
    assert list(documented(text)) == [] and find(text, "python") == []


def test_lines_are_counted_as_the_parser_counts_them() -> None:
    """A form feed ends no line, a carriage return does."""
    text = 'X = "\x0c\x1c"\r\n\x0c\r\n' + 'def f(x):\r\n    """Says what it does in words."""\r\n    return x\r\n'
    (found,) = documented(text)
    assert found.source == "def f(x):\n    return x"


CODE = "\n".join(f"x{n} = {n}" for n in range(6))
PROSE = "Numbers that other parts of this program refer to by name."


@pytest.mark.parametrize(
    ("language", "head"),
    [
        ("python", f'"""{PROSE}"""\n'),
        ("python", f"#!/usr/bin/env python\n'''{PROSE}'''\n"),
        ("ruby", f"# frozen_string_literal: true\n\n# {PROSE}\n"),
        ("javascript", f"/**\n * {PROSE}\n */\n"),
        ("rust", f"//! {PROSE}\n"),
        ("go", f"// {PROSE}\n"),
        ("lua", f"-- {PROSE}\n"),
        ("shell", f"#!/bin/sh\n# {PROSE}\n"),
    ],
)
def test_a_leading_description_is_parted_from_the_code(language: str, head: str) -> None:
    found = description(head + CODE + "\n", language)
    assert found is not None and found.text == PROSE
    assert PROSE not in found.code and found.code.endswith(CODE)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("python", CODE),
        ("python", f'"""Too few words."""\n{CODE}'),
        ("python", f'"""{PROSE}"""\nx = 1\n'),  # hardly any code
        ("javascript", f"/* eslint-disable: {PROSE} */\n{CODE}"),
        ("go", f"//go:build linux {PROSE}\n{CODE}"),
        ("c", f"/* Copyright of {PROSE} */\n{CODE}"),
        ("java", "/*\n int was = removed(all, of, it, that, was, here);\n*/\n" + CODE),  # code that was commented out
        ("markdown", f"# {PROSE}\n{CODE}"),
        ("javascript", f"/** {PROSE} */\n{CODE}{' ' * 9000}x"),
    ],
)
def test_what_describes_nothing_is_left_alone(language: str, text: str) -> None:
    assert description(text, language) is None


def test_a_text_gives_its_summary_and_its_functions() -> None:
    found = find(SOUND, "python")
    assert [one.kind for one in found] == ["summary", "docstring", "docstring"]
    assert found[0].answer == "Helpers to work with the paths of a checkout and nothing else."
    assert found[0].answer not in found[0].question and "def area(" in found[0].question
    assert "The area of a box" in found[1].question and "The area of a box" not in found[1].answer
    assert found == find(SOUND, "python")
    assert [one.kind for one in find(SOUND, "ruby")] == []


def test_questions_are_worded_in_several_ways() -> None:
    words = "\n\n".join(
        f'def f{n}(x):\n    """Return {n} times the value of x, always."""\n    return {n} * x' for n in range(20)
    )
    found = find(words, "python")
    assert len(found) == 20
    assert len({one.question.split("f", 1)[0][:12] for one in found}) >= 4
    assert len(find(words + "\n" + words.replace("def f", "def g"), "python")) == 20, "bounded per file"


def test_an_instruction_is_called_by_its_messages() -> None:
    talk = Found("docstring", "é", "b").messages()
    text = '[{"content":"é","role":"user"},{"content":"b","role":"assistant"}]'
    assert instruction_id(talk) == hashlib.sha256(text.encode()).hexdigest()
    assert json.loads(text) == talk


@pytest.mark.parametrize(
    ("row", "question"),
    [
        ({"instruction": "Do", "output": "done"}, "Do"),
        ({"instruction": "Do", "input": "this", "output": "done"}, "Do\n\nthis"),
        ({"instruction": "", "question": "Why?", "input": "", "answer": "done"}, "Why?"),
        ({"input": "A task", "output": "done"}, "A task"),
        ({"prompt": "P", "response": "done", "messages": None}, "P"),
    ],
)
def test_a_given_row_is_a_question_and_an_answer(row: dict[str, Any], question: str) -> None:
    assert given(row) == [{"role": "user", "content": question}, {"role": "assistant", "content": "done"}]


USER, ANSWER = {"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}
SYSTEM = {"role": "system", "content": "Be brief."}


@pytest.mark.parametrize(
    "row",
    [
        {"messages": [USER, ANSWER], "system": "Be brief."},
        {"messages": [SYSTEM, USER, ANSWER], "system": "Be brief."},
        {"messages": [SYSTEM, USER, ANSWER], "system": " "},
        {"messages": [SYSTEM, {**USER, "weight": 0.0, "train": False}, {**ANSWER, "weight": 1.0, "train": True}]},
        {"instruction": "q", "output": "a", "system": "Be brief."},
    ],
)
def test_a_rows_system_text_goes_before_its_turns_and_what_is_trained_anyway_stays(row: dict[str, Any]) -> None:
    assert given(row) == [SYSTEM, USER, ANSWER]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"output": "done"}, "no_question"),
        ({"instruction": "Do", "output": " \n"}, "no_answer"),
        ({"messages": []}, "no_assistant_turn"),
        ({"messages": [USER, {**ANSWER, "weight": 0.0}]}, "untrained_answer"),
        ({"messages": [USER, {**ANSWER, "weight": 0.5}]}, "untrained_answer"),
        ({"messages": [USER, {**ANSWER, "train": False}, USER, ANSWER]}, "untrained_answer"),
        ({"messages": [{"role": "user", "content": " \n"}, ANSWER]}, "empty_user_turn"),
        ({"messages": [USER, ANSWER, {"role": "user", "content": ""}, ANSWER]}, "empty_user_turn"),
        ({"messages": [{"role": "system", "content": "a"}, USER, ANSWER], "system": "b"}, "two_system_messages"),
        ({"messages": [None]}, "not_a_message"),
        ({"messages": [{"role": "robot", "content": "x"}, {"role": "assistant", "content": "x"}]}, "not_a_message"),
        ({"messages": [{"role": "user", "content": None}, {"role": "assistant", "content": "x"}]}, "not_a_message"),
        ({"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": ""}]}, "no_answer"),
        (
            {"messages": [{"role": "assistant", "content": "x"}, {"role": "user", "content": "x"}]},
            "no_answer_at_the_end",
        ),
    ],
)
def test_a_given_row_that_is_none_has_a_reason(row: dict[str, Any], reason: str) -> None:
    with pytest.raises(RowError, match=f"^{reason}"):
        given(row)


def test_batches_carry_ids_sizes_and_reasons() -> None:
    functions = SOUND[SOUND.index("@staticmethod") :]
    twice = "\n\n".join([SOUND, functions, functions.replace("The area of a box, given", "What a box covers, by")])
    texts = pa.RecordBatch.from_pylist([{"clean_id": "c", "language": "python", "text": t} for t in (twice, "x = 1\n")])
    (made,) = found_batch(texts)
    found, none = made.to_pylist()
    assert none["found"] == none["texts"] == []
    assert [f["instruction_id"] for f in found["found"]] == [t["instruction_id"] for t in found["texts"]]
    assert [f["kind"] for f in found["found"]] == ["summary", "docstring", "docstring", "docstring"], "each once"
    assert [f["answer_bytes"] for f in found["found"]] == [len(t["answer"].encode()) for t in found["texts"]]
    names = (
        "instruction",
        "question",
        "prompt",
        "input",
        "output",
        "answer",
        "response",
        "language",
        "repo",
        "messages",
    )
    rows = [{"instruction": "é", "output": "done", "repo": "a/b"}, {"instruction": "x"}, {"corrupt": "{oops"}]
    full = [{**dict.fromkeys((*names, "corrupt")), "origin": "t.jsonl", "stage": 2, **row} for row in rows]
    (made,) = given_batch(pa.RecordBatch.from_pylist(full))
    sound, unanswered, corrupt = made.to_pylist()
    assert (sound["question_bytes"], sound["answer_bytes"], sound["language"], sound["reason"]) == (
        2,
        4,
        "unknown",
        None,
    )
    assert sound["instruction_id"] == instruction_id(sound["messages"])
    assert (unanswered["reason"], corrupt["reason"]) == ("no_answer", "not_json")
    assert unanswered["instruction_id"] is None and len({r["row_id"] for r in made.to_pylist()}) == 3
