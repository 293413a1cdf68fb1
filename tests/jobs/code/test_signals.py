"""Which cleaned texts are measured, and as what."""

from __future__ import annotations

from pyspark.sql import SparkSession

from jobs.code import signals
from schemas.code import CLEANED_TEXTS, CONTENTS, NEAR_DUPLICATES, RAW_FILES
from tests.jobs.rows import BROKEN, HEADED, PLAIN, frame, kept, sha


def test_signals_are_measured_once_per_cleaned_text_language_and_kind(spark: SparkSession) -> None:
    cleaned_id = sha(PLAIN)
    cleaned = [  # (content, clean text or None for a failure, whether it was changed)
        (sha(PLAIN), PLAIN, False),
        (sha(HEADED), PLAIN, True),  # the same text once the header is gone
        (sha("empty"), "", True),  # nothing left to measure
        (sha(BROKEN), None, False),  # failed: nothing to measure
        (sha("dropped"), "dropped", False),  # not kept by near deduplication
    ]
    about = {"language": "python", "kind": "code"}
    rows = [
        {"content_id": c, **about, "text": t if changed else None}
        | ({"failure": "broken"} if t is None else {"clean_id": sha(t), "text_bytes": len(t)})
        for c, t, changed in cleaned
    ]
    raw = frame(spark, RAW_FILES, [{"file_id": c, "content_id": c, **about} for c, _, _ in cleaned])
    near = frame(spark, NEAR_DUPLICATES, kept(*(c for c, _, _ in cleaned[:4])))
    stored = frame(spark, CLEANED_TEXTS, rows)
    keys = signals.required(near, raw, stored, signals.STAGE.params)
    assert [tuple(k) for k in keys.select("clean_id", "language", "kind", "content_id").collect()] == [
        (cleaned_id, "python", "code", min(sha(PLAIN), sha(HEADED)))
    ]
    both = spark.createDataFrame(
        [(cleaned_id, sha(PLAIN), "python", "code"), (cleaned_id, sha(HEADED), "python", "code")],
        "clean_id string, content_id string, language string, kind string",
    )
    contents = frame(spark, CONTENTS, [{"content_id": sha(t), "text": t} for t in (PLAIN, HEADED)])
    found = signals.signals(both, contents, stored, signals.STAGE.params).collect()
    assert [r["qsc_code_num_chars"] for r in found] == [len(PLAIN)] * 2, "the cleaned text, wherever it is stored"
    assert found[0] == found[1] and found[0]["failures"] == {} and found[0]["natural_language"] == "en"
    assert {"kernel_version", *found[0].asDict()} == set(signals.SIGNALS.names)
