"""All recipes, by name, in the order in which they stand in the papers."""

from __future__ import annotations

from collections.abc import Sequence

from udfs.recipes import (
    commits,
    correction,
    diverse,
    educational,
    evol,
    evolution,
    file_quality,
    follow_up,
    infinity,
    interaction,
    mceval,
    open_code_instruct,
    open_code_rows,
    oss_questions,
    package,
    package_api,
    packing,
    problems,
    queries,
    realuser,
    rewriting,
    snippets,
    textbooks,
    traces,
    web_labels,
)
from udfs.recipes.steps import Recipe

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        web_labels.RECIPE,
        file_quality.RECIPE,
        snippets.RECIPE,
        textbooks.RECIPE,
        infinity.RECIPE,
        realuser.RECIPE,
        diverse.RECIPE,
        educational.RECIPE,
        package_api.RECIPE,
        package.RECIPE,
        evol.RECIPE,
        mceval.RECIPE,
        oss_questions.RECIPE,
        evolution.RECIPE,
        open_code_instruct.RECIPE,
        open_code_rows.RECIPE,
        queries.RECIPE,
        problems.RECIPE,
        packing.RECIPE,
        interaction.RECIPE,
        correction.RECIPE,
        follow_up.RECIPE,
        rewriting.RECIPE,
        traces.RECIPE,
        commits.RECIPE,
    )
}


_MAKERS = {
    "package": ("package_api",),
    "open_code_instruct": ("oss_questions", "evolution"),
    "packing": ("queries", "problems"),
    "interaction": ("queries",),
    "follow_up": ("problems",),
}
"""Recipes that make the seeds of others."""


def with_makers(names: Sequence[str]) -> tuple[str, ...]:
    """The recipes, and behind them those that make their seeds."""
    more = (maker for name in names for maker in _MAKERS.get(name, ()))
    return tuple(dict.fromkeys((*names, *more)))


def recipe(name: str) -> Recipe:
    """Raises ValueError for a name that there is none of."""
    if name not in RECIPES:
        raise ValueError(f"recipe {name}: expected one of {', '.join(RECIPES)}, found none of that name; correct it")
    return RECIPES[name]
