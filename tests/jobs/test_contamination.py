"""Which tasks of benchmarks stand in the tables, by the command that says so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import copies
from jobs.cli import exit_code
from jobs.runtime.accounting import append_rows
from jobs.runtime.tables import Lake
from schemas.code import CODE_CORPUS
from schemas.corpus import INSTRUCTIONS
from tests.jobs.test_corpus import document
from tests.udfs.contamination.test_contamination import OURS, TASK
from udfs.contamination.items import read


def talk(instruction_id: str, question: str, answer: str) -> dict[str, Any]:
    messages = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    row: dict[str, Any] = dict.fromkeys(INSTRUCTIONS.names) | {"instruction_id": instruction_id, "messages": messages}
    row |= {"origin": "t", "kind": "table", "source": "given", "stage": 1, "language": "python", "held_out": False}
    return row | {"text_bytes": 1, "scores": [], "run_id": "r"}


def test_copies_are_shown_with_what_says_so(lake: Lake, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = next(item for item in read("humaneval", "") if item.item == "HumanEval/0")
    texts = (copies.AROUND, copies.embedded(OURS), copies.python_text(first), *copies.FAMOUS)
    append_rows(lake, CODE_CORPUS, [document(f"org/r{n}", n, text) for n, text in enumerate(texts)])
    asked, answered = copies.two_turns(OURS).split("\nassistant: ", 1)
    append_rows(lake, INSTRUCTIONS, [talk("a" * 64, asked, answered), talk("b" * 64, "Sort a list.", "Call sorted.")])
    ours, to = tmp_path / "ours.jsonl", tmp_path / "copies.jsonl"
    ours.write_text(json.dumps(TASK))
    command = ["contamination", "--warehouse", lake.warehouse, "--benchmark", f"ours={ours}", "--to", str(to)]
    assert exit_code(command) == 0
    rows = [json.loads(line) for line in to.read_text().splitlines()]
    places = {(r["table"], r["source"], r["benchmark"], r["item"]) for r in rows}
    assert places == {
        ("code_corpus", "org/r1", "ours", "Ours/1"),
        ("code_corpus", "org/r2", "humaneval", "HumanEval/0"),
        ("instructions", "given", "ours", "Ours/1"),
    }
    assert all(r["share"] >= r["limit"] - 1e-3 and r["seen"] for r in rows)
    said = capsys.readouterr().out
    assert "humaneval" in said and "164" in said and "100.0%" in said and "org/r1" in said


def test_wrong_input_is_one_line(lake: Lake, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for asked, told in (
        (["--benchmark", "mbpp"], "--benchmark: expected NAME=FILE, found mbpp"),
        (["--benchmark", f"mbpp={tmp_path / 'none'}"], "expected a file of a benchmark, found none"),
        ([], "expected code_corpus, web_corpus or instructions, found none of them"),
    ):
        assert exit_code(["contamination", "--warehouse", str(tmp_path / "w"), *asked]) == 2
        error = capsys.readouterr().err
        assert told in error and error.count("\n") == 1
