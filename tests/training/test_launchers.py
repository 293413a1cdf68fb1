"""How ranks are started: srun's environment, docker/train.sbatch under bash, and DeepSpeed's own launcher."""

from __future__ import annotations

import base64
import json
import os
import shlex
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.training.runs import FIXTURES, TOKENIZER, logged
from training.engine.launchers import missing

ROOT = Path(__file__).parents[2]
SRUN = {
    "SLURM_JOB_ID": "40007",
    "SLURM_STEP_ID": "2",
    "SLURM_STEP_NUM_TASKS": "4",
    "SLURM_NTASKS": "4",
    "SLURM_STEP_NODELIST": "gpu[07-09,12],login1",
    "SLURM_PROCID": "3",
    "SLURM_LOCALID": "1",
}


def without(*names: str, **others: str) -> dict[str, str]:
    return {name: value for name, value in SRUN.items() if name not in names} | others


def test_srun_says_what_torch_looks_for() -> None:
    ours = {"RANK": "3", "LOCAL_RANK": "1", "WORLD_SIZE": "4", "MASTER_ADDR": "gpu07", "MASTER_PORT": "20009"}
    assert missing(SRUN) == ours
    assert missing(SRUN | {"MASTER_ADDR": "a", "MASTER_PORT": "1"}) == ours | {"MASTER_ADDR": "a", "MASTER_PORT": "1"}
    assert missing(SRUN | {"CUDA_VISIBLE_DEVICES": "2"}) == ours | {"LOCAL_RANK": "0"}
    assert missing(SRUN | {"CUDA_VISIBLE_DEVICES": "0,1"}) == ours


@pytest.mark.parametrize(
    ("listed", "first"),
    [("one", "one"), ("b,a", "b"), ("rack[1-2]n[07-09,3].cluster,x", "rack1n07.cluster"), ("n-[3,5]", "n-3")],
)
def test_rank_0_is_on_the_first_host(listed: str, first: str) -> None:
    assert missing(SRUN | {"SLURM_STEP_NODELIST": listed})["MASTER_ADDR"] == first


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"SLURM_PROCID": "0", "SLURM_JOB_ID": "7"},  # sbatch without --ntasks
        without("SLURM_STEP_NUM_TASKS", "SLURM_STEP_NODELIST"),  # sbatch --ntasks=4: one script all the same
        without(SLURM_STEP_NUM_TASKS="1"),  # the shell of salloc
        SRUN | {"RANK": "0", "WORLD_SIZE": "8"},  # torchrun in a step
    ],
)
def test_slurms_variables_alone_make_no_rank(environment: dict[str, str]) -> None:
    assert missing(environment) == {}


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        (without("SLURM_STEP_NODELIST"), "SLURM_STEP_NODELIST: .*set MASTER_ADDR"),
        (without("SLURM_JOB_ID"), "SLURM_JOB_ID: .*set MASTER_PORT"),
        (without("SLURM_LOCALID"), "SLURM_LOCALID: .*set LOCAL_RANK"),
        (without(SLURM_STEP_NODELIST=","), "expected hosts, found ','"),
    ],
)
def test_what_srun_does_not_say_is_named(environment: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        missing(environment)


def test_two_processes_of_srun_find_each_other() -> None:
    """As srun starts them, but for srun."""
    script = (
        "from training.engine import distributed as r; d = r.start(); print(r.summed([r.rank() + 1], d), r.world())"
    )
    job = {**SRUN, "SLURM_STEP_NUM_TASKS": "2", "SLURM_STEP_NODELIST": "localhost", "SLURM_STEP_ID": "0"}
    job["SLURM_JOB_ID"] = str(_free_port() - 20_000)
    ranks = [_started(job | {"SLURM_PROCID": r, "SLURM_LOCALID": r}, sys.executable, "-c", script) for r in "01"]
    said = [rank.communicate(timeout=120) for rank in ranks]
    assert [out.strip().splitlines()[-1:] for out, _ in said] == [["[3.0] 2"], ["[3.0] 2"]], said


def test_deepspeeds_launcher_starts_the_command_line(tmp_path: Path) -> None:
    """The half of `deepspeed` that runs on every node; it adds --local_rank=N to the arguments."""
    nodes = base64.urlsafe_b64encode(json.dumps({"localhost": [0]}).encode()).decode()
    given = [f"--world_info={nodes}", "--master_addr=127.0.0.1", f"--master_port={_free_port()}", "--module"]
    given += ["training", "train", "pretrain", "--model", "tiny", "--tokenizer", TOKENIZER, "--to", str(tmp_path / "r")]
    given += ["--tokens", str(FIXTURES / "documents" / "files.json"), "--set", "batch.size=2", "--set", "batch.micro=2"]
    small = ("batch.length=64", "duration.steps=1", "saving.steps=0", "seeing.steps=1")
    given += [word for setting in small for word in ("--set", setting)]
    started = _started({}, sys.executable, "-m", "deepspeed.launcher.launch", *given)
    out, error = started.communicate(timeout=300)
    assert started.returncode == 0, out[-4000:] + error[-4000:]
    assert "'-m', 'training', '--local_rank=0', 'train'" in out + error
    assert set(logged(tmp_path / "r")) == {0}


def _started(environment: dict[str, str], *command: str) -> subprocess.Popen[str]:
    """With this environment and no other launcher's."""
    ours = {"RANK", "LOCAL_RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"}
    env = {k: v for k, v in os.environ.items() if k not in ours and not k.startswith("SLURM_")} | environment
    env |= {"OMP_NUM_THREADS": "1"}
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, env=env, stdout=pipe, stderr=pipe, text=True)


def _free_port() -> int:
    """Of those that `missing` may choose."""
    for port in range(20_000 + os.getpid() % 10_000, 40_000):
        with socket.socket() as found:
            if found.connect_ex(("127.0.0.1", port)):
                return port
    raise AssertionError("no free port")


STUBS = {
    "srun": 'printf "%s\\n" "$@" > "$TOLD/srun"; env > "$TOLD/environment"; '
    '[ -z "${ENDED:-}" ] || echo "$ENDED" > "$REFINELAKE_ENDED"; exit "${SRUN_CODE:-0}"',
    # Slowly: a reader that leaves after the first line would end it by a signal.
    "scontrol": 'echo "$*" >> "$TOLD/scontrol"; [ "$1" != show ] || { echo gpu07; sleep 0.1; echo gpu08; }',
}


class Job:
    """docker/train.sbatch under bash, as sbatch would start it; srun and scontrol write down what they are told."""

    def __init__(self, folder: Path) -> None:
        self.stubs, self.told = folder / "stubs", folder / "told"
        self.stubs.mkdir()
        self.told.mkdir()
        for name, body in STUBS.items():
            (self.stubs / name).write_text(f"#!/usr/bin/env bash\n{body}\n", encoding="utf-8")
            (self.stubs / name).chmod(0o755)

    def run(self, *arguments: str, **environment: str) -> int:
        job = {"SLURM_JOB_ID": "40007", "SLURM_NNODES": "2", "SLURM_JOB_NODELIST": "gpu[07-08]", "REFINELAKE": "venv"}
        job |= {"TOLD": str(self.told), "PATH": f"{self.stubs}:{os.environ['PATH']}"}
        return _started(job | environment, "bash", "docker/train.sbatch", *arguments).wait(60)

    def said(self, name: str) -> list[str]:
        file = self.told / name
        return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


def test_the_slurm_script_starts_the_planned_ranks(tmp_path: Path) -> None:
    job = Job(tmp_path)
    assert job.run("train", "pretrain", "--to", "a run", GPUS="4", SLURM_CPUS_PER_TASK="96") == 0
    expected = (
        "--kill-on-bad-exit=1 venv/bin/torchrun --nnodes 2 --nproc_per_node 4 --rdzv_backend c10d --rdzv_endpoint "
    )
    expected += "gpu07:20007 --rdzv_id 40007 -m training train pretrain --to 'a run' --set saving.limit_minutes=1425"
    assert shlex.join(job.said("srun")) == expected
    assert {"OMP_NUM_THREADS=1", "SRUN_CPUS_PER_TASK=96"} <= set(job.said("environment"))
    assert job.said("scontrol") == ["show hostnames gpu[07-08]"]


@pytest.mark.parametrize(("given", "gpus"), [({}, "8"), ({"SLURM_GPUS_PER_NODE": "h100:4"}, "4")])
def test_the_slurm_script_takes_the_gpus_of_the_job(tmp_path: Path, given: dict[str, str], gpus: str) -> None:
    job = Job(tmp_path)
    assert job.run("train", "pretrain", "--to", "x", **given) == 0
    said = job.said("srun")
    assert said[said.index("--nproc_per_node") + 1] == gpus


@pytest.mark.parametrize("form", ["--to {}", "--to={}"])
@pytest.mark.parametrize(("ended", "queued"), [("stopped", True), ("mistake", False)])
def test_a_run_that_stopped_to_be_resumed_is_queued_again(tmp_path: Path, form: str, ended: str, queued: bool) -> None:
    job, run = Job(tmp_path), tmp_path / "run"
    run.mkdir()
    given = {"SRUN_CODE": "1", "LIMIT_MINUTES": "5", "ENDED": ended}
    assert job.run("train", *form.format(run).split(), "--model", "tiny", **given) == 1
    assert ("requeue 40007" in job.said("scontrol")) is queued and not list(run.iterdir())
    assert job.said("srun")[-1] == "saving.limit_minutes=5" and "--resume-or-start" not in job.said("srun")
    assert job.run("train", *form.format(run).split(), SLURM_RESTART_COUNT="1") == 0
    assert job.said("srun")[-3] == "--resume-or-start"


def test_a_job_whose_run_crashed_is_queued_again_while_it_gets_on(tmp_path: Path) -> None:
    """Twice without a checkpoint further on; a finished one, and what is no run, are not."""
    job, run = Job(tmp_path), tmp_path / "run"
    given = {"SRUN_CODE": "1", "RESTARTS": "2", "REFINELAKE": str(Path(sys.executable).parents[1])}

    def queued() -> bool:
        before = len(job.said("scontrol"))
        assert job.run("train", "--to", str(run), **given) == 1
        return "requeue 40007" in job.said("scontrol")[before:]

    assert [queued() for _ in range(3)] == [True, True, False]
    (run / "checkpoints" / "step-00000010").mkdir(parents=True)
    assert [queued() for _ in range(3)] == [True, True, False]
    (run / "checkpoints" / "step-00000020").mkdir()
    assert queued()
    given["SRUN_CODE"] = "0"
    assert job.run("train", "--to", str(run), **given) == 0
    before = job.said("scontrol")
    assert job.run("train", **(given | {"SRUN_CODE": "2"})) == 2
    assert not any("requeue" in line for line in job.said("scontrol")[len(before) :])
