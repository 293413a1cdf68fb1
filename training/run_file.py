"""run.json: what a run folder says of itself. Read without torch, so that questions about a run answer at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from training.inputs import Inputs
from training.settings import Run

RUN_FILE = "run.json"


def logged(folder: Path) -> list[dict[str, Any]]:
    """Lines of log.jsonl; of a step that a resume carried out again, the last one."""
    return list({row["step"]: row for row in json_lines(folder / "log.jsonl")}.values())


def json_lines(file: Path) -> list[dict[str, Any]]:
    """The lines of a file that may not exist; the last one of a killed run may be cut off."""
    if not file.exists():
        return []
    found = []
    for line in file.read_text(encoding="utf-8").splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found


def reopened(folder: Path) -> tuple[Run, Inputs, dict[str, Any]]:
    """Settings and inputs of a run from its run.json, and the whole file. Raises ValueError."""
    file = folder / RUN_FILE
    if not file.exists():
        raise ValueError(f"{folder}: expected a run with {RUN_FILE}, found none; name the folder that train wrote to")
    whole = json.loads(file.read_text(encoding="utf-8"))
    return Run.from_dict(whole["run"]), Inputs.from_dict(whole["inputs"]), whole
