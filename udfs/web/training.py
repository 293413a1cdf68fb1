"""What a round says of its classifier beside the model: its number, and from which score on a page is recalled."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from udfs.web.classifier import Recall

_SAID = "round.json"


@dataclass(frozen=True)
class Said:
    """`threshold` is a score from 0 to 1, chosen by recall; `round` counts from 1."""

    threshold: float
    round: int


def say(model: Recall, said: Said) -> None:
    """Write it into the model's folder; it is no part of the model's version."""
    (model.folder / _SAID).write_text(json.dumps(asdict(said), sort_keys=True) + "\n", encoding="utf-8")


def said_of(model: Recall) -> Said:
    """Raises ValueError, naming the folder, where nothing is said or something else."""
    try:
        said = Said(**json.loads((model.folder / _SAID).read_text(encoding="utf-8")))
        return Said(float(said.threshold), int(said.round))
    except (OSError, TypeError, ValueError) as error:
        raise ValueError(
            f"{model.folder}: expected {_SAID} with threshold and round, found {type(error).__name__}: {error}; "
            "refinelake web train writes it"
        ) from error
