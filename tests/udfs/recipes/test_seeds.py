"""Which seeds a text gives: bounded, the same every time, none for odd input."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from udfs.recipes.batches import canonical, seed_id
from udfs.recipes.seeds import (
    CodeSeeds,
    Keywords,
    TextSeeds,
    algorithmic,
    code_seeds,
    dialogue_seeds,
    keyword_counts,
    page_seeds,
)

PYTHON = '''import math


def area(radius):
    """Area of a circle with this radius, in its unit squared."""
    return math.pi * radius ** 2


def bare(x):
    return x
'''
TEXTS = st.text(alphabet=st.characters(codec=None), max_size=300)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("class Solution:\n  pass", ["class solution"]),
        ("# LeetCode 12\ndef solution(x): ...", ["leetcode", "def solution"]),
        ("def  solutions(): ...", ["def solution"]),
        ("def\nsolution", []),
        ("undef solution", ["def solution"]),
        ("", []),
    ],
)
def test_keywords_make_a_file_algorithmic(text: str, found: list[str]) -> None:
    assert algorithmic(text, "python") == found


def test_rules_of_case_words_and_languages() -> None:
    whole = Keywords(whole_words=True)
    assert algorithmic("def solutions(): ...", rules=whole) == [] == algorithmic("undef solution", rules=whole)
    assert algorithmic("def solution(): ...", rules=whole) == ["def solution"]
    assert algorithmic("LeetCode", rules=Keywords(any_case=False)) == []
    assert algorithmic("def  solution", rules=Keywords(spaces=False)) == []
    assert algorithmic("leetcode", "java", Keywords(languages=("python",))) == []
    assert keyword_counts("leetcode LeetCode def solution") == {"leetcode": 2, "def solution": 1}
    with pytest.raises(ValueError, match=r"algorithmic\.words: expected words"):
        Keywords(words=("a", " "))


def test_code_gives_documented_functions_and_pieces() -> None:
    function, *pieces = code_seeds(PYTHON, "python")
    kind, fields = function
    assert kind == "function" and fields["name"] == "area" and fields["doc"].startswith("Area of a circle")
    assert fields["code"].startswith("import math\n\n\ndef area") and '"""' not in fields["code"]
    assert code_seeds(PYTHON, "python") == [function, *pieces]
    assert {kind for kind, _ in code_seeds(PYTHON, "go", CodeSeeds(snippets=20))} == {"snippet"}


def test_a_file_is_a_seed_up_to_a_whole_line() -> None:
    ((kind, fields),) = code_seeds("a = 1\nb = 2\nc = 3\n", "go", CodeSeeds(snippets=0, file_chars=13))
    assert (kind, fields) == ("file", {"code": "a = 1\nb = 2"})
    assert code_seeds("a" * 50, "go", CodeSeeds(snippets=0, file_chars=13)) == []
    assert code_seeds("a = 1", "go", CodeSeeds(snippets=0, file_chars=13)) == [("file", {"code": "a = 1"})]


def test_pieces_are_consecutive_lines_from_anywhere() -> None:
    text = "\n".join(f"the line that has number {n} of many" for n in range(400))
    starts, lengths = set(), set()
    for _, fields in (found for extra in range(60) for found in code_seeds(text + "\n" * extra, "go")):
        lines = fields["code"].split("\n")
        first = int(lines[0].split()[5])
        assert [int(line.split()[5]) for line in lines] == list(range(first, first + len(lines)))
        starts.add(first)
        lengths.add(len(lines))
    assert len(starts) > 40 and lengths <= set(range(1, 16)) and len(lengths) > 8


@pytest.mark.parametrize("text", ["", " \n ", "a\0" * 50, "\ud800 def f(): pass" * 9, "x" * 200_001])
def test_odd_files_give_none(text: str) -> None:
    assert code_seeds(text, "python") == [] and (len(text) > 1000 or page_seeds("t", text) == [])


def test_a_page_gives_its_first_whole_paragraphs() -> None:
    text = "\n\n".join(f"Paragraph {n}. " + "word " * 40 for n in range(100))
    ((kind, fields),) = page_seeds(" A \n title ", text)
    assert kind == "page" and fields["title"] == "A title" and 5_000 < len(fields["text"]) <= 6_100
    assert text.startswith(fields["text"])
    ((_, long),) = page_seeds("", "y" * 50_000)
    assert len(long["text"]) == TextSeeds().most_chars
    assert page_seeds("", "too short") == []


TALK = [("Write a sort in C please", "Here: ..."), ("And in Go?", "So: ...")]
TURNS = [(role, text) for pair in TALK for role, text in zip(("user", "assistant"), pair, strict=True)]
NAMES = {"user": "human", "assistant": "gpt"}
ROWS = {
    "wildchat": {"conversation": [{"role": role, "content": text} for role, text in TURNS]},
    "sharegpt": {"conversations": [{"from": NAMES[role], "value": text} for role, text in TURNS]},
    "messages": {"messages": [{"role": role, "content": text} for role, text in TURNS]},
}


@pytest.mark.parametrize("shape", ROWS)
def test_dialogues_of_every_shape_give_the_same_seed(shape: str) -> None:
    row: dict[str, Any] = ROWS[shape]
    ((kind, fields),) = dialogue_seeds(row)
    assert kind == "dialogue" and (fields["question"], fields["answer"]) == TALK[0]
    assert [t["content"] for t in json.loads(fields["dialogue"])] == [text for pair in TALK for text in pair]
    (column,) = row
    assert dialogue_seeds({column: np.array(row[column], dtype=object)}) == [(kind, fields)]
    system = {"role": "system", "from": "system", "content": "Be kind.", "value": "Be kind."}
    assert dialogue_seeds({column: [system, *row[column], row[column][0]]}) == [(kind, fields)]


def test_pairs_of_columns_are_a_dialogue_and_long_ones_are_shortened() -> None:
    ((_, fields),) = dialogue_seeds({"instruction": "Sort this list", "input": "[2, 1]", "output": "[1, 2]"})
    assert fields["question"] == "Sort this list\n\n[2, 1]" and fields["answer"] == "[1, 2]"
    long = {"messages": [*ROWS["messages"]["messages"], {"role": "user", "content": "x" * 9_000}]}
    long["messages"].append({"role": "assistant", "content": "y"})
    assert len(json.loads(dialogue_seeds(long)[0][1]["dialogue"])) == 4


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"conversation": None},
        {"conversation": "text"},
        {"conversation": [{"role": "user", "content": "only a question"}]},
        {"conversations": [{"from": "gpt", "value": "first"}, {"from": "human", "value": "a question here"}]},
        {"messages": [{"role": "user", "content": 3}, {"role": "assistant", "content": "x"}]},
        {"messages": [{"role": "tool", "content": "a question here"}, {"role": "assistant", "content": "x"}]},
        {"messages": [3, None]},
        {"instruction": "A question of length"},
        {"instruction": "Short", "output": "x"},
        {"instruction": "A question \0 of length", "output": "x"},
    ],
)
def test_odd_rows_give_none(row: dict[str, object]) -> None:
    assert dialogue_seeds(row) == []


@settings(deadline=None)
@given(TEXTS, st.sampled_from(["python", "go", ""]))
def test_no_text_raises_and_all_is_bounded(text: str, language: str) -> None:
    found = [*code_seeds(text, language), *page_seeds(text, text)]
    assert found == [*code_seeds(text, language), *page_seeds(text, text)]
    for kind, fields in found:
        json.dumps(fields, ensure_ascii=False).encode()
        assert len(seed_id(kind, language, canonical(fields))) == 64
    algorithmic(text)


JSON = st.recursive(
    st.none() | st.integers() | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["role", "content", "from", "value", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)
COLUMNS = st.sampled_from(["conversation", "conversations", "messages", "instruction", "input", "output"])


@settings(deadline=None)
@given(st.dictionaries(COLUMNS, JSON, max_size=4))
def test_no_row_raises(row: dict[str, Any]) -> None:
    for kind, fields in dialogue_seeds(row):
        assert kind == "dialogue" and len(fields["dialogue"]) < 20_000
        fields["dialogue"].encode()


def test_an_id_is_of_recipe_language_and_fields() -> None:
    one = seed_id("snippets", "go", canonical({"a": "1", "b": "2"}))
    same = canonical({"b": "2", "a": "1"})
    assert one == seed_id("snippets", "go", same) != seed_id("textbooks", "go", same)
    assert one not in (seed_id("snippets", "c", same), seed_id("snippets", "go", canonical({"a": "1", "b": "3"})))


@pytest.mark.parametrize("terms", [500, 1000, 2000, 5000])
def test_no_depth_raises(terms: int) -> None:
    text = f'def f(a):\n    """What it gives is said in words."""\n    return a{" + 1" * terms}\n'
    assert {kind for kind, _ in code_seeds(text, "python")} <= {"function", "snippet"}
