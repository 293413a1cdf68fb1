"""Carry a comparison out: each arm with each seed, from equal starting points, over equal tokens, and what was found.

A run folder ARM-SEED each. A run that finished is not made again, one that was killed goes on; plan.json says what
stands in the folder, and another comparison is refused there.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from training.data.opening import open_table
from training.engine import distributed as ranks
from training.files import write_json
from training.inputs import Inputs, Source
from training.run_file import json_lines, logged, reopened
from training.settings import Run
from udfs.tokens.tokenizer import TextTokenizer

PLAN = "plan.json"
ALL = "all"


@dataclass(frozen=True)
class Comparison:
    """`run` is trained with seeds 0 to `seeds` - 1 over the parts of each arm; `held_out` are the sets it is scored on,
    the first decides.
    """

    run: Run
    arms: Mapping[str, tuple[Source, ...]]
    held_out: tuple[Source, ...]
    tokenizer: str
    seeds: int
    folder: Path

    def inputs(self, arm: str) -> Inputs:
        """What an arm reads."""
        return Inputs(self.tokenizer, self.arms[arm], str(self.folder / "cache"), 0, self.held_out)

    def seeded(self, seed: int) -> Run:
        """The run with the weights and the order of a seed; a checkpoint to go on from has its weights."""
        run = self.run
        return replace(run, start=replace(run.start, seed=seed), data=replace(run.data, seed=seed))

    def place(self, arm: str, seed: int) -> Path:
        """The run folder."""
        return self.folder / f"{arm}-{seed}"

    def pinned(self) -> Comparison:
        """The same with a version for every table; those of a comparison that stands in the folder stay. Raises
        ValueError.
        """
        before = _plan(self.folder)
        if before is None:
            return self._versioned({})
        kept = {part["table"]: part["version"] for part in _parts(before)}
        found = self._versioned(kept)
        if (mine := found.as_dict()) != before:
            raise ValueError(
                f"{self.folder / PLAN}: expected the comparison that stands there, found another one "
                f"({_differing(mine, before)}); name another folder by --to, or remove that one"
            )
        return found

    def _versioned(self, kept: Mapping[str, int]) -> Comparison:
        def some(parts: tuple[Source, ...]) -> tuple[Source, ...]:
            own = (p if p.version is not None else replace(p, version=kept.get(p.table)) for p in parts)
            return Inputs("", tuple(own), "").pinned().sources

        arms = {name: some(parts) for name, parts in self.arms.items()}
        return replace(self, arms=arms, held_out=some(self.held_out))

    def as_dict(self) -> dict[str, Any]:
        """What plan.json holds: all that decides a run. Seeds may be added."""
        whole = {
            "run": self.run.as_dict(),
            "arms": {arm: self.inputs(arm).as_dict()["sources"] for arm in self.arms},
            "held_out": Inputs("", self.held_out, "").as_dict()["sources"],
            "tokenizer": self.tokenizer,
        }
        found: dict[str, Any] = json.loads(json.dumps(whole))
        return found


def _plan(folder: Path) -> dict[str, Any] | None:
    file = folder / PLAN
    if not file.exists():
        return None
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def _parts(plan: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [part for parts in (*plan["arms"].values(), plan["held_out"]) for part in parts]


def _differing(mine: Mapping[str, Any], before: Mapping[str, Any]) -> str:
    """What differs by name, of the run's settings each by itself."""
    said = [name for name in ("arms", "held_out", "tokenizer") if mine[name] != before.get(name)]
    for section, values in mine["run"].items():
        other = before["run"].get(section)
        if isinstance(values, dict) and isinstance(other, dict):
            said += [f"{section}.{k} {other.get(k)} there, {v} here" for k, v in values.items() if other.get(k) != v]
        elif values != other:
            said.append(f"{section} {other} there, {values} here")
    return "; ".join(said)


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
            began, made = time.monotonic(), _trained(c, arm, seed)
            if not lead:
                continue
            measured = _measured(c, arm, seed)
            found.append(measured)
            last = measured["curve"][-1]
            how = f"in {time.monotonic() - began:.0f} s" if made else "made before"
            sets = ", ".join(f"{name} {values[ALL]:.4f}" for name, values in last["sets"].items())
            say(f"{arm}, seed {seed}: held-out bits per byte of {sets} after {last['tokens']:,} tokens, {how}")
    return found


def _trained(c: Comparison, arm: str, seed: int) -> bool:
    """Whether the run had to be trained. Raises ValueError where it stopped before its end."""
    folder = c.place(arm, seed)
    if any(event["event"] == "finished" for event in json_lines(folder / "events.jsonl")):
        return False
    from training.train import train

    outcome = train(c.seeded(seed), c.inputs(arm), folder, "auto")
    if outcome != "finished":
        raise ValueError(f"{folder}: expected a run that finishes, found one stopped by {outcome}; repeat the command")
    return True


def _measured(c: Comparison, arm: str, seed: int) -> dict[str, Any]:
    """The curve of a run: by tokens, sets and languages. Raises ValueError where nothing was held out."""
    log = logged(c.place(arm, seed))
    first, *others = (part.name for part in c.held_out)
    curve = []
    for row in log:
        if (own := row.get("held_out_bits_per_byte")) is not None:
            sets = {first: own, **{name: row["held_out_sets"][name] for name in others}}
            sets = {name: {k: round(v, 5) for k, v in values.items()} for name, values in sets.items()}
            curve.append({"tokens": row["tokens"], "loss": round(row["loss_mean"] or row["loss"], 5), "sets": sets})
    if not curve:
        table = c.held_out[0].table
        raise ValueError(
            f"{table}: expected held-out rows to score on, found none; make the table with a greater "
            "tokens.held_out, or name another one by --held-out"
        )
    mixture = {name: part["share"] for name, part in log[-1]["mixture"].items()}
    seconds = sum(row["seconds"] * every for row, every in _spans(log))
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
    _, _, whole = reopened(c.place(next(iter(c.arms)), 0))
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
