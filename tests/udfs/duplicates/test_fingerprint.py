"""Fingerprints: what is a shingle, how well sketches estimate and find, and that batching changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from datasketch import MinHash
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from udfs.duplicates import shingling, sketching
from udfs.duplicates.fingerprint import (
    Fingerprint,
    collision_probability,
    fingerprint_chunks,
    fingerprint_texts,
    merge_slots,
    shingles,
    similarities,
    slots_of_texts,
    tokens,
)

PAPER = Fingerprint()
UNIGRAMS = Fingerprint(ngram=1)
Row = tuple[int, list[int], bytes]


def rows(texts: list[str], p: Fingerprint = PAPER) -> list[Row]:
    found = fingerprint_texts(pa.array(texts, pa.string()), p).to_pydict()
    return list(zip(found["shingles"], found["bands"], found["sketch"], strict=True))


def hashes(text: str, ngram: int) -> NDArray[np.uint64]:
    """What the compiled pass hands to the sketch."""
    raw = np.frombuffer(text.encode(), np.uint8)
    out = np.empty(raw.size + 1, np.uint64)
    return out[: shingling.shingle_hashes(raw, shingling.BYTE_CLASSES, ngram, out)]


# Tokens and shingles

anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
code_like = st.text(alphabet="ab_1 \t\n(){};é漢", max_size=200)


@settings(max_examples=200, deadline=None)
@given(anything | code_like, st.integers(1, 6))
def test_the_compiled_pass_finds_the_shingles_of_the_plain_one(text: str, ngram: int) -> None:
    found = hashes(text, ngram)
    assert len(found) == max(len(tokens(text.encode())) - ngram + 1, 0)
    assert len(set(found.tolist())) == len(shingles(text.encode(), ngram))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(alphabet="xyzé_9", min_size=1, max_size=4), min_size=1, max_size=40), st.integers(0, 9))
def test_white_space_between_tokens_does_not_matter(words: list[str], seed: int) -> None:
    rng = np.random.default_rng(seed)
    spaces = rng.choice([" ", "\n", "\t", "\r\n", "  ", "\v", "\f"], len(words))
    other = "\n" + "".join(w + s for w, s in zip(words, spaces, strict=True))
    assert rows([" ".join(words)]) == rows([other])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a_b1 c", ["a_b1", "c"]),
        ("f(x)+=1;", ["f", "(", "x", ")+=", "1", ";"]),
        ("naïve 漢字;", ["naïve", "漢", "字", ";"]),
        ("\u00a0x", ["\u00a0x"]),  # a no-break space is bytes of a multi-byte character: part of a word
        ("\x1ca\x00b", ["\x1c", "a", "\x00", "b"]),  # what Python's str calls space and bytes does not
        ("", []),
    ],
)
def test_tokens(text: str, expected: list[str]) -> None:
    assert [t.decode() for t in tokens(text.encode())] == expected
    assert len(hashes(text, 1)) == len(expected)


@pytest.mark.parametrize(
    ("a", "b"), [("a b c d e", "A b c d e"), ("a b c d 1", "a b c d 2"), ("a b c d .", "a b c d ,")]
)
def test_case_digits_and_punctuation_count(a: str, b: str) -> None:
    assert rows([a])[0][1] != rows([b])[0][1]


def test_equal_shingle_sets_have_equal_sketches_whatever_the_repeats() -> None:
    once, again = "a b c d e f g a b c d e f g a b c d", "a b c d e f g " * 30 + "a b c d"
    assert shingles(once.encode(), 5) == shingles(again.encode(), 5)
    assert rows([once])[0][1:] == rows([again])[0][1:]


def test_shingles_are_in_order_and_not_joined_across_tokens() -> None:
    for a, b in (("a b c d e", "e d c b a"), ("ab c d e f", "a bc d e f")):
        assert not set(rows([a])[0][1]) & set(rows([b])[0][1])


# Estimates

Pair = tuple[str, str]


def pairs(size: int, similarity: float, number: int, seed: int) -> tuple[list[Pair], float]:
    """Pairs of sets of `size` random tokens and their Jaccard index, the nearest to `similarity` that there is."""
    rng = np.random.default_rng(seed)
    shared = round(2 * size * similarity / (1 + similarity))
    every = 2 * size - shared
    made = []
    for _ in range(number):
        digits = rng.bytes(8 * every).hex()
        words = [digits[i : i + 16] for i in range(0, len(digits), 16)]
        made.append((" ".join(words[:size]), " ".join(words[size - shared :])))
    return made, shared / every


def both_sides(made: list[Pair], size: int = 100) -> Iterator[tuple[pa.Array, pa.Array]]:
    for first in range(0, len(made), size):
        some = made[first : first + size]
        yield pa.array([a for a, _ in some]), pa.array([b for _, b in some])


def equal_slots(made: list[Pair], p: Fingerprint = UNIGRAMS) -> NDArray[np.bool_]:
    """pairs x slots: where the two sketches agree."""
    return np.concatenate([slots_of_texts(a, p)[1] == slots_of_texts(b, p)[1] for a, b in both_sides(made)])


@pytest.mark.parametrize("similarity", [0.1, 0.5, 0.9, 0.98])
@pytest.mark.parametrize(("size", "number"), [(50, 600), (200, 600), (1_000, 400), (10_000, 100)])
def test_slots_agree_as_often_as_the_jaccard_index_says(size: int, number: int, similarity: float) -> None:
    made, truth = pairs(size, similarity, number, seed=size)
    errors = equal_slots(made).mean(axis=1) - truth
    sd = errors.std(ddof=1)
    assert abs(errors.mean()) < 4 * sd / np.sqrt(number)
    assert sd < 1.25 * np.sqrt(truth * (1 - truth) / UNIGRAMS.slots)


@pytest.mark.parametrize(("small", "large"), [(20, 200), (100, 5_000), (1_000, 9_000)])
def test_sets_of_unequal_size_are_compared_without_bias(small: int, large: int) -> None:
    number, rng = 200, np.random.default_rng(small)
    made = []
    for _ in range(number):
        digits = rng.bytes(8 * large).hex()
        words = [digits[i : i + 16] for i in range(0, len(digits), 16)]
        made.append((" ".join(words[:small]), " ".join(words)))
    errors = equal_slots(made).mean(axis=1) - small / large
    assert abs(errors.mean()) < 4 * errors.std(ddof=1) / np.sqrt(number)


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
@pytest.mark.parametrize("similarity", [0.3, 0.7, 0.98])
def test_estimate_from_b_bits(bits: int, similarity: float) -> None:
    number = 300
    p = Fingerprint(ngram=1, bits=bits)
    made, truth = pairs(1_000, similarity, number, seed=bits)
    estimates = np.concatenate(
        [similarities(*(fingerprint_texts(side, p).column("sketch") for side in sides)) for sides in both_sides(made)]
    )
    errors, match = estimates - truth, truth + (1 - truth) * 2.0**-bits
    assert abs(errors.mean()) < 4 * errors.std(ddof=1) / np.sqrt(number)
    assert errors.std(ddof=1) < 1.25 * np.sqrt(match * (1 - match) / p.slots) / (1 - 2.0**-bits)


def test_unrelated_texts_are_not_similar_and_equal_ones_are() -> None:
    made, _ = pairs(500, 0.0, 50, seed=3)
    for a, b in both_sides(made):
        left, right = (fingerprint_texts(side, UNIGRAMS).column("sketch") for side in (a, b))
        assert similarities(left, right).max() < 0.1
        assert (similarities(left, left) == 1.0).all()


# Finding

FORMS = [Fingerprint(ngram=1), Fingerprint(ngram=1, bands=14, rows=8), Fingerprint(ngram=1, bands=25, rows=10)]


@pytest.mark.parametrize("p", FORMS, ids=lambda p: f"{p.bands}x{p.rows}")
@pytest.mark.parametrize("size", [50, 200, 1_000])
def test_pairs_share_a_band_as_often_as_the_s_curve_says(p: Fingerprint, size: int) -> None:
    middle = (1 - 0.5 ** (1 / p.bands)) ** (1 / p.rows)
    number = 600
    for similarity in (middle, (middle + 1) / 2, middle * 0.95):
        made, truth = pairs(size, similarity, number, seed=p.bands)
        expected = float(collision_probability(np.array([truth]), p.bands, p.rows)[0])
        found = 0
        for a, b in both_sides(made):
            left, right = (fingerprint_texts(side, p).column("bands").to_pylist() for side in (a, b))
            found += sum(bool(set(x) & set(y)) for x, y in zip(left, right, strict=True))
        # Four standard errors and one pair, p < 1e-4 even where few pairs are expected.
        allowed = 4 * np.sqrt(expected * (1 - expected) / number) + 1 / number
        assert abs(found / number - expected) < allowed, (truth, found / number, expected)


@pytest.mark.parametrize("p", [*FORMS, Fingerprint(sketch="minhash", bands=14, rows=8)], ids=repr)
def test_bands_are_as_many_as_asked_for_and_never_meet(p: Fingerprint) -> None:
    (_, bands, sketch) = rows(["one two three four five six"], p)[0]
    assert len(set(bands)) == p.bands
    assert len(sketch) == 1 + p.bands * p.rows * p.bits // 8
    assert sketch[0] == p.bits


def test_a_band_is_the_hash_of_its_own_slots() -> None:
    made, _ = pairs(300, 0.97, 100, seed=11)
    p = Fingerprint(ngram=1, bands=32, rows=16)
    agree = equal_slots(made, p).reshape(len(made), p.bands, p.rows).all(axis=2)
    for side in both_sides(made):
        left, right = (np.array(fingerprint_texts(s, p).column("bands").to_pylist()) for s in side)
        assert ((left == right) == agree).all()
        assert 0 < agree.sum() < agree.size


# datasketch

TEXT = "def area(width, height):\n    return width * height  # of a rectangle\n"


def reference(text: str, slots: int, ngram: int = 5) -> MinHash:
    minhash = MinHash(num_perm=slots)
    minhash.update_batch(sorted(shingles(text.encode(), ngram)))
    return minhash


@pytest.mark.parametrize(("bands", "rows_", "bits"), [(16, 128, 4), (14, 8, 8), (25, 10, 4)])
def test_minhash_is_datasketch_s(bands: int, rows_: int, bits: int) -> None:
    p = Fingerprint(sketch="minhash", bands=bands, rows=rows_, bits=bits)
    slots = reference(TEXT, p.slots).hashvalues.astype(np.uint32)
    expected_bands, expected_sketch = np.zeros(bands, np.int64), np.zeros(p.slots * bits // 8, np.uint8)
    sketching.fold_bands(slots, rows_, expected_bands)
    sketching.pack_bits(slots, bits, expected_sketch)
    count = len(tokens(TEXT.encode())) - 4
    assert rows([TEXT], p) == [(count, expected_bands.tolist(), bytes([bits]) + expected_sketch.tobytes())]


def test_minhash_estimates_as_datasketch_does() -> None:
    p = Fingerprint(ngram=1, sketch="minhash", bits=8)
    made, _ = pairs(400, 0.8, 5, seed=1)
    for a, b in made:
        sketches = fingerprint_texts(pa.array([a, b]), p).column("sketch")
        theirs = reference(a, p.slots, 1).jaccard(reference(b, p.slots, 1))
        # 8 bits against 32: unequal slots that agree by chance, 1 in 256, are taken off on average only.
        assert similarities(sketches[:1], sketches[1:])[0] == pytest.approx(theirs, abs=0.01)


# Rows and batches


@pytest.mark.parametrize("sketch", ["fss", "minhash"])
def test_texts_shorter_than_a_shingle_have_no_fingerprint(sketch: str) -> None:
    p = Fingerprint(sketch=sketch, bands=2, rows=4)  # type: ignore[arg-type]
    found = rows(["", "a b c d", " \n", "a b c d e", "漢 字"], p)
    assert [r[0] for r in found] == [0, 0, 0, 1, 0]
    assert [len(r[1]) for r in found] == [0, 0, 0, 2, 0]
    assert [r[2] == b"" for r in found] == [True, True, True, False, True]


MIXED = ["a b c d e f", "", "naïve 漢字 x = y ;", "x", TEXT, TEXT * 50, "(((( a )))) b ++ c"]


@pytest.mark.parametrize("type_", [pa.string(), pa.large_string(), pa.binary(), pa.large_binary()], ids=str)
def test_every_kind_of_array_and_any_slice_of_it(type_: pa.DataType) -> None:
    values = [t.encode() for t in MIXED] if "binary" in str(type_) else MIXED
    whole = fingerprint_texts(pa.array(values, type_), PAPER)
    assert list(zip(*whole.to_pydict().values(), strict=True)) == rows(MIXED)
    for first in range(len(MIXED)):
        for last in range(first, len(MIXED) + 1):
            part = fingerprint_texts(pa.array(values, type_).slice(first, last - first), PAPER)
            assert part.equals(whole.slice(first, last - first))


def test_sliced_sketches_are_compared_row_by_row() -> None:
    sketches = fingerprint_texts(pa.array([TEXT, TEXT * 2, "a b c d e f", TEXT]), PAPER).column("sketch")
    assert similarities(sketches[2:4], sketches[0:2])[0] < 0.1
    assert similarities(sketches[3:4], sketches[0:1])[0] == 1.0


@pytest.mark.parametrize("sketch", ["fss", "minhash"])
def test_an_empty_batch_has_the_columns_and_no_row(sketch: str) -> None:
    found = fingerprint_texts(pa.array([], pa.string()), Fingerprint(sketch=sketch))  # type: ignore[arg-type]
    assert found.num_rows == 0
    assert found.schema.names == ["shingles", "bands", "sketch"]


def test_the_order_of_a_batch_does_not_matter() -> None:
    order = np.random.default_rng(5).permutation(len(MIXED))
    found = rows(MIXED)
    assert rows([MIXED[i] for i in order]) == [found[i] for i in order]


# Levels


@pytest.mark.parametrize("sketch", ["fss", "minhash"])
def test_merged_slots_are_those_of_the_union(sketch: str) -> None:
    p = Fingerprint(ngram=1, sketch=sketch, bands=4, rows=32)  # type: ignore[arg-type]
    words = [f"w{i}" for i in range(600)]
    for cut in (1, 5, 300):
        parts = pa.array([" ".join(words[:cut]), "", " ".join(words[cut // 2 :])])
        merged = merge_slots(*slots_of_texts(parts, p), p).to_pydict()
        (_, bands, packed) = rows([" ".join(words)], p)[0]
        assert (merged["bands"], merged["sketch"]) == ([bands], [packed])
    assert merge_slots(*slots_of_texts(pa.array(["", " "]), p), p).to_pydict()["bands"] == [[]]


def test_chunks_are_runs_of_tokens_and_every_text_has_one() -> None:
    p = Fingerprint(ngram=2, bands=2, rows=4, strategy="chunk", chunk_tokens=3)
    numbers, chunks, batch = fingerprint_chunks(pa.array(["a b c d e f g", "", "x y"]), p)
    assert list(zip(numbers, chunks, strict=True)) == [(0, 1), (0, 2), (0, 3), (1, 1), (2, 1)]
    assert batch.column("shingles").to_pylist() == [2, 2, 0, 0, 1]
    assert batch.equals(fingerprint_texts(pa.array(["a b c", "d e f", "g", "", "x y"]), p))


# Parameters


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"ngram": 0}, "ngram"),
        ({"bands": 0}, "bands"),
        ({"rows": -1}, "rows"),
        ({"chunk_tokens": 0}, "chunk_tokens"),
        ({"bits": 3}, "bits must be 1, 2, 4 or 8 .* found 3"),
        ({"bits": 1, "bands": 3, "rows": 1}, "bits .* fill whole bytes"),
        ({"sketch": "simhash"}, 'sketch must be "fss" or "minhash", found "simhash"'),
        ({"strategy": "line"}, r'strategy must be one of "file", .*"repository\+chunk", found "line"'),
    ],
)
def test_a_wrong_parameter_is_named(wrong: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Fingerprint(**wrong)


@pytest.mark.parametrize(
    ("strategy", "whole", "chunks"),
    [
        ("file", "file", False),
        ("repository", "repository", False),
        ("chunk", None, True),
        ("file+chunk", "file", True),
        ("repository+chunk", "repository", True),
    ],
)
def test_a_strategy_is_wholes_then_chunks(strategy: Any, whole: str | None, chunks: bool) -> None:
    p = Fingerprint(strategy=strategy)
    assert (p.whole, p.chunks) == (whole, chunks)


def test_every_parameter_moves_the_version() -> None:
    changed = [{"ngram": 4}, {"bands": 8}, {"rows": 64}, {"sketch": "minhash"}, {"bits": 8}, {"strategy": "chunk"}]
    versions = {Fingerprint(**c).version() for c in [{}, *changed, {"chunk_tokens": 9}]}  # type: ignore[arg-type]
    assert len(versions) == len(changed) + 2
    assert PAPER.version() == Fingerprint().version()


def test_the_s_curve_s_ends_and_middle() -> None:
    curve = collision_probability(np.array([0.0, 0.978, 1.0]), 16, 128)
    assert curve[0] == 0.0 and curve[2] == 1.0
    assert curve[1] == pytest.approx(0.6, abs=0.1)
