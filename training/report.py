"""The page of one or more runs: curves, what they read down to table versions, what happened, scores."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from schemas.pictures import style
from training.runs import Carried

CURVES = (
    ("loss", "loss, nats a supervised token"),
    ("rate", "learning rate"),
    ("norm", "gradient norm before clipping"),
    ("tokens_per_second", "tokens a second"),
    ("mfu_full", "MFU: (6 N + 12 L d s) x tokens/s / peak"),
    ("data_wait", "share of the step spent waiting for data"),
)
_WIDTH, _HEIGHT, _LEFT = 640, 150, 70
_MOST_POINTS = 600


def curve(points: Sequence[tuple[float, float]]) -> str:
    """An SVG line with its extremes written out; empty where there are fewer than two finite points."""
    finite = [(x, y) for x, y in points if math.isfinite(y)]
    if len(finite) < 2:
        return ""
    finite = finite[:: max(1, len(finite) // _MOST_POINTS)] + finite[-1:]
    (x0, x1), (y0, y1) = ((min(v), max(v)) for v in zip(*finite, strict=True))
    across, up = (x1 - x0) or 1, (y1 - y0) or abs(y1) or 1
    places = " ".join(f"{_LEFT + (x - x0) / across * _WIDTH:.1f},{10 + (y1 - y) / up * _HEIGHT:.1f}" for x, y in finite)
    marks = f'<text x="0" y="18">{y1:.4g}</text><text x="0" y="{_HEIGHT + 10}">{y0:.4g}</text>'
    ends = f'<text x="{_LEFT}" y="{_HEIGHT + 28}">{x0:,.0f}</text>'
    ends += f'<text x="{_LEFT + _WIDTH}" y="{_HEIGHT + 28}" text-anchor="end">{x1:,.0f}</text>'
    return (
        f'<svg viewBox="0 0 {_LEFT + _WIDTH + 10} {_HEIGHT + 34}" role="img">'
        f'<polyline points="{places}"/>{marks}{ends}</svg>'
    )


def about(run: Carried) -> dict[str, Any]:
    """What the template shows of a run."""
    log, events = run.log(), run.events()
    drawn = [(title, curve([(r["step"], r[key]) for r in log if r.get(key) is not None])) for key, title in CURVES]
    skipped = [event for event in events if event["event"] == "skipped"]
    return {
        "name": f"{run.run.name} in {run.folder.name}",
        "first": log[0] if log else None,
        "last": log[-1] if log else None,
        "steps": (run.whole["first_step"], run.whole["last_step"], run.done()),
        "curves": [(title, svg) for title, svg in drawn if svg],
        "sources": run.whole["lineage"][-1]["sources"],
        "mixture": log[-1]["mixture"] if log else {},
        "versions": run.whole["versions"],
        "tokenizer": run.whole["tokenizer_hash"],
        "settings": json.dumps(run.run.as_dict(), indent=1),
        "ranks": run.whole["ranks"],
        "skipped": skipped,
        "account": next((event["account"] for event in events if "account" in event), {}),
        "resumed": [event for event in events if event["event"] == "resumed"],
        "saved": [event for event in events if event["event"] == "saved"],
        "notices": [notice for event in events for notice in event.get("notices", ())],
    }


def scores(file: Path) -> dict[str, Any]:
    """evaluation.json, as evaluate wrote it. Raises ValueError."""
    try:
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return found
    except (OSError, ValueError) as error:
        raise ValueError(f"{file}: expected an evaluation.json, found {error}; run refinelake evaluate") from None


def write(runs: Sequence[Carried], to: Path, data_report: str | None = None, evaluations: Sequence[Path] = ()) -> Path:
    """Write the page; `data_report` is linked as it is given. Returns its path."""
    import jinja2

    text = resources.files("training").joinpath("report.html.jinja").read_text(encoding="utf-8")
    template = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined).from_string(text)
    page = template.render(
        runs=[about(run) for run in runs],
        data_report=data_report,
        evaluations=[scores(file) for file in evaluations],
        number=lambda n: f"{n:,}",
        style=style(),
    )
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_text(page, encoding="utf-8")
    return to
