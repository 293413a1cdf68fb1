"""Which files are refused by a stage, and why."""

from __future__ import annotations

from pyspark.sql import SparkSession

from jobs.code import rejects
from tests.jobs.rows import decide, kept


def test_a_text_that_cannot_be_cleaned_is_one_reject_for_each_of_its_files(spark: SparkSession) -> None:
    files = [
        {"file_id": "a", "source_id": "s", "path": "a.ipynb", "content_id": "x", "language": "n", "kind": "notebook"},
        {"file_id": "b", "source_id": "s", "path": "b.ipynb", "content_id": "x", "language": "n", "kind": "notebook"},
        # the same text under another kind was cleaned
        {"file_id": "c", "source_id": "s", "path": "c.json", "content_id": "x", "language": "j", "kind": "data"},
        # near deduplication dropped it: not refused by this stage
        {"file_id": "d", "source_id": "s", "path": "d.ipynb", "content_id": "x", "language": "n", "kind": "notebook"},
    ]
    done = [
        {"content_id": "x", "language": "n", "kind": "notebook", "failure": "invalid_notebook: no cells"},
        {"content_id": "x", "language": "j", "kind": "data", "clean_id": "x", "text_bytes": 3},
    ]
    near = [*kept("a", "b", "c"), {"file_id": "d", "keep": False}]
    found = decide(spark, rejects.STAGE, near_duplicates=near, raw_files=files, cleaned_texts=done).collect()
    assert {(r["path"], r["reason"], r["detail"]) for r in found} == {
        ("a.ipynb", "invalid_notebook", "invalid_notebook: no cells"),
        ("b.ipynb", "invalid_notebook", "invalid_notebook: no cells"),
    }
    assert len({r["reject_id"] for r in found}) == 2 and {r["stage"] for r in found} == {"cleaned_texts"}
