"""The scorer of quality that a warehouse has pinned: in force wherever no parameter names another."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Protocol

from jobs.code.parameters import Filter, Quality
from schemas.contract import Table
from schemas.quality import QUALITY_MODELS
from udfs.rules.learned import is_learned
from udfs.rules.load import load_rules


class Small(Protocol):
    """What reads a small table."""

    def small(self, table: Table) -> list[dict[str, Any]]: ...


def in_force(lake: Small) -> dict[str, Any] | None:
    """The row of quality_models that was pinned last."""
    rows = [r for r in lake.small(QUALITY_MODELS) if r["pinned_at"] is not None]
    return max(rows, key=lambda r: (r["pinned_at"], r["version"]), default=None)


def with_scorer(lake: Small, params: dict[type, Any]) -> dict[type, Any]:
    """The parameters with the pinned scorer, where none is named.

    Raises ValueError where rules in force read a learned score and there is no scorer: all would pass for good.
    """
    asked = params[Quality]
    row = None if asked.model else in_force(lake)
    found = replace(asked, model=row["location"]) if row else asked
    rules = params[Filter].rules
    if not found.scores and any(is_learned(r.signal) for s in load_rules(rules).sets.values() for r in s):
        raise ValueError(
            f"filter.rules={rules}: expected a scorer for its rules on the learned score, found "
            f"{'quality.model=off' if found.model else 'none pinned'}; refinelake quality train makes one, "
            "quality.model names one"
        )
    return params | {Quality: found}
