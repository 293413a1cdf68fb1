"""Which recipes a command plays: known by name, with a model for each step, and what is stored of the others."""

from __future__ import annotations

from typing import Any

from pyspark.sql import functions as F

from jobs.instruct.endpoints import settings_of
from jobs.instruct.parameters import Synthesis, synthesis
from jobs.runtime.tables import Lake
from schemas.instruct import PLAYED
from udfs.recipes import book


def stored_versions(lake: Lake) -> dict[str, str]:
    """The version of each recipe that threads are stored of; of several the one of most threads."""
    found: dict[str, tuple[int, str]] = {}
    for table in PLAYED:
        if lake.version(table.name) is None:
            continue
        by = lake.read(table).groupBy("recipe", "recipe_version").agg(F.count(F.lit(1)).alias("n")).collect()
        for row in by:  # a handful: a version is forgotten once another is in force
            found[row["recipe"]] = max(found.get(row["recipe"], (0, "")), (row["n"], row["recipe_version"]))
    return {recipe: version for recipe, (_, version) in found.items()}


def known_recipes(names: list[str]) -> None:
    """Raises ValueError for a name that there is no recipe of."""
    for name in names:
        book.recipe(name)


def check_models(params: dict[type, Any], only: tuple[str, ...] = ()) -> None:
    """Whether each step of each recipe that is asked for, or of those of `only`, has a model. Raises ValueError that
    says what is needed.
    """
    p: Synthesis = synthesis(params)[Synthesis]
    settings_of(p.calls, 1)  # keys too, before any work
    missing = []
    for recipe in only or p.recipes.asked():
        for step, _, times in book.RECIPES[recipe].asked(p.settings_of(recipe)):
            if times and not p.calls.as_models().named(recipe, step):
                missing.append(f"{recipe}.{step}")
    if missing:
        raise ValueError(
            f"calls.models: expected a model for every step of {', '.join(only or p.recipes.asked())}, found none for "
            f"{', '.join(missing[:5])}{' and others' if len(missing) > 5 else ''}; name an endpoint that speaks "
            "OpenAI's protocol, as in --set 'calls.endpoints={m=\"http://HOST:8000/v1\"}' "
            "--set 'calls.models={default=\"m\"}', or fewer recipes by --recipe"
        )
