"""DeepSpeed's configuration, derived from a run, and the combinations that are refused because they go wrong."""

from __future__ import annotations

from typing import Any

import torch

from training.settings import Run

Json = dict[str, Any]
_BUCKET = 200_000_000
"""Elements that ranks exchange at once; DeepSpeed's 5e8 would cost gigabytes."""


def dtype_of(wanted: str, device: torch.device) -> torch.dtype:
    """bf16 or fp32. auto is bf16 on a GPU; on a CPU fp32, which was as fast with bf16 units and 14 times as fast
    without (measured at toy sizes).
    """
    if wanted == "auto":
        return torch.bfloat16 if device.type == "cuda" else torch.float32
    return torch.bfloat16 if wanted == "bf16" else torch.float32


def deepspeed_config(run: Run, world: int, dtype: torch.dtype) -> Json:
    """The JSON that DeepSpeed gets. Raises ValueError for what `refused` names, and where the batch does not divide."""
    if why := refused(run, world):
        raise ValueError(why)
    e = run.engine
    assert e.zero, "engine.zero is open: settled.py chooses"
    accumulation = run.batch.accumulation(world)
    bf16 = dtype is torch.bfloat16
    zero: Json = {
        "stage": e.zero,
        "contiguous_gradients": True,
        # DeepSpeed leaves overlap off for stages 1 and 2. Stage 1 in bf16 has none: its optimizer keeps one flat sum a
        # group, which goes over the ranks at once after the last backward pass.
        "overlap_comm": True,
        "reduce_bucket_size": _BUCKET,
        "allgather_bucket_size": _BUCKET,
    }
    if e.offload != "none":
        zero["offload_optimizer"] = {"device": "cpu", "pin_memory": torch.cuda.is_available()}
    if e.offload == "all":
        zero["offload_param"] = {"device": "cpu", "pin_memory": torch.cuda.is_available()}
    return {
        "train_micro_batch_size_per_gpu": run.batch.micro,
        # Packed rows make the number of micro-batches vary; anything above 1 makes offload accumulate.
        "gradient_accumulation_steps": max(2, accumulation) if run.data.packed else accumulation,
        "gradient_clipping": run.optimizer.clip,
        "zero_optimization": zero,
        "zero_allow_untested_optimizer": True,
        "zero_force_ds_cpu_optimizer": False,
        "bf16": {"enabled": bf16},
        "data_types": {"grad_accum_dtype": "fp32"},
        # Unset it is the model's type: DeepSpeed casts the fp32 sums to bf16 and back before it adds up ranks, and even
        # where there is one rank only.
        "communication_data_type": e.reduce,
        "steps_per_print": None,
        "wall_clock_breakdown": False,
    }


def refused(run: Run, world: int) -> str | None:
    """Why this combination is not run, None where it is. Each of these would fail late or be wrong in silence."""
    e, data = run.engine, run.data
    if e.offload == "all" and e.zero != 3:
        return f"engine.offload: all moves parameters, which only engine.zero = 3 can, found {e.zero}; say optimizer"
    if e.compile and e.zero == 3:
        return (
            "engine.compile: with engine.zero = 3 the gathering hooks break every graph, so compiling loses time; "
            "switch one of them off"
        )
    if data.packed and not data.isolate:
        return "data.packed: rows of one sequence would see each other; set data.isolate = true as well"
    if data.packed and run.phase != "sft":
        return f"data.packed: is for chat rows, found the phase {run.phase}; documents are always packed"
    if run.phase == "sft" and data.isolate and not data.packed:
        return "data.isolate: one row a sequence has nothing to be isolated from; set data.packed or unset isolate"
    if run.batch.micro * world > run.batch.size:
        return (
            f"batch.micro: {run.batch.micro} x {world} ranks is more than the global batch of {run.batch.size}; "
            "use fewer ranks or a smaller micro"
        )
    return None
