"""What a published text stands beside."""

from __future__ import annotations

from pyspark.sql import SparkSession

from jobs.code import code_corpus
from jobs.code.parameters import Dedup
from schemas.code import CLEANED_TEXTS, CONTENTS
from tests.jobs.rows import HEADED, PLAIN, by_file, day, decide, frame, sha


def test_the_corpus_joins_a_kept_file_with_its_facts_and_its_text(spark: SparkSession) -> None:
    changed, same = sha(HEADED), sha(PLAIN)
    about = {"language": "python", "kind": "code", "size_bytes": 99}
    files = [
        # its own licence and time, a text that cleaning changed
        {
            "file_id": "own",
            "content_id": changed,
            "repo_id": "r",
            "path": "a.py",
            "licences": ["BSD"],
            "commit_time": day(2),
        },
        # those of its repository, a text as it was found
        {"file_id": "repo", "content_id": same, "repo_id": "r", "path": "b.py"},
        # not sampled
        {"file_id": "out", "content_id": "x", "repo_id": "r", "path": "c.py"},
    ]
    rows = decide(
        spark,
        code_corpus.STAGE,
        sample_decisions=[
            {"file_id": "own", "clean_id": "clean", "keep": True, "text_bytes": 5},
            {"file_id": "repo", "clean_id": same, "keep": True, "text_bytes": 6},
            {"file_id": "out", "clean_id": "x", "keep": False, "text_bytes": 7},
        ],
        raw_files=[f | about for f in files],
        repositories=[{"repo_id": "r", "repo": "org/r", "licences": ["MIT"], "commit_time": day(1)}],
    )
    narrow = [n for n in code_corpus.CODE_CORPUS.narrow() if n != "run_id"]
    assert sorted(rows.columns) == sorted(narrow), "every column but the text and the run"
    contents = [{"content_id": same, "text": PLAIN}, {"content_id": changed, "text": HEADED}]
    cleaned = [
        {"content_id": changed, "language": "python", "kind": "code", "text": "cleaned as Python"},
        {"content_id": changed, "language": "shell", "kind": "code", "text": "cleaned as shell"},
        {"content_id": same, "language": "python", "kind": "code", "text": None},
    ]
    full = code_corpus.STAGE.with_text(
        rows, frame(spark, CONTENTS, contents), frame(spark, CLEANED_TEXTS, cleaned), Dedup()
    )
    found = by_file(full)
    assert set(found) == {"own", "repo"}
    assert [found[f]["licences"] for f in ("own", "repo")] == [["BSD"], ["MIT"]]
    assert [found[f]["commit_time"].day for f in ("own", "repo")] == [2, 1]
    assert [found[f]["text"] for f in ("own", "repo")] == ["cleaned as Python", PLAIN]
    assert (found["own"]["raw_bytes"], found["own"]["text_bytes"], found["own"]["repo"]) == (99, 5, "org/r")
