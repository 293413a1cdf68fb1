"""What is wrong with parameters of the synthetic half, in one line each, before anything is asked or read.

No value of an endpoint is shown: it may hold a key.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from string import digits
from typing import Any
from urllib.parse import parse_qsl

from udfs.calls.settings import base_url, label
from udfs.recipes.book import RECIPES

FEATURES = ("json_schema", "logprobs", "seed", "completion")
_OURS = ("best_of", "messages", "model", "n", "prompt", "stream", "stream_options")
_SECRET = re.compile(r"key|token|secret|password|sig|auth|code", re.IGNORECASE)


def texts(section: str, **given: Mapping[str, Any] | Iterable[Any]) -> None:
    """Raises ValueError where a value is no text, or an empty one."""
    for name, values in given.items():
        items = values.items() if isinstance(values, Mapping) else enumerate(values, 1)
        for key, value in items:
            if not isinstance(value, str) or not value.strip():
                found = "an empty one" if isinstance(value, str) else type(value).__name__
                raise ValueError(f"{section}.{name}: expected a text for {key}, found {found}; write it in quotes")


def numbers(section: str, least: float, **given: Any) -> None:
    """Raises ValueError where a number is below `least`, or no number."""
    for name, value in given.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value < math.inf:
            raise ValueError(f"{section}.{name}: expected a number from {least:g}, found {value!r}")


def endpoints(given: Mapping[str, str]) -> None:
    """Raises ValueError for what is no base URL, and for a key that stands in one: parameters are recorded."""
    for model, urls in given.items():
        for url in urls.split():
            try:
                _, query = base_url(url)
            except ValueError as error:
                raise ValueError(f"calls.{error} (model {model})") from None
            if names := [name for name, _ in parse_qsl(query, keep_blank_values=True) if _SECRET.search(name)]:
                raise ValueError(
                    f"calls.endpoints: expected no key in the URL of {label(url)}, found {', '.join(names)}; "
                    "parameters are recorded: set REFINELAKE_KEY in the environment"
                )


def models(given: Mapping[str, str]) -> None:
    """Raises ValueError for a step that no recipe has: its model would never be asked."""
    for name in given:
        recipe, dot, step = name.partition(".")
        steps = {asked for asked, _, _ in RECIPES[recipe].asks} if recipe in RECIPES else set()
        # A second judge, or a third question, is numbered.
        plain = {asked.rstrip(digits) for asked in steps}
        if name != "default" and (recipe not in RECIPES or (dot and step.rstrip(digits) not in plain)):
            known = f"a step of {recipe} ({', '.join(sorted(steps))})" if steps else "default, RECIPE or RECIPE.STEP"
            raise ValueError(f"calls.models: expected {known}, found {name}; refinelake instruct recipes lists them")


def of_models(known: Iterable[str], **given: Mapping[str, Any]) -> None:
    """Raises ValueError for what is said of a model that has no endpoint: a price by a wrong name is no price."""
    for name, about in given.items():
        if lost := sorted(about.keys() - set(known)):
            raise ValueError(f"calls.{name}: expected models of calls.endpoints, found {', '.join(lost)}; correct them")


def features(given: Mapping[str, str]) -> None:
    """Raises ValueError for a word that says nothing."""
    for model, words in given.items():
        if unknown := sorted(set(words.split()) - set(FEATURES)):
            raise ValueError(
                f"calls.features: expected words out of {', '.join(FEATURES)}, found {', '.join(unknown)} of {model}"
            )


def prices(given: Mapping[str, Any]) -> None:
    """Raises ValueError where a price is not two amounts from 0."""
    for model, price in given.items():
        whole = isinstance(price, (list, tuple)) and len(price) == 2
        plain = whole and all(isinstance(p, (int, float)) and not isinstance(p, bool) for p in price)
        if not plain or not all(0 <= p < math.inf for p in price):
            raise ValueError(
                f"calls.prices: expected [prompt, answer] a million tokens by model, found {price!r} of {model}"
            )


def parameters(given: Mapping[str, Any]) -> None:
    """Raises ValueError for what is set elsewhere: every call would be refused."""
    if wrong := sorted(set(_OURS) & given.keys()):
        found = ", ".join(wrong)
        raise ValueError(f"calls.parameters: expected none that is set elsewhere, found {found}; leave it out")
