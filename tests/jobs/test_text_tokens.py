"""Token tables of any table's texts, for comparisons: raw texts without near copies of what is held out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from jobs.cli import exit_code
from jobs.corpus.parameters import Tokens
from jobs.corpus.text_tokens import kept_texts, own_texts, raw_texts, text_tokens
from schemas.code import CLEANED_TEXTS, CONTENTS, FILE_DECISIONS, NEAR_DUPLICATES, RAW_FILES, REPOSITORIES
from tests.jobs.rows import frame
from tests.training.runs import TOKENIZER
from udfs.tokens.heldout import is_held_out
from udfs.tokens.tokenizer import TextTokenizer

pytestmark = pytest.mark.spark
SHARE = 0.2
P = Tokens(TOKENIZER, held_out=SHARE)
HELD = next(f"org/held{n}" for n in range(99) if is_held_out(f"org/held{n}", SHARE))
OURS = next(f"org/ours{n}" for n in range(99) if not is_held_out(f"org/ours{n}", SHARE))


def raw(spark: SparkSession, files: list[tuple[str, str, bool]], groups: dict[str, str]) -> dict[str, Any]:
    """What raw_texts makes of files (content, repository, whether it enters), by content."""
    ids = [(str(n), *file) for n, file in enumerate(files)]
    contents = sorted({content for content, _, _ in files})
    found = raw_texts(
        frame(spark, CONTENTS, [{"content_id": c, "text_bytes": 3, "text": f"{c};;"} for c in contents]),
        frame(
            spark, RAW_FILES, [{"file_id": i, "content_id": c, "repo_id": r, "language": "go"} for i, c, r, _ in ids]
        ),
        frame(spark, FILE_DECISIONS, [{"file_id": i, "keep": keep} for i, _, _, keep in ids]),
        frame(spark, REPOSITORIES, [{"repo_id": r, "repo": r} for r in (HELD, OURS)]),
        frame(spark, NEAR_DUPLICATES, [{"file_id": c, "content_id": c, "group_id": g} for c, g in groups.items()]),
        P,
    )
    return {row["content_id"]: row for row in found.collect()}


def test_what_stands_on_both_sides_is_in_neither(spark: SparkSession) -> None:
    files = [("a", OURS, True), ("b", HELD, True), ("c", OURS, True), ("c", HELD, True), ("d", OURS, False)]
    files += [("e", OURS, True), ("f", HELD, True), ("g", OURS, True), ("h", OURS, True)]
    found = raw(spark, files, {"e": "e", "f": "e", "g": "g", "h": "g"})
    assert {name: row["held_out"] for name, row in found.items()} == {"a": False, "b": True, "g": False, "h": False}
    assert found["a"]["language"] == "go" and found["a"]["text"] == "a;;"


def test_what_deduplication_left_has_a_row_for_each_copy_and_copies_are_drawn_together(spark: SparkSession) -> None:
    """a stands twice, b on both sides, c is dropped, d is cleaned to another text, e could not be cleaned."""
    files = [*(("a", OURS),) * 2, ("b", OURS), ("b", HELD), ("c", OURS), ("d", OURS), ("e", OURS), ("f", HELD)]
    ids = [(str(n) * 64, *file) for n, file in enumerate(files)]
    about = {"language": "go", "kind": "code", "kernel_version": "v"}
    cleaned = [about | {"content_id": c, "clean_id": c, "text_bytes": 3} for c in "abcf"]
    cleaned += [about | {"content_id": "d", "clean_id": "D", "text_bytes": 5, "text": "other"}]
    cleaned += [about | {"content_id": "e", "failure": "CleaningError"}]
    texts = kept_texts(
        frame(spark, NEAR_DUPLICATES, [{"file_id": i, "content_id": c, "keep": c != "c"} for i, c, _ in ids]),
        frame(spark, RAW_FILES, [
            {"file_id": i, "content_id": c, "repo_id": r, "language": "go", "kind": "code"} for i, c, r in ids
        ]),
        frame(spark, REPOSITORIES, [{"repo_id": r, "repo": r} for r in (HELD, OURS)]),
        frame(spark, CLEANED_TEXTS, cleaned),
        frame(spark, CONTENTS, [{"content_id": c, "text_bytes": 3, "text": f"{c};;"} for c in "abcdef"]),
        P,
    )  # fmt: skip
    found = sorted((row["content_id"][0], row["text"], row["held_out"], row["text_id"]) for row in texts.collect())
    assert found == [
        ("0", "a;;", False, "a"), ("1", "a;;", False, "a"), ("5", "other", False, "D"), ("7", "f;;", True, "f")
    ]  # fmt: skip
    for share in (0.2, 0.5, 0.8):
        drawn = {row["content_id"][0] for row in text_tokens(texts, "near_duplicates", share, P).collect()}
        assert {"0", "1"} <= drawn or not {"0", "1"} & drawn


def test_a_share_is_drawn_of_what_is_trained_and_all_held_out_rows_stay(spark: SparkSession) -> None:
    rows = [(f"id{n}", f"text {n}", HELD if n % 4 == 0 else OURS) for n in range(200)]
    texts = own_texts(spark.createDataFrame(rows, "clean_id string, text string, domain string"), P)
    few = text_tokens(texts, "made", 0.5, P).collect()
    assert sum(row["held_out"] for row in few) == 50 and 40 < sum(not row["held_out"] for row in few) < 110
    assert {row["language"] for row in few} == {"unknown"} and {row["source"] for row in few} == {"made"}
    one = next(row for row in few if row["content_id"] == "id4")
    assert one["tokens"] == TextTokenizer.read(TOKENIZER).encode(["text 4"])[0] and one["text_bytes"] == 6


def test_a_table_without_names_holds_nothing_out(spark: SparkSession) -> None:
    found = own_texts(spark.createDataFrame([("x",)], "text string"), P).collect()
    assert len(found[0]["content_id"]) == 64 and not found[0]["held_out"]


def test_training_reads_what_the_command_writes(
    spark: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from training.data.opening import open_table

    rows = [{"content_id": c, "text_bytes": 3, "text": f"{c};;"} for c in "abc"]
    tables = [
        (CONTENTS, rows),
        (RAW_FILES, [{"file_id": c, "content_id": c, "repo_id": OURS, "kind": "code"} for c in "abc"]),
        (FILE_DECISIONS, [{"file_id": c, "content_id": c, "keep": True} for c in "abc"]),
        (REPOSITORIES, [{"repo_id": OURS, "repo": OURS, "source_kind": "folder"}]),
        (NEAR_DUPLICATES, []),
    ]
    for table, some in tables:
        frame(spark, table, some).write.format("delta").save(str(tmp_path / "w" / table.name))
    given = ("tokens", "--of", "contents", "--warehouse", str(tmp_path / "w"), "--tokenizer", TOKENIZER)
    assert exit_code([*given, "--to", str(tmp_path / "raw")]) == 0
    assert "3 texts of contents version 0" in capsys.readouterr().out
    table = open_table(str(tmp_path / "raw" / "files.json"), None, "leave_out")
    tokenizer = TextTokenizer.read(TOKENIZER)
    assert sum(len(batch) for batch in table.batches(tokenizer.hash)) == 3
    listed = json.loads((tmp_path / "raw" / "files.json").read_text())
    assert listed["made_from"]["raw_files"] == 0 and listed["rows"] == 3
    assert exit_code([*given, "--to", str(tmp_path / "raw")]) == 2
    assert exit_code([*given, "--to", str(tmp_path / "other"), "--share", "2"]) == 2
    assert exit_code([*given[:2], "signals", *given[3:], "--to", str(tmp_path / "other")]) == 2
    said = capsys.readouterr().err
    assert (
        "expected a new folder" in said and "--share: expected" in said and "--of: expected a table with texts" in said
    )
