"""From the parameters of calls, and keys of the driver's environment, to the settings of one task's client."""

from __future__ import annotations

import os
import re

from jobs.instruct.parameters import Calls
from udfs.calls.sending import Settings

KEY = "REFINELAKE_KEY"


def keys_of(p: Calls) -> dict[str, str]:
    """The key of each model that has one: REFINELAKE_KEY_<MODEL>, else REFINELAKE_KEY."""
    found = {}
    for model in p.endpoints:
        name = f"{KEY}_{re.sub('[^A-Z0-9]', '_', model.upper())}"
        if key := os.environ.get(name) or os.environ.get(KEY):
            found[model] = key
    return found


def settings_of(p: Calls, tasks: int) -> Settings:
    """A task's share of what all tasks may do together."""
    whole = Settings(
        endpoints={model: tuple(urls.split()) for model, urls in p.endpoints.items()},
        keys=keys_of(p),
        served_as=p.served_as,
        concurrency=p.concurrency,
        requests_per_minute=p.per_minute,
        tokens_per_minute=p.tokens_per_minute,
        tries=p.tries,
        timeout_s=p.timeout,
        deadline_s=p.deadline,
        stream=p.stream,
        prices={model: (asked, given) for model, (asked, given) in p.prices.items()},
    )
    return whole.divided(tasks)
