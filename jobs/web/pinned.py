"""The classifiers that a warehouse has pinned: in force wherever no parameter names others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Protocol

from jobs.web.parameters import Recall
from schemas.contract import Table
from schemas.recall import RECALL_MODELS


class Small(Protocol):
    """What reads a small table."""

    def small(self, table: Table) -> list[dict[str, Any]]: ...


def pinned(lake: Small) -> dict[str, dict[str, Any]]:
    """The row of recall_models in force, by tag."""
    rows = [r for r in lake.small(RECALL_MODELS) if r["pinned_at"] is not None]
    return {r["tag"]: r for r in sorted(rows, key=lambda r: (r["pinned_at"], r["round"]))}


def pinned_models(lake: Small, params: dict[type, Any]) -> dict[type, Any]:
    """The parameters with the pinned classifiers, where none is named."""
    asked = params[Recall]
    if asked.models:
        return params
    models = {tag: row["location"] for tag, row in pinned(lake).items()}
    return params | {Recall: replace(asked, models=models)}
