"""Which texts are cleaned, and what is stored of them."""

from __future__ import annotations

from pyspark.sql import SparkSession

from jobs.code import cleaned_texts
from schemas.code import CONTENTS, NEAR_DUPLICATES, RAW_FILES
from tests.jobs.rows import BROKEN, HEADED, PLAIN, frame, kept, sha
from udfs.cleaning.clean import Cleaning


def test_a_text_is_cleaned_once_for_each_language_it_is_kept_in(spark: SparkSession) -> None:
    near = frame(spark, NEAR_DUPLICATES, [*kept("a", "b", "c"), {"file_id": "d", "keep": False}])
    files = [("a", "x", "python"), ("b", "x", "python"), ("c", "x", "shell"), ("d", "y", "python")]
    raw = frame(spark, RAW_FILES, [{"file_id": f, "content_id": c, "language": w, "kind": "code"} for f, c, w in files])
    found = cleaned_texts.required(near, raw, Cleaning()).distinct().collect()
    assert {tuple(r) for r in found} == {("x", "python", "code", None), ("x", "shell", "code", None)}


def test_cleaned_texts_hold_only_what_cleaning_changed(spark: SparkSession) -> None:
    texts = {sha(t): t for t in (PLAIN, HEADED, BROKEN)}
    kinds = {sha(BROKEN): ("jupyternotebook", "notebook")}
    keys = spark.createDataFrame(
        [(i, *kinds.get(i, ("python", "code")), None) for i in texts],
        "content_id string, language string, kind string, "
        "cut struct<content_id: string, tokens: int, chunks: array<int>>",
    )
    contents = frame(spark, CONTENTS, [{"content_id": i, "text": t} for i, t in texts.items()])
    found = {r["content_id"]: r for r in cleaned_texts.cleaned_texts(keys, contents, Cleaning()).collect()}
    plain, headed, broken = (found[sha(t)] for t in (PLAIN, HEADED, BROKEN))
    assert (plain["clean_id"], plain["text"], plain["failure"]) == (sha(PLAIN), None, None)
    assert headed["header_bytes"] > 0 and headed["clean_id"] == sha(headed["text"]) != sha(HEADED)
    assert headed["text"].endswith(PLAIN) and "Copyright" not in headed["text"]
    assert headed["text_bytes"] == len(headed["text"].encode())
    assert broken["failure"] and (broken["clean_id"], broken["text_bytes"], broken["text"]) == (None, None, None)
