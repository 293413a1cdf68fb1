"""To another number of ranks: DeepSpeed's universal checkpoints, with the repair that its stage 3 needs.

Its ZeRO 3 reader (0.19.8) gives every parameter group the first one's hyper-parameters, so norms decay too, and one
shared Adam step count, which then runs ahead once a group. Both are put right after the load; a test fails without.
"""

from __future__ import annotations

import contextlib
import io
import shutil
from argparse import Namespace
from pathlib import Path
from typing import Any

from training.checkpoint.store import Checkpoint
from training.engine import distributed as ranks
from training.engine.engine import Engine

SUFFIX = "-universal"
_LARGE = 1 << 30


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
        try:
            _convert(checkpoint.folder, to, inject=zero < 3)
        except Exception as found:  # DeepSpeed's converter asserts and raises whatever it meets
            error = f"{type(found).__name__}: {found}"
        checkpoint.folder.with_name("latest_universal").unlink(missing_ok=True)
    if why := ranks.told(error):
        raise ValueError(f"{checkpoint.folder}: expected a universal checkpoint of it, found an error: {why}")
    return to


def _convert(folder: Path, to: Path, inject: bool) -> None:
    """`inject` adds what stages 1 and 2 leave out of their checkpoints. Large ones are converted by more processes."""
    from deepspeed.checkpoint import ds_to_universal

    workers = 4 if sum(file.stat().st_size for file in folder.iterdir()) > _LARGE else 1
    told = Namespace(
        input_folder=str(folder),
        output_folder=str(to),
        num_extract_workers=workers,
        num_merge_workers=min(2, workers),
        keep_temp_folder=False,
        strict=True,
        inject_missing_state=inject,
    )
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        ds_to_universal.main(told)


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
