"""What a refresh leaves alone: units that did not move, texts that are measured, keys that nothing touches."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.code.fingerprints import STAGE as FINGERPRINTS
from jobs.code.ingest import ingest
from jobs.code.parameters import Ingest
from jobs.runtime.accounting import StageResult
from jobs.runtime.feed import NoFeedError
from jobs.runtime.keys import Keys, only
from jobs.runtime.manifest import read_manifest
from jobs.runtime.narrowing import Work
from jobs.runtime.opened import opened
from jobs.runtime.runner import Run, run_stages
from jobs.runtime.stage import Decide, Narrow
from jobs.runtime.tables import Lake
from schemas.code import CONTENTS, RAW_FILES
from schemas.contract import Column, Table
from schemas.ops import REJECTS, UNIT_FACTS
from tests.jobs.pipeline import contents_of
from tests.jobs.test_runner import (
    DECIDE,
    LENGTHS,
    MEASURE,
    NOTES,
    VERDICTS,
    Kernel,
    Short,
    carry_out,
    rows_of,
    write,
)

SEEN: list[set[str]] = []
"""Ids that the decision was taken about, one set a time."""


def touched(changed: Any, reads: tuple[DataFrame, ...], stored: DataFrame, p: Short) -> Keys:
    return Keys.of(changed.keys(NOTES, "content_id"))


def watched(notes: DataFrame, p: Short) -> DataFrame:
    SEEN.append({r["content_id"] for r in notes.select("content_id").collect()})
    return DECIDE.transform(notes, p)


READ_LENGTHS = Table(
    "read_lengths",
    "Lengths, as a decision reads them.",
    (Column("content_id", "string", "Note.", nullable=False), Column("text_bytes", "bigint", "Its length.")),
    key=("content_id",),
)
NOTED = replace(NOTES, feed=True)
NARROW = replace(
    DECIDE,
    transform=watched,
    reads=(NOTED,),
    narrow=Narrow("content_id", touched, lambda keys, notes: (only(notes, "content_id", keys),)),
)


def test_a_decision_is_taken_about_what_moved_and_its_totals_are_those_of_all(lake: Lake) -> None:
    SEEN.clear()
    write(lake, NOTED, a="short", b="much too long", c="brief")
    carry_out(lake, "r1", NARROW)
    write(lake, NOTED, a="short", b="not long", d="longer than allowed")
    found = carry_out(lake, "r2", NARROW)[0]
    assert [{"a", "b", "c"}, {"b", "d"}] == SEEN, "c is gone, a is as it was"
    assert (found.rows_read, found.rows_kept, found.reasons, found.rows_written) == (3, 2, {"too_long": 1}, 3)
    assert rows_of(lake, VERDICTS, "content_id", "keep") == {("a", True), ("b", True), ("d", False)}
    carry_out(lake, "r3", NARROW, p=Short(most=3))
    assert SEEN[2] == {"a", "b", "d"}, "other settings concern everything"
    lake.delete(VERDICTS, lake.read(VERDICTS).where("content_id = 'a'").select("content_id"), {})
    write(lake, NOTED, a="short", b="not long", d="longer than allowed", e="new")
    assert carry_out(lake, "r4", NARROW, p=Short(most=3))[0].rows_read == 4
    assert SEEN[3] == {"a", "b", "d", "e"}, "a table that others have touched is not trusted"


def every(notes: DataFrame, p: Kernel) -> DataFrame:
    return notes.select("content_id")


def watched_beside(notes: DataFrame, lengths: DataFrame, p: Short) -> DataFrame:
    return watched(notes, p)


def test_a_measure_without_a_feed_that_has_moved_widens_nothing(lake: Lake) -> None:
    """Its rows never change: what they say of a key that did not move was said before."""
    SEEN.clear()
    beside = Narrow("content_id", touched, lambda keys, notes, lengths: (only(notes, "content_id", keys), lengths))
    stage = replace(NARROW, transform=watched_beside, reads=(NOTED, LENGTHS), narrow=beside)
    measure = replace(MEASURE, reads=(NOTED,), texts=(NOTED,), required=every)
    assert not LENGTHS.feed
    write(lake, NOTED, a="short", b="much too long")
    carry_out(lake, "r1", measure, stage)
    write(lake, NOTED, a="short", b="much too long", d="new")
    moved = lake.rows_version(LENGTHS.name)
    carry_out(lake, "r2", measure, stage)
    assert lake.rows_version(LENGTHS.name) != moved
    assert [{"a", "b"}, {"d"}] == SEEN

    def asks(changed: Any, reads: tuple[DataFrame, ...], stored: DataFrame, p: Short) -> Keys:
        return Keys.of(changed.keys(LENGTHS, "content_id"))

    write(lake, NOTED, a="short", b="other")
    with pytest.raises(NoFeedError, match="lengths: expected a table with a change feed"):
        carry_out(lake, "r3", measure, replace(stage, narrow=replace(beside, touched=asks)))


def test_an_audit_compares_everything_and_writes_nothing_where_all_is_well(lake: Lake) -> None:
    SEEN.clear()
    write(lake, NOTED, a="short", b="much too long")
    carry_out(lake, "r1", NARROW)
    found = run_stages(Run(lake, "r2", (NARROW,), audit=True), (NARROW,))[0]
    assert [{"a", "b"}] * 2 == SEEN
    assert (found.skipped, found.rows_read, found.rows_written) == (False, 2, 0)


def test_a_change_that_nobody_can_tell_any_more_is_a_comparison_of_everything(lake: Lake) -> None:
    SEEN.clear()
    write(lake, a="short")
    carry_out(lake, "r1", NARROW)
    write(lake, a="short", b="brief")  # in a run of its own, and the table has no feed
    assert carry_out(lake, "r2", NARROW)[0].rows_read == 2
    assert [{"a"}, {"a", "b"}] == SEEN


def test_a_kernel_that_is_taken_back_moves_those_who_read_its_measures(lake: Lake) -> None:
    """No row of the measure is new then, and what was decided by the other kernel's rows must not stay."""

    def long_ones(lengths: DataFrame, p: Short) -> DataFrame:
        return lengths.select("content_id", F.col("letters").alias("text_bytes"))

    reader = Decide("read_lengths", long_ones, reads=(LENGTHS,), writes=READ_LENGTHS)
    write(lake, a="short")
    for kernel in (1, 2, 1):
        carry_out(lake, f"kernel {kernel}", DECIDE, MEASURE, reader, p=Kernel(times=kernel))
        assert rows_of(lake, reader.writes, "text_bytes") == {(5 * kernel,)}


def code_set(folder: Path, **files: dict[str, str]) -> Path:
    """A parquet set, a file by name with {path: text}, and its manifest."""
    folder.mkdir(exist_ok=True)
    for name, texts in files.items():
        columns = {"code": list(texts.values()), "path": list(texts), "repo_name": ["org/one"] * len(texts)}
        pq.write_table(pa.table(columns), folder / f"{name}.parquet")
    manifest = folder.parent / f"{folder.name}.jsonl"
    manifest.write_text(json.dumps({"kind": "parquet", "location": str(folder), "source_id": "set"}) + "\n")
    return manifest


def taken_in(lake: Lake, run_id: str, manifest: Path) -> StageResult:
    run, sources = Run(lake, run_id, ()), read_manifest(str(manifest))
    return run_stages(run, (), (("ingest", lambda: ingest(run, sources, Ingest(), True)[0]),))[0]


def test_of_a_parquet_set_the_files_that_moved_are_read(lake: Lake, tmp_path: Path) -> None:
    first = {"a.py": "print('a')\n", "b.py": "print('b')\n"}
    manifest = code_set(tmp_path / "set", one=first, two={"c.py": "print('c')\n", "empty.py": ""})
    assert taken_in(lake, "r1", manifest).bytes_read == 33
    code_set(tmp_path / "set", one={"a.py": "print('a')\n", "b.py": "print('bb')\n"})
    found = taken_in(lake, "r2", manifest)
    assert found.bytes_read == 11 + 12, "c.py is in the other file"
    assert rows_of(lake, RAW_FILES, "path") == {("a.py",), ("b.py",), ("c.py",)}
    assert rows_of(lake, REJECTS, "path") == {("empty.py",)}, "what the other file refused is still refused"
    (tmp_path / "set" / "two.parquet").unlink()
    taken_in(lake, "r3", manifest)
    assert rows_of(lake, RAW_FILES, "path") == {("a.py",), ("b.py",)} and rows_of(lake, REJECTS, "path") == set()
    assert lake.read(CONTENTS).count() == 2, "the texts of a file that is gone are gone"


@pytest.mark.parametrize(
    "moved", [*(pytest.param(m, marks=pytest.mark.long) for m in ("winner", "loser", "new")), "gone"]
)
def test_a_path_in_two_files_of_a_set_is_settled_over_the_set(lake: Lake, tmp_path: Path, moved: str) -> None:
    """The file with the smaller hash is read, whichever of the two moved last."""
    winner, loser = sorted(("x = 1\n", "x = 2\n"), key=lambda text: hashlib.sha256(text.encode()).hexdigest())
    two = {} if moved == "new" else {"same.py": loser}
    manifest = code_set(tmp_path / "set", one={"same.py": winner}, two={"other.py": "print(2)\n", **two})
    taken_in(lake, "r1", manifest)
    change = {
        "winner": {"one": {"away.py": winner}},
        "loser": {"two": {"other.py": "print(3)\n"}},
        "new": {"two": {"other.py": "print(2)\n", "same.py": loser}},
        "gone": {},  # nothing is new to read, and the other file's text must come back
    }[moved]
    code_set(tmp_path / "set", **change)
    if moved == "gone":
        (tmp_path / "set" / "one.parquet").unlink()
    taken_in(lake, "r2", manifest)
    scratch = Lake(lake.spark, str(tmp_path / "scratch"))
    taken_in(scratch, "r1", manifest)
    for table in (RAW_FILES, CONTENTS, REJECTS, UNIT_FACTS):
        assert contents_of(lake, table) == contents_of(scratch, table), table.name


def test_files_of_other_runs_stay_closed_where_few_texts_are_wanted(lake: Lake, tmp_path: Path) -> None:
    manifest = code_set(tmp_path / "set", one={"a.py": "print('a')\n"})
    taken_in(lake, "r1", manifest)
    before = set(Path(lake.location(CONTENTS.name)).glob("*.parquet"))
    code_set(tmp_path / "set", two={"b.py": "print('b')\n"})
    taken_in(lake, "r2", manifest)
    new = lake.read(RAW_FILES).where("path = 'b.py'").select("content_id")
    run = Run(lake, "r3", ())
    run.results.append(StageResult("ingest", RAW_FILES.name, rows_read=2))
    work = Work(run, FINGERPRINTS, FINGERPRINTS.params, run.pin((CONTENTS,)), {})
    work.run.narrow(CONTENTS).count()
    for file in before:
        file.write_bytes(b"no parquet")  # whoever opens it fails
    (texts,), size = opened(work, new)
    assert [r["text"] for r in texts.collect()] == ["print('b')\n"] and size == 11
    (none,), size = opened(work, new.limit(0))
    assert none.collect() == [] and size == 0, "nor is anything opened where no text is wanted"
