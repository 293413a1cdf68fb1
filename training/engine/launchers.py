"""Which rank this process is, from the environment that its launcher made: torchrun, deepspeed, or Slurm's srun."""

from __future__ import annotations

import re
from collections.abc import Mapping

_HOST = re.compile(r"(?:[^,\[]|\[[^\]]*\])+")


def missing(environment: Mapping[str, str]) -> dict[str, str]:
    """What torch.distributed looks for and the launcher did not set; empty for a process that is alone.

    torchrun and deepspeed set all of it. srun says the same in words of its own: SLURM_STEP_NUM_TASKS is the number of
    processes that it started. A script of sbatch and a shell of salloc have a rank and, where the job asked for tasks,
    SLURM_NTASKS too, but nothing was started beside them. Raises ValueError.
    """
    if "RANK" in environment or int(environment.get("SLURM_STEP_NUM_TASKS") or 1) < 2:
        return {}
    found = {
        "RANK": _named(environment, "SLURM_PROCID", "RANK"),
        "LOCAL_RANK": _named(environment, "SLURM_LOCALID", "LOCAL_RANK"),
        "WORLD_SIZE": environment["SLURM_STEP_NUM_TASKS"],
        "MASTER_ADDR": environment.get("MASTER_ADDR") or _first_host(environment),
        "MASTER_PORT": environment.get("MASTER_PORT") or _port(environment),
    }
    if environment.get("CUDA_VISIBLE_DEVICES") and "," not in environment["CUDA_VISIBLE_DEVICES"]:
        found["LOCAL_RANK"] = "0"  # --gpus-per-task: each process sees its own GPU only
    return found


def _named(environment: Mapping[str, str], name: str, sets: str) -> str:
    if not environment.get(name):
        raise ValueError(f"{name}: expected srun to set it, found nothing; set {sets}, or start with torchrun")
    return environment[name]


def _first_host(environment: Mapping[str, str]) -> str:
    """The host of rank 0: of rack[1-2]n[07-09],x the first is rack1n07."""
    listed = _named(environment, "SLURM_STEP_NODELIST", "MASTER_ADDR to the host of rank 0")
    found = _HOST.match(listed)
    if found is None:
        raise ValueError(
            f"SLURM_STEP_NODELIST: expected hosts, found {listed!r}; set MASTER_ADDR to the host of rank 0"
        )
    return re.sub(r"\[(\w+)[^\]]*\]", r"\1", found[0])


def _port(environment: Mapping[str, str]) -> str:
    """One that all ranks arrive at, another one for each step of a job."""
    job = _named(environment, "SLURM_JOB_ID", "MASTER_PORT to a free port of the host of rank 0")
    return str(20_000 + (int(job) + int(environment.get("SLURM_STEP_ID") or 0)) % 20_000)
