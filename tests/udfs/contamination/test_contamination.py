"""Copies of tasks are found whatever became of them, and what only looks like one is not."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import copies
from udfs.contamination.aligning import covered, threshold
from udfs.contamination.index import Floors, Index, count
from udfs.contamination.items import BenchmarkError, Item, items, read
from udfs.contamination.matching import find
from udfs.contamination.streams import kinds, normalised, word_hash, words

TASK = {
    "task_id": "Ours/1",
    "prompt": 'def tallest_below(trees, roof):\n    """ Give the tallest of some trees that still fits below a roof,\n'
    '    or None where every one of them is too high.\n    >>> tallest_below([3, 9, 5], 6)\n    5\n    """\n',
    "canonical_solution": "    best = None\n    for tree in trees:\n"
    "        if tree < roof and (best is None or tree > best):\n"
    "            best = tree  # the best so far\n    return best\n",
    "test": "assert tallest_below([3, 9, 5], 6) == 5\nassert tallest_below([], 2) is None\n",
    "entry_point": "tallest_below",
}
(OURS,) = items("ours", [TASK], "x")


@pytest.fixture(scope="module")
def human_eval() -> list[Item]:
    return read("humaneval", "")


@pytest.fixture(scope="module")
def index(human_eval: list[Item]) -> Index:
    return Index([OURS, *human_eval])


def copied(text: str, index: Index) -> set[str]:
    return {f"{hit.benchmark} {hit.item}" for hit in find(text, index) if hit.is_copy}


@pytest.mark.parametrize("kind", copies.SAME)
def test_a_copy_is_found_in_every_form(index: Index, kind: str) -> None:
    text = copies.SAME[kind](OURS)
    assert text and copied(text, index) == {"ours Ours/1"}


def test_most_of_a_benchmark_is_found_and_none_of_what_looks_like_it(index: Index, human_eval: list[Item]) -> None:
    for kind, make in copies.SAME.items():
        texts = {item.item: text for item in human_eval if (text := make(item))}
        found = sum(f"humaneval {name}" in copied(text, index) for name, text in texts.items())
        assert found >= 0.85 * len(texts), kind
    for kind, others in copies.LOOK_ALIKES.items():
        assert sum(bool(copied(text, index)) for text in others) <= 1, kind
    same_name = filter(None, map(copies.namesake, human_eval))
    assert not any(copied(text, index) for text in same_name)


def test_a_copy_with_other_names_is_found_by_its_form(index: Index, human_eval: list[Item]) -> None:
    long = next(item for item in human_eval if item.item == "HumanEval/0")
    text = copies.renamed(long)
    assert text and "threshold" not in text and "has_close" not in text
    hits = [hit for hit in find(text, index) if hit.is_copy]
    assert {(h.item, h.method) for h in hits} == {("HumanEval/0", "kinds")}


def test_a_hit_says_which_part_and_shows_what_it_saw(index: Index) -> None:
    text = f"{copies.PROSE}{dict(OURS.parts)['question']}\n{copies.PROSE}"
    (hit,) = (h for h in find(text, index) if h.is_copy)
    assert (hit.part, hit.method, hit.share) == ("question", "words", pytest.approx(1.0, abs=1e-3))
    assert hit.text.startswith("Give the tallest") and "roof" in hit.text and "notes" not in hit.text


def test_half_of_a_question_is_a_near_miss_and_no_copy(index: Index) -> None:
    asked = dict(OURS.parts)["question"].split()
    text = " ".join(asked[: int(len(asked) * 0.75)])
    hits = [h for h in find(text, index) if h.item == "Ours/1"]
    assert hits and not any(h.is_copy for h in hits) and all(0.5 < h.share < 1 for h in hits)


def test_wide_letters_and_other_line_ends_are_the_same_words(index: Index) -> None:
    text = copies.python_text(OURS)
    assert copied(text.replace("\n", "\r\n"), index) == {"ours Ours/1"}
    wide = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)
    assert copied(wide, index) == {"ours Ours/1"}


def test_what_a_corpus_has_everywhere_brings_no_candidate() -> None:
    idiom = dict(OURS.parts)["solution"]
    seen = count([OURS], [idiom, copies.MAIN, *[idiom + f"\n# {n}" for n in range(50)]])
    assert seen.documents == 52 and max(seen.grams.values()) == 51
    everywhere = Index([OURS], seen)
    assert not copied(idiom, everywhere) and copied(dict(OURS.parts)["question"], everywhere)


def test_a_part_that_says_too_little_is_not_looked_for() -> None:
    (little,) = items("b", [{"task_id": 1, "text": "Sort it.", "code": "x = sorted(y)"}], "f")
    assert not Index([little]).parts
    assert [p.part for p in Index([OURS], floors=Floors(bits=1e9, tokens=1)).parts] == ["solution"]


def test_items_of_every_shape(tmp_path: Path) -> None:
    rows = [
        {"task_id": 7, "text": "Ask.", "code": "def f():\n    pass", "test_list": ["assert f() is None", "assert 1"]},
        {"question_id": "q1", "question_content": "Ask more.", "entry_point": None},
        {"name": "n", "prompt": "// Ask\nint f(int x) {", "tests": "check();", "entry_point": "f"},
        {"unknown": 1},
    ]
    plain, packed = tmp_path / "b.jsonl", tmp_path / "b.json.gz"
    plain.write_text("\n".join(map(json.dumps, rows)))
    packed.write_bytes(gzip.compress(json.dumps(rows).encode()))
    found = read("b", str(plain))
    assert found == read("b", str(packed)) and [i.item for i in found] == ["7", "q1", "n"]
    assert dict(found[0].parts)["tests"] == "assert f() is None\nassert 1"
    assert (
        dict(OURS.parts)["solution"].startswith("def tallest_below(trees, roof):\n")
        and "#" not in dict(OURS.parts)["code"]
    )


@pytest.mark.parametrize("text", ["", "{broken", "[1]", '[{"a": 1}]'])
def test_a_file_that_is_no_benchmark_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "b.jsonl"
    file.write_text(text)
    with pytest.raises(BenchmarkError, match=r"b\.jsonl: expected"):
        read("b", str(file))
    with pytest.raises(BenchmarkError, match="mbpp: expected a file of a benchmark"):
        read("mbpp", "")


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300))
def test_streams_take_any_text(text: str) -> None:
    data = normalised(text)
    for stream in (words(data), kinds(data)):
        assert (stream.starts[1:] >= stream.ends[:-1]).all() and (stream.starts < stream.ends).all()
        assert not len(stream) or stream.text(0, len(stream) - 1) in data.decode("utf-8", "replace")


def test_words_are_letters_in_lower_case_and_each_sign_of_a_script_without_spaces() -> None:
    found = words("Wörter, snake_case 4x\n列表".encode())
    assert [found.text(n, n) for n in range(len(found))] == ["Wörter", "snake_case", "4x", "列", "表"]
    assert words(b"ABC").hashes[0] == words(b"abc").hashes[0] == word_hash(b"abc")


def test_kinds_keep_what_no_renaming_touches() -> None:
    a = kinds(b"def f(xs):\n    return len(xs) + xs.pop(3)  # why\n")
    b = kinds(b"def other(items):\n    return len(items) + items.pop(3)\n")
    c = kinds(b"def other(items):\n    return sum(items) + items.pop(3)\n")
    assert (a.hashes == b.hashes).all() and not (a.hashes == c.hashes).all()


def test_stray_words_are_no_cover_and_gaps_are() -> None:
    def of(*tokens: int) -> np.ndarray:
        return np.array(tokens, np.uint64)

    weights = np.ones(4, np.float32)
    assert covered(of(1, 2, 3, 4), weights, of(9, 1, 2, 7, 3, 4, 9))[1:] == (1, 5, 4)
    assert covered(of(1, 2, 3, 4), weights, of(1, *[9] * 9, 2, *[9] * 9, 3))[3] == 0
    assert [round(threshold(n), 2) for n in (5, 20, 35, 50, 500)] == [1.0, 1.0, 0.9, 0.8, 0.8]
