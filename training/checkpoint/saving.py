"""Save and load the engine's state on all ranks; every function here is called by all of them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import torch

from training.checkpoint import store
from training.checkpoint.background import Taken, Writing, host_free, unwritten
from training.checkpoint.store import Checkpoint
from training.engine import distributed as ranks
from training.engine.engine import Engine
from training.settings import Run

_HEADROOM = 1.1


def begin(engine: Engine, folder: Path, step: int, state: dict[str, Any], expected: int, background: bool) -> Writing:
    """A checkpoint of the optimizer step boundary `step`, begun: with `background` its state is copied and training may
    go on at once, where host memory has the room; else all of it is written when this returns. `finish` ends it.

    `expected` are the bytes it will need at least. Raises OSError where the disk is full: the checkpoints before it
    stay as they are.
    """
    aside = folder / f"{store.ASIDE}{store.name(step)}"
    error = None
    if ranks.rank() == 0:
        try:
            _make_room(folder, aside, max(expected, store.size_on_disk(folder)))
        except OSError as found:
            error = str(found)
    if said := ranks.told(error):
        raise OSError(said)
    whole, own = engine.deepspeed.checkpoint_engine, int(os.environ.get("LOCAL_WORLD_SIZE", 1))
    # Optimizer states are dealt to the ranks, bf16 weights are rank 0's (a seventh of all).
    needed = expected * (own / ranks.world() + 1 / 7)
    engine.deepspeed.checkpoint_engine = taken = Taken(whole, background and needed * _HEADROOM < host_free())
    try:
        engine.deepspeed.save_checkpoint(str(folder), tag=aside.name, save_latest=False)
    except (OSError, RuntimeError) as found:
        if ranks.world() == 1:
            shutil.rmtree(aside, ignore_errors=True)
        raise OSError(unwritten(aside, step, found)) from found
    finally:
        engine.deepspeed.checkpoint_engine = whole
    return Writing(taken, aside, step, state, engine.run.saving.keep)


def _make_room(folder: Path, aside: Path, needed: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for unfinished in folder.glob(f"{store.ASIDE}*"):
        shutil.rmtree(unfinished, ignore_errors=True)
    free = shutil.disk_usage(folder).free
    if free < needed * _HEADROOM:
        raise OSError(
            f"{folder}: expected {needed * _HEADROOM / 1e9:,.1f} GB of free space for a checkpoint, found "
            f"{free / 1e9:,.1f}; free some space or lower saving.keep"
        )
    aside.mkdir()


def newest(folder: Path) -> Checkpoint:
    """The newest checkpoint whose files are all whole, the same on all ranks. Raises ValueError if there is none."""
    for step in reversed(ranks.told(store.steps(folder))):
        found = store.complete(folder, step)
        # On a network file system one rank may not see yet what another one does: all of them take it, or none.
        if not all(ranks.gathered(found is not None)):
            continue
        assert found is not None
        wrong = [path for share in ranks.gathered(store.damaged(found, ranks.rank(), ranks.world())) for path in share]
        if not wrong:
            return found
        if ranks.rank() == 0:
            print(f"{found.folder}: {', '.join(wrong)} damaged; going back to an earlier checkpoint", flush=True)
    raise ValueError(store.none_found(folder))


def verified(checkpoint: Checkpoint) -> Checkpoint:
    """store.verified, each rank its share of the files. Raises ValueError on all of them."""
    shares = ranks.gathered(store.damaged(checkpoint, ranks.rank(), ranks.world()))
    if wrong := [path for share in shares for path in share]:
        raise ValueError(store.refusal(checkpoint, wrong))
    return checkpoint


def layout(run: Run, dtype: torch.dtype) -> dict[str, Any]:
    """What decides whether DeepSpeed can read a checkpoint as it is: ranks, stage, type, and its optimizer's class."""
    zero, bf16 = run.engine.zero, dtype is torch.bfloat16
    # Stage 1 in bf16 that accumulates in fp32 is another class with other files.
    own = zero == 1 and bf16 and run.engine.offload == "none"
    optimizer = "BF16_Optimizer" if own else "DeepSpeedZeroOptimizer" + ("_Stage3" if zero == 3 else "")
    return {"world": ranks.world(), "zero": zero, "dtype": "bf16" if bf16 else "fp32", "optimizer": optimizer}


def load(engine: Engine, checkpoint: Checkpoint) -> None:
    """Weights, optimizer state and step counters of a checkpoint of the engine's own layout. Raises ValueError."""
    place, _ = engine.deepspeed.load_checkpoint(
        str(checkpoint.folder.parent), tag=checkpoint.folder.name, load_lr_scheduler_states=False
    )
    if place is None:
        raise ValueError(f"{checkpoint.folder}: expected DeepSpeed to load it, found that it took nothing from it")
