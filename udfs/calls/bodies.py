"""A request as the API's bodies: chats, and texts to be continued."""

from __future__ import annotations

import json
from typing import Any

from udfs.calls.requests import Request

UNSENT = frozenset({"prompt"})
"""Parameters that are part of a request's identity only: the version of its prompt."""
_OURS = frozenset({"model", "messages", "stream", "stream_options"})


def path_of(request: Request) -> str:
    """Below the base URL."""
    return "/chat/completions" if request.messages else "/completions"


def body_of(request: Request, served: str, stream: bool, usage: bool) -> bytes:
    """JSON as the endpoint reads it. Raises ValueError for a request that cannot be sent."""
    said: dict[str, Any] = {k: v for k, v in request.parameters.items() if k not in UNSENT and v is not None}
    if wrong := sorted(_OURS & said.keys()):
        raise ValueError(f"parameters: expected none that the sender sets itself, found {', '.join(wrong)}")
    if said.get("n", 1) != 1 or said.get("best_of", 1) != 1:
        raise ValueError("parameters: expected one answer a request, numbered by `sample`, found n or best_of above 1")
    said["model"] = served
    if request.messages:
        if not all(isinstance(m.get(name), str) for m in request.messages for name in ("role", "content")):
            raise ValueError("messages: expected a role and a content of text in each, found others")
        said["messages"] = [dict(m) for m in request.messages]
    else:
        said["prompt"] = request.text
        _completions_logprobs(said)
    if stream:
        said["stream"] = True
        if usage:
            said["stream_options"] = {"include_usage": True}
    try:
        return json.dumps(said, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError) as why:
        raise ValueError(f"parameters: expected what JSON can say, found {why}") from None


def _completions_logprobs(said: dict[str, Any]) -> None:
    """There `logprobs` is the number of alternatives."""
    wanted, number = said.pop("logprobs", None), said.pop("top_logprobs", None)
    if wanted is True:
        said["logprobs"] = number or 1
    elif wanted not in (None, False):
        said["logprobs"] = wanted
