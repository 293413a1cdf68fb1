"""Texts that hold tasks of benchmarks are found, shown, and in no table that training reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from benchmarks import copies
from jobs.cli import exit_code
from jobs.corpus import benchmark_hits, contamination, pretrain_docs, sft_stage1, sft_stage2
from jobs.corpus.flow import STAGES
from jobs.corpus.parameters import Contamination, Sft, Tokens
from jobs.runtime.accounting import append_rows
from jobs.runtime.runner import Run, run_stages
from jobs.runtime.stage import code_version
from jobs.runtime.tables import Lake
from schemas.code import CODE_CORPUS
from schemas.contamination import BENCHMARK_HITS, CONTAMINATION
from schemas.corpus import INSTRUCTIONS
from schemas.documents import PRETRAIN_DOCS, SFT_STAGE1
from schemas.ops import REPORTS, RUNS
from schemas.web import WEB_CORPUS
from tests.jobs.pipeline import contents_of
from tests.jobs.rows import decide, frame
from tests.jobs.test_corpus import document, page
from tests.udfs.contamination.test_contamination import OURS, TASK
from udfs.contamination.frequencies import unpacked
from udfs.contamination.items import read


def talk(instruction_id: str, question: str, answer: str, stage: int = 1) -> dict[str, Any]:
    messages = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    row: dict[str, Any] = dict.fromkeys(INSTRUCTIONS.names) | {"instruction_id": instruction_id, "messages": messages}
    row |= {"origin": "t", "kind": "table", "source": "given", "stage": stage, "language": "python", "held_out": False}
    return row | {"text_bytes": 1, "scores": [], "run_id": "r"}


def test_copies_are_found_shown_and_left_out(lake: Lake, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Twice by the command, the second time with a benchmark more, which alone is searched for; then the documents."""
    first = next(item for item in read("humaneval", "") if item.item == "HumanEval/0")
    texts = (copies.AROUND, copies.embedded(OURS), copies.python_text(first), *copies.FAMOUS)
    files = [document(f"org/r{n}", n, text) for n, text in enumerate(texts)]
    append_rows(lake, CODE_CORPUS, files)
    append_rows(lake, WEB_CORPUS, [page("a.example", texts[1]), page("b.example", "A page about nothing.")])
    asked, answered = copies.two_turns(OURS).split("\nassistant: ", 1)
    append_rows(lake, INSTRUCTIONS, [talk("a" * 64, asked, answered), talk("b" * 64, "Sort a list.", "Call sorted.")])
    command = ["contamination", "--warehouse", lake.warehouse]
    assert exit_code(command) == 0
    dropped = {r["text_id"] for r in contents_of(lake, CONTAMINATION) if not r["keep"]}
    assert dropped == {files[2]["clean_id"]}
    ours, to = tmp_path / "ours.jsonl", tmp_path / "copies.jsonl"
    ours.write_text(json.dumps(TASK))
    capsys.readouterr()
    assert exit_code([*command, "--benchmark", f"ours={ours}", "--to", str(to)]) == 0
    said = capsys.readouterr().out
    assert "humaneval" in said and "164" in said and "100.0%" in said and "org/r1" in said
    written = [r["rows_written"] for r in contents_of(lake, RUNS) if r["stage"] == "benchmark_hits"]
    number = len(texts) + 3
    assert sorted(written) == [number, number] and len(contents_of(lake, BENCHMARK_HITS)) == 2 * number
    rows = [json.loads(line) for line in to.read_text().splitlines()]
    assert {(r["table"], r["source"], r["benchmark"], r["item"]) for r in rows} == {
        ("code_corpus", "org/r1", "ours", "Ours/1"),
        ("web_corpus", "a.example", "ours", "Ours/1"),
        ("code_corpus", "org/r2", "humaneval", "HumanEval/0"),
        ("instructions", "given", "ours", "Ours/1"),
    }
    assert all(r["share"] >= r["limit"] - 1e-3 and r["seen"] for r in rows)
    assert [(r["kind"], r["place"]) for r in contents_of(lake, REPORTS)] == [("copies of benchmarks", str(to))]
    lake.look()
    mine = [r for r in contents_of(lake, CONTAMINATION) if r["text_id"] == "a" * 64]
    assert mine[0]["reasons"][0]["rule"] == "benchmark_copy" and "ours Ours/1" in mine[0]["reasons"][0]["detail"]
    run = Run(lake, "again", STAGES, {Tokens: Tokens(), Sft: Sft()})
    run_stages(run, (pretrain_docs.STAGE, sft_stage1.STAGE))
    left = {row["content_id"] for row in contents_of(lake, PRETRAIN_DOCS)}
    assert left == {row["clean_id"] for row in files} - {files[1]["clean_id"], files[2]["clean_id"]} | {
        page("b.example", "A page about nothing.")["clean_id"]
    }
    assert [row["instruction_id"] for row in contents_of(lake, SFT_STAGE1)] == ["b" * 64]


def test_words_and_runs_of_a_sample_are_counted(lake: Lake, tmp_path: Path) -> None:
    append_rows(lake, CODE_CORPUS, [document(f"org/r{n}", n, f"shared = word{n}") for n in range(30)])
    append_rows(lake, INSTRUCTIONS, [talk("a" * 64, "shared", "word")])
    to = tmp_path / "counts.npz"
    assert exit_code(["contamination", "--warehouse", lake.warehouse, "--count", str(to)]) == 0
    seen = unpacked(to.read_bytes(), str(to))
    assert seen.documents == {"code_corpus": 30, "instructions": 1}
    assert seen.words.texts.max(axis=0).tolist() == [30, 0], "once is under the floor"
    setting = f"contamination.frequencies={to}"
    assert exit_code(["contamination", "--warehouse", lake.warehouse, "--set", setting]) == 0


def test_another_file_at_the_same_place_is_another_piece_of_work(tmp_path: Path) -> None:
    """A stage is told apart by its parameters, which name the file and not what is in it."""
    ours = tmp_path / "ours.jsonl"
    p = Contamination(benchmarks={"ours": str(ours)})
    seen = []
    for task in (TASK, TASK, {**TASK, "task_id": "Ours/2"}):
        ours.write_text(json.dumps(task))
        seen.append([code_version(stage.STAGE, p) for stage in (benchmark_hits, contamination)])
    assert seen[0] == seen[1] and all(a != b for a, b in zip(seen[1], seen[2], strict=True))
    assert benchmark_hits.STAGE.kernel_version(p) == benchmark_hits.STAGE.kernel_version(Contamination())


def hit(text_id: str, version: str, share: float = 1.0, failure: str | None = None, **more: Any) -> dict[str, Any]:
    found = {"item": "HumanEval/0", "part": "solution", "method": "words", "limit": 0.8, "seen": "def f"}
    one = {"text_id": text_id, "benchmark": "humaneval", "benchmark_version": version, "failure": failure}
    return one | {"hits": [found | {"share": share}] if share else []} | more


def test_what_was_not_searched_is_not_trained_on(spark: SparkSession) -> None:
    """Nor what was searched for another version of the benchmark; one copy of a task is told, the one covered best."""
    p = Contamination()
    (version,) = contamination.versions(p).values()
    texts = [{"clean_id": name} for name in ("clean", "copy", "killed", "missing", "old")]
    hits = [hit("clean", version, 0), hit("copy", version, 0.9), hit("old", "other", 0)]
    hits[1]["hits"].append({**hits[1]["hits"][0], "share": 0.95, "part": "code"})
    hits.append(hit("killed", version, 0, "killed_worker: SIGSEGV"))
    rows = decide(spark, contamination.STAGE, p, benchmark_hits=hits, code_corpus=texts).collect()
    said = {r["text_id"]: (r["keep"], [(x["rule"], x["value"]) for x in r["reasons"]]) for r in rows}
    lost = (False, [("not_searched", None)])
    assert said == {
        "clean": (True, []),
        "copy": (False, [("benchmark_copy", 0.95)]),
        "killed": lost,
        "missing": lost,
        "old": lost,
    }
    (copy,) = next(r["copies"] for r in rows if r["text_id"] == "copy")
    assert (copy["benchmark"], copy["part"]) == ("humaneval", "code")


def test_without_rules_everything_is_kept_and_nothing_searched(spark: SparkSession) -> None:
    p, empty = Contamination(rules="none"), [frame(spark, t, []) for t in benchmark_hits.SEARCHED[1:]]
    texts = frame(spark, CODE_CORPUS, [{"clean_id": "a"}])
    assert benchmark_hits.required(texts, *empty, p).collect() == []
    assert [r["keep"] for r in decide(spark, contamination.STAGE, p, code_corpus=[{"clean_id": "a"}]).collect()] == [
        True
    ]


@pytest.mark.parametrize(
    ("variant", "first", "second"), [("two_stage", "a", "b"), ("mixed", "ab", ""), ("stage1", "a", "")]
)
def test_stages_of_fine_tuning_by_variant(spark: SparkSession, variant: str, first: str, second: str) -> None:
    kept = frame(spark, CONTAMINATION, [{"text_id": i, "keep": i != "c"} for i in "abc"])
    talks = frame(spark, INSTRUCTIONS, [talk("a", "q", "a"), talk("b", "q", "a", 2), talk("c", "q", "a")])
    found = [
        {(r["instruction_id"], r["stage"]) for r in stage(talks, kept, Sft(variant)).collect()}
        for stage in (sft_stage1.sft_stage1, sft_stage2.sft_stage2)
    ]
    assert found == [{(i, 1) for i in first}, {(i, 2) for i in second}]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (["--benchmark", "mbpp"], "--benchmark: expected NAME=FILE, found mbpp"),
        (["--benchmark", "mbpp=none.jsonl"], "none.jsonl: expected a file of a benchmark, found none"),
        (["--set", "contamination.frequencies=none"], "none: expected a file that refinelake contamination --count"),
        (["--set", "contamination.rules=strict"], "contamination.rules: expected copies, paper or none, found strict"),
        (["--set", "contamination.least=0"], "contamination.least: expected a share in (0, 1], found 0"),
        (["--set", "sft.variant=three"], "sft.variant: expected two_stage, mixed or stage1, found three"),
        (
            ["--benchmark", "a=x", "--benchmark", "a=y"],
            "--benchmark: expected each name once, found a for x and for y; ",
        ),
        (["--to", "."], ".: expected a file, or a place for one, found a folder; "),
        (["--count", "."], ".: expected a file, or a place for one, found a folder; "),
        (
            ["--count", f"{__file__}/counts.npz"],
            "counts.npz: expected a place that can be written, found Not a directory",
        ),
        (
            ["--count", "/dev/null/counts.npz"],
            "counts.npz: expected a place that can be written, found Not a directory",
        ),
        (["--count", "counts.npz"], "expected one of code_corpus, web_corpus, synthetic_snippets, textbooks, instruct"),
        (["--texts", "0"], "--texts: expected a number above 0, found 0"),
        ([], "code_feedback, rewritten, execution_traces, code_changes, found none; run refinelake run first"),
    ],
)
def test_wrong_input_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], asked: list[str], told: str
) -> None:
    assert exit_code(["contamination", "--warehouse", str(tmp_path / "w"), *asked]) == 2
    error = capsys.readouterr().err
    assert told in error and error.count("\n") == 1 and not (tmp_path / "w").exists()
