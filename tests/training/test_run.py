"""Whole runs in one process: what is learned, what a repeat gives, what annealing and fine-tuning start from."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training.runs import TOKENIZER, carried, events, inputs, logged, tiny
from training.checkpoint.export import export
from training.checkpoint.master import master_weights
from training.checkpoint.store import opened, steps
from training.runs import Carried
from training.train import train
from udfs.tokens.tokenizer import TextTokenizer

STEPS = 40


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stable phase with two checkpoints before its last one."""
    folder = tmp_path_factory.mktemp("runs") / "pretrain"
    carried(tiny(steps=STEPS, saving={"steps": 15}), folder)
    return folder


def test_the_loss_falls_as_it_did_before(pretrained: Path, golden: Callable[[str, str], None]) -> None:
    """The curve of the committed tokens: bit for bit on one machine (below), within 1e-4 elsewhere."""
    losses = [row[0] for row in logged(pretrained).values()]
    assert losses[-1] < losses[0] - 1.0
    stored = Path(__file__).parents[1] / "golden" / "training" / "losses.json"
    text = json.dumps([round(loss, 6) for loss in losses], indent=1) + "\n"
    if stored.exists() and json.loads(stored.read_text()) == pytest.approx(losses, rel=1e-4):
        text = stored.read_text()
    golden("training/losses.json", text)


def test_a_repeat_is_bit_for_bit_the_same(pretrained: Path, tmp_path: Path) -> None:
    again = carried(tiny(steps=STEPS, saving={"steps": 0}), tmp_path / "again")
    assert again == logged(pretrained)
    one, other = (master_weights(opened(folder)) for folder in (pretrained, tmp_path / "again"))
    assert all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize(
    ("zero", "dtype", "offload"),
    [
        (1, "bf16", "none"),
        (2, "bf16", "none"),
        (2, "fp32", "none"),
        (3, "bf16", "none"),
        (3, "fp32", "none"),
        (2, "bf16", "optimizer"),
        (3, "bf16", "all"),
    ],
)
def test_a_resume_is_bit_for_bit_the_run(zero: int, dtype: str, offload: str, tmp_path: Path) -> None:
    """With one process; ZeRO 1 in fp32 is shown by the run that a signal stops, two processes in test_two_ranks.py."""
    run, place = tiny(engine={"zero": zero, "offload": offload, "dtype": dtype}), tmp_path / "run"
    whole = carried(run, place)
    weights = master_weights(opened(place))
    shutil.rmtree(place / "checkpoints" / "step-00000006")
    assert carried(run, place, "must") == whole
    again = master_weights(opened(place))
    assert all(torch.equal(again[name], weight) for name, weight in weights.items())


def test_checkpoints_that_matter_stay(pretrained: Path, tmp_path: Path) -> None:
    assert steps(pretrained / "checkpoints") == [15, 30, STEPS]
    assert opened(pretrained).state["marks"] == ["end of the stable phase"]
    carried(tiny(steps=6, saving={"steps": 1, "keep": 2, "forever": 2}), tmp_path / "kept")
    assert steps(tmp_path / "kept" / "checkpoints") == [2, 4, 5, 6]


def test_another_batch_goes_on_where_the_data_stood(pretrained: Path, tmp_path: Path) -> None:
    """Steps after a resume with half the batch read the sequences that follow, and `seen` knows it."""
    place = tmp_path / "run"
    shutil.copytree(pretrained, place)
    shutil.rmtree(place / "checkpoints" / f"step-{STEPS:08d}")
    carried(tiny(steps=36, batch={"size": 4}), place, "must")
    run = Carried.open(place)
    assert [(s["step"], s["sequence"], s["size"]) for s in run.whole["segments"]] == [(0, 0, 8), (30, 240, 4)]
    first = run.segment(30).feed.pieces(30)[0][0]
    assert 30 in run.seen(first.content_id) and max(run.seen(first.content_id)) < 36


def test_annealing_continues_optimizer_and_steps(pretrained: Path, tmp_path: Path) -> None:
    """From any stable checkpoint: the loss goes on, the step counts on, the last rate is exactly the minimum."""
    start = {"checkpoint": str(pretrained), "step": 30, "state": True}
    run = tiny("anneal", start=start, rate={"minimum": 1e-5}, duration={"steps": 5})
    found = carried(run, tmp_path / "anneal")
    assert sorted(found) == [30, 31, 32, 33, 34]
    assert found[34][2] == 1e-5 and found[30][2] < run.rate.peak
    before = logged(pretrained)
    assert abs(found[30][0] - before[30][0]) < 0.2
    assert opened(tmp_path / "anneal").state["lineage"][0]["phase"] == "pretrain"
    optimizer = torch.load(
        next((tmp_path / "anneal" / "checkpoints" / "step-00000035").glob("*optim_states.pt")), weights_only=False
    )
    states = optimizer["optimizer_state_dict"]["base_optimizer_state"]
    assert {float(s["step"]) for s in states.get("state", states).values()} == {35.0}


def test_fine_tuning_takes_weights_only_and_averages_epochs(pretrained: Path, tmp_path: Path) -> None:
    """Two epochs from a checkpoint; the average of the epochs' ends is that of the fp32 weights."""
    sections = {
        "start": {"checkpoint": str(pretrained)},
        "duration": {"epochs": 2.0},
        "batch": {"size": 16, "length": 256},
        "saving": {"steps": 0},
    }
    place = tmp_path / "sft"
    found = carried(tiny("sft1", **sections), place, table="rows", stage=1)
    half = len(found) // 2
    assert steps(place / "checkpoints") == [half, 2 * half]
    assert [opened(place, s).state["marks"] for s in (half, 2 * half)] == [["end of epoch 1"], ["end of epoch 2"]]
    assert found[0][2] < 2e-4 and found[0][0] < 6.2, "the weights were learned, the schedule is new"
    both = [opened(place, s) for s in (half, 2 * half)]
    export(both, tmp_path / "average", "fp32")
    one, other = (master_weights(c) for c in both)
    from safetensors.torch import load_file

    stored = load_file(str(tmp_path / "average" / "model.safetensors"))
    for name, tensor in stored.items():
        torch.testing.assert_close(tensor, (one[name] + other[name]) / 2, rtol=1e-6, atol=1e-8)
    facts = json.loads((tmp_path / "average" / "refinelake.json").read_text())
    assert [phase["phase"] for phase in facts["lineage"]] == ["pretrain", "sft"]


def test_the_exported_folder_loads_and_generates(pretrained: Path, tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    export([opened(pretrained, 15)], tmp_path / "hf")
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "hf")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "hf")
    assert model.dtype is torch.bfloat16 and model.config.use_cache and model.generation_config.use_cache
    given = tokenizer("def f(", return_tensors="pt", return_token_type_ids=False)
    out = model.generate(**given, max_new_tokens=12, do_sample=True, temperature=5.0)
    assert out.shape[1] > given["input_ids"].shape[1] and int(out.max()) < len(tokenizer)
    padding = TextTokenizer.read(TOKENIZER).id("<|pad|>")
    assert padding in model.generation_config.suppress_tokens
    assert "rope_theta" in json.loads((tmp_path / "hf" / "config.json").read_text())
    turns = tokenizer.apply_chat_template([{"role": "user", "content": "hi"}], tokenize=False)
    assert turns == "<|im_start|>user\nhi<|im_end|>\n"
    assert "| pretrain | tokens | files.json | 0 |" in (tmp_path / "hf" / "README.md").read_text()
    weights = master_weights(opened(pretrained, 15))
    torch.testing.assert_close(
        model.model.embed_tokens.weight, weights["model.embed_tokens.weight"].to(torch.bfloat16), rtol=0, atol=0
    )


def test_a_spike_is_skipped_and_its_rows_are_named(tmp_path: Path) -> None:
    """A threshold below the spread of a run at rest: the step is skipped, rate and data go on, the rows are kept."""
    run = tiny(steps=14, spikes={"sigmas": 0.3, "window": 8, "most": 6}, rate={"peak": 1e-9, "minimum": 1e-9})
    found = carried(run, tmp_path / "run")
    skipped = events(tmp_path / "run", "skipped")
    assert skipped and sorted(found) == list(range(14))
    step = skipped[0]["step"]
    pieces = Carried.open(tmp_path / "run").segment(step).feed.pieces(step)
    assert {tuple(row) for row in skipped[0]["rows"]} == {(p.content_id, p.chunk) for s in pieces for p in s}
    assert opened(tmp_path / "run").state["skipped"] == len(skipped)


def test_too_many_skipped_steps_end_the_run(tmp_path: Path) -> None:
    run = tiny(steps=30, spikes={"sigmas": 1e-9, "window": 4, "most": 3}, rate={"peak": 1e-9, "minimum": 1e-9})
    with pytest.raises(RuntimeError, match="3 skipped in a row"):
        carried(run, tmp_path / "run")


@pytest.mark.parametrize("name", ["tensorboard", "mlflow"])
def test_trackers_get_the_same_numbers(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"file:{tmp_path / 'ml'}")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    found = carried(tiny(steps=3, seeing={name: True}), tmp_path / "run")
    if name == "tensorboard":
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

        board = EventAccumulator(str(tmp_path / "run" / "tensorboard")).Reload()
        losses = [event.value for event in board.Scalars("loss")]
    else:
        lines = next((tmp_path / "ml").rglob("metrics/loss")).read_text().splitlines()
        losses = [float(line.split()[1]) for line in lines]
    assert losses == pytest.approx([row[0] for row in found.values()], rel=1e-6)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"duration": {"steps": 100_000}}, "expected data for 100,000 steps"),
        ({"start": {"model": "huge"}}, "expected a model folder"),
        ({"batch": {"length": 1}}, "length of 2 or more"),
        ({"start": {"checkpoint": "/nowhere", "state": True}}, "expected a complete checkpoint, found none"),
    ],
)
def test_mistakes_are_named(change: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=said):
        carried(tiny(**change), tmp_path / "run")


def test_a_used_folder_and_a_missing_checkpoint_are_refused(pretrained: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="expected a new folder, found checkpoints"):
        carried(tiny(), pretrained)
    with pytest.raises(ValueError, match="expected a complete checkpoint, found none"):
        carried(tiny(), tmp_path / "new", "must")


def test_other_rows_are_refused_unless_named(pretrained: Path, tmp_path: Path) -> None:
    """The same table with another version in its list."""
    place, tables = tmp_path / "run", tmp_path / "documents"
    shutil.copytree(pretrained, place)
    shutil.rmtree(place / "checkpoints" / f"step-{STEPS:08d}")
    given = inputs(tmp_path / "cache")
    shutil.copytree(Path(given.sources[0].table).parent, tables)
    listed = json.loads((tables / "files.json").read_text())
    (tables / "files.json").write_text(json.dumps(listed | {"version": 5}))
    moved = replace(given, sources=(replace(given.sources[0], table=str(tables / "files.json"), version=5),))
    with pytest.raises(ValueError, match=r"tokens.version was 0, is 5 \(the rows are the same\)"):
        train(tiny(steps=33), moved, place, "must")
    assert train(tiny(steps=33, start={"allow": ("tokens.version",)}), moved, place, "must") == "finished"
