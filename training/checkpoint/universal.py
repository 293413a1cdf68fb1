"""To another number of ranks: DeepSpeed's universal checkpoints, with the repair that its stage 3 needs.

Its ZeRO 3 reader (0.19.8) gives every parameter group the first one's hyper-parameters, so norms decay too, and one
shared Adam step count, which then runs ahead once a group. Both are put right after the load (training.md 1.5).
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from training.checkpoint.store import Checkpoint
from training.engine import distributed as ranks
from training.engine.engine import Engine

SUFFIX = "-universal"


def way(stored: dict[str, Any], wanted: dict[str, Any]) -> str:
    """How a checkpoint of a layout gets into another: as it is, universal, or weights only (no optimizer state)."""
    if stored == wanted:
        return "as it is"
    if stored["dtype"] != wanted["dtype"] or (stored["zero"] == 3) != (wanted["zero"] == 3):
        return "weights only"
    same_ranks = stored["world"] == wanted["world"] and stored["optimizer"] == wanted["optimizer"]
    return "as it is" if same_ranks else "universal"


def convert(checkpoint: Checkpoint, zero: int) -> Path:
    """Write the universal form beside the checkpoint, on rank 0. Returns its folder. Raises ValueError."""
    to = checkpoint.folder.with_name(checkpoint.folder.name + SUFFIX)
    error = None
    if ranks.rank() == 0:
        shutil.rmtree(to, ignore_errors=True)
        command = [sys.executable, "-m", "deepspeed.checkpoint.ds_to_universal"]
        command += ["--input_folder", str(checkpoint.folder), "--output_folder", str(to)]
        command += ["--inject_missing_state"] if zero < 3 else []
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        error = None if done.returncode == 0 else done.stderr.strip().splitlines()[-1:]
    if why := ranks.told(error):
        raise ValueError(f"{checkpoint.folder}: expected a universal checkpoint of it, found an error: {why[0]}")
    return to


def load(engine: Engine, folder: Path) -> None:
    """Load a converted checkpoint into an engine that was built for universal ones, then remove the converted form."""
    groups = [{k: v for k, v in g.items() if k != "params"} for g in _base(engine).param_groups]
    place, _ = engine.deepspeed.load_checkpoint(str(folder.parent), tag=folder.name, load_lr_scheduler_states=False)
    if place is None:
        raise ValueError(f"{folder}: expected DeepSpeed to load it, found that it took nothing from it")
    if engine.run.engine.zero == 3:
        repair(engine, groups)
    ranks.barrier()
    if ranks.rank() == 0:
        shutil.rmtree(folder)


def repair(engine: Engine, groups: list[dict[str, Any]]) -> None:
    """Each group's own hyper-parameters again, and a step count for each state."""
    optimizer = _base(engine)
    for group, kept in zip(optimizer.param_groups, groups, strict=True):
        group.update(kept)
    for state in optimizer.state.values():
        if "step" in state and hasattr(state["step"], "clone"):
            state["step"] = state["step"].clone()


def _base(engine: Engine) -> Any:
    """torch's optimizer inside of DeepSpeed's."""
    return getattr(engine.optimizer, "optimizer", engine.optimizer)
