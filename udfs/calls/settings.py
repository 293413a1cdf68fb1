"""How endpoints are asked: where they are, how fast, how long, how often, and what a token costs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any
from urllib.parse import urlsplit, urlunsplit

Price = Sequence[float]
"""Money per million prompt tokens, per million completion tokens and, where it differs, per million cached ones."""
_WHOLE = ("concurrency", "tries", "breaker_failures", "tasks")
_ABOVE_ZERO = ("deadline_s", "timeout_s", "connect_s", "idle_s", "backoff_s", "backoff_most_s", "breaker_rest_s")
_FROM_ZERO = ("requests_per_minute", "tokens_per_minute", "breaker_probes")
_SPOKEN = ("/chat/completions", "/completions")


@dataclass(frozen=True, repr=False)
class Settings:
    """Settings of one task's calls; `divided` makes them of those of the whole run. Times are seconds.

    endpoints: base URLs by model, several share the load. A URL without a path gets /v1, any other path is left as it
    is. keys: API keys by base URL or by model (the URL first), sent as bearer; they, and `headers`, are never shown.
    served_as: the endpoints' own name of a model. prices: see Price; a model without one costs 0.
    concurrency: most calls in flight, of each model's endpoint and of the task. requests_per_minute,
    tokens_per_minute: of the task, 0 for no limit; a call counts its prompt (a token is 4 bytes) and max_tokens, and
    what it did not use is given back.
    deadline_s: from the first try of a row to its end. timeout_s: of one try. connect_s: to connect. idle_s: between
    two pieces of a stream. tries: most of a row; answers that only say "later" (429, or 503 with Retry-After) are not
    counted, the deadline ends them. backoff_s, backoff_most_s: the wait before the n-th retry is drawn from 0 to
    the lesser of backoff_s x 2^n and backoff_most_s (full jitter).
    breaker_failures: that many in a row open an endpoint's breaker, breaker_rest_s later one call probes it, and
    rows wait; after breaker_probes probes in vain it is down: rows fail at once, but for a probe now and then.
    stream: ask for a stream; stream_usage: and for its token counts. check_model: an answer under another model's
    name is an error. answer_bytes: most of a reply.
    """

    endpoints: Mapping[str, Sequence[str]]
    keys: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    served_as: Mapping[str, str] = field(default_factory=dict)
    prices: Mapping[str, Price] = field(default_factory=dict)
    concurrency: int = 32
    requests_per_minute: float = 0.0
    tokens_per_minute: float = 0.0
    deadline_s: float = 900.0
    timeout_s: float = 300.0
    connect_s: float = 10.0
    idle_s: float = 60.0
    tries: int = 5
    backoff_s: float = 1.0
    backoff_most_s: float = 60.0
    breaker_failures: int = 10
    breaker_rest_s: float = 5.0
    breaker_probes: int = 2
    stream: bool = False
    stream_usage: bool = True
    verify_tls: bool = True
    check_model: bool = False
    answer_bytes: int = 32 << 20
    tasks: int = 1

    def __post_init__(self) -> None:
        """Raises ValueError for what no call could be made with."""
        _numbers(self)
        for model, urls in self.endpoints.items():
            if isinstance(urls, str) or not urls:
                raise ValueError(f"endpoints.{model}: expected a list of one base URL or more, found {_found(urls)}")
            for url in urls:
                base_url(url)
        for model, price in self.prices.items():
            if len(price) not in (2, 3) or not all(math.isfinite(p) and p >= 0 for p in price):
                raise ValueError(
                    f"prices.{model}: expected money per million prompt tokens and per million completion tokens "
                    f"(and per million cached ones), none negative, found {tuple(price)}"
                )
        places = {base_url(url) for urls in self.endpoints.values() for url in urls}
        for name in self.keys:
            if name not in self.endpoints and not ("://" in name and base_url(name) in places):
                raise ValueError(f"keys: expected the name of a model or a base URL of endpoints, found {_shown(name)}")
        _sendable(self.keys, "keys")
        _sendable(self.headers, "headers")

    def divided(self, tasks: int) -> Settings:
        """The share of one of `tasks` tasks that run at once. Raises ValueError where a task would have no call."""
        if not 1 <= tasks <= self.concurrency:
            raise ValueError(
                f"tasks: expected 1 to {self.concurrency}, one call at once for each task, found {tasks}; "
                "run fewer tasks, or raise the concurrency"
            )
        return replace(
            self,
            concurrency=self.concurrency // tasks,
            requests_per_minute=self.requests_per_minute / tasks,
            tokens_per_minute=self.tokens_per_minute / tasks,
            tasks=self.tasks * tasks,
        )

    def key_of(self, model: str, url: str) -> str:
        """The API key for a model at a base URL as `endpoints` has it, empty where none is sent."""
        place = base_url(url)
        of_url = (key for name, key in self.keys.items() if "://" in name and base_url(name) == place)
        return next(of_url, "") or self.keys.get(model, "")

    def secrets(self) -> tuple[str, ...]:
        """All that must not stand in a message, longest first."""
        found = {*self.keys.values(), *self.headers.values()}
        for urls in self.endpoints.values():
            found |= {value for url in urls for value in [urlsplit(url).query] if value}
        return tuple(sorted((s for s in found if len(s) > 3), key=len, reverse=True))

    def __repr__(self) -> str:
        hidden = {"keys": f"<{len(self.keys)} hidden>", "headers": f"<{len(self.headers)} hidden>"}
        hidden["endpoints"] = repr({model: [label(u) for u in urls] for model, urls in self.endpoints.items()})
        shown = (f"{f.name}={hidden.get(f.name) or repr(getattr(self, f.name))}" for f in fields(self))
        return f"Settings({', '.join(shown)})"


def base_url(url: str) -> tuple[str, str]:
    """(base URL without a slash at its end, its query). Raises ValueError, which does not show what may be a secret."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("endpoints: expected base URLs like http://HOST:8000/v1, found one without http or a host")
    if parts.username is not None or parts.password is not None:
        raise ValueError(
            f"endpoints: expected no credentials in the URL of {label(url)}, found some; name them in keys"
        )
    path = parts.path.rstrip("/")
    for spoken in _SPOKEN:
        path = path.removesuffix(spoken)
    return urlunsplit((parts.scheme, parts.netloc, path or "/v1", "", "")), parts.query


def label(url: str) -> str:
    """Host and port, all that is told of an endpoint."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)


def _numbers(settings: Settings) -> None:
    least: dict[str, tuple[float, str]] = dict.fromkeys(_WHOLE, (1, "a whole number from 1"))
    least |= dict.fromkeys(_ABOVE_ZERO, (0, "a number above 0")) | dict.fromkeys(_FROM_ZERO, (0, "0 or more"))
    for name, (floor, expected) in least.items():
        value: Any = getattr(settings, name)
        wrong = not isinstance(value, (int, float)) or isinstance(value, bool) or not math.isfinite(value)
        wrong = wrong or (name in _WHOLE and value != int(value)) or value < floor
        if wrong or (name in _ABOVE_ZERO and value <= 0):
            raise ValueError(f"{name}: expected {expected}, found {value!r}")


def _sendable(values: Mapping[str, str], what: str) -> None:
    for name, value in values.items():
        if not value.isascii() or not value.isprintable():
            raise ValueError(f"{what}: expected printable ASCII for {_shown(name)}, found other signs")


def _found(urls: Sequence[str]) -> str:
    return "none" if not urls else f"one {type(urls).__name__}"


def _shown(name: str) -> str:
    return label(name) if "://" in name else name
