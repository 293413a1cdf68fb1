"""Exports in an older transformers, in an environment of its own: the same logits, ids and generated tokens.

OTHER_TRANSFORMERS may name the Python of another one that is there. What the files say is checked by test_export.py,
everywhere.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM

from tests.training.runs import TOKENIZER, carried, tiny
from training.checkpoint.export import _both_rotary_keys, export
from training.checkpoint.store import opened
from udfs.tokens.tokenizer import TextTokenizer

PACKAGES = ("transformers==4.57.6", f"torch=={torch.__version__.partition('+')[0]}", "numpy>=2.1")
pytestmark = pytest.mark.long
TEXTS = ["def f(x):\n    return x + 1\n", " a  b\t\n\n\u4e2d\u6587 <|x|>", "\r\n x"]
TALK = [{"role": "user", "content": "a \n"}, {"role": "assistant", "content": "  b"}]
THEIRS = """
import json, sys, torch
from transformers import AutoModelForCausalLM, AutoTokenizer
folder, asked = sys.argv[1], json.load(open(sys.argv[2]))
tokenizer = AutoTokenizer.from_pretrained(folder)
model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
with torch.no_grad():
    logits = model(torch.tensor([asked["ids"]])).logits[0].tolist()
made = model.generate(torch.tensor([asked["ids"][:8]]), do_sample=False, max_new_tokens=12)[0].tolist()
ids = [tokenizer(text, add_special_tokens=False)["input_ids"] for text in asked["texts"]]
talk = tokenizer.apply_chat_template(asked["talk"], return_dict=True)["input_ids"]
told = {"logits": logits, "made": made, "ids": ids, "talk": list(talk), "longest": tokenizer.model_max_length}
json.dump(told, open(sys.argv[3], "w"))
"""
SIZES = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1}
SIZES |= {"intermediate_size": 64, "vocab_size": 512, "max_position_embeddings": 256}
SCALED = {"rope_theta": 5e5, "factor": 4.0, "original_max_position_embeddings": 64}
ROPES: dict[str, dict[str, Any]] = {
    "llama3": {"rope_type": "llama3", "low_freq_factor": 1.0, "high_freq_factor": 4.0, **SCALED},
    "yarn": {"rope_type": "yarn", **SCALED},
    "linear": {"rope_type": "linear", "rope_theta": 5e5, "factor": 4.0},
    "default": {"rope_type": "default", "rope_theta": 5e5},
}


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The Python of the other transformers."""
    if given := os.environ.get("OTHER_TRANSFORMERS"):
        return given
    place = tmp_path_factory.mktemp("older") / "env"
    python = str(place / "bin/python")
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "-q", "--python", sys.executable, str(place)], check=True)
    subprocess.run([*uv, "pip", "install", "-q", "--python", python, *PACKAGES], check=True)
    return python


def told(other: str, folder: Path, scratch: Path) -> dict[str, Any]:
    """What the other transformers makes of a folder."""
    asked = {"ids": [7 * n % 300 for n in range(120)], "texts": TEXTS, "talk": TALK}
    (scratch / "asked.json").write_text(json.dumps(asked))
    (scratch / "theirs.py").write_text(THEIRS)
    command = [
        other,
        str(scratch / "theirs.py"),
        str(folder),
        *(str(scratch / f"{n}.json") for n in ("asked", "told")),
    ]
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads((scratch / "told.json").read_text())
    return found | {"asked": asked["ids"]}


def logits(folder: Path, ids: list[int]) -> torch.Tensor:
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    with torch.no_grad():
        found: torch.Tensor = model(torch.tensor([ids])).logits[0]
    return found


def test_an_export_of_a_run(other: str, tmp_path: Path) -> None:
    carried(tiny(steps=2, batch={"length": 128}), tmp_path / "run")
    to = export([opened(tmp_path / "run")], tmp_path / "hf", "fp32")
    found, ours = told(other, to, tmp_path), TextTokenizer.read(TOKENIZER)
    torch.testing.assert_close(torch.tensor(found["logits"]), logits(to, found["asked"]), rtol=0, atol=1e-6)
    assert found["ids"] == ours.encode(TEXTS) and found["longest"] == 128
    assert found["talk"] == list(ours.hugging_face().apply_chat_template(TALK, return_dict=True)["input_ids"])
    model = AutoModelForCausalLM.from_pretrained(to, dtype=torch.float32)
    made = model.generate(torch.tensor([found["asked"][:8]]), do_sample=False, max_new_tokens=12)[0].tolist()
    assert found["made"] == made


@pytest.mark.parametrize("rope", sorted(ROPES))
@pytest.mark.parametrize("kind", ["llama", "qwen2", "qwen3", "mistral"])
def test_models_of_others_with_each_form_of_rotary_positions(other: str, tmp_path: Path, kind: str, rope: str) -> None:
    """As export writes them; the positions asked for lie beyond those that the scaling begins with."""
    more: dict[str, Any] = {"tie_word_embeddings": kind == "qwen2"}
    more |= {"head_dim": 16} if kind == "qwen3" else {}
    config = AutoConfig.for_model(kind, **SIZES, **more, rope_parameters=ROPES[rope])
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(4)  # drawn small, they would hardly tell positions apart
    to = tmp_path / "hf"
    model.save_pretrained(to)
    TextTokenizer.read(TOKENIZER).save(to, 256)
    _both_rotary_keys(to / "config.json")
    found = told(other, to, tmp_path)
    expected = logits(to, found["asked"])
    torch.testing.assert_close(torch.tensor(found["logits"]), expected, rtol=0, atol=1e-4)
    plain = json.loads((to / "config.json").read_text())
    plain.pop("rope_scaling", None)
    plain["rope_parameters"] = {"rope_type": "default", "rope_theta": 1e4}
    (to / "config.json").write_text(json.dumps(plain))
    assert float((logits(to, found["asked"]) - expected).abs().max()) > 1e-2, "the positions matter here"
