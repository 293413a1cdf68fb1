"""The fp32 master weights: of a checkpoint, whichever of DeepSpeed's optimizers wrote it, and of a new engine."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import safe_open
from torch import Tensor

from training.checkpoint.store import Checkpoint
from training.engine.engine import Engine
from training.engine.model import PREFIX
from training.engine.quiet import deepspeed

_PARTITIONS = "bf16_zero_pp_rank_*_optim_states.pt"


def master_weights(checkpoint: Checkpoint) -> dict[str, Tensor]:
    """fp32 weights by their Hugging Face names."""
    deepspeed()
    flat = checkpoint.state["layout"]["optimizer"] == "BF16_Optimizer"
    found = _joined(checkpoint.folder) if flat else _by_deepspeed(checkpoint)
    return {name.removeprefix(PREFIX): tensor for name, tensor in found.items()}


def restore(engine: Engine, folder: str) -> None:
    """Give the engine the fp32 weights of the folder its model was read from. DeepSpeed makes its master copy from the
    bf16 model, so what an fp32 export held below bf16 would be lost at the start of every fine-tuning.
    """
    files = sorted(Path(folder).glob("*.safetensors")) if folder else []
    for file in files if engine.dtype is torch.bfloat16 else ():
        with safe_open(str(file), "pt") as held:
            assign(engine, {name: held.get_tensor(name) for name in held.keys()})  # noqa: SIM118 (no mapping)


def assign(engine: Engine, weights: Mapping[str, Tensor]) -> None:
    """Put fp32 weights in the place of the engine's own, where it keeps a master copy. All ranks call it together."""
    if engine.dtype is not torch.bfloat16:
        return
    from deepspeed.utils import safe_set_full_fp32_param

    for name, parameter in engine.lm.named_parameters():
        wanted = weights.get(name)
        if wanted is not None and wanted.dtype is torch.float32:
            safe_set_full_fp32_param(parameter, wanted.to(engine.device))


def _by_deepspeed(checkpoint: Checkpoint) -> dict[str, Tensor]:
    from deepspeed.utils.zero_to_fp32 import get_fp32_state_dict_from_zero_checkpoint

    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        found: dict[str, Tensor] = get_fp32_state_dict_from_zero_checkpoint(
            str(checkpoint.folder.parent), tag=checkpoint.folder.name
        )
    return found


def _joined(folder: Path) -> dict[str, Tensor]:
    """Of ZeRO 1 in bf16 (BF16_Optimizer), which DeepSpeed's own converter takes for no ZeRO checkpoint: each rank has
    its part of every group's flat weights, the last one with padding at the end.
    """
    files = sorted(folder.glob(_PARTITIONS), key=_rank)
    held = [torch.load(file, map_location="cpu", mmap=True, weights_only=False) for file in files]
    parts = [state["optimizer_state_dict"]["single_partition_of_fp32_groups"] for state in held]
    model = torch.load(folder / "mp_rank_00_model_states.pt", map_location="cpu", mmap=True, weights_only=False)
    found = {}
    for group, shapes in enumerate(model["param_shapes"]):
        flat, start = torch.cat([part[group].float() for part in parts]), 0
        expected = sum(shape.numel() for shape in shapes.values())
        if flat.numel() < expected:
            raise ValueError(
                f"{folder}: expected {expected:,} weights in group {group}, found {flat.numel():,} in {len(parts)} "
                "partitions; a rank's file is missing: copy the checkpoint again"
            )
        for name, shape in shapes.items():
            found[name] = flat[start : start + shape.numel()].view(shape).clone()
            start += shape.numel()
    return found


def _rank(file: Path) -> int:
    return int(re.findall(r"pp_rank_(\d+)", file.name)[0])
