"""Exports and starts from other runs: whole or not there, of the checkpoint that was named, never of a damaged one."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM

from tests.training.runs import TOKENIZER, carried, inputs, tiny
from training import start
from training.checkpoint.export import _both_rotary_keys, export, facts_of
from training.checkpoint.store import opened
from training.engine.engine import Engine
from training.models import read
from training.settings import Run
from training.train import train
from udfs.tokens.tokenizer import TextTokenizer


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Checkpoints of steps 3 and 6."""
    place = tmp_path_factory.mktemp("export") / "pretrain"
    carried(tiny(), place)
    return place


def from_step(before: Path, step: int) -> Run:
    run = tiny("sft1", batch={"size": 8, "length": 256, "micro": 8})
    return replace(run, start=replace(run.start, checkpoint=str(before), step=step))


def first_weights(folder: str) -> torch.Tensor:
    found: torch.Tensor = read(folder).get_input_embeddings().weight
    return found.detach()


def test_a_run_starts_with_the_weights_that_it_names(before: Path, tmp_path: Path) -> None:
    """Whatever an earlier start left in the folder: another step's, half of a folder, or the same."""
    expected = {
        step: first_weights(str(export([opened(before, step)], tmp_path / f"{step}", "fp32"))) for step in (3, 6)
    }
    assert not torch.equal(expected[3], expected[6])
    place = tmp_path / "run"
    for step in (3, 6, 6):
        found = start._weights_folder(from_step(before, step), place)
        assert torch.equal(first_weights(found), expected[step])
    (place / "start" / "model.safetensors").unlink()
    (place / "start" / "refinelake.json").unlink()
    assert torch.equal(first_weights(start._weights_folder(from_step(before, 3), place)), expected[3])
    assert [c["step"] for c in facts_of(place / "start")["checkpoints"]] == [3]


def test_the_same_start_is_not_made_twice(before: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start._weights_folder(from_step(before, 6), tmp_path)
    monkeypatch.setattr(start, "export", lambda *_: pytest.fail("made again"))
    start._weights_folder(from_step(before, 6), tmp_path)


@pytest.fixture
def broken(before: Path, tmp_path: Path) -> Path:
    """A copy whose newest checkpoint has 64 inverted bytes in the middle of its optimizer file; sizes are right."""
    place = tmp_path / "broken"
    shutil.copytree(before, place)
    file = next((place / "checkpoints" / "step-00000006").glob("*optim_states.pt"))
    whole = bytearray(file.read_bytes())
    middle = len(whole) // 2
    whole[middle : middle + 64] = bytes(255 - b for b in whole[middle : middle + 64])
    file.write_bytes(whole)
    return place


def test_a_damaged_checkpoint_is_neither_exported_nor_averaged_nor_trained_on(broken: Path, tmp_path: Path) -> None:
    said = r"step-00000006: expected the files that were saved, found .*optim_states.pt damaged .* there are 3, 6"
    for steps in ((6,), (3, 6), (6, 3)):
        with pytest.raises(ValueError, match=said):
            export([opened(broken, step) for step in steps], tmp_path / "hf")
        assert not (tmp_path / "hf").exists()
    annealing = tiny("anneal", steps=2, start={"checkpoint": str(broken), "state": True})
    given = inputs(tmp_path / "cache")
    with pytest.raises(ValueError, match=said):
        train(annealing, given, tmp_path / "anneal")
    with pytest.raises(ValueError, match=said):
        train(from_step(broken, 6), inputs(tmp_path / "cache", "rows", 1), tmp_path / "sft")
    assert train(replace(annealing, start=replace(annealing.start, step=3)), given, tmp_path / "anneal") == "finished"


def test_an_export_that_fails_leaves_the_one_before(
    before: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    to = tmp_path / "hf"
    export([opened(before, 3)], to)

    def full(*_: Any) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(TextTokenizer, "save", full)
    with pytest.raises(OSError, match=r"hf: expected to write the model there, found No space left .*free some space"):
        export([opened(before, 6)], to)
    assert facts_of(to)["steps"] == [3] and first_weights(str(to)) is not None
    assert [p.name for p in tmp_path.iterdir()] == ["hf"]
    monkeypatch.undo()
    assert facts_of(export([opened(before, 6)], to))["steps"] == [6]


def test_other_files_are_not_replaced_by_an_export(before: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(ValueError, match="expected a new folder or an export to replace, found other files"):
        export([opened(before, 6)], tmp_path)
    (tmp_path / "empty").mkdir()
    assert export([opened(before, 6)], tmp_path / "empty").name == "empty"


def test_a_base_model_ends_at_the_separator_and_a_chat_model_at_the_end_of_a_turn(before: Path, tmp_path: Path) -> None:
    tokenizer = TextTokenizer.read(TOKENIZER)
    separator, end = tokenizer.id(tokenizer.special.separator), tokenizer.id(tokenizer.special.end_of_turn)
    assert separator != end
    train(from_step(before, 6), inputs(tmp_path / "cache", "rows", 1), tmp_path / "sft")
    for run, eos in ((before, separator), (tmp_path / "sft", end)):
        to = export([opened(run)], tmp_path / "hf")
        assert json.loads((to / "config.json").read_text())["eos_token_id"] == eos
        assert set(json.loads((to / "generation_config.json").read_text())["eos_token_id"]) == {separator, end}


def test_a_tokenizer_is_written_for_transformers_4_too(before: Path, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    to = export([opened(before)], tmp_path / "hf")
    written = json.loads((to / "tokenizer_config.json").read_text())
    assert written["tokenizer_class"] == "PreTrainedTokenizerFast" and "backend" not in written
    assert written["model_max_length"] == json.loads((to / "config.json").read_text())["max_position_embeddings"] == 64
    loaded, text = AutoTokenizer.from_pretrained(to), "def f(x):\n    return x + 1\n"
    assert loaded.model_max_length == 64
    assert loaded(text, add_special_tokens=False)["input_ids"] == TextTokenizer.read(TOKENIZER).encode([text])[0]
    # A tokenizer's own folder knows no model, and says no length.
    TextTokenizer.read(TOKENIZER).save(tmp_path / "own")
    assert "model_max_length" not in json.loads((tmp_path / "own" / "tokenizer_config.json").read_text())


def test_scaled_rotary_positions_are_written_in_both_spellings(tmp_path: Path) -> None:
    from transformers import AutoConfig, LlamaConfig

    rope = {"rope_type": "llama3", "rope_theta": 5e5, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}
    rope["original_max_position_embeddings"] = 64
    LlamaConfig(hidden_size=32, num_attention_heads=2, rope_parameters=rope).save_pretrained(str(tmp_path))
    _both_rotary_keys(tmp_path / "config.json")
    written = json.loads((tmp_path / "config.json").read_text())
    assert written["rope_theta"] == 5e5
    assert written["rope_scaling"] == {name: value for name, value in rope.items() if name != "rope_theta"}
    assert AutoConfig.from_pretrained(str(tmp_path)).rope_parameters == rope
    LlamaConfig(hidden_size=32, num_attention_heads=2).save_pretrained(str(tmp_path))
    _both_rotary_keys(tmp_path / "config.json")
    assert "rope_scaling" not in json.loads((tmp_path / "config.json").read_text())


def test_a_model_with_qk_norm_is_exported_as_qwen3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its logits are those of training, by transformers' own attention; it goes on, is annealed and fine-tuned."""
    ids, seen, own = torch.arange(40)[None], [], Engine.close

    def close(self: Any) -> None:
        with torch.no_grad():
            seen.append(self.lm(ids, use_cache=False).logits)
        own(self)

    monkeypatch.setattr(Engine, "close", close)
    place, sections = tmp_path / "run", {"start": {"qk_norm": True}, "loss": {"z": 1e-3}}
    whole = carried(tiny(**sections), place)
    exported = export([opened(place)], tmp_path / "model", "fp32")
    model = AutoModelForCausalLM.from_pretrained(exported)
    assert type(model).__name__ == "Qwen3ForCausalLM" and model.config.model_type == "qwen3"
    norms = [p for name, p in model.named_parameters() if "q_norm" in name or "k_norm" in name]
    assert len(norms) == 4 and all(bool((p != 1).any()) for p in norms)
    with torch.no_grad():
        torch.testing.assert_close(model(ids).logits, seen[0], rtol=0, atol=1e-6)
    shutil.rmtree(place / "checkpoints" / "step-00000006")
    assert carried(tiny(**sections), place, "must") == whole
    start = {"checkpoint": str(place), "state": True}
    assert train(tiny("anneal", steps=2, start=start), inputs(tmp_path / "cache"), tmp_path / "anneal") == "finished"
    batch = {"size": 8, "length": 256, "micro": 8}
    tuned = tiny("sft1", batch=batch, duration={"steps": 2}, start={"model": str(exported)})
    assert train(tuned, inputs(tmp_path / "cache", "rows", 1), tmp_path / "sft") == "finished"
    assert opened(tmp_path / "sft").state["model"]["config"]["model_type"] == "qwen3"


def test_qk_norm_is_not_added_to_weights_without_it(before: Path, tmp_path: Path) -> None:
    run = from_step(before, 6)
    wanted = replace(run, start=replace(run.start, qk_norm=True))
    with pytest.raises(ValueError, match=r"qk_norm: expected a model from scratch, .* found llama weights without"):
        train(wanted, inputs(tmp_path / "cache", "rows", 1), tmp_path / "run")
