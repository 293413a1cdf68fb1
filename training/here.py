"""A run's open settings on the machine at hand: ranks, memory of its GPUs, the checkpoint that it goes on from."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch

from training import shapes
from training.checkpoint import store
from training.checkpoint.store import Checkpoint
from training.engine import distributed as ranks
from training.engine import launchers
from training.settings import Run
from training.settled import Settled, settled
from training.start import Resume
from udfs.tokens.tokenizer import TextTokenizer


def settled_here(run: Run, folder: Path, resume: Resume, tokenizer: str) -> Settled:
    """Before ranks meet, and alike on each: opening the data needs to know. Raises ValueError."""
    before, weights = _before(run, folder, resume)
    stored = before.state["layout"]["zero"] if before is not None else 0
    room = gpu_bytes()
    return settled(run, _shape(run, before or weights, tokenizer) if room else None, world(), room, stored)


def agreed(found: Settled) -> None:
    """Once they have met. Raises ValueError where cards of unlike memory chose otherwise."""
    if len({str(each) for each in ranks.gathered(found.as_dict())}) > 1:
        raise ValueError(
            "batch.micro, engine.zero: expected the same choice on every rank, found others on cards of less memory; "
            "state them, see refinelake plan"
        )


def world() -> int:
    """How many ranks there will be, by what their launcher says."""
    if torch.distributed.is_initialized():
        return ranks.world()
    environment = {**os.environ, **launchers.missing(os.environ)}
    return int(environment["WORLD_SIZE"]) if "RANK" in environment else 1


def gpu_bytes() -> float:
    """Of this rank's GPU, 0 on a CPU."""
    if not torch.cuda.is_available():
        return 0.0
    local = int({**os.environ, **launchers.missing(os.environ)}.get("LOCAL_RANK", 0))
    return float(torch.cuda.get_device_properties(local).total_memory)


def _before(run: Run, folder: Path, resume: Resume) -> tuple[Checkpoint | None, Checkpoint | None]:
    """The checkpoint whose optimizer's state goes on, and the one whose weights alone do. What is wrong with either is
    said where it is opened for good.
    """
    if resume != "never" and store.steps(folder / "checkpoints"):
        whole = (store.complete(folder / "checkpoints", step) for step in reversed(store.steps(folder / "checkpoints")))
        return next((found for found in whole if found), None), None
    given = run.start.checkpoint
    if given in ("", "-") or (Path(given) / "config.json").exists():
        return None, None
    try:
        found = store.opened(given, run.start.step)
    except ValueError:
        return None, None
    return (found, None) if run.start.state else (None, found)


def _shape(run: Run, checkpoint: Checkpoint | None, tokenizer: str) -> shapes.Shape | None:
    """None where the model cannot be read, which is said where it is."""
    from transformers import AutoConfig

    try:
        if checkpoint is not None:
            return shapes.shape_of(AutoConfig.for_model(**checkpoint.state["model"]["config"]))
        given: Any = run.start.checkpoint if Path(run.start.checkpoint, "config.json").exists() else run.start.model
        if given in shapes.SHAPES:
            return shapes.shape(given, TextTokenizer.read(tokenizer).size, None, run.start.qk_norm)
        return shapes.shape_of(AutoConfig.from_pretrained(given))
    except (ValueError, OSError, AttributeError, KeyError):
        return None
