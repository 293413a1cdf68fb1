"""run.json: what a run folder says of itself. Read without torch, so that questions about a run answer at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from training.inputs import Inputs
from training.settings import Run

RUN_FILE = "run.json"


def reopened(folder: Path) -> tuple[Run, Inputs, dict[str, Any]]:
    """Settings and inputs of a run from its run.json, and the whole file. Raises ValueError."""
    file = folder / RUN_FILE
    if not file.exists():
        raise ValueError(f"{folder}: expected a run with {RUN_FILE}, found none; name the folder that train wrote to")
    whole = json.loads(file.read_text(encoding="utf-8"))
    return Run.from_dict(whole["run"]), Inputs.from_dict(whole["inputs"]), whole
