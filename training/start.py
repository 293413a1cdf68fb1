"""How a run starts: from scratch, from a folder's weights, from another run's state, or its own last checkpoint."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import torch

from training import models, shapes
from training.checkpoint import master, saving, store, universal
from training.checkpoint.export import export, facts_of
from training.checkpoint.store import Checkpoint
from training.data.feed import Feed
from training.engine import distributed as ranks
from training.engine.configuration import dtype_of
from training.engine.engine import Engine
from training.inputs import Inputs
from training.settings import Run
from udfs.tokens.tokenizer import TextTokenizer

Resume = Literal["never", "must", "auto"]


@dataclass(frozen=True)
class Beginning:
    """Where a run stands before its first step: the checkpoint it goes on from, if any, and whether it is its own."""

    checkpoint: Checkpoint | None
    own: bool
    first: int
    sequence: int

    def stored(self) -> dict[str, Any]:
        """The state that the loop goes on counting from; empty at the start of a run."""
        return self.checkpoint.state if self.checkpoint is not None and self.own else {}


def beginning(run: Run, feed: Feed, folder: Path, resume: Resume, tokenizer: TextTokenizer) -> Beginning:
    """The checkpoint to go on from and where the data stand there. Raises ValueError."""
    place = folder / "checkpoints"
    if resume == "must" or (resume == "auto" and ranks.told(bool(store.steps(place)))):
        found = saving.newest(place)
        sequence = feed.resume(found.state["feed"], run.start.allow if found.state["run"] != run.as_dict() else ())
        return Beginning(found, True, found.step, sequence)
    if not run.start.state:
        return Beginning(None, False, 0, 0)
    if run.start.checkpoint == "-":
        raise ValueError(f"{run.name}: expected --from with the run to go on from, found none; name a run folder")
    found = store.opened(run.start.checkpoint, run.start.step)
    _refuse_unstable(run, found)
    saving.verified(found)
    if found.state["tokenizer_hash"] != tokenizer.hash:
        raise ValueError(f"{found.folder}: expected the tokenizer it was trained with, found another; name that one")
    # Another phase reads its own mixture from the beginning; the same one goes on where it stood.
    same = found.state["phase"] == run.phase
    sequence = feed.resume(found.state["feed"], run.start.allow) if same else 0
    return Beginning(found, False, found.step, sequence)


def _refuse_unstable(run: Run, found: Checkpoint) -> None:
    """Optimizer and rate go on from the stable phase alone: elsewhere the rate would jump."""
    rate = found.state["run"]["rate"]
    wanted = f"{found.folder}: expected a checkpoint of a pretraining's stable phase to go on from"
    if found.state["phase"] != "pretrain":
        raise ValueError(f"{wanted}, found one of {found.state['run']['name']}; name the pretraining's run")
    if found.step < rate["warmup"]:
        raise ValueError(f"{wanted}, found step {found.step:,} of its warm-up of {rate['warmup']:,}; name a later one")
    if rate["peak"] != run.rate.peak:
        raise ValueError(
            f"{wanted} at rate.peak {run.rate.peak}, found one at {rate['peak']}; --set rate.peak={rate['peak']}"
        )


def model(run: Run, begun: Beginning, tokenizer: TextTokenizer, feed: Feed, folder: Path) -> Any:
    """The model with the weights it begins with, on every rank. Raises ValueError."""
    dtype = dtype_of(run.engine.dtype, torch.device("cuda" if torch.cuda.is_available() else "cpu"))
    if begun.checkpoint is not None:
        from transformers import AutoConfig

        config = AutoConfig.for_model(**begun.checkpoint.state["model"]["config"])
        config.max_position_embeddings = max(config.max_position_embeddings, run.start.context, run.batch.length)
        lm = models.empty(config, dtype)
    elif run.start.model in shapes.SHAPES and not run.start.checkpoint:
        context = max(run.start.context, run.batch.length, shapes.SHAPES[run.start.model].context)
        shape = shapes.shape(run.start.model, tokenizer.size, context, run.start.qk_norm)
        lm = models.build(shape, run.start.seed, dtype, tokenizer.model_ids())
    else:
        lm = models.read(_weights_folder(run, folder), dtype)
    if run.start.qk_norm and not any(name.endswith("q_norm.weight") for name, _ in lm.named_parameters()):
        raise ValueError(
            f"start.qk_norm: expected a model from scratch, or one that has it, found {lm.config.model_type} weights "
            "without it; leave it out, or start from scratch"
        )
    rows = lm.get_input_embeddings().weight.shape[0]
    if max(feed.largest + 1, tokenizer.size) > rows:
        raise ValueError(
            f"{run.start.model}: expected embeddings for {max(feed.largest + 1, tokenizer.size):,} token ids, found "
            f"{rows:,}; use the model's own tokenizer"
        )
    return lm


def _weights_folder(run: Run, folder: Path) -> str:
    """A Hugging Face folder: the one named, or an export of the checkpoint named."""
    if not run.start.checkpoint:
        return run.start.model
    given = Path(run.start.checkpoint)
    if (given / "config.json").exists():
        return str(given)
    to, error = folder / "start", None
    if ranks.rank() == 0:
        try:
            wanted = store.opened(given, run.start.step)
            if facts_of(to).get("checkpoints") != [store.origin(wanted)]:
                # Of another run, of another step, or half written by a release that did not write it aside.
                shutil.rmtree(to, ignore_errors=True)
                export([wanted], to, "fp32")
        except (ValueError, OSError) as found:
            error = str(found)
    if said := ranks.told(error):
        raise ValueError(said)
    return str(to)


def base(run: Run, inputs: Inputs, begun: Beginning, lm: Any, tokenizer: TextTokenizer) -> dict[str, Any]:
    """What every checkpoint of the run says of it."""
    config = json.loads(json.dumps(lm.config.to_dict(), default=str))
    own = {"recipe": run.name, "phase": run.phase, "sources": json.loads(json.dumps(inputs.as_dict()))["sources"]}
    if begun.checkpoint is not None:
        before = begun.checkpoint.state["lineage"]
        lineage = before if begun.own else [*before, own]
    else:
        lineage = [*_folder_lineage(run), own]
    digest = hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()
    return {
        "format": store.FORMAT,
        "tokenizer_hash": tokenizer.hash,
        "lineage": lineage,
        "model": {"config": config, "hash": digest},
        "initialisation": models.INITIALISATION,
        "run_hash": run.hash(),
        "versions": {name: version(name) for name in ("torch", "deepspeed", "transformers")},
    }


def _folder_lineage(run: Run) -> list[Any]:
    """What an exported folder that the run starts from was trained on before."""
    given = run.start.checkpoint or run.start.model
    facts = facts_of(given)
    if run.start.checkpoint and not facts and not (Path(given) / "config.json").exists():
        return list(store.opened(given, run.start.step).state["lineage"])
    return list(facts.get("lineage", []))


def engine(run: Run, lm: Any, device: torch.device, begun: Beginning) -> Engine:
    """The engine with the checkpoint's state, whatever its layout. Raises ValueError where that would lose it."""
    if begun.checkpoint is None:
        engine = Engine(run, lm, device)
        master.restore(engine, lm.name_or_path)
        return engine
    stored = begun.checkpoint.state["layout"]
    how = universal.way(stored, saving.layout(run, dtype_of(run.engine.dtype, device)))
    if how == "as it is":
        engine = Engine(run, lm, device)
        saving.load(engine, begun.checkpoint)
        return engine
    if how == "universal":
        converted = universal.convert(begun.checkpoint, stored["zero"])
        engine = Engine(run, lm, device, universal=True)
        universal.load(engine, converted)
        return engine
    if "optimizer" not in run.start.allow:
        raise ValueError(
            f"{begun.checkpoint.folder}: its optimizer state is of ZeRO {stored['zero']} in {stored['dtype']}, which "
            f"ZeRO {run.engine.zero} in this run's type cannot read; go on as it was, or lose that state with "
            "--set 'start.allow=[\"optimizer\"]'"
        )
    return _weights_only(run, lm, device, begun.checkpoint)


def _weights_only(run: Run, lm: Any, device: torch.device, checkpoint: Checkpoint) -> Engine:
    dtype, weights = next(lm.parameters()).dtype, master.master_weights(checkpoint)
    if absent := [name for name, _ in lm.named_parameters() if name not in weights]:
        raise ValueError(f"{checkpoint.folder}: expected all weights of the model, found no {', '.join(absent[:5])}")
    lm.load_state_dict({name: tensor.to(dtype) for name, tensor in weights.items()}, strict=False)
    engine = Engine(run, lm, device)
    master.assign(engine, weights)
    return engine
