"""evaluation.html: a curve over a run's checkpoints, and the table of models with the papers' rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from schemas.pictures import style
from training.curves import Point, curve
from training.evaluation.table import COLUMNS, columns, line_of, papers


def curves(evaluations: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """(title, SVG) of each number over the steps of a run: pass@1 of sets in percent, bits per byte."""
    points: dict[str, list[Point]] = {}
    for each in sorted(evaluations, key=lambda e: e["step"]):
        numbers = {f"{COLUMNS.get(name, name)}, percent": value for name, value in line_of(each).scores.items()}
        held = each.get("held_out", {}).get("languages", {}).get("all", {}).get("bits_per_byte")
        numbers |= {"held-out bits per byte, all languages": held} if held is not None else {}
        for name, value in numbers.items():
            points.setdefault(name, []).append(Point(float(each["step"]), value, value, value))
    return [(title, svg) for title, line in points.items() if (svg := curve(line))]


def write(
    to: Path, ours: Sequence[Mapping[str, Any]], beside: Sequence[tuple[str, Mapping[str, Any]]] = (), run: str = ""
) -> Path:
    """Write the page. `ours` are evaluations; those of a `run`, with their steps, are drawn too. `beside`: (file,
    evaluation) of other models. Returns its path.
    """
    import jinja2

    lines = [line_of(each) for each in ours] + [line_of(each, source) for source, each in beside]
    text = resources.files("training").joinpath("evaluation.html.jinja").read_text(encoding="utf-8")
    template = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined).from_string(text)
    everything = [*lines, *papers()]
    page = template.render(
        style=style(),
        run=run,
        curves=curves(ours) if run else [],
        columns=columns(everything),
        lines=lines,
        papers=papers(),
        lacking=[
            (line_of(e).model, name, s["cannot_run"])
            for e in ours
            for name, s in e["benchmarks"].items()
            if "cannot_run" in s
        ],
    )
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_text(page, encoding="utf-8")
    return to
