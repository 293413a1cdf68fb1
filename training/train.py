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
from statistics import median
from typing import Any

import torch

from training import start
from training.checkpoint import store
from training.data.feed import Feed
from training.data.readable import readable_until
from training.engine import distributed as ranks
from training.engine.determinism import strict
from training.engine.engine import Engine
from training.evaluation.in_loop import HeldOut
from training.evaluation.solving import Solving
from training.files import write_json
from training.here import agreed, settled_here
from training.inputs import Inputs, open_feed
from training.loop import Loop
from training.metrics import Log, peak_flops
from training.planning import MFU, PRICE, duration
from training.run_file import RUN_FILE, logged
from training.settings import Run
from training.settled import Settled
from training.shapes import shape_of
from training.start import Beginning, Resume
from udfs.tokens.tokenizer import TextTokenizer

Progress = Callable[[dict[str, Any]], None]
STOPPED = 75
"""Exit code of a run that saved and wants to be resumed (EX_TEMPFAIL)."""


def train(
    run: Run,
    inputs: Inputs,
    folder: Path,
    resume: Resume = "never",
    progress: Progress | None = None,
) -> str:
    """Carry a run out. Returns finished, or why it stopped after saving. Raises ValueError for the user's mistakes."""
    with strict(run.engine.deterministic) as fixed:
        _refuse_used(folder, resume)
        chosen = settled_here(run, folder, resume, inputs.tokenizer)
        return _carried(chosen, inputs, folder, resume, progress or (lambda _: None), fixed)


def _carried(
    chosen: Settled, inputs: Inputs, folder: Path, resume: Resume, progress: Progress, fixed: dict[str, str]
) -> str:
    run, tokenizer = chosen.run, TextTokenizer.read(inputs.tokenizer)
    # Before the ranks meet: copying a large table may take longer than ranks wait for each other. Those of a machine
    # queue at the lock of its cache.
    feed, found = open_feed(run, inputs, tokenizer), _held_out(run, inputs, tokenizer)
    solving = Solving.opened(run, tokenizer)
    device = ranks.start(max(30.0, run.seeing.hang_minutes))
    agreed(chosen)
    held_out, sets = _agreed(*found, feed), HeldOut.sets(run, inputs, tokenizer)
    begun = start.beginning(run, feed, folder, resume, tokenizer)
    feed.begin(begun.first, begun.sequence)
    first = _phase_first(folder, begun)
    last = first + run.duration.optimizer_steps(run.batch, feed.steps_an_epoch)
    _refuse_short(feed, inputs, begun.first, last)
    lm = start.model(run, begun, tokenizer, feed, folder)
    _refuse_unreadable(inputs, _seconds(run, lm, device, folder, last - begun.first), begun.own)
    base = start.base(run, inputs, begun, lm, tokenizer)
    if ranks.rank() == 0:
        _describe(chosen, inputs, folder, first, last, begun, base)
        tokenizer.save(folder / "tokenizer")
    ranks.barrier()
    engine = start.engine(run, lm, device, begun)
    log = Log(folder, run.seeing, f"{run.name}-{folder.name}", ranks.rank() == 0)
    facts = _facts(chosen, inputs, begun, feed, engine)
    log.event("resumed" if begun.own else "started", begun.first, **facts, deterministic=fixed)
    schedule = run.rate.schedule(run.phase, first, last - first)
    loop = Loop(run, engine, feed, schedule, folder, begun.first, last, log, base, begun.stored())
    loop.progress, loop.held_out, loop.sets, loop.solving = progress, held_out, sets, solving
    try:
        outcome = loop.carry_out()
        log.event(outcome if outcome == "finished" else "stopped", loop.done, why=outcome)
        return outcome
    finally:
        log.close()
        engine.close()


def _held_out(run: Run, inputs: Inputs, tokenizer: TextTokenizer) -> tuple[HeldOut | None, list[str]]:
    """The held-out sample, and why there is none where its rows cannot be read: a run goes on without, as after a
    vacuum, which its own cache outlives.
    """
    try:
        return HeldOut.opened(run, inputs, tokenizer), []
    except ValueError as error:
        return None, [f"without evaluation of held-out rows: {error}"]


def _agreed(held_out: HeldOut | None, said: list[str], feed: Feed) -> HeldOut | None:
    """All ranks take part, or none, which the feed's notices say."""
    if errors := [line for lines in ranks.gathered(said) for line in lines]:
        feed.notices = [*feed.notices, errors[0]]
        return None
    return held_out


def _facts(chosen: Settled, inputs: Inputs, begun: Beginning, feed: Feed, engine: Engine) -> dict[str, Any]:
    """What the log's first event says; what the run does without is printed too."""
    notices = [*inputs.notices(chosen.run.phase), *feed.notices]
    if ranks.rank() == 0 and (said := [*chosen.why, *notices]):
        print("\n".join(said), flush=True)
    return {
        "sequence": begun.sequence,
        "notices": notices,
        "attention": engine.attention.backend,
        "kernels": engine.kernels.as_dict(),
        "compiled": engine.eager is None,
        "eager": engine.eager,
        "settled": chosen.as_dict(),
        "account": feed.account(),
    }


def _phase_first(folder: Path, begun: Beginning) -> int:
    """The global number of the first step of this run."""
    if not begun.own:
        return begun.first
    return int(json.loads((folder / RUN_FILE).read_text(encoding="utf-8"))["first_step"])


def _refuse_short(feed: Feed, inputs: Inputs, first: int, last: int) -> None:
    """Whether there are sequences for all steps."""
    if feed.steps < last:
        raise ValueError(
            f"{inputs.sources[0].table}: expected data for {last - first:,} steps, found {feed.steps - first:,}; "
            "allow more epochs in the mixture, add data, or shorten duration"
        )


def _seconds(run: Run, lm: Any, device: torch.device, folder: Path, steps: int) -> float:
    """How long `steps` steps will take: as the run's steps took so far, else by the plan, else a second each."""
    rows = logged(folder)
    if rows:
        return float(steps * median(row["seconds"] for row in rows))
    peak = peak_flops(device)
    if peak is None:
        return float(steps)
    return duration(run, shape_of(lm.config), ranks.world(), steps, MFU, PRICE, peak).days * 86_400


def _refuse_unreadable(inputs: Inputs, seconds: float, resumes: bool) -> None:
    """Whether the pinned versions will be there to the end. A run that goes on needs them no more: every rank has just
    opened its cache, which is whole, so it is warned that no other node can make one.
    """
    said: list[str] = []
    if ranks.rank() == 0:
        for table in inputs.tables().values():
            found = readable_until(table, seconds)
            gone = [f"{error}; going on with the cache, which is whole" for error in found.errors if resumes]
            said += [] if resumes else found.errors
            for warning in (*gone, *found.warnings):
                print(warning, flush=True)
    if errors := ranks.told(said):
        raise ValueError("\n".join(errors))


def _refuse_used(folder: Path, resume: Resume) -> None:
    if resume == "never" and store.steps(folder / "checkpoints"):
        raise ValueError(f"{folder}: expected a new folder, found checkpoints; add --resume, or name another folder")


def _describe(
    chosen: Settled, inputs: Inputs, folder: Path, first: int, last: int, begun: Beginning, base: dict[str, Any]
) -> None:
    """Write run.json, with a segment for each stretch of steps that reads or counts sequences in its own way."""
    run = chosen.run
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / RUN_FILE
    segments = json.loads(file.read_text(encoding="utf-8"))["segments"] if begun.own else []
    segment = {"step": begun.first, "sequence": begun.sequence, "size": run.batch.size, "length": run.batch.length}
    segment |= {"data": run.as_dict()["data"], "inputs": json.loads(json.dumps(inputs.as_dict()))}
    kept = [s for s in segments if s["step"] < begun.first]
    moved = not kept or any(kept[-1][k] != segment[k] for k in segment if k not in ("step", "sequence"))
    whole = {
        "format": 1,
        "run": chosen.asked.as_dict(),
        "settled": chosen.as_dict(),
        "inputs": inputs.as_dict(),
        "first_step": first,
        "last_step": last,
        "segments": [*kept, segment] if moved else kept,
        "initialisation": None if begun.checkpoint or run.start.checkpoint else base["initialisation"],
        "tokenizer_hash": base["tokenizer_hash"],
        "lineage": base["lineage"],
        "versions": base["versions"],
        "command": sys.argv,
        "ranks": ranks.world(),
    }
    write_json(file, whole)
