"""The training half of the command line, called in this process with the committed tables."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from jobs import cli
from schemas import command_line
from tests.browser import seen
from tests.training.runs import FIXTURES, TOKENIZER, tiny
from training.__main__ import main
from training.commands import COMMANDS

DOCUMENTS, ROWS = (str(FIXTURES / name / "files.json") for name in ("documents", "rows"))


def called(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["training", *arguments])
    return main()


def settings(**given: Any) -> list[str]:
    return [word for name, value in given.items() for word in ("--set", f"{name.replace('__', '.')}={value}")]


SMALL = settings(batch__size=8, batch__length=64, batch__micro=4, duration__steps=4, saving__steps=0)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("commands") / "pretrain"
    patch = pytest.MonkeyPatch()
    given = ("train", "pretrain", "--model", "tiny", "--tokens", f"{DOCUMENTS}@0", "--tokenizer", TOKENIZER)
    assert called(patch, *given, "--to", str(folder), *SMALL) == 0
    patch.undo()
    return folder


def test_both_command_lines_have_the_same_commands() -> None:
    parser = subprocess.run([sys.executable, "-m", "jobs.cli", "--help"], capture_output=True, text=True)
    assert all(f" {name} " in parser.stdout or f" {name}\n" in parser.stdout for name in (*COMMANDS, *cli.COMMANDS))
    assert not set(COMMANDS) & set(cli.COMMANDS)


def test_batch_shows_text_mask_rows_and_versions(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert called(monkeypatch, "batch", "--run", str(run), "--step", "1", "--sequences", "8") == 0
    said = capsys.readouterr().out
    assert f"tokens: {DOCUMENTS} version 0" in said and "--- sequence 15" in said
    name = said.split("    tokens ")[1].split()[0]
    assert called(monkeypatch, "seen", "--content", name, "--runs", str(run.parent)) == 0
    assert "read at" in capsys.readouterr().out
    assert called(monkeypatch, "seen", "--content", "0" * 64, "--runs", str(run.parent)) == 0
    assert "not seen in 4 steps" in capsys.readouterr().out
    assert called(monkeypatch, "batch", "--run", str(run), "--step", "4") == 2
    assert "expected a step from 0 to 3, found 4" in capsys.readouterr().err


def test_chat_rows_are_shown_with_what_is_not_trained(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    place = run.parent / "sft"
    given = ("train", "sft1", "--model", "tiny", "--from", str(run), "--tokens", ROWS, "--tokenizer", TOKENIZER)
    small = settings(batch__size=16, batch__length=256, batch__micro=8, saving__steps=0)
    assert called(monkeypatch, *given, "--to", str(place), *small) == 0
    assert called(monkeypatch, "batch", "--run", str(place), "--step", "0", "--sequences", "2") == 0
    said = capsys.readouterr().out
    assert "<<|im_start|>user\nWrite udfs/" in said and "<|im_end|>\n" in said
    assert "tokens: 2 of 40 rows are longer than 256 tokens and left out" in said
    assert "rows are longer than 256 tokens" in (place / "events.jsonl").read_text()


def test_export_evaluate_and_report(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert called(monkeypatch, "export", "--run", str(run), "--to", str(tmp_path / "hf"), "--dtype", "fp32") == 0
    held = _held_out(tmp_path)
    given = ("evaluate", "--model", str(tmp_path / "hf"), "--to", str(tmp_path / "ev"), "--held-out", str(held))
    assert called(monkeypatch, *given, "--human-eval", "--tasks", "2", "--most-tokens", "8") == 0
    found = json.loads((tmp_path / "ev" / "evaluation.json").read_text())
    assert found["benchmarks"]["human_eval"] == {"tasks": 2, "samples": 1, "pass@1": 0.0}
    scores = found["held_out"]["languages"]["python"]
    assert 2 < scores["bits_per_byte"] < 9 and scores["documents"] > 3
    rows = [json.loads(line) for line in (tmp_path / "ev" / "human_eval.jsonl").read_text().splitlines()]
    assert len(rows) == 2 and {"raw", "program", "outcome"} <= set(rows[0])
    page = tmp_path / "training.html"
    given = ("training-report", "--run", str(run), "--evaluation", str(tmp_path / "ev" / "evaluation.json"))
    assert called(monkeypatch, *given, "--data-report", "report.html", "--to", str(page)) == 0
    text = page.read_text()
    assert text.count("<polyline") >= 4 and 'href="report.html"' in text and DOCUMENTS in text
    assert "human_eval" in text and "bits per byte" in text
    capsys.readouterr()


def test_a_runs_checkpoints_are_one_curve(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run, to = tmp_path / "run", tmp_path / "scores"
    given = ("train", "pretrain", "--model", "tiny", "--tokens", f"{DOCUMENTS}@0", "--tokenizer", TOKENIZER)
    saved = settings(
        batch__size=8, batch__length=64, batch__micro=4, duration__steps=5, saving__steps=1, saving__keep=9
    )
    assert called(monkeypatch, *given, "--to", str(run), *saved) == 0
    asked = ("evaluate", "--run", str(run), "--every", "2", "--to", str(to), "--held-out", str(_held_out(tmp_path)))
    few = ("--held-out-tokens", "200", "--human-eval", "--tasks", "1", "--most-tokens", "2")
    assert called(monkeypatch, *asked, *few) == 0
    found = json.loads((to / "evaluation.json").read_text())
    assert [each["step"] for each in found["steps"]] == [2, 4, 5] and not (to / "model").exists()
    first, last = (found["steps"][n]["held_out"]["languages"]["all"]["bits_per_byte"] for n in (0, -1))
    assert first != last and (to / "step-4" / "human_eval.jsonl").exists()
    page = (to / "evaluation.html").read_text()
    assert page.count("<polyline") == 2 and "held-out bits per byte" in page and "step 4" in page
    assert seen(page) == []
    beside = ("evaluate", "--run", str(run), "--every", "5", "--to", str(tmp_path / "more"), "--human-eval")
    few = ("--tasks", "1", "--most-tokens", "2", "--beside", str(to / "evaluation.json"))
    assert called(monkeypatch, *beside, *few) == 0
    assert str(to / "evaluation.json") in (tmp_path / "more" / "evaluation.html").read_text()
    capsys.readouterr()


def test_a_browser_sees_no_fault_in_the_page(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "training.html"
    assert called(monkeypatch, "training-report", "--run", str(run), "--to", str(page)) == 0
    assert seen(page.read_text()) == []


def _held_out(folder: Path) -> Path:
    """The committed documents with one of their two files held out."""
    import shutil

    place = folder / "held"
    shutil.copytree(FIXTURES / "documents", place)
    file = place / "part-0.parquet"
    table = pq.read_table(file)
    number = table.schema.get_field_index("held_out")
    import pyarrow as pa

    table = table.set_column(number, table.schema.field(number), pa.array([True] * len(table)))
    pq.write_table(table, file)
    listed = json.loads((place / "files.json").read_text())
    listed["files"][0]["size"] = file.stat().st_size
    (place / "files.json").write_text(json.dumps(listed))
    return place / "files.json"


def test_plan_prints_command_settings_memory_days_and_money(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert called(monkeypatch, "plan", "pretrain", "--model", "1.5b", "--to", str(tmp_path), "--gpus", "256") == 0
    said = capsys.readouterr().out
    assert "torchrun --nproc_per_node 8 --nnodes 32" in said and "-m training train pretrain --model 1.5b" in said
    assert "engine.zero=2: from 32 GPUs on" in said and '"stage": 2' in said
    # 14 bytes a parameter, of which the first node of 32 copies its eight shares of 12 and the bf16 weights.
    assert "parameters           1,905,650,880" in said and "its copy           5 GB of a node's host memory" in said
    assert "steps                476,838 of 1,024 x 4,096, 1 micro-batches a rank" in said
    # 2 T tokens x 12.78 GFLOP at 40 % of 256 x 989.4 TFLOP/s: 2.92 days.
    assert "days                 2.9" in said and "USD at 2.5 a GPU hour" in said
    arguments = ("plan", "sft1", "--model", "tiny", "--tokens", ROWS, "--tokenizer", TOKENIZER, "--gpus", "1")
    small = settings(batch__length=256, batch__size=16, batch__micro=8)
    assert called(monkeypatch, *arguments, "--to", str(tmp_path), "--launcher", "slurm", *small) == 0
    said = capsys.readouterr().out
    assert "GPUS=1 sbatch --nodes=1 --gpus-per-node=1 docker/train.sbatch train sft1 --model tiny" in said
    assert "readable to the end of the run" in said


@pytest.mark.parametrize("flag", ["--gpus", "--per-node", "--mfu", "--gpu-gb"])
def test_a_plan_for_nothing_is_refused(
    flag: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert called(monkeypatch, "plan", "sft1", "--model", "8b", "--to", str(tmp_path), flag, "0") == 2
    assert f"{flag}: expected a number above 0, found 0" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("gpus", "slurm", "torchrun"),
    [
        ("256", "GPUS=8 sbatch --nodes=32 --gpus-per-node=8 ", "torchrun --nproc_per_node 8 --nnodes 32 "),
        ("12", "GPUS=6 sbatch --nodes=2 --gpus-per-node=6 ", "torchrun --nproc_per_node 6 --nnodes 2 "),
        ("4", "GPUS=4 sbatch --nodes=1 --gpus-per-node=4 ", "torchrun --nproc_per_node 4 -m training "),
    ],
)
def test_the_planned_command_starts_as_many_ranks_as_the_plan_is_for(
    gpus: str, slurm: str, torchrun: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ("plan", "pretrain", "--model", "1.5b", "--to", "x", "--gpus", gpus, *settings(batch__size=3072))
    for launcher, start in (("slurm", slurm), ("torchrun", torchrun)):
        assert called(monkeypatch, *given, "--launcher", launcher) == 0
        assert capsys.readouterr().out.splitlines()[2].startswith(start)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["train", "--to", "x"], "expected a recipe"),
        (
            ["train", "pretrain", "--to", "x", "--tokenizer", "k"],
            "expected one of --tokens, --part and --mixture, found none",
        ),
        (["train", "pretrain", "--to", "x", "--tokens", "t", "--tokenizer", "no"], "expected a Delta table"),
        (
            ["train", "pretrain", "--model", "tiny", "--to", "x", "--tokens", "t", "--set", "batch.sise=3"],
            "did you mean",
        ),
        (
            ["train", "anneal", "--to", "x", "--part", "original=t", "--tokenizer", "k"],
            "found no algorithmic, snippets",
        ),
        (["train", "anneal", "--to", "x", "--part", "originel=t", "--tokenizer", "k"], "expected parts among original"),
        (
            ["train", "pretrain", "--to", "x", "--tokens", "t", "--anneal-tokens", "u", "--tokenizer", "k"],
            "--anneal-tokens: expected the recipe anneal, found pretrain",
        ),
        (["train", "pretrain", "--to", "x", "--tokens", "t@new", "--tokenizer", "k"], "LOCATION@VERSION"),
        (["export", "--run", "nowhere", "--to", "x"], "expected a complete checkpoint, found none"),
        (["batch", "--run", "nowhere", "--step", "1"], "expected a run with run.json"),
        (["evaluate", "--model", "m", "--to", "x"], "expected --held-out, --human-eval"),
        (["plan", "pretrain", "--to", "x", "--gpus", "9", "--set", "batch.size=1152"], "found 9 on 2 nodes"),
        (["seen", "--content", "abc", "--runs", "x"], "expected 64 hexadecimal digits"),
    ],
)
def test_mistakes_end_in_one_line(
    arguments: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    if "k" in arguments:
        arguments = [TOKENIZER if word == "k" else word for word in arguments]
    assert called(monkeypatch, *arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("refinelake: ") and said in error


def test_one_table_is_every_part_of_annealing_but_the_original() -> None:
    """`refinelake train anneal --from RUN --tokens TABLE --anneal-tokens TABLE --tokenizer DIR --to RUN2`."""
    from training.commands.arguments import sources
    from training.recipes import anneal

    parser = command_line.parser_of("training.commands.train")
    given = ["anneal", "--to", "x", "--tokens", "/w/pretrain_tokens@3", "--anneal-tokens", "/w/anneal_tokens@5"]
    found = {s.name: (s.table, s.version, s.sources, s.weight) for s in sources(parser.parse_args(given), anneal())}
    assert found == {
        "original": ("/w/pretrain_tokens", 3, (), "83.94"),
        "algorithmic": ("/w/anneal_tokens", 5, ("algorithmic",), "12.44"),
        "snippets": ("/w/anneal_tokens", 5, ("snippets",), "2.71"),
        "textbooks": ("/w/anneal_tokens", 5, ("textbooks",), "0.91"),
    }
    without = {s.name for s in sources(parser.parse_args([*given, "--without", "snippets"]), anneal())}
    assert without == {"original", "algorithmic", "textbooks"}


def test_settings_of_a_resume_come_from_the_run(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from training.run_file import reopened

    assert called(monkeypatch, "train", "--to", str(run), "--resume", *settings(duration__steps=6)) == 0
    assert reopened(run)[0].duration.steps == 6
    assert tiny().name == reopened(run)[0].name
