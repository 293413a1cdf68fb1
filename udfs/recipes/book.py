"""All recipes, by name, in the order in which they stand in the paper."""

from __future__ import annotations

from udfs.recipes import (
    diverse,
    educational,
    evol,
    infinity,
    mceval,
    package,
    package_api,
    realuser,
    snippets,
    textbooks,
    web_labels,
)
from udfs.recipes.steps import Recipe

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        web_labels.RECIPE,
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
    )
}


def recipe(name: str) -> Recipe:
    """Raises ValueError for a name that there is none of."""
    if name not in RECIPES:
        raise ValueError(f"recipe {name}: expected one of {', '.join(RECIPES)}, found none of that name; correct it")
    return RECIPES[name]
