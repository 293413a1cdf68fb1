"""What would fail late or go wrong in silence is told in one line: settings, models, other rows a step, full disks."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoConfig, AutoModelForCausalLM

from tests.training.runs import FIXTURES, TOKENIZER, carried, events, inputs, tiny
from training.__main__ import main
from training.checkpoint import background, saving
from training.data.feed import RowFeed
from training.files import write_json
from training.inputs import open_feed
from training.metrics import Log
from training.models import read
from training.settings import Data, Duration, Optimizer, Rate, Run, Saving, Seeing, Spikes, Start
from udfs.tokens.tokenizer import TextTokenizer


@pytest.mark.parametrize(
    ("section", "wrong"),
    [
        (Seeing, {"steps": 0}),
        (Seeing, {"hang_minutes": -1}),
        (Spikes, {"window": 0}),
        (Spikes, {"most": 0}),
        (Spikes, {"sigmas": -1}),
        (Saving, {"steps": -1}),
        (Duration, {"epochs": -1.0}),
        (Rate, {"peak": 0.0}),
        (Rate, {"warmup": -1}),
        (Data, {"block": -1}),
        (Start, {"step": -2}),
        (Start, {"context": -1}),
        (Optimizer, {"epsilon": 0.0}),
    ],
)
def test_numbers_that_would_divide_by_zero_or_count_backwards_are_refused(section: Any, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"^{section.__name__.lower()}: expected .*, found {section.__name__}"):
        section(**wrong)


def rows_feed(cache: Path, **sections: Any) -> RowFeed:
    batch = {"size": 8, "length": 256, "micro": 4} | sections.pop("batch", {})
    run = tiny("sft1", batch=batch, **sections)
    found = open_feed(run, inputs(cache, "rows", 1), TextTokenizer.read(TOKENIZER))
    assert isinstance(found, RowFeed)
    return found


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("size", {"batch": {"size": 16}}, "batch.size 8 as it was trained with, found 16"),
        ("length", {"batch": {"length": 128}}, "batch.length 256 as it was trained with, found 128"),
        ("too_long", {"data": {"too_long": "cut"}}, "data.too_long 'drop' as it was trained with, found 'cut'"),
    ],
)
def test_other_rows_a_step_are_refused_by_their_setting(name: str, change: Any, said: str, tmp_path: Path) -> None:
    """Allowing it by name does not help: epochs would end elsewhere."""
    stored = rows_feed(tmp_path).state(2)
    for allow in ((), (name, "tokens.rows")):
        with pytest.raises(ValueError, match=said):
            rows_feed(tmp_path, **change).resume(stored, allow)
    assert rows_feed(tmp_path).resume(stored, ()) == 16


@pytest.mark.parametrize(
    ("kind", "sizes", "said"),
    [
        (
            "gpt2",
            {"n_embd": 32, "n_layer": 1, "n_head": 2},
            "found gpt2 without num_key_value_heads, intermediate_size",
        ),
        ("gpt_neox", {"hidden_size": 32, "num_attention_heads": 2}, "found gpt_neox without num_key_value_heads"),
        (
            "mixtral",
            {"hidden_size": 32, "num_attention_heads": 2, "num_key_value_heads": 1},
            "found mixtral a mixture of experts",
        ),
        (
            "llama",
            {"hidden_size": 32, "num_attention_heads": 2, "attention_dropout": 0.1},
            "found llama with attention_dropout",
        ),
    ],
)
def test_models_of_another_kind_are_refused_with_the_reason(kind: str, sizes: Any, said: str, tmp_path: Path) -> None:
    AutoConfig.for_model(kind, **sizes).save_pretrained(str(tmp_path))
    with pytest.raises(ValueError, match=f"{tmp_path}: expected a decoder of Llama's kind .*, {said}"):
        read(tmp_path)


@pytest.mark.parametrize("kind", ["llama", "qwen2", "mistral", "qwen3"])
def test_models_of_llamas_kind_are_read(kind: str, tmp_path: Path) -> None:
    sizes = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 1}
    config = AutoConfig.for_model(kind, **sizes, intermediate_size=32, vocab_size=64)
    AutoModelForCausalLM.from_config(config).save_pretrained(str(tmp_path))
    assert read(tmp_path).config.model_type == kind


def test_a_run_that_does_not_go_on_ends_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Too many skipped steps, and a checkpoint that finds no room: exit code 1 and no traceback."""
    given = ["training", "train", "pretrain", "--model", "tiny", "--tokens", str(FIXTURES / "documents" / "files.json")]
    small = ("batch.size=8", "batch.length=64", "duration.steps=40", "rate.peak=1e-9", "rate.minimum=1e-9")
    spikes = ("spikes.sigmas=1e-9", "spikes.window=4", "spikes.most=3")
    given += ["--tokenizer", TOKENIZER, *(word for setting in small for word in ("--set", setting))]
    monkeypatch.setattr(sys, "argv", [*given, "--to", str(tmp_path / "a"), *(w for s in spikes for w in ("--set", s))])
    assert main() == 1
    said = capsys.readouterr().err
    assert "refinelake: training: expected steps to go on, found 3 skipped in a row" in said and "Traceback" not in said
    monkeypatch.setattr(saving, "_HEADROOM", 1e9)
    monkeypatch.setattr(sys, "argv", [*given, "--to", str(tmp_path / "b")])
    assert main() == 1
    said = capsys.readouterr().err
    assert "of free space for a checkpoint, found" in said and "Traceback" not in said


def test_a_rank_without_an_optimizer_file_makes_no_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = background.Taken.save
    monkeypatch.setattr(
        background.Taken, "save", lambda me, state_dict, path: "optim" in path or own(me, state_dict, path)
    )
    with pytest.raises(OSError, match="of step 3, found that rank 0 wrote no optimizer state; free"):
        carried(tiny(), tmp_path / "run")
    assert not list((tmp_path / "run" / "checkpoints").glob("*step*"))


def test_the_last_event_names_the_step_at_which_a_run_stopped(tmp_path: Path) -> None:
    run = tiny(steps=30)
    carried(replace(run, saving=replace(run.saving, limit_minutes=1e-9)), tmp_path / "run")
    assert [(e["step"], e["why"]) for e in events(tmp_path / "run", "stopped")] == [(1, "time limit")]
    assert json.loads((tmp_path / "run" / "run.json").read_text())["last_step"] == 30


def test_a_disk_without_room_for_a_line_is_named(tmp_path: Path) -> None:
    """A log cannot be written to a folder; a full disk gives no file's name by itself."""
    (tmp_path / "events.jsonl").mkdir()
    with pytest.raises(OSError, match=f"{tmp_path}/events.jsonl: expected to write a line .*; free some space"):
        Log(tmp_path, Seeing(), "run", True).event("started", 0)
    with pytest.raises(OSError, match=f"{tmp_path}/none/run.json: expected to write it, found .*; free some space"):
        write_json(tmp_path / "none" / "run.json", {})


def test_a_run_of_an_earlier_release_is_read(tmp_path: Path) -> None:
    """Without the sections that came later, with a setting that is gone; a name that never was is refused."""
    whole = tiny().as_dict()
    whole["engine"] |= {"overlap": True, "bucket": 200_000_000}
    del whole["spikes"]
    assert Run.from_dict(whole) == tiny()
    whole["engine"]["overlapped"] = True
    with pytest.raises(TypeError, match="overlapped"):
        Run.from_dict(whole)
