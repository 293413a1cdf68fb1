"""Comparisons over chat rows: arms of several runs one after another, equal tokens, bits per byte of the answers."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.training.runs import TOKENIZER, held_out_table, lines
from training.__main__ import main
from training.evidence.page import section

SMALL = ("--set", "batch.length=256", "--set", "batch.size=8", "--set", "batch.micro=4", "--set", "rate.warmup=1")
TOKENS = 12_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("chat")
    held_out_table(place / "sft_tokens", "rows")
    return place


def called(folder: Path, *words: str) -> int:
    given = ("--tokenizer", TOKENIZER, "--model", "tiny", "--tokens", str(TOKENS), "--seeds", "1", *SMALL)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["training", "evidence", *words, *given])
        return main()


@pytest.fixture(scope="module")
def compared(folder: Path) -> dict[str, Any]:
    assert called(folder, "sft-stages", "--tables", str(folder), "--to", str(folder / "to")) == 0
    found: dict[str, Any] = json.loads((folder / "to" / "evidence.json").read_text())
    return found


def test_stages_one_after_another_are_compared_at_equal_tokens(folder: Path, compared: dict[str, Any]) -> None:
    runs = {run["arm"]: run for run in compared["runs"]}
    assert set(runs) == {"two_stage", "stage1", "mixed"}
    ends = [run["curve"][-1]["tokens"] for run in runs.values()]
    assert max(ends) - min(ends) < 0.25 * TOKENS and 0.7 * TOKENS < min(ends) <= max(ends) < 1.3 * TOKENS
    to = folder / "to"
    second = json.loads((to / "two_stage-0-2" / "run.json").read_text())
    assert second["run"]["name"] == "sft2" and second["inputs"]["stage"] == 2
    assert second["run"]["start"]["checkpoint"] == str(to / "two_stage-0-1")
    assert json.loads((to / "mixed-0" / "run.json").read_text())["inputs"]["stage"] == 0
    first = lines(to / "two_stage-0-1")[-1]["tokens"]
    last = [look["tokens"] for look in runs["two_stage"]["curve"]]
    assert last == sorted(last) and last[-1] == first + lines(to / "two_stage-0-2")[-1]["tokens"]
    assert lines(to / "two_stage-0-2")[0]["loss"] < lines(to / "two_stage-0-1")[0]["loss"], "on from the weights"


def test_all_arms_are_scored_on_the_same_answers_of_both_stages(folder: Path, compared: dict[str, Any]) -> None:
    assert [part["name"] for part in compared["held_out"]] == ["sft_tokens"]
    row = lines(folder / "to" / "stage1-0")[-1]
    ratios = [row["held_out_bits_per_byte"][name] / row["held_out_loss"][name] for name in row["held_out_loss"]]
    other = lines(folder / "to" / "two_stage-0-2")[-1]
    again = [other["held_out_bits_per_byte"][name] / other["held_out_loss"][name] for name in other["held_out_loss"]]
    assert ratios == pytest.approx(again), "as many tokens and bytes, whatever an arm trains on"
    said = section(compared, "x.svg")
    assert "two_stage: sft1 over rows of stage 1 (6,000 tokens), then sft2 over rows of stage 2 (6,000 tokens)." in said
    assert "mixed: sft1 over all rows (12,000 tokens)." in said and "one seed has no spread" in said


def test_it_goes_on_and_refuses_other_legs(
    folder: Path, compared: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("sft-stages", "--tables", str(folder), "--to", str(folder / "to"))
    assert called(folder, *words) == 0 and "made before" in capsys.readouterr().out
    assert called(folder, *words, "--set", "rate.peak=0.001") == 2
    assert "plan.json: expected the comparison that stands there" in capsys.readouterr().err


def test_views_are_compared_by_path(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = str(folder / "sft_tokens" / "files.json")
    arms = ("--arm", f"judge_5={table}", "--arm", f"failures={table}")
    assert called(folder, "open-code-instruct", *arms, "--to", str(folder / "views")) == 0
    assert "judge_5 ends 0.0000 bits per byte higher than failures" in capsys.readouterr().out
