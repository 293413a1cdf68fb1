"""Deduplication by each strategy, from texts to decisions, and what cutting chunks leaves of a text."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from jobs.code import cleaned_texts, code_corpus, exact_duplicates, fingerprints, near_duplicates, near_pairs, texts
from jobs.code.parameters import Dedup
from schemas.code import (
    CLEANED_TEXTS,
    CONTENTS,
    EXACT_DUPLICATES,
    FILE_DECISIONS,
    FINGERPRINTS,
    NEAR_DUPLICATES,
    NEAR_PAIRS,
    RAW_FILES,
    REPOSITORIES,
    SAMPLE_DECISIONS,
)
from tests.jobs.rows import by_file, fixpoint, frame
from udfs.cleaning.clean import Cleaning
from udfs.duplicates.fingerprint import STRATEGIES

WORDS = [f"word{n}" for n in range(400)]
FIRST, SECOND, THIRD = (" ".join(WORDS[a : a + 100]) for a in (0, 100, 200))
TAIL = " ".join(WORDS[300:350])
CHUNKS: dict[str, Any] = {"bands": 8, "rows": 8, "chunk_tokens": 100}
Texts = dict[str, tuple[str, str]]


def decided(spark: SparkSession, given: Texts, p: Dedup, kinds: dict[str, str] | None = None) -> dict[str, Any]:
    """Decisions of near deduplication by file of {file: (repository, text)}, after exact deduplication."""
    sha = {f: hashlib.sha256(text.encode()).hexdigest() for f, (_, text) in given.items()}
    files = frame(spark, FILE_DECISIONS, [{"file_id": f, "content_id": sha[f], "keep": True} for f in given])
    about = [{"file_id": f, "content_id": sha[f], "repo_id": r} for f, (r, _) in given.items()]
    raw = frame(spark, RAW_FILES, [row | {"kind": (kinds or {}).get(row["file_id"], "code")} for row in about])
    stored = {sha[f]: text for f, (_, text) in given.items()}
    contents = frame(spark, CONTENTS, [{"content_id": i, "text": text} for i, text in stored.items()])
    repositories = frame(spark, REPOSITORIES, [{"repo_id": r} for r in sorted({r for r, _ in given.values()})])
    exact = exact_duplicates.exact_duplicates(files, raw, repositories, p).select(*EXACT_DUPLICATES.names)
    exact = spark.createDataFrame(exact.toArrow())
    keys = fingerprints.required(exact, raw, p).distinct()
    found = fingerprints.fingerprints(keys, contents, p).withColumn("kernel_version", F.lit("v"))
    found = found.withColumn("failure", F.lit(None).cast("string"))
    measured = spark.createDataFrame(found.toArrow()).select(*FINGERPRINTS.names)
    pairs = near_pairs.near_pairs(exact, raw, measured, p).select(*NEAR_PAIRS.names)
    pairs = spark.createDataFrame(pairs.toArrow())
    near = near_duplicates.near_duplicates(exact, pairs, measured, raw, repositories, p, fixpoint)
    assert set(near.columns) == set(NEAR_DUPLICATES.names)
    return by_file(near)


def stays(rows: dict[str, Any]) -> dict[str, bool]:
    return {f: r["keep"] for f, r in sorted(rows.items())}


def cuts(rows: dict[str, Any]) -> dict[str, list[int]]:
    return {f: [c["chunk"] for c in r["cut"]] for f, r in rows.items() if r["cut"] is not None}


MIXED: Texts = {
    "a": ("r1", f"{FIRST} {SECOND}"),
    "b": ("r1", f"{FIRST} {THIRD}"),  # its first chunk stands in a
    "c": ("r2", f"{SECOND} {FIRST}"),  # both of its chunks stand in a
    "d": ("r2", f"{FIRST} {SECOND}"),  # a copy of a
    "e": ("r3", f"{THIRD} {THIRD} {FIRST} {TAIL}"),  # all but the tail stands in a or b
    "f": ("r3", "x = 1"),  # shorter than a shingle
    "g": ("r4", "x = 1"),
}


def test_chunks_that_stand_elsewhere_go_and_files_of_which_nothing_stays(spark: SparkSession) -> None:
    rows = decided(spark, MIXED, Dedup(strategy="chunk", **CHUNKS))
    assert stays(rows) == {"a": True, "b": True, "c": False, "d": False, "e": True, "f": True, "g": False}
    assert cuts(rows) == {"b": [1], "e": [1, 2, 3]}
    assert {(c["tokens"], c["similarity"]) for r in rows.values() for c in r["cut"] or ()} == {(100, 1.0)}
    assert [c["representative"] for c in rows["e"]["cut"]] == ["b", "b", "a"]
    assert [tuple(w) for w in rows["d"]["reasons"]] == [("near_duplicate", 1.0, 0.9, "a")]


def test_chunks_after_files_are_looked_for_in_what_files_leave(spark: SparkSession) -> None:
    rows = decided(spark, MIXED, Dedup(strategy="file+chunk", **CHUNKS))
    assert stays(rows) == {"a": True, "b": True, "c": False, "e": True, "f": True}, "d and g were exact copies"
    assert cuts(rows) == {"b": [1], "e": [1, 2, 3]}


def test_a_chunk_repeated_in_a_file_stays_where_it_stands_first(spark: SparkSession) -> None:
    rows = decided(spark, {"a": ("r", f"{FIRST} {SECOND} {FIRST} end")}, Dedup(strategy="chunk", **CHUNKS))
    assert (stays(rows), cuts(rows)) == ({"a": True}, {"a": [3]})


def test_a_notebook_goes_as_a_whole_or_stays_as_a_whole(spark: SparkSession) -> None:
    given = {"a": ("r", f"{FIRST} {SECOND}"), "b": ("r", f"{FIRST} {THIRD}"), "c": ("r", SECOND)}
    rows = decided(spark, given, Dedup(strategy="chunk", **CHUNKS), {"b": "notebook", "c": "notebook"})
    assert (stays(rows), cuts(rows)) == ({"a": True, "b": True, "c": False}, {})


FORKS: Texts = {
    "a1": ("r1", FIRST),
    "a2": ("r1", SECOND),
    "a3": ("r1", SECOND),  # a copy inside of a repository stays
    "b1": ("r2", FIRST + " end"),  # a fork of r1 with a word more in each file
    "b2": ("r2", SECOND + " end"),
    "c1": ("r3", THIRD),
    "d1": ("r4", FIRST),  # an identical fork of r1
    "d2": ("r4", SECOND),
    "e1": ("r5", FIRST),  # half of r1: no copy of it as a repository
    "f1": ("r6", "x = 1"),  # repositories without a shingle, the same
    "g1": ("r7", "x = 1"),
    "h1": ("r8", ""),  # and one of an empty text
}


def test_all_files_of_a_repository_stay_or_go_together(spark: SparkSession) -> None:
    rows = decided(spark, FORKS, Dedup(bands=32, rows=4, strategy="repository"))
    gone = {f for f, keeps in stays(rows).items() if not keeps}
    assert gone == {"b1", "b2", "d1", "d2", "g1"}
    assert [tuple(w)[1] for w in rows["d1"]["reasons"]] == [1.0], "the same repository, though no pair says so"
    assert rows["b1"]["reasons"][0]["value"] > 0.9


def test_chunks_after_repositories(spark: SparkSession) -> None:
    rows = decided(spark, FORKS, Dedup(bands=32, rows=4, strategy="repository+chunk", chunk_tokens=100))
    gone = {f for f, keeps in stays(rows).items() if not keeps}
    assert gone == {"b1", "b2", "d1", "d2", "g1"} | {"a3", "e1"}, "copies of files are copies of their chunks"


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_nothing_in_nothing_out(spark: SparkSession, strategy: Any) -> None:
    assert decided(spark, {}, Dedup(strategy=strategy)) == {}


def test_a_text_less_its_chunks_has_a_name_of_its_own_and_is_stored(spark: SparkSession) -> None:
    text = "# head\nabc = 1\nabc = 2\n"  # two tokens, then three and three
    content = hashlib.sha256(text.encode()).hexdigest()
    one = {"tokens": 3, "similarity": 1.0}
    cut = {"x": [1], "y": [1], "z": [2], "whole": None}
    near = [
        {"file_id": f, "keep": True, "cut": n and [{"chunk": c, "representative": f, **one} for c in n]}
        for f, n in cut.items()
    ]
    about = {"content_id": content, "language": "python", "kind": "code"}
    raw = frame(spark, RAW_FILES, [{"file_id": f, **about} for f in cut])
    rows = frame(spark, NEAR_DUPLICATES, near)
    names = {r["file_id"]: r["content_id"] for r in texts.kept_files(rows, raw).collect()}
    assert names["x"] == names["y"] != names["z"] and names["whole"] == content and len(set(names.values())) == 3
    keys = cleaned_texts.required(rows, raw, Cleaning()).distinct()
    contents = frame(spark, CONTENTS, [{"content_id": content, "text": text}])
    done = {r["content_id"]: r for r in cleaned_texts.cleaned_texts(keys, contents, Cleaning()).collect()}
    assert len(done) == 3 and done[content]["text"] is None
    assert (
        done[names["x"]]["text"].split() == text.split()[3:]
        and done[names["z"]]["text"].split()[:3] == text.split()[:3]
    )
    for row in done.values():
        if row["text"] is not None:
            assert row["clean_id"] == hashlib.sha256(row["text"].encode()).hexdigest()
    sampled = [{"file_id": f, "clean_id": done[names[f]]["clean_id"], "keep": True, "text_bytes": 1} for f in "xz"]
    stored = frame(spark, CLEANED_TEXTS, [r.asDict() | {"kernel_version": "v"} for r in done.values()])
    tables = (frame(spark, SAMPLE_DECISIONS, sampled), raw, frame(spark, REPOSITORIES, [{"repo_id": ""}]), rows)
    corpus = code_corpus.code_corpus(*tables, Dedup(strategy="chunk"))
    found = by_file(code_corpus.texts_of(corpus, contents, stored, Dedup(strategy="chunk")))
    assert {f: r["text"] for f, r in found.items()} == {f: done[names[f]]["text"] for f in "xz"}
