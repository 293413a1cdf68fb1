"""Where a recall model is: a folder that a process reaches, or a URL, which is copied to this machine once."""

from __future__ import annotations

import hashlib
from functools import lru_cache

from schemas.identity import code_identity
from udfs.reading.here import folder_here
from udfs.web.classifier import Recall


@lru_cache(4)
def recall_model(location: str) -> Recall:
    """The model of a location. Raises ValueError where none is there, OSError or the driver's error without access."""
    return Recall(folder_here(location, "a recall model"))


def scoring_version(models: dict[str, str]) -> str:
    """Kernel version of scores by these models, by tag: moves with the models and the code that scores, and not with
    the folders. Raises ValueError where one is missing.
    """
    if not models:
        return "none"
    versions = [(tag, recall_model(place).version) for tag, place in sorted(models.items())]
    return hashlib.sha256(f"{code_identity('udfs.web.classifier')} {versions}".encode()).hexdigest()[:16]
