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


def test_a_text_that_killed_a_kernel_is_a_reject_of_its_stage(spark: SparkSession) -> None:
    about = {"source_id": "s", "language": "c", "kind": "code", "size_bytes": 9}
    files = [{"file_id": i, "path": f"{i}.c", "content_id": i, **about} for i in ("mark", "clean", "measure", "equal")]
    why = {i: f"killed_worker: SIGABRT, 2 times alone; {i}" for i in ("mark", "clean", "measure")}
    cleaned = [{"content_id": f["content_id"], "language": "c", "kind": "code", "clean_id": "same"} for f in files[2:]]
    found = decide(
        spark,
        rejects.STAGE,
        near_duplicates=kept("mark", "clean", "measure", "equal"),
        raw_files=files,
        # Two chunks of one text, and a repository, which no file is called as
        fingerprints=[{"unit_id": i, "failure": why["mark"]} for i in ("mark", "mark", "digest")],
        cleaned_texts=[{**cleaned[0], "content_id": "clean", "clean_id": None, "failure": why["clean"]}, *cleaned],
        signals=[{"clean_id": "same", "language": "c", "kind": "code", "failure": why["measure"]}],
    ).collect()
    assert sorted((r["stage"], r["path"], r["reason"], r["detail"]) for r in found) == [
        ("cleaned_texts", "clean.c", "killed_worker", why["clean"]),
        ("fingerprints", "mark.c", "killed_worker", why["mark"]),
        # Both files have the cleaned text that could not be measured
        ("signals", "equal.c", "killed_worker", why["measure"]),
        ("signals", "measure.c", "killed_worker", why["measure"]),
    ]
    assert len({r["reject_id"] for r in found}) == 4
