"""Where curves go beside log.jsonl: TensorBoard, MLflow, Weights & Biases. What one cannot do stops no run.

Weights & Biases writes below the run's folder; WANDB_MODE=offline keeps it there, `wandb sync` sends it later.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from training.run_file import RUN_FILE
from training.settings import Seeing

PACKAGES = {"tensorboard": "tensorboard", "mlflow": "mlflow", "wandb": "wandb"}
PROJECT = "refinelake"


class Tracker(Protocol):
    def step(self, numbers: Mapping[str, float], step: int) -> None: ...

    def close(self) -> None: ...


def check(seeing: Seeing) -> None:
    """Raises ValueError where a tracker's package is missing; of the first rank, which alone needs it."""
    for name in _wanted(seeing) if os.environ.get("RANK", "0") == "0" else ():
        if find_spec(PACKAGES[name]) is None:
            raise ValueError(
                f"seeing.{name}: expected the package {PACKAGES[name]}, found none; install it, or leave this out"
            )


def _wanted(seeing: Seeing) -> list[str]:
    return [name for name in PACKAGES if getattr(seeing, name)]


class Trackers:
    """Those that are wanted. One that fails is named in one line and left out from then on."""

    def __init__(self, folder: Path, seeing: Seeing, name: str) -> None:
        kinds: dict[str, type[TensorBoard | MLflow | WeightsAndBiases]]
        kinds = {"tensorboard": TensorBoard, "mlflow": MLflow, "wandb": WeightsAndBiases}
        self._open: dict[str, Tracker] = {}
        for wanted in _wanted(seeing):
            try:
                self._open[wanted] = kinds[wanted](folder, name)
            except Exception as error:  # of any kind: these are packages of others
                said = f"seeing.{wanted}: expected it to start, found {_line(error)}; mend that, or leave it out"
                raise ValueError(said) from error

    def step(self, row: Mapping[str, Any]) -> None:
        """The numbers of a logged step, those of groups named GROUP/NAME."""
        numbers = {k: v for k, v in flat(row).items() if k != "step"}
        for name, tracker in list(self._open.items()):
            try:
                tracker.step(numbers, int(row["step"]))
            except Exception as error:
                print(f"seeing.{name}: failed at step {row['step']} and is left out: {_line(error)}", flush=True)
                del self._open[name]

    def close(self) -> None:
        for name, tracker in self._open.items():
            try:
                tracker.close()
            except Exception as error:
                print(f"seeing.{name}: failed at the end: {_line(error)}", flush=True)
        self._open = {}


def flat(row: Mapping[str, Any], before: str = "") -> dict[str, float]:
    """Finite numbers by name."""
    found: dict[str, float] = {}
    for key, value in row.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{before}{key}/")
        elif isinstance(value, (int, float)) and math.isfinite(value):
            found[f"{before}{key}"] = float(value)
    return found


def _line(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


class TensorBoard:
    def __init__(self, folder: Path, name: str) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._writer: Any = SummaryWriter(str(folder / "tensorboard"))

    def step(self, numbers: Mapping[str, float], step: int) -> None:
        for key, value in numbers.items():
            self._writer.add_scalar(key, value, step)

    def close(self) -> None:
        self._writer.close()


class MLflow:
    def __init__(self, folder: Path, name: str) -> None:
        import mlflow

        self._mlflow = mlflow
        mlflow.start_run(run_name=name)

    def step(self, numbers: Mapping[str, float], step: int) -> None:
        # It allows letters, digits and _ - . / space : in a name.
        named = {"".join(c if c.isalnum() or c in "_-./ :" else "_" for c in key): v for key, v in numbers.items()}
        self._mlflow.log_metrics(named, step=step)

    def close(self) -> None:
        self._mlflow.end_run()


class WeightsAndBiases:
    def __init__(self, folder: Path, name: str) -> None:
        import wandb

        file = folder / RUN_FILE
        config = json.loads(file.read_text(encoding="utf-8"))["run"] if file.exists() else {}
        # The same for every start of a run: what resumes goes on with its curves.
        known = hashlib.sha256(str(folder.absolute()).encode()).hexdigest()[:16]
        self._run: Any = wandb.init(
            project=os.environ.get("WANDB_PROJECT", PROJECT),
            name=name,
            id=known,
            resume="allow",
            dir=str(folder),
            config=config,
        )

    def step(self, numbers: Mapping[str, float], step: int) -> None:
        self._run.log(dict(numbers), step=step)

    def close(self) -> None:
        self._run.finish()
