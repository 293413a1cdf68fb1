"""The page of one or more runs: curves, what they read down to table versions, what happened, scores."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from schemas.pictures import style
from training.curves import by_name, curve, point, sparks
from training.runs import Carried

CURVES = (
    ("loss", "loss, nats a supervised token: mean of the steps since the last point, from the least to the most"),
    ("rate", "learning rate"),
    ("norm", "gradient norm before clipping"),
    ("tokens_per_second", "tokens a second"),
    ("mfu_full", "MFU: (6 N + 12 L d s) x tokens/s / peak"),
    ("pass_at_1", "pass@1 of a few tasks, answered greedily"),
    ("data_wait", "share of the step spent waiting for data"),
)

NAMED = (
    ("held_out_bits_per_byte", "held-out bits per byte by language: the first value, the curve, the last value"),
    ("held_out_loss", "loss of held-out answers by language, nats a token: the first value, the curve, the last value"),
    ("by_source", "loss by source of the training batch, nats a token: the first value, the curve, the last value"),
)


def about(run: Carried, logarithmic: bool = False) -> dict[str, Any]:
    """What the template shows of a run; `logarithmic` scales the steps of its curves."""
    log, events = run.log(), run.events()
    drawn = [(title, curve([p for row in log if (p := point(row, key))], logarithmic)) for key, title in CURVES]
    named = [(title, sparks(by_name(log, key), title, logarithmic)) for key, title in NAMED]
    skipped = [event for event in events if event["event"] == "skipped"]
    return {
        "name": f"{run.run.name} in {run.folder.name}",
        "first": log[0] if log else None,
        "last": log[-1] if log else None,
        "steps": (run.whole["first_step"], run.whole["last_step"], run.done()),
        "curves": [(title, svg) for title, svg in drawn if svg],
        "named": [(title, svg) for title, svg in named if svg],
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


def write(
    runs: Sequence[Carried],
    to: Path,
    data_report: str | None = None,
    evaluations: Sequence[Path] = (),
    logarithmic: bool = False,
) -> Path:
    """Write the page; `data_report` is linked as it is given, `logarithmic` scales steps. Returns its path."""
    import jinja2

    text = resources.files("training").joinpath("report.html.jinja").read_text(encoding="utf-8")
    template = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined).from_string(text)
    page = template.render(
        runs=[about(run, logarithmic) for run in runs],
        data_report=data_report,
        evaluations=[scores(file) for file in evaluations],
        number=lambda n: f"{n:,}",
        style=style(),
    )
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_text(page, encoding="utf-8")
    return to
