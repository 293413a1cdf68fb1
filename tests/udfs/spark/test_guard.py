"""Kernels that really abort, really eat memory and really never end: what a child process makes of them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import pyarrow as pa
import pytest

from udfs.spark.guard import Guard, KernelError, Limits

COLUMNS = frozenset({"content_id", "letters", "words", "failure", "kernel_version"})
OUT = pa.schema([("content_id", pa.string()), ("letters", pa.int64()), ("words", pa.list_(pa.string()))])
OUT = OUT.append(pa.field("failure", pa.string()))
GUARD = Guard("lengths at kernel 7", COLUMNS, frozenset({"content_id"}), frozenset({"letters"}), Limits(3, 200 << 20))


def lengths(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Letters and words of each text, but for those that a real kernel would have no business to survive."""
    rows = []
    for row in batch.to_pylist():
        text = row["text"]
        if text == "abort":
            os.abort()
        if text == "eat":
            bytearray(8 << 30)
        if text == "hang":
            re.match(r"(a+)+b", "a" * 64)  # a loop in C that no signal handler of Python's gets into
        if text == "bug":
            raise KeyError("a bug")
        rows.append({"content_id": row["content_id"], "letters": len(text), "words": text.split()})
    yield pa.RecordBatch.from_pylist(rows, OUT.remove(3))


def measured(*texts: str) -> list[dict]:
    ids = pa.array([f"{n}" for n in range(len(texts))])
    batch = pa.RecordBatch.from_arrays([ids, pa.array(texts)], ["content_id", "text"])
    found = list(GUARD.run(lengths, OUT, batch))
    assert all(each.schema == OUT for each in found), "what Spark was told to expect"
    return pa.Table.from_batches(found, OUT).to_pylist()


def test_a_sound_batch_is_what_the_kernel_makes_of_it() -> None:
    assert measured("a b", "c") == [
        {"content_id": "0", "letters": 3, "words": ["a", "b"], "failure": None},
        {"content_id": "1", "letters": 1, "words": ["c"], "failure": None},
    ]


def test_a_text_that_kills_its_process_has_a_row_that_says_so_and_the_others_are_measured() -> None:
    rows = measured("abort", "one", "abort", "eat", "two", "hang")
    why = [r["failure"] and r["failure"].removesuffix("; lengths at kernel 7") for r in rows]
    aborted = "killed_worker: SIGABRT, 2 times alone"
    assert why == [
        aborted,
        None,
        aborted,
        "killed_worker: out of memory, 2 times alone",
        None,
        "killed_worker: over 3 s, 2 times alone",
    ]
    assert [r["letters"] for r in rows] == [0, 3, 0, 0, 3, 0], "empty where the contract wants a value"
    assert [r["words"] for r in rows] == [None, ["one"], None, None, ["two"], None], "null where it does not"
    assert [r["content_id"] for r in rows] == list("012345")


def test_an_exception_is_a_bug_of_the_kernel_and_no_fault_of_a_text() -> None:
    with pytest.raises(KernelError, match="KeyError: 'a bug'"):
        measured("one", "bug")


def test_rows_on_their_way_to_a_table_have_no_stand_in() -> None:
    assert GUARD.fills(["content_id", "letters", "words"]) and not GUARD.fills(["content_id", "slots"])
    batch = pa.RecordBatch.from_arrays([pa.array(["0", "1"]), pa.array(["abort", "one"])], ["content_id", "text"])
    assert [r["content_id"] for b in GUARD.run(lengths, OUT.remove(3), batch) for r in b.to_pylist()] == ["1"]
