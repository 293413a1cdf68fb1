"""Who writes completions and answers: a model in this process, or one behind an OpenAI-compatible endpoint."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from udfs.calls.requests import Request
from udfs.calls.sending import send
from udfs.calls.settings import Settings

if TYPE_CHECKING:
    from training.evaluation.sampling import Sampling
    from udfs.tokens.tokenizer import TextTokenizer

Message = Mapping[str, str]
MOST_STOPS = 4
"""What the API lets a request name; a completion is cut at all of them in any case."""
KEY = "REFINELAKE_KEY"


class Writer(Protocol):
    """For each prompt or chat its samples, raw."""

    def completions(self, prompts: Sequence[str], stops: Sequence[Sequence[str]]) -> list[list[str]]: ...

    def answers(self, chats: Sequence[Sequence[Message]]) -> list[list[str]]: ...


@dataclass(frozen=True)
class Local:
    """A model of transformers and its tokenizer."""

    model: Any
    tokenizer: TextTokenizer
    how: Sampling

    def completions(self, prompts: Sequence[str], stops: Sequence[Sequence[str]]) -> list[list[str]]:
        from training.evaluation.generate import base_prompts, completions

        return completions(self.model, self.tokenizer, base_prompts(prompts, self.tokenizer), self.how, stops)

    def answers(self, chats: Sequence[Sequence[Message]]) -> list[list[str]]:
        from training.evaluation.generate import completions, conversations

        return completions(self.model, self.tokenizer, conversations(chats, self.tokenizer), self.how)


@dataclass(frozen=True)
class Remote:
    """A model that an endpoint serves (vLLM, llama.cpp, any other), asked many times at once."""

    name: str
    settings: Settings
    how: Sampling

    def completions(self, prompts: Sequence[str], stops: Sequence[Sequence[str]]) -> list[list[str]]:
        given = [{"text": p, "stop": list(s[:MOST_STOPS])} for p, s in zip(prompts, stops, strict=True)]
        return self._written(given)

    def answers(self, chats: Sequence[Sequence[Message]]) -> list[list[str]]:
        return self._written([{"messages": tuple(chat)} for chat in chats])

    def _written(self, asked: Sequence[dict[str, Any]]) -> list[list[str]]:
        """Raises ValueError where the endpoint gave no answer; what it refuses for ever is an empty one."""
        wanted = [self._request(each, sample) for each in asked for sample in range(self.how.samples)]
        distinct = {request.key: request for request in wanted}
        texts, failed = dict[str, str](), dict[str, str]()
        for outcome in self._sent(distinct):
            if outcome.status in ("answered", "refused"):
                texts[outcome.key] = outcome.answer.text if outcome.answer is not None else ""
            else:
                failed[outcome.key] = f"{outcome.error}: {outcome.detail}" if outcome.detail else outcome.error
        if failed:
            raise ValueError(
                f"endpoint of {self.name}: expected {len(distinct)} answers, found {len(failed)} requests without one "
                f"({next(iter(failed.values()))}); look at the endpoint and start again"
            )
        found = iter([texts[request.key] for request in wanted])
        return [[next(found) for _ in range(self.how.samples)] for _ in asked]

    def _sent(self, distinct: Mapping[str, Request]) -> Iterator[Any]:
        try:
            yield from send(distinct.values(), self.settings)
        except ImportError as why:
            raise ValueError(str(why)) from None

    def _request(self, asked: dict[str, Any], sample: int) -> Request:
        how = self.how
        given: dict[str, Any] = {"temperature": how.temperature, "max_tokens": how.most}
        given |= {"top_p": how.top_p, "seed": how.seed + sample} if how.temperature else {}
        if asked.get("stop"):
            given["stop"] = asked["stop"]
        return Request(self.name, asked.get("messages", ()), asked.get("text", ""), given, sample)


def remote(url: str, name: str, how: Sampling, concurrency: int = 16, variable: str = KEY) -> Remote:
    """The model `name` at a base URL; its key, where it takes one, stands in an environment variable.

    Raises ValueError for a URL that is none.
    """
    key = os.environ.get(variable, "")
    return Remote(name, Settings({name: [url]}, {name: key} if key else {}, concurrency=concurrency), how)
