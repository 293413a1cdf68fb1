"""What a comparison shows: the difference of means against the spread over seeds, said in one sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import mean
from typing import Any

from training.evidence.compare import ALL
from training.evidence.declared import Declared

SHOWN = {
    "shown": "In bits per byte the claim shows here",
    "not shown": "In bits per byte the claim does not show here",
    "opposite": "In bits per byte the opposite shows here",
}


@dataclass(frozen=True)
class Spread:
    """Bits per byte of an arm over its seeds."""

    mean: float
    least: float
    most: float

    @property
    def range(self) -> float:
        """Most less least."""
        return self.most - self.least


def spread(values: Sequence[float]) -> Spread:
    """Of the values of all seeds."""
    return Spread(mean(values), min(values), max(values))


def finals(runs: Sequence[Mapping[str, Any]], held: str, language: str = ALL) -> dict[str, Spread]:
    """By arm: the last value of each seed's curve. An arm without the language is left out."""
    found: dict[str, list[float]] = {}
    for run in runs:
        value = run["curve"][-1]["sets"][held].get(language)
        if value is not None:
            found.setdefault(run["arm"], []).append(value)
    return {arm: spread(values) for arm, values in found.items()}


def losses(runs: Sequence[Mapping[str, Any]]) -> dict[str, Spread]:
    """By arm: the training loss (nats a token, of its own texts) of the last stretch of each seed's curve."""
    found: dict[str, list[float]] = {}
    for run in runs:
        found.setdefault(run["arm"], []).append(run["curve"][-1]["loss"])
    return {arm: spread(values) for arm, values in found.items()}


def verdict(better: Spread, than: Spread, seeds: int) -> str:
    """`shown` where the better arm's mean is lower by more than either arm's range over the seeds, `opposite` where it
    is higher by as much, else `not shown`. One seed has no spread, and shows nothing.
    """
    gap, noise = than.mean - better.mean, max(better.range, than.range)
    if seeds < 2 or abs(gap) <= noise:
        return "not shown"
    return "shown" if gap > 0 else "opposite"


def concluded(about: Declared, runs: Sequence[Mapping[str, Any]], facts: Mapping[str, Any]) -> dict[str, Any]:
    """The whole result, as it is written and committed."""
    sets = [part["name"] for part in facts["held_out"]]
    final = {}
    for held in sets:
        languages = [ALL, *sorted({name for run in runs for name in run["curve"][-1]["sets"][held]} - {ALL})]
        final[held] = {name: _rounded(finals(runs, held, name)) for name in languages}
    said = {held: _said(about, finals(runs, held), facts["seeds"]) for held in sets}
    first = said[sets[0]]
    told = {name: getattr(about, name) for name in ("name", "title", "section", "claim", "better", "than", "caveat")}
    told["paper"] = {name: arm.paper for name, arm in about.arms.items() if arm.paper}
    return {
        "format": 1, **told, "verdict": first["verdict"], "sentence": sentence(about, first, sets[0], facts),
        "sets": said, "final": final, "loss": _rounded(losses(runs)), **facts, "runs": list(runs),
    }  # fmt: skip


def _said(about: Declared, arms: Mapping[str, Spread], seeds: int) -> dict[str, Any]:
    better, than = arms[about.better], arms[about.than]
    return {
        "verdict": verdict(better, than, seeds),
        "difference": round(than.mean - better.mean, 5),
        "spread": round(max(better.range, than.range), 5),
    }


def sentence(about: Declared, said: Mapping[str, Any], held: str, facts: Mapping[str, Any]) -> str:
    """What may be read from the numbers, no more."""
    gap, noise, seeds = said["difference"], said["spread"], facts["seeds"]
    way = "lower" if gap > 0 else "higher"
    if seeds < 2:
        why = "one seed has no spread to compare the difference with"
    elif said["verdict"] == "not shown":
        why = "which is within the spread over seeds"
    else:
        why = "which is more than the spread over seeds"
    return (
        f"{SHOWN[said['verdict']]}: on held-out texts of {held}, {about.better} ends {abs(gap):.4f} bits per byte "
        f"{way} than {about.than}, {why} ({noise:.4f}; {seeds} seeds, {facts['tokens']:,} tokens a run, model "
        f"{facts['model']})."
    )


def _rounded(arms: Mapping[str, Spread]) -> dict[str, dict[str, float]]:
    return {arm: {name: round(value, 5) for name, value in asdict(found).items()} for arm, found in arms.items()}
