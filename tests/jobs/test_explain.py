"""What explain says of cleaning, over tables in memory."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from jobs.commands.explain import explain
from schemas import code
from schemas.contract import Table

FILE = {
    "file_id": "f1",
    "content_id": "c1",
    "source_id": "s",
    "path": "a.py",
    "size_bytes": 1234,
    "encoding": "utf-8",
    "language": "python",
    "language_by": "extension",
    "kind": "code",
}
DROPPED = {"rule": "py_ast_parse", "value": 0.0, "threshold": 1.0, "detail": None}


class Tables:
    """As a snapshot: rows of a table that meet a condition."""

    def __init__(self, tables: dict[str, list[dict[str, Any]]]) -> None:
        self.tables = self.versions = tables

    def rows(self, table: Table, where: Any, columns: Any = (), most: int | None = None) -> list[dict[str, Any]]:
        rows = self.tables.get(table.name, [])
        kept = pa.Table.from_pylist(
            [{k: v for k, v in r.items() if k != "replaced"} | {"at": i} for i, r in enumerate(rows)]
        )
        return [rows[i] for i in kept.filter(where)["at"].to_pylist()] if rows else []


def cleaned(content_id: str, **done: Any) -> dict[str, Any]:
    row = {"content_id": content_id, "clean_id": "k1", "language": "python", "kind": "code", "header_bytes": 0}
    return row | {"replaced": [], "cells_cut": 0, "failure": None} | done


def said(rows: list[dict[str, Any]], clean_id: str | None = "k1") -> list[str]:
    decided = {"file_id": "f1", "keep": False, "reasons": [DROPPED], "clean_id": clean_id, "rule_set": "python"}
    kept = [{"file_id": "f1", "keep": True, "reasons": []}]
    steps = {t.name: kept for t in (code.FILE_DECISIONS, code.EXACT_DUPLICATES, code.NEAR_DUPLICATES)}
    tables = Tables({**steps, code.FILTER_DECISIONS.name: [decided], code.CLEANED_TEXTS.name: rows})
    return [line.strip() for line in explain(tables, FILE) if "cleaned_texts" in line]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("done", "expected"),
    [
        ({}, "unchanged"),
        (
            {"header_bytes": 1776, "replaced": [("email", 2), ("ipv4", 1), ("key", 1), ("password", 3)]},
            "1,776 bytes of licence header removed, 2 e-mail addresses replaced by <EMAIL>, "
            "1 IPv4 address replaced by <IP_ADDRESS>, 1 key replaced by <KEY>, 3 passwords replaced by <PASSWORD>",
        ),
        ({"cells_cut": 2}, "2 notebook outputs cut"),
    ],
)
def test_what_cleaning_took_is_named_before_the_filter(done: dict[str, Any], expected: str) -> None:
    assert said([cleaned("c0", header_bytes=9), cleaned("c1", **done)]) == [f"cleaned_texts: {expected}"]


def test_a_text_with_chunks_cut_is_found_by_what_is_left() -> None:
    assert said([cleaned("c9", replaced=[("token", 1)])]) == ["cleaned_texts: 1 token replaced by <TOKEN>"]


def test_a_failure_is_told_and_another_files_is_not() -> None:
    broken = {"clean_id": None, "failure": "notebook_broken: not JSON"}
    assert said([cleaned("c1", **broken)], None) == ["cleaned_texts: not cleaned, notebook_broken: not JSON"]
    assert said([cleaned("c2", **broken)], None) == []


def test_a_text_of_the_corpus_says_which_benchmark_it_holds() -> None:
    kept = [{"file_id": "f1", "clean_id": "k1", "keep": True, "reasons": [], "rule_set": "python"}]
    names = ("file_decisions", "exact_duplicates", "near_duplicates", "filter_decisions", "clean_duplicates")
    tables = dict.fromkeys((*names, "sample_decisions", "code_corpus"), kept)
    why = {"rule": "benchmark_copy", "value": 0.95, "threshold": 0.8, "detail": "humaneval HumanEval/0 solution def f"}
    tables["contamination"] = [{"text_id": "k1", "keep": False, "reasons": [why]}]
    told = explain(Tables(tables), FILE)  # type: ignore[arg-type]
    assert told[-2:] == [
        "  in code_corpus as k1",
        "  contamination: dropped, it holds a copy of a benchmark's task, share 0.95, at least 0.8 "
        "(humaneval HumanEval/0 solution def f)",
    ]
