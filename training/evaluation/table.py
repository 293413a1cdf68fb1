"""Many models in one table: ours as evaluation.json has them, others', and the rows that the papers print."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

COLUMNS = {
    "human_eval": "HumanEval",
    "human_eval_plus": "HumanEval+",
    "mbpp": "MBPP",
    "mbpp_plus": "MBPP+",
    "bigcodebench": "BigCodeBench",
    "livecodebench": "LiveCodeBench",
    "apps": "APPS",
    "arena": "arena, win rate",
}
"""Sets of the papers, in their order; others follow by name."""


@dataclass(frozen=True)
class Line:
    """A model with its scores in percent by set, and where they come from."""

    model: str
    source: str
    scores: Mapping[str, float]


def papers() -> list[Line]:
    """The papers' rows, as udfs/data/paper_scores.json has them."""
    said = json.loads((resources.files("udfs") / "data/paper_scores.json").read_text(encoding="utf-8"))
    return [Line(row["model"], p["source"], row["scores"]) for p in said["papers"] for row in p["rows"]]


def line_of(evaluation: Mapping[str, Any], source: str = "measured here") -> Line:
    """A model's line: pass@1 of each set, of EvalPlus's sets also that of the base tests, the arena's win rate."""
    found: dict[str, float] = {}
    for name, scores in evaluation.get("benchmarks", {}).items():
        if "pass@1" in scores:
            found[name] = 100 * scores["pass@1"]
        base = scores.get("apart", {}).get("base", {})
        if name.endswith("_plus") and "pass@1" in base:
            found.setdefault(name.removesuffix("_plus"), 100 * base["pass@1"])
    if (rate := evaluation.get("arena", {}).get("win_rate")) is not None:
        found["arena"] = 100 * rate
    return Line(_named(evaluation), source, found)


def _named(evaluation: Mapping[str, Any]) -> str:
    name = str(evaluation.get("model", "?"))
    told = [f"step {evaluation['step']:,}"] if "step" in evaluation else []
    kinds = {scores["feedback"] for scores in evaluation.get("benchmarks", {}).values() if "feedback" in scores}
    told += ["chat"] if evaluation.get("chat") else []
    told += [f"{kind} feedback" for kind in sorted(kinds)]
    return ", ".join([name, *told])


def read(file: str | Path) -> dict[str, Any]:
    """An evaluation.json. Raises ValueError."""
    try:
        found = json.loads(Path(file).read_text(encoding="utf-8"))
        if not isinstance(found, dict) or not isinstance(found.get("benchmarks"), dict):
            raise ValueError("no benchmarks in it")
        return found
    except (OSError, ValueError) as error:
        raise ValueError(f"{file}: expected an evaluation.json, found {error}; run refinelake evaluate") from None


def columns(lines: Iterable[Line]) -> dict[str, str]:
    """Sets that some line has a score of, with their titles: the papers' first."""
    there = {name for line in lines for name in line.scores}
    known = {name: title for name, title in COLUMNS.items() if name in there}
    return known | {name: name for name in sorted(there - set(known))}
