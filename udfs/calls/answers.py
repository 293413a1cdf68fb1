"""Read an answer of the API, chat or completion: nothing is taken for an answer that may be a part of one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeGuard

from udfs.calls.faults import Fault, error_in
from udfs.calls.money import Usage, about_tokens
from udfs.calls.requests import Answer, Request

FIRST_TOKENS = 32
"""Log-probabilities are kept of so many."""
_FINISHES = {
    "end_turn": "stop",
    "eos": "stop",
    "eos_token": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "function_call": "tool_calls",
}
"""Other servers' names of the API's finish reasons."""
_BROKEN_OFF = frozenset({"abort", "aborted", "cancelled", "error", "insufficient_system_resource"})
_THINKS, _THOUGHT = "<think>", "</think>"


@dataclass(frozen=True)
class Reply:
    """`served` is the model's name there. `estimated` where the endpoint counted no tokens."""

    answer: Answer
    usage: Usage
    estimated: bool = False
    served: str = ""
    identifier: str = ""


def read_json(body: bytes) -> dict[str, Any]:
    """Raises Fault."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        beginning = body[:80].decode("utf-8", "replace")
        raise Fault("malformed", f"expected JSON, found {beginning!r}", uncertain=True) from None
    if not isinstance(said, dict):
        raise Fault("malformed", f"expected a JSON object, found {type(said).__name__}", uncertain=True)
    return said


def read_answer(said: Mapping[str, Any], request: Request) -> Reply:
    """The answer in a whole reply. Raises Fault where it is none."""
    if said.get("error"):
        raise error_in(said["error"], uncertain=True)
    choices = said.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise Fault("malformed", "expected a list of choices, found none", uncertain=True)
    choice = choices[0]
    finish = choice.get("finish_reason")
    if not isinstance(finish, str) or not finish or finish in _BROKEN_OFF:
        raise Fault("cut", f"expected a finish reason, found {finish!r}", uncertain=True)
    text, reasoning, refusal = _texts(choice, chat=bool(request.messages))
    counted = _usage(said.get("usage"))
    usage = counted or Usage(about_tokens(request.prompt_bytes), about_tokens(len((text + reasoning).encode())))
    answer = Answer(
        text,
        reasoning,
        _FINISHES.get(finish, finish),
        _logprobs(choice.get("logprobs")),
        "content_filter" if refusal or finish == "content_filter" else "",
        usage.prompt,
        usage.completion,
    )
    return Reply(answer, usage, counted is None, _plain(said.get("model")), _plain(said.get("id")))


def refusal(error: str) -> Answer:
    """What is stored of a request that is refused."""
    return replace(Answer(refused=error), finish="")


def _texts(choice: Mapping[str, Any], chat: bool) -> tuple[str, str, bool]:
    """(text, reasoning, whether the model itself refused)."""
    if not chat:
        text, reasoning = _thinking(_plain(choice.get("text")), chat)
        return text, reasoning, False
    message = choice.get("message")
    if not isinstance(message, dict):
        raise Fault("malformed", "expected a message in the choice, found none", uncertain=True)
    content, apart = message.get("content"), _plain(message.get("reasoning_content") or message.get("reasoning"))
    if isinstance(content, list):
        content, within = parts(content)
        apart = apart or within
    text, reasoning = _thinking(_plain(content), chat)
    refused = not text and bool(message.get("refusal"))
    return text, "\n".join(r for r in (apart, reasoning) if r), refused


def parts(content: list[Any]) -> tuple[str, str]:
    """Of a message in parts: texts, and what is thought (`reasoning`, `thinking`)."""
    texts, thoughts = [], []
    for part in (p for p in content if isinstance(p, dict)):
        if part.get("type") in ("reasoning", "thinking"):
            inner = part.get("summary") or part.get("thinking") or part.get("text") or ""
            thoughts += [_plain(inner)] if isinstance(inner, str) else [_plain(i.get("text")) for i in inner]
        else:
            texts.append(_plain(part.get("text")))
    return "".join(texts), "\n".join(thoughts)


def _thinking(text: str, chat: bool) -> tuple[str, str]:
    """(text, what it begins with between think marks). A chat template may have opened them already."""
    inner = text.lstrip()
    if inner.startswith(_THINKS):
        thought, _, rest = inner[len(_THINKS) :].partition(_THOUGHT)
        return rest.lstrip(), thought.strip()
    before, mark, rest = text.partition(_THOUGHT)
    if chat and mark and _THINKS not in before:
        return rest.lstrip(), before.strip()
    return text, ""


def _logprobs(said: Any) -> tuple[Mapping[str, float], ...]:
    """From the chat's shape, {content: [{token, logprob, top_logprobs}]}, or the completion's, parallel lists."""
    if not isinstance(said, dict):
        return ()
    if isinstance(said.get("content"), list):
        tokens = [t for t in said["content"] if isinstance(t, dict)][:FIRST_TOKENS]
        return tuple(_pairs([*_dicts(t.get("top_logprobs")), t]) for t in tokens)
    tops, tokens, own = (said.get(n) or [] for n in ("top_logprobs", "tokens", "token_logprobs"))
    found = []
    for i in range(min(FIRST_TOKENS, max(len(tops), len(tokens)))):
        top = tops[i] if i < len(tops) and isinstance(tops[i], dict) else {}
        pairs = [{"token": t, "logprob": p} for t, p in top.items()]
        pairs += [{"token": tokens[i], "logprob": own[i]}] if i < len(tokens) and i < len(own) else []
        found.append(_pairs(pairs))
    return tuple(found)


def _dicts(said: Any) -> list[Mapping[str, Any]]:
    return [t for t in said if isinstance(t, dict)] if isinstance(said, list) else []


def _pairs(tokens: list[Any]) -> Mapping[str, float]:
    told = ((t.get("token"), t.get("logprob")) for t in tokens)
    return {_plain(t): float(p) for t, p in told if isinstance(t, str) and _number(p)}


def _usage(said: Any) -> Usage | None:
    """None where the endpoint does not count, or counts what cannot be."""
    if not isinstance(said, dict):
        return None
    prompt, completion = said.get("prompt_tokens"), said.get("completion_tokens", 0)
    if not _count(prompt) or not _count(completion):
        return None
    details = said.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else said.get("prompt_cache_hit_tokens")
    return Usage(prompt, completion, min(cached, prompt) if _count(cached) else 0)


def _count(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _plain(value: Any) -> str:
    """A text as UTF-8 can hold it: halves of a surrogate pair are joined, single ones replaced."""
    if not isinstance(value, str):
        return ""
    if value.isascii():
        return value
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
