"""Carry a comparison out: each arm with each seed, from equal starting points, over equal tokens, and what was found.

A run folder ARM-SEED each. A run that finished is not made again, one that was killed goes on; plan.json says what
stands in the folder, and another comparison is refused there.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from training.data.feed import RowFeed
from training.data.opening import open_table
from training.engine import distributed as ranks
from training.evidence.comparison import PLAN, Comparison, Part
from training.files import write_json
from training.inputs import Inputs, Source, open_feed
from training.run_file import json_lines, logged, reopened
from training.settings import Duration, Run
from udfs.tokens.tokenizer import TextTokenizer

ALL = "all"
LOOKS = 10
"""Looks at the held-out rows over a run, the last one included."""


def carried_out(c: Comparison, say: Callable[[str], None]) -> list[dict[str, Any]]:
    """What was measured of every arm and seed, seed by seed, so that half of it is a comparison too. All ranks train,
    the first one writes, measures and says.
    """
    ranks.start()
    lead = ranks.rank() == 0
    if lead:
        c.folder.mkdir(parents=True, exist_ok=True)
        write_json(c.folder / PLAN, c.as_dict())
    found = []
    for seed in range(c.seeds):
        for arm in c.arms:
            began = time.monotonic()
            made = [_trained(c, arm, place, part) for place, part in c.runs(arm, seed)]
            if not lead:
                continue
            measured = _measured(c, arm, seed)
            found.append(measured)
            last = measured["curve"][-1]
            how = f"in {time.monotonic() - began:.0f} s" if any(made) else "made before"
            sets = ", ".join(f"{name} {values[ALL]:.4f}" for name, values in last["sets"].items())
            say(f"{arm}, seed {seed}: held-out bits per byte of {sets} after {last['tokens']:,} tokens, {how}")
    return found


def _trained(c: Comparison, arm: str, folder: Path, part: Part) -> bool:
    """Whether the run had to be trained. Raises ValueError where it stopped before its end."""
    if any(event["event"] == "finished" for event in json_lines(folder / "events.jsonl")):
        return False
    from training.train import train

    inputs = c.inputs(arm, part.stage)
    outcome = train(over_rows(part.run, inputs), inputs, folder, "auto")
    if outcome != "finished":
        raise ValueError(f"{folder}: expected a run that finishes, found one stopped by {outcome}; repeat the command")
    return True


def over_rows(run: Run, inputs: Inputs) -> Run:
    """A run over chat rows as long as its tokens say: a step has a number of rows, however long they are."""
    if run.phase != "sft":
        return run
    feed = open_feed(run, inputs, TextTokenizer.read(inputs.tokenizer))
    assert isinstance(feed, RowFeed)
    epochs = run.duration.tokens / int(feed.rows.lengths(feed.rows.chosen).sum())
    steps = max(1, round(epochs * feed.steps_an_epoch))
    looks = replace(run.evaluate, every=max(1, steps // LOOKS))
    return replace(run, duration=Duration(epochs=epochs), evaluate=looks)


def _measured(c: Comparison, arm: str, seed: int) -> dict[str, Any]:
    """The curve of an arm: by tokens, sets and languages. Raises ValueError where nothing was held out."""
    first, *others = (part.name for part in c.held_out)
    curve, before, seconds, log = [], 0, 0.0, []
    for place, _ in c.runs(arm, seed):
        log = logged(place)
        for row in log:
            if (own := row.get("held_out_bits_per_byte")) is not None:
                sets = {first: own, **{name: row["held_out_sets"][name] for name in others}}
                sets = {name: {k: round(v, 5) for k, v in values.items()} for name, values in sets.items()}
                loss = round(row["loss_mean"] or row["loss"], 5)
                curve.append({"tokens": before + row["tokens"], "loss": loss, "sets": sets})
        before += log[-1]["tokens"]
        seconds += sum(row["seconds"] * every for row, every in _spans(log))
    if not curve:
        table = c.held_out[0].table
        raise ValueError(
            f"{table}: expected held-out rows to score on, found none; make the table with a greater "
            "tokens.held_out, or name another one by --held-out"
        )
    mixture = {name: part["share"] for name, part in log[-1]["mixture"].items()}
    return {"arm": arm, "seed": seed, "seconds": round(seconds, 1), "mixture": mixture, "curve": curve}


def _spans(log: list[dict[str, Any]]) -> list[tuple[dict[str, Any], int]]:
    """Each logged line with the steps that it stands for."""
    before = [log[0]["step"] - 1, *(row["step"] for row in log)]
    return [(row, row["step"] - last) for row, last in zip(log, before, strict=False)]


def holding(parts: tuple[Source, ...], tokenizer: str) -> tuple[Source, ...]:
    """The parts whose table holds something out: a table of made texts has no repository, and nothing to score on."""
    own = TextTokenizer.read(tokenizer).hash
    found = []
    for part in Inputs("", parts, "").pinned().sources:
        table = open_table(part.table, part.version, "only")
        if any(len(rows) for file in table.files for rows in table.rows(file, own, wide=False)):
            found.append(part)
    return tuple(found)


def facts(c: Comparison) -> dict[str, Any]:
    """What the result was made from: versions of tables and packages, settings, the machine. No place of a machine."""
    _, _, whole = reopened(c.runs(next(iter(c.arms)), 0)[0][0])
    settings = c.run.as_dict()
    settings["start"] |= {name: Path(settings["start"][name]).name for name in ("checkpoint", "model")}
    return {
        "recipe": c.run.name,
        "model": Path(c.run.start.model).name,
        "seeds": c.seeds,
        "tokens": c.run.duration.tokens,
        "settings": settings,
        "tokenizer": whole["tokenizer_hash"],
        "arms": {arm: [_told(part) for part in parts] for arm, parts in c.arms.items()},
        "legs": {arm: [[p.run.name, p.stage, p.run.duration.tokens] for p in parts] for arm, parts in c.legs.items()},
        "held_out": [_told(part) for part in c.held_out],
        "versions": whole["versions"],
        "machine": f"{os.cpu_count()} cores",
    }


def label(table: str) -> str:
    """A table without its place: the last name of it, of an exported one that of its folder."""
    place = Path(table)
    return place.parent.name if table.endswith(".json") else place.name


def _told(part: Source) -> dict[str, Any]:
    """A part, with the tables that an exported one was made from."""
    told: dict[str, Any] = {"name": part.name, "table": label(part.table), "version": part.version}
    if part.table.endswith(".json"):
        listed = json.loads(Path(part.table).read_text(encoding="utf-8"))
        told |= {
            k: listed[k] for k in ("made_from", "share", "rows", "tokens", "drawn_from", "identity") if k in listed
        }
    return told | {"weight": part.weight}
