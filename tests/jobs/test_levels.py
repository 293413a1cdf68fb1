"""Near deduplication by chunk and by repository, from texts to decisions."""

from __future__ import annotations

import hashlib
from typing import Any

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from jobs.code import fingerprints, near_duplicates, near_pairs
from jobs.code.parameters import NearDuplicates
from schemas.code import CONTENTS, EXACT_DUPLICATES, FINGERPRINTS, NEAR_PAIRS, RAW_FILES, REPOSITORIES
from tests.jobs.rows import by_file, fixpoint, frame

WORDS = [f"word{n}" for n in range(400)]
FIRST, SECOND, THIRD = (" ".join(WORDS[a : a + 100]) for a in (0, 100, 200))


def decided(spark: SparkSession, texts: dict[str, tuple[str, str]], p: NearDuplicates) -> dict[str, Any]:
    """Decisions by file of {file: (repository, text)}."""
    sha = {f: hashlib.sha256(text.encode()).hexdigest() for f, (_, text) in texts.items()}
    exact = frame(spark, EXACT_DUPLICATES, [{"file_id": f, "content_id": sha[f], "keep": True} for f in texts])
    raw = frame(spark, RAW_FILES, [{"file_id": f, "content_id": sha[f], "repo_id": r} for f, (r, _) in texts.items()])
    contents = frame(spark, CONTENTS, [{"content_id": sha[f], "text": text} for f, (_, text) in texts.items()])
    repositories = frame(spark, REPOSITORIES, [{"repo_id": r} for r in sorted({r for r, _ in texts.values()})])
    keys = fingerprints.required(exact, raw, p)
    found = fingerprints.fingerprints(keys, contents, p).withColumn("kernel_version", F.lit("v"))
    stored = spark.createDataFrame(found.toArrow()).select(*FINGERPRINTS.names)
    pairs = near_pairs.near_pairs(exact, raw, stored, p).select(*NEAR_PAIRS.names)
    pairs = spark.createDataFrame(pairs.toArrow())
    return by_file(near_duplicates.near_duplicates(exact, pairs, stored, raw, repositories, p, fixpoint))


def test_a_file_goes_only_when_every_chunk_of_it_stands_elsewhere(spark: SparkSession) -> None:
    texts = {
        "a": ("r", f"{FIRST} {SECOND}"),  # stands for both of its chunks
        "b": ("r", f"{FIRST} {THIRD}"),  # its second chunk is nobody else's
        "c": ("r", f"{SECOND} {FIRST}"),  # both chunks stand in a
    }
    rows = decided(spark, texts, NearDuplicates(bands=8, rows=8, level="chunk", chunk_tokens=100))
    assert {f: r["keep"] for f, r in rows.items()} == {"a": True, "b": True, "c": False}
    assert rows["c"]["representative"] == "a"


def test_all_files_of_a_repository_stay_or_go_together(spark: SparkSession) -> None:
    texts = {
        "a1": ("r1", FIRST),
        "a2": ("r1", SECOND),
        "b1": ("r2", FIRST + " end"),  # a fork of r1 with a word more in each file
        "b2": ("r2", SECOND + " end"),
        "c1": ("r3", THIRD),
    }
    rows = decided(spark, texts, NearDuplicates(bands=32, rows=4, level="repository"))
    assert {f: r["keep"] for f, r in rows.items()} == {"a1": True, "a2": True, "b1": False, "b2": False, "c1": True}
