"""The classifiers that a warehouse has pinned: in force wherever no parameter names others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Protocol

from jobs.code.parameters import RepositoryText
from jobs.web.parameters import Recall
from schemas.contract import Table
from schemas.recall import RECALL_MODELS, TEXT_TAG


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
    models = {tag: row["location"] for tag, row in pinned(lake).items() if tag != TEXT_TAG}
    return params | {Recall: replace(asked, models=models)}


def pinned_text_model(lake: Small, params: dict[type, Any]) -> dict[type, Any]:
    """The parameters with the pinned classifier of text files, where one may be used and none is named."""
    asked = params[RepositoryText]
    if asked.model or asked.recall != "auto":
        return params
    row = pinned(lake).get(TEXT_TAG)
    return params if row is None else params | {RepositoryText: replace(asked, model=row["location"])}
