"""A request to a language model and its identity: who asks twice for the same gets the same answer, and pays once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from schemas.storable import utf8_bytes

Message = Mapping[str, str]


@dataclass(frozen=True)
class Request:
    """`messages` for a chat, else one `text` to be continued. `parameters` are those of the API (temperature,
    max_tokens, stop, response_format, logprobs, ...); `sample` numbers several answers to the same.
    """

    model: str
    messages: Sequence[Message] = ()
    text: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    sample: int = 0

    def __post_init__(self) -> None:
        if bool(self.messages) == bool(self.text):
            raise ValueError(f"request to {self.model}: expected messages or a text, found both or none")

    def canonical(self) -> str:
        """JSON with sorted keys and no spaces, of all that the answer hangs on but the endpoint."""
        said = {"messages": [dict(m) for m in self.messages]} if self.messages else {"text": self.text}
        whole = said | {"model": self.model, "parameters": dict(self.parameters), "sample": self.sample}
        return json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    @property
    def key(self) -> str:
        """SHA-256 of the canonical form."""
        return hashlib.sha256(self.canonical().encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def prompt_bytes(self) -> int:
        """UTF-8 bytes of all that is sent as text; no tokenizer makes more tokens of it (but for a chat's frame)."""
        texts = [self.text, *(m["content"] for m in self.messages)]
        return sum(map(utf8_bytes, texts))

    @property
    def most_tokens(self) -> int:
        """Most tokens of the answer."""
        return int(self.parameters.get("max_tokens", 0))


def request_of(canonical: str) -> Request:
    """The request of a canonical form."""
    said = json.loads(canonical)
    return Request(
        said["model"], tuple(said.get("messages", ())), said.get("text", ""), said["parameters"], said["sample"]
    )


@dataclass(frozen=True)
class Answer:
    """What came back: `text` without `reasoning`; `finish` is stop, length, or tool_calls; tokens as the endpoint
    counts them. `logprobs` are the alternatives of the first tokens, {token: log-probability}; `refused` the class of
    an error that the request itself causes (bad_request, too_long, content_filter): asking again would give it again.
    """

    text: str = ""
    reasoning: str = ""
    finish: str = "stop"
    logprobs: tuple[Mapping[str, float], ...] = ()
    refused: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
