"""The runner over three made-up stages: repeats and failed checks write nothing, all else writes only what changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.code.ranking import decided, reason, reasons
from jobs.runtime import releases, runner
from jobs.runtime.accounting import StageResult
from jobs.runtime.quality import QualityError
from jobs.runtime.stage import Decide, Measure, NoParams, Publish, Stage
from jobs.runtime.tables import Lake, MissingTableError
from jobs.runtime.writing import write_changes
from schemas.contract import REASONS, Column, Expect, Table
from schemas.ops import CHECKS, RELEASES, RUNS

_ID = Column("content_id", "string", "Who.", nullable=False)
_BYTES = Column("text_bytes", "bigint", "Length of the text.", nullable=False)
_TEXT = Column("text", "string", "The text.", nullable=False)

NOTES = Table("notes", "Texts to decide about.", (_ID, _BYTES, _TEXT), key=("content_id",))
VERDICTS = Table(
    "verdicts",
    "Which notes are short enough.",
    (_ID, _BYTES, Column("keep", "boolean", "Whether.", nullable=False), Column("reasons", REASONS, "Why not.")),
    key=("content_id",),
)
LENGTHS = Table(
    "lengths",
    "A measure of a note.",
    (_ID, Column("kernel_version", "string", "Kernel.", nullable=False), Column("letters", "bigint", "How many.")),
    key=("content_id", "kernel_version"),
)
BOOK = Table(
    "book",
    "The notes that were kept.",
    (_ID, _BYTES, Column("run_id", "string", "Run that wrote the row.", nullable=False), _TEXT),
    key=("content_id",),
    expectations=(
        Expect("unique", "content_id"),
        Expect("between", "text_bytes", {"min": 1, "max": 20}),
        Expect("mean_between", "text_bytes", {"min": 1000}, "warning"),
    ),
    volatile=("run_id",),
    text=("text",),
)


@dataclass(frozen=True)
class Short:
    most: int = 10


@dataclass(frozen=True)
class Kernel:
    times: int = 1


def verdicts(notes: DataFrame, p: Short) -> DataFrame:
    too_long = reason("too_long", F.col("text_bytes"), F.lit(p.most))
    why = reasons((F.col("text_bytes") > p.most, too_long))
    return decided(notes.select("content_id", "text_bytes", why.alias("reasons")))


def required(found: DataFrame, p: Kernel) -> DataFrame:
    return found.where("keep").select("content_id")


def lengths(keys: DataFrame, notes: DataFrame, p: Kernel) -> DataFrame:
    texts = keys.join(notes, "content_id")
    return texts.select("content_id", (F.length("text") * p.times).cast("bigint").alias("letters"))


def book(found: DataFrame, p: NoParams) -> DataFrame:
    return found.where("keep").select("content_id", "text_bytes")


ASKED: list[set[str]] = []
"""Ids that the text was fetched for, one set a publication."""


def with_text(rows: DataFrame, notes: DataFrame, p: NoParams) -> DataFrame:
    ASKED.append({r["content_id"] for r in rows.select("content_id").collect()})
    return rows.join(notes.select("content_id", "text"), "content_id")


DECIDE = Decide("verdicts", verdicts, reads=(NOTES,), writes=VERDICTS, params=Short())
MEASURE = Measure(
    "lengths",
    lengths,
    required,
    reads=(VERDICTS,),
    texts=(NOTES,),
    writes=LENGTHS,
    kernel_version=lambda p: f"times {p.times}",
    params=Kernel(),
)
PUBLISH = Publish("book", book, with_text, reads=(VERDICTS,), texts=(NOTES,), writes=BOOK)


def write(lake: Lake, table: Table = NOTES, **texts: str) -> None:
    """Bring the notes to this state."""
    lake.ensure(table)
    rows = lake.spark.createDataFrame(
        [(i, len(t), t) for i, t in texts.items()], "content_id string, text_bytes bigint, text string"
    )
    write_changes(runner.Run(lake, "setup", ()), "setup", table, rows, {})
    lake.drop_staging("setup")


def carry_out(lake: Lake, run_id: str, *stages: Stage, **params: Any) -> list[StageResult]:
    given = {type(p): p for p in params.values()}
    return runner.run_stages(runner.Run(lake, run_id, stages, given), stages)


def rows_of(lake: Lake, table: Table, *columns: str) -> set[tuple]:
    return {tuple(r) for r in lake.read(table).select(*columns).collect()}


def test_finished_work_is_done_again_only_for_other_parameters_or_inputs(lake: Lake) -> None:
    write(lake, a="short", b="much too long")
    first = carry_out(lake, "r1", DECIDE)[0]
    assert (first.rows_read, first.rows_kept, first.rows_dropped, first.rows_written) == (2, 1, 1, 2)
    assert first.reasons == {"too_long": 1} and first.inputs == {"notes": 1} and first.params == '{"most": 10}'
    metadata = lake.metadata("verdicts")
    assert metadata == {"run_id": "r1", "stage": "verdicts", "signature": first.signature, "inputs": {"notes": 1}}

    again = carry_out(lake, "r2", DECIDE)[0]
    assert again.skipped and (again.run_id, again.rows_dropped) == ("r1", 1), "shown as the run that did it"
    assert (lake.version("verdicts"), rows_of(lake, RUNS, "run_id", "stage")) == (1, {("r1", "verdicts")})

    looser = carry_out(lake, "r3", DECIDE, p=Short(most=12))[0]
    assert (looser.skipped, looser.rows_kept) == (False, 1)
    assert (looser.rows_written, lake.version("verdicts")) == (1, 2), "a reason names the limit that was in force"

    write(lake, a="short", b="much too long", c="new")
    grown = carry_out(lake, "r4", DECIDE)[0]
    assert (grown.skipped, grown.rows_read, grown.rows_written, grown.inputs) == (False, 3, 2, {"notes": 2})
    assert rows_of(lake, RUNS, "run_id", "table_version") == {("r1", 1), ("r3", 2), ("r4", 3)}
    lake.delete(VERDICTS, lake.read(VERDICTS).where("content_id = 'a'").select("content_id"), {})
    mended = carry_out(lake, "r5", DECIDE)[0]
    assert (mended.skipped, mended.rows_written) == (False, 1), "a table that others have touched is not trusted"


def test_a_stage_before_its_inputs_says_which_table_is_missing(lake: Lake) -> None:
    with pytest.raises(MissingTableError, match=r"^notes: "):
        carry_out(lake, "r1", DECIDE)
    assert lake.version("verdicts") is None


def lossy(notes: DataFrame, p: Short) -> DataFrame:
    return verdicts(notes, p).where("content_id <> 'b'")


def doubling(notes: DataFrame, p: Short) -> DataFrame:
    found = verdicts(notes, p)
    return found.where("content_id <> 'b'").union(found.where("content_id = 'a'"))


def test_a_decision_that_loses_or_doubles_a_row_is_not_written(lake: Lake) -> None:
    write(lake, a="short", b="brief")
    with pytest.raises(QualityError, match="expected read_equals_decided, found 2 read, 1 decided"):
        carry_out(lake, "r1", replace(DECIDE, transform=lossy))
    with pytest.raises(QualityError, match=r"expected key\(content_id\), found 2 rows, 1 distinct keys") as error:
        carry_out(lake, "r2", replace(DECIDE, transform=doubling))
    assert str(error.value).startswith("verdicts: 1 critical check(s) failed in stage verdicts, nothing was written.")
    assert rows_of(lake, VERDICTS, "content_id") == set()
    assert {r[:2] for r in rows_of(lake, CHECKS, "run_id", "check_name", "passed") if not r[2]} == {
        ("r1", "read_equals_decided"),
        ("r2", "key(content_id)"),
    }
    assert lake.version("runs") is None or rows_of(lake, RUNS, "run_id") == set()


def test_a_measure_computes_missing_keys_once_per_kernel_version(lake: Lake) -> None:
    write(lake, a="short", b="much too long")
    done = carry_out(lake, "r1", DECIDE, MEASURE)[1]
    assert (done.rows_written, done.bytes_read) == (1, 5)
    write(lake, a="short", b="much too long", c="new")
    more = carry_out(lake, "r2", DECIDE, MEASURE)[1]
    assert (more.rows_written, more.bytes_read) == (1, 3), "what is stored is not measured again"
    other = carry_out(lake, "r3", DECIDE, MEASURE, p=Kernel(times=2))[1]
    assert other.rows_written == 2
    expected = {("a", "times 1", 5), ("c", "times 1", 3), ("a", "times 2", 10), ("c", "times 2", 6)}
    assert rows_of(lake, LENGTHS, "content_id", "kernel_version", "letters") == expected
    run = runner.Run(lake, "r4", (DECIDE, MEASURE), {Kernel: Kernel(times=2)})
    assert {r["letters"] for r in run.read(LENGTHS).collect()} == {10, 6}, "later stages see the kernel in force"


def test_a_publication_writes_what_changed_and_fetches_no_other_text(lake: Lake) -> None:
    ASKED.clear()
    write(lake, stays="one", goes="two", grows="three")
    carry_out(lake, "r1", DECIDE, PUBLISH)
    assert releases.name_versions(lake, "r1", (NOTES, VERDICTS, BOOK)) == 1
    failed = {r for r in rows_of(lake, CHECKS, "check_name", "severity", "passed") if not r[2]}
    assert failed == {("mean_between(text_bytes, min=1000)", "warning", False)}, "a warning stops nothing and is kept"
    assert ("unique(content_id)", True) in rows_of(lake, CHECKS, "check_name", "passed")

    carry_out(lake, "r2", DECIDE, PUBLISH)
    assert releases.name_versions(lake, "r2", (NOTES, VERDICTS, BOOK)) is None, "no release without a change"
    assert releases.name_versions(lake, "r2", (NOTES,)) is None, "nor one that only takes tables from readers"

    write(lake, stays="one", grows="three more", comes="four")
    result = carry_out(lake, "r3", DECIDE, PUBLISH)[1]
    assert result.rows_written == 3
    assert rows_of(lake, BOOK, "content_id", "text", "run_id") == {
        ("stays", "one", "r1"),
        ("grows", "three more", "r3"),
        ("comes", "four", "r3"),
    }
    assert [{"stays", "goes", "grows"}, {"grows", "comes"}] == ASKED
    assert releases.name_versions(lake, "r3", (NOTES, VERDICTS, BOOK)) == 2
    newest = releases.current_release(lake)
    assert newest and newest["tables"] == {"notes": 2, "verdicts": 2, "book": 2} and newest["run_id"] == "r3"
    assert rows_of(lake, RELEASES, "release_id", "run_id") == {(1, "r1"), (2, "r3")}
    assert {r["content_id"] for r in lake.read(BOOK, 1).collect()} == {"stays", "goes", "grows"}, "rolling back works"


def test_a_failed_expectation_publishes_nothing_and_shows_rows(lake: Lake) -> None:
    write(lake, a="short", b="much longer than twenty letters")
    with pytest.raises(QualityError) as error:
        carry_out(lake, "r1", DECIDE, PUBLISH, p=Short(most=99))
    said = str(error.value)
    assert said.startswith("book: 1 critical check(s) failed in stage book, nothing was written.")
    assert "expected between(text_bytes, min=1, max=20), found " in said and "under run r1" in said
    assert rows_of(lake, BOOK, "content_id") == set()
    kept = lake.read(CHECKS).where("not passed and severity = 'critical'").collect()
    assert [(r["run_id"], r["stage"], r["table_name"]) for r in kept] == [("r1", "book", "book")]
    assert "31" in kept[0]["found"], "the value that was found"
    assert rows_of(lake, RUNS, "stage") == {("verdicts",)}, "the stage before it is on record"
