"""Which units are compared, and which pairs count."""

from __future__ import annotations

import random

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from jobs.code import near_pairs
from jobs.code.parameters import Dedup
from tests.jobs.rows import decide, groups_of, kept
from udfs.duplicates.fingerprint import fingerprint_texts

_BUCKETS = {"single": 1, "pair": 2, "six": 6, "seven": 7, "large": 200}


def _units(spark: SparkSession, order: int) -> DataFrame:
    """A bucket of each size; every unit has its bucket's band and one of its own."""
    rows = [
        (f"{name}{n:03}", [number, 10_000 + 1_000 * number + n])
        for number, (name, size) in enumerate(_BUCKETS.items())
        for n in range(size)
    ]
    random.Random(order).shuffle(rows)
    return spark.createDataFrame(rows, "unit_id string, bands array<bigint>").repartition(3)


def test_candidates_connect_every_bucket_with_a_linear_number_of_pairs(spark: SparkSession) -> None:
    p = Dedup(neighbours=4, pivots=2)
    pairs = [tuple(r) for r in near_pairs.candidates(_units(spark, 1), p).collect()]
    assert len(set(pairs)) == len(pairs) and all(a < b for a, b in pairs)
    of = {name: {pair for pair in pairs if pair[0].startswith(name)} for name in _BUCKETS}
    assert all(a[:-3] == b[:-3] for a, b in pairs), "no pair across buckets"
    assert not of["single"] and of["pair"] == {("pair000", "pair001")}
    assert len(of["six"]) == 15 and len(of["seven"]) == 21, "a small bucket is compared completely"
    assert 199 <= len(of["large"]) <= 200 * (p.neighbours + p.pivots) < 200 * 199 / 2
    assert groups_of(of["large"]) == {frozenset(f"large{n:03}" for n in range(200))}
    again = {tuple(r) for r in near_pairs.candidates(_units(spark, 2), p).collect()}
    assert again == set(pairs), "the order of arrival does not matter"


def test_units_that_share_two_bands_make_one_pair(spark: SparkSession) -> None:
    rows = [("b", [1, 2, 3]), ("a", [1, 2, 4]), ("c", [5, 6, 3]), ("d", [])]
    units = spark.createDataFrame(rows, "unit_id string, bands array<bigint>")
    found = sorted(tuple(r) for r in near_pairs.candidates(units, Dedup()).collect())
    assert found == [("a", "b"), ("b", "c")]


def _text(changed: int = 0, seed: int = 1) -> str:
    draw = random.Random(seed)
    words = [f"word{draw.randrange(10_000)}" for _ in range(600)]
    return " ".join([*(f"other{n}" for n in range(changed)), *words[changed:]])


def test_pairs_are_verified_on_their_sketches(spark: SparkSession) -> None:
    p = Dedup(bands=256, rows=8)  # finds pairs from a similarity of about 0.5
    texts = {
        "a": _text(),
        "near": _text(changed=10),  # a few words differ: over the threshold
        "far": _text(changed=120),  # a fifth differs: a candidate that is not verified
        "other": _text(seed=2),  # nothing in common: no candidate
        "gone": _text(),  # equal, but no longer live
        "short": "x = 1",  # no shingle, so no pair
    }
    counts, bands, sketches = (c.to_pylist() for c in fingerprint_texts(pa.array(texts.values()), p))
    rows = [
        {"unit_id": i, "kernel_version": "1", "shingles": n, "bands": b, "sketch": s}
        for i, n, b, s in zip(texts, counts, bands, sketches, strict=True)
    ]
    live = kept(*(t for t in texts if t != "gone"))
    live += [{"file_id": "gone", "content_id": "gone", "keep": False}]
    found = decide(spark, near_pairs.STAGE, p, exact_duplicates=live, fingerprints=rows).collect()
    pairs = {(r["unit_a"], r["unit_b"]): r for r in found}
    assert pairs["a", "near"]["verified"] and pairs["a", "near"]["similarity"] > 0.9
    assert not pairs["a", "far"]["verified"] and 0.4 < pairs["a", "far"]["similarity"] < 0.9
    assert {u for pair in pairs for u in pair} == {"a", "near", "far"}
