"""What is compared: runs of arms from equal starting points, and the plan that says what stands in a folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from training.inputs import Inputs, Source
from training.settings import Run

PLAN = "plan.json"


@dataclass(frozen=True)
class Part:
    """One of the runs of an arm, over the rows of a `stage` (0: all); a later one goes on from the weights before."""

    run: Run
    stage: int = 0


@dataclass(frozen=True)
class Comparison:
    """`run` is trained with seeds 0 to `seeds` - 1 over the parts of each arm; `held_out` are the sets it is scored on,
    the first decides. `legs` are the runs of the arms that have others than that one, in order.
    """

    run: Run
    arms: Mapping[str, tuple[Source, ...]]
    held_out: tuple[Source, ...]
    tokenizer: str
    seeds: int
    folder: Path
    legs: Mapping[str, tuple[Part, ...]] = field(default_factory=dict)

    def inputs(self, arm: str, stage: int = 0) -> Inputs:
        """What an arm reads."""
        return Inputs(self.tokenizer, self.arms[arm], str(self.folder / "cache"), stage, self.held_out)

    def runs(self, arm: str, seed: int) -> list[tuple[Path, Part]]:
        """Folders and runs of an arm in order, with the weights and the order of a seed; a checkpoint to go on from has
        its weights.
        """
        parts = self.legs.get(arm) or (Part(self.run),)
        found: list[tuple[Path, Part]] = []
        for number, part in enumerate(parts, 1):
            start, data = replace(part.run.start, seed=seed), replace(part.run.data, seed=seed)
            if found:
                start = replace(start, checkpoint=str(found[-1][0]), step=-1, state=False)
            place = self.folder / (f"{arm}-{seed}" if len(parts) == 1 else f"{arm}-{seed}-{number}")
            found.append((place, replace(part, run=replace(part.run, start=start, data=data))))
        return found

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
        if self.legs:
            whole["legs"] = {arm: [[p.run.as_dict(), p.stage] for p in parts] for arm, parts in self.legs.items()}
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
    said = [name for name in ("arms", "held_out", "tokenizer", "legs") if mine.get(name) != before.get(name)]
    for section, values in mine["run"].items():
        other = before["run"].get(section)
        if isinstance(values, dict) and isinstance(other, dict):
            said += [f"{section}.{k} {other.get(k)} there, {v} here" for k, v in values.items() if other.get(k) != v]
        elif values != other:
            said.append(f"{section} {other} there, {values} here")
    return "; ".join(said)
