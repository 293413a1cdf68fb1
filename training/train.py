"""Train: from a run's settings and pinned tables to checkpoints. Started alone, or by torchrun, deepspeed or Slurm.

refinelake train pretrain --model toy --tokens warehouse/pretrain_tokens --tokenizer tokenizer --to runs/pretrain
torchrun --nproc_per_node 8 -m training train pretrain ... (the same arguments)
refinelake train --to runs/pretrain --resume
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from training import start
from training.checkpoint import store
from training.data.feed import Feed
from training.data.readable import readable_until
from training.engine import distributed as ranks
from training.files import write_json
from training.inputs import Inputs, open_feed
from training.loop import Loop
from training.metrics import Log
from training.run_file import RUN_FILE
from training.settings import Run
from training.start import Beginning, Resume
from udfs.tokenizer import TextTokenizer

STOPPED = 75
"""Exit code of a run that saved and wants to be resumed (EX_TEMPFAIL)."""


def train(
    run: Run,
    inputs: Inputs,
    folder: Path,
    resume: Resume = "never",
    progress: Callable[[dict[str, Any]], None] | None = None,
) -> str:
    """Carry a run out. Returns finished, or why it stopped after saving. Raises ValueError for the user's mistakes."""
    device = ranks.start(max(30.0, run.seeing.hang_minutes))
    _refuse_used(folder, resume)
    tokenizer = TextTokenizer.read(inputs.tokenizer)
    feed = _first_on_rank_0(lambda: open_feed(run, inputs, tokenizer))
    begun = start.beginning(run, feed, folder, resume, tokenizer)
    feed.begin(begun.first, begun.sequence)
    first = _phase_first(folder, begun)
    last = first + run.duration.optimizer_steps(run.batch, feed.steps_an_epoch)
    _refuse_short(feed, inputs, begun.first, last)
    lm = start.model(run, begun, tokenizer, feed, folder)
    base = start.base(run, inputs, begun, lm, tokenizer)
    if ranks.rank() == 0:
        _describe(run, inputs, folder, first, last, begun, base)
        tokenizer.save(folder / "tokenizer")
    ranks.barrier()
    engine = start.engine(run, lm, device, begun)
    log = Log(folder, run.seeing, f"{run.name}-{folder.name}", ranks.rank() == 0)
    facts = {"sequence": begun.sequence, "notices": feed.notices, "attention": engine.attention.backend}
    log.event("resumed" if begun.own else "started", begun.first, **facts)
    schedule = run.rate.schedule(run.phase, first, last - first)
    loop = Loop(run, engine, feed, schedule, folder, begun.first, last, log, base, begun.stored())
    loop.progress = progress or (lambda _: None)
    try:
        outcome = loop.carry_out()
        log.event(outcome if outcome == "finished" else "stopped", last, why=outcome)
        return outcome
    finally:
        log.close()
        engine.close()


def _phase_first(folder: Path, begun: Beginning) -> int:
    """The global number of the first step of this run."""
    if not begun.own:
        return begun.first
    return int(json.loads((folder / RUN_FILE).read_text(encoding="utf-8"))["first_step"])


def _first_on_rank_0(make: Callable[[], Feed]) -> Feed:
    """Rank 0 builds the caches of its machine before the others look; they wait at the lock on other machines."""
    made = make() if ranks.rank() == 0 else None
    ranks.barrier()
    return made or make()


def _refuse_short(feed: Feed, inputs: Inputs, first: int, last: int) -> None:
    """Whether there are sequences for all steps, and the pinned versions will be there to the end.

    A second a step is assumed: slow for a toy, quick for a cluster.
    """
    if feed.steps < last:
        raise ValueError(
            f"{inputs.sources[0].table}: expected data for {last - first:,} steps, found {feed.steps - first:,}; "
            "allow more epochs in the mixture, add data, or shorten duration"
        )
    said: list[str] = []
    if ranks.rank() == 0:
        for table in inputs.tables().values():
            found = readable_until(table, float(last - first))
            said += found.errors
            for warning in found.warnings:
                print(warning, flush=True)
    if errors := ranks.told(said):
        raise ValueError("\n".join(errors))


def _refuse_used(folder: Path, resume: Resume) -> None:
    if resume == "never" and store.steps(folder / "checkpoints"):
        raise ValueError(f"{folder}: expected a new folder, found checkpoints; add --resume, or name another folder")


def _describe(
    run: Run, inputs: Inputs, folder: Path, first: int, last: int, begun: Beginning, base: dict[str, Any]
) -> None:
    """Write run.json, with a segment for each stretch of steps that counts sequences in its own way."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / RUN_FILE
    segments = json.loads(file.read_text(encoding="utf-8"))["segments"] if begun.own else []
    segment = {"step": begun.first, "sequence": begun.sequence, "size": run.batch.size, "length": run.batch.length}
    kept = [s for s in segments if s["step"] < begun.first]
    moved = not kept or any(kept[-1][k] != segment[k] for k in ("size", "length"))
    whole = {
        "format": 1,
        "run": run.as_dict(),
        "inputs": inputs.as_dict(),
        "first_step": first,
        "last_step": last,
        "segments": [*kept, segment] if moved else kept,
        "tokenizer_hash": base["tokenizer_hash"],
        "lineage": base["lineage"],
        "versions": base["versions"],
        "command": sys.argv,
        "ranks": ranks.world(),
    }
    write_json(file, whole)
