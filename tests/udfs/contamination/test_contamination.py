"""Copies of tasks are found whatever became of them, and what only looks like one is not."""

from __future__ import annotations

import io

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import copies
from udfs.contamination.aligning import covered, threshold
from udfs.contamination.batches import Benchmark, Search, finder, search_batch
from udfs.contamination.frequencies import FrequencyError, count, packaged, unpacked
from udfs.contamination.index import Floors, Index
from udfs.contamination.items import Item, items, read
from udfs.contamination.matching import find
from udfs.contamination.rules import Shares
from udfs.contamination.runs import gram_hashes
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


def test_code_without_names_that_is_strewn_over_other_code_is_no_copy(index: Index, human_eval: list[Item]) -> None:
    """Of three files of the demo one task each stood so in long ones: its few symbols stand everywhere."""
    text = copies.renamed(next(item for item in human_eval if item.item == "HumanEval/0"))
    assert text and copied(text, index) == {"humaneval HumanEval/0"}
    lines = [(line, " " * (len(line) - len(line.lstrip()))) for line in text.splitlines()]
    assert not copied("\n".join(f"{line}\n{indent}w.call()" for line, indent in lines), index)


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


def test_a_definition_of_the_items_name_makes_a_little_less_a_copy_and_a_use_does_not(index: Index) -> None:
    asked = dict(OURS.parts)["question"]
    limits = {}
    for about in ("def tallest_below(a):\n    pass\n", "tallest_below(a)\n", ""):
        (hit,) = (h for h in find(f"{about}# {asked}", index) if h.part == "question" and h.item == "Ours/1")
        limits[about[:4]] = hit.limit
    assert limits["def "] == pytest.approx(limits[""] - 0.1) and limits["tall"] == limits[""]


def test_wide_letters_and_other_line_ends_are_the_same_words(index: Index) -> None:
    text = copies.python_text(OURS)
    assert copied(text.replace("\n", "\r\n"), index) == {"ours Ours/1"}
    wide = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)
    assert copied(wide, index) == {"ours Ours/1"}


def test_what_a_corpus_has_everywhere_brings_no_candidate() -> None:
    idiom = dict(OURS.parts)["solution"]
    seen = count({"code": [idiom, copies.MAIN, *[idiom + f"\n# {n}" for n in range(50)]], "web": [copies.PROSE]})
    assert seen.documents == {"code": 52, "web": 1} and seen.runs.texts.max() == 51
    everywhere = Index([OURS], seen)
    assert not copied(idiom, everywhere) and copied(dict(OURS.parts)["question"], everywhere)


def test_a_part_that_says_too_little_is_not_looked_for() -> None:
    (little,) = items("b", [{"task_id": 1, "text": "Sort it.", "code": "x = sorted(y)"}], "f")
    assert not Index([little], packaged()).parts
    assert [p.part for p in Index([OURS], floors=Floors(bits=1e9, tokens=1)).parts] == ["solution"]


def test_a_benchmark_is_found_alike_whatever_others_are_searched_for(human_eval: list[Item]) -> None:
    """Else another benchmark would have to measure the first one anew."""
    texts = [copies.embedded(OURS), *map(copies.python_text, human_eval[:20]), *copies.FAMOUS]
    alone, both = Index([OURS]), Index([OURS, *human_eval])
    for text in texts:
        assert find(text, alone) == [hit for hit in find(text, both) if hit.benchmark == "ours"]


def test_a_solution_gets_its_head_and_its_code_has_no_comments() -> None:
    parts = dict(OURS.parts)
    assert parts["solution"].startswith("def tallest_below(trees, roof):\n") and "#" not in parts["code"]


def test_frequencies_are_read_as_they_were_written_and_what_is_none_is_named() -> None:
    seen = count({"code": [copies.MAIN] * 20, "web": [copies.PROSE] * 7})
    again = unpacked(seen.packed(), "f")
    assert again.version == seen.version and again.documents == seen.documents
    assert (again.words.of(seen.words.hashes) == seen.words.texts).all()
    assert packaged().version != seen.version and sum(packaged().documents.values()) > 10_000
    plain, other = io.BytesIO(), io.BytesIO()
    np.save(plain, np.zeros(3))
    flat = {name: np.zeros(1, np.uint32) for name in ("words", "words_texts", "runs", "runs_texts")}
    np.savez(other, sources=np.array(["code"]), documents=np.array([9]), **flat)
    for data in (b"", b"text", seen.packed()[:300], plain.getvalue(), other.getvalue()):
        with pytest.raises(FrequencyError, match=r"f: expected frequencies .*; count them anew") as refused:
            unpacked(data, "f")
        assert "pickle" not in str(refused.value), "that advice is for others"


def test_what_is_rare_is_left_out_and_weighs_as_what_nobody_has() -> None:
    seen = count({"code": [f"common word{n}" for n in range(30)]})
    common, rare = words(b"common").hashes, words(b"word3").hashes
    assert seen.words.hashes.tolist() == [1, *common.tolist()], "one is any name, in the stream of kinds"
    assert seen.shares(common) == pytest.approx(31 / 32) and seen.shares(rare) == pytest.approx(1 / 32)


def test_a_run_that_one_source_has_everywhere_is_an_idiom_of_all() -> None:
    seen = count({"code": ["x = 1"] * 3000, "web": ["a b c d e f"] * 30})
    runs = gram_hashes(words(b"a b c d e").hashes, 5)
    assert seen.idioms(runs).tolist() == [True]


def searched(rules: str, text: str, *benchmarks: str) -> dict[str, list[dict[str, object]]]:
    search = Search((Benchmark.of("humaneval", read("humaneval", "")), Benchmark.of("ours", [OURS])), rules)
    rows = [{"text_id": "t", "benchmark": b, "benchmark_version": "1", "text": text} for b in benchmarks]
    (found,) = search_batch(search, pa.RecordBatch.from_pylist(rows))
    assert finder(search, frozenset(benchmarks)) is finder(search, frozenset(benchmarks))
    return {row["benchmark"]: row["hits"] for row in found.to_pylist()}


def test_a_batch_has_a_row_for_each_benchmark_that_is_asked_for() -> None:
    text = copies.embedded(OURS)
    both = searched("copies", text, "humaneval", "ours")
    assert both["humaneval"] == [] and {hit["item"] for hit in both["ours"]} == {"Ours/1"}
    assert searched("copies", text, "humaneval") == {"humaneval": []}


def test_the_rules_of_the_paper_are_a_name_anywhere_and_ten_words_in_a_row() -> None:
    used = searched("paper", "x = tallest_below([1], 2)", "ours")["ours"]
    assert [(hit["method"], hit["seen"]) for hit in used] == [("entry_point", "tallest_below")]
    asked = dict(OURS.parts)["question"].split()
    ten, nine = (searched("paper", f"Of {' '.join(asked[3 : 3 + n])}, so.", "ours")["ours"] for n in (10, 9))
    assert [hit["method"] for hit in ten] == ["ten_words"] and nine == []
    assert searched("copies", "x = tallest_below([1], 2)", "ours")["ours"] == []


def test_the_version_of_a_search_moves_with_rules_and_counts_and_not_with_benchmarks() -> None:
    seen = count({"code": [copies.MAIN] * 20})
    usual = Search(())
    assert usual.version() == Search((Benchmark.of("ours", [OURS]),)).version()
    others = [Search((), "paper"), Search((), shares=Shares(0.7)), Search((), seen=seen)]
    assert len({usual.version(), *(other.version() for other in others)}) == 4
    assert Benchmark.of("a", [OURS]).version != Benchmark.of("a", [OURS, OURS]).version


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
