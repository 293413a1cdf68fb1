"""From checkpoints to a Hugging Face folder: fp32 master weights, averaged where several are given, rounded once.

The folder has the weights (safetensors), both spellings of the rotary base, a generation configuration that caches and
never gives padding ids, the tokenizer with its chat template, and a model card with the table versions.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from torch import Tensor

from training.checkpoint.master import master_weights
from training.checkpoint.store import Checkpoint, origin, verified
from training.files import whole_folder, write_json
from udfs.tokens.tokenizer import TextTokenizer

FACTS = "refinelake.json"
_TYPES = {"bf16": torch.bfloat16, "fp32": torch.float32}


def averaged(checkpoints: Sequence[Checkpoint]) -> dict[str, Tensor]:
    """The mean of the master weights, summed in fp64 one tensor at a time: each has equal weight, order has none."""
    total = master_weights(checkpoints[0])
    if len(checkpoints) == 1:
        return total
    sums = {name: tensor.double() for name, tensor in total.items()}
    for checkpoint in checkpoints[1:]:
        for name, tensor in master_weights(checkpoint).items():
            sums[name] += tensor
    return {name: (tensor / len(checkpoints)).float() for name, tensor in sums.items()}


def export(checkpoints: Sequence[Checkpoint], to: Path, dtype: str = "bf16") -> Path:
    """A folder that transformers loads, from one checkpoint or the average of several; whole, or not there.

    Raises ValueError, for damaged checkpoints too, and OSError where it cannot be written.
    """
    state = checkpoints[-1].state
    if dtype not in _TYPES:
        raise ValueError(f"export: expected dtype to be one of {', '.join(_TYPES)}, found {dtype!r}")
    if others := {c.state["model"]["hash"] for c in checkpoints} - {state["model"]["hash"]}:
        raise ValueError(f"export: expected checkpoints of one model, found {len(others) + 1} different shapes")
    _refuse_others(to)
    tokenizer = TextTokenizer.read(checkpoints[-1].folder.parent.parent / "tokenizer")
    model = loaded(state["model"]["config"], averaged([verified(c) for c in checkpoints]), _TYPES[dtype])
    # A base model has never seen the end of a turn: what it was taught to write at an end is the separator.
    chat, s = state["phase"] == "sft", tokenizer.special
    model.config.eos_token_id = tokenizer.id(s.eos if chat else s.separator)
    model.generation_config = generation(model.config, tokenizer)
    model.config.use_cache = True
    facts = {
        "format": 1,
        "steps": [c.step for c in checkpoints],
        "phase": state["phase"],
        "recipe": state["run"]["name"],
        "tokenizer_hash": tokenizer.hash,
        "lineage": state["lineage"],
        "versions": state["versions"],
        "checkpoints": [origin(c) for c in checkpoints],
    }
    try:
        with whole_folder(to) as aside:
            model.save_pretrained(str(aside))
            tokenizer.save(aside, model.config.max_position_embeddings)
            _both_rotary_keys(aside / "config.json")
            (aside / "README.md").write_text(card(facts, dtype), encoding="utf-8")
            write_json(aside / FACTS, facts)
    except (OSError, SafetensorError) as error:
        raise OSError(
            f"{to}: expected to write the model there, found {error}; free some space or name another"
        ) from error
    return to


def facts_of(folder: str | Path) -> dict[str, Any]:
    """What an export says of itself, empty for any other folder."""
    try:
        found: dict[str, Any] = json.loads((Path(folder) / FACTS).read_text(encoding="utf-8"))
        return found
    except (OSError, ValueError):
        return {}


def _refuse_others(to: Path) -> None:
    """An export takes the place of one that was made before, not of other people's files."""
    if to.exists() and (not to.is_dir() or any(to.iterdir())) and not facts_of(to):
        raise ValueError(f"{to}: expected a new folder or an export to replace, found other files; name another folder")


def loaded(config: dict[str, Any], weights: dict[str, Tensor], dtype: torch.dtype) -> Any:
    """A model of a stored configuration with these weights."""
    from transformers import AutoConfig, AutoModelForCausalLM

    known = AutoConfig.for_model(**config)
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(known)  # type: ignore[no-untyped-call]
    rounded = {name: tensor.to(dtype) for name, tensor in weights.items()}
    missing, unexpected = model.load_state_dict(rounded, strict=False, assign=True)
    if missing or unexpected:
        raise ValueError(f"export: expected the weights of {known.model_type}, found {missing=} {unexpected=}")
    model.config.dtype = dtype
    return model


def generation(config: Any, tokenizer: TextTokenizer) -> Any:
    """Ends at EOS, at the end of a turn and of a document, caches, and never gives an id that is no token."""
    from transformers import GenerationConfig

    ids = tokenizer.model_ids()
    s = tokenizer.special
    ends = sorted({tokenizer.id(token) for token in (s.eos, s.end_of_turn, s.separator)})
    nothing = [tokenizer.id(tokenizer.special.padding), *range(tokenizer.size, config.vocab_size)]
    return GenerationConfig(  # type: ignore[no-untyped-call]
        bos_token_id=ids["bos_token_id"],
        eos_token_id=ends,
        pad_token_id=ids["pad_token_id"],
        suppress_tokens=nothing,
        use_cache=True,
    )


def _both_rotary_keys(file: Path) -> None:
    """transformers 5 writes rope_parameters; readers of 4.x look for rope_theta, and for rope_scaling if scaled."""
    config = json.loads(file.read_text(encoding="utf-8"))
    rope = config.get("rope_parameters") or {}
    if "rope_theta" in rope:
        config["rope_theta"] = rope["rope_theta"]
    if rope.get("rope_type", "default") != "default":
        config["rope_scaling"] = {key: value for key, value in rope.items() if key != "rope_theta"}
    file.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def card(facts: dict[str, Any], dtype: str) -> str:
    """The model card: what it was trained on, down to the table versions."""
    steps = ", ".join(f"{step:,}" for step in facts["steps"])
    kind = "the mean of the weights after steps" if len(facts["steps"]) > 1 else "the weights after step"
    lines = ["---", "library_name: transformers", "tags: [code, refinelake]", "---", "", "# A code language model", ""]
    lines += [f"Trained by refinelake: {kind} {steps} of `{facts['recipe']}`, in {dtype}.", ""]
    lines += ["| phase | part | table | version | weight |", "| --- | --- | --- | --- | --- |"]
    for phase in facts["lineage"]:
        for part in phase["sources"]:
            table = part["table"].rstrip("/").rpartition("/")[2]
            lines.append(f"| {phase['recipe']} | {part['name']} | {table} | {part['version']} | {part['weight']} |")
    lines += ["", f"Tokenizer: SHA-256 `{facts['tokenizer_hash']}`. Held-out repositories were left out."]
    lines += ["", "Made with " + ", ".join(f"{k} {v}" for k, v in facts["versions"].items()) + ".", ""]
    return "\n".join(lines)
