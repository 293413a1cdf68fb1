"""Completions of a model: left-padded batches, greedy or sampled, ended by stop strings or an end token."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from transformers import StoppingCriteria, StoppingCriteriaList

from training.evaluation.sampling import Sampling
from udfs.tokens.chat import encode
from udfs.tokens.tokenizer import TextTokenizer

_TAIL = 24
"""Tokens whose text is searched for a stop string: longer than any stop string in tokens."""


class _Stops(StoppingCriteria):
    """Each row ends when one of its own stop strings is in its newest tokens."""

    def __init__(self, stops: Sequence[Sequence[str]], tokenizer: TextTokenizer, start: int) -> None:
        self.stops, self.tokenizer, self.start = stops, tokenizer, start

    def __call__(self, input_ids: Any, scores: Any, **_: Any) -> Any:
        rows = input_ids[:, max(self.start, input_ids.shape[1] - _TAIL) :].tolist()
        texts = [self.tokenizer.decode(row) for row in rows]
        ended = [any(stop in text for stop in stops) for text, stops in zip(texts, self.stops, strict=True)]
        return torch.tensor(ended, device=input_ids.device)


def base_prompts(prompts: Sequence[str], tokenizer: TextTokenizer) -> list[list[int]]:
    """Ids of prompts for a base model, BOS first where there is one. White space at an end would split tokens."""
    bos = [] if tokenizer.special.bos is None else [tokenizer.id(tokenizer.special.bos)]
    return [bos + ids for ids in tokenizer.encode([prompt.rstrip() for prompt in prompts])]


def chat_prompts(questions: Sequence[str], tokenizer: TextTokenizer) -> list[list[int]]:
    """Ids of one user turn each and the head of the assistant's."""
    return conversations([({"role": "user", "content": question},) for question in questions], tokenizer)


def conversations(chats: Sequence[Sequence[Mapping[str, str]]], tokenizer: TextTokenizer) -> list[list[int]]:
    """Ids of chats that end with a user's turn, and the head of the assistant's answer."""
    end, found = tokenizer.id(tokenizer.special.end_of_turn), []
    for chat in chats:
        ids = encode([*map(dict, chat), {"role": "assistant", "content": ""}], tokenizer).ids
        found.append(ids[: len(ids) - 1 - ids[::-1].index(end)])
    return found


def completions(
    model: Any,
    tokenizer: TextTokenizer,
    prompts: Sequence[list[int]],
    how: Sampling,
    stops: Sequence[Sequence[str]] = (),
) -> list[list[str]]:
    """For each prompt its samples, raw: nothing is cut but the end token. Longest prompts go first.

    `stops` are those of each prompt, or nothing where only an end token ends. A prompt that leaves no room in the
    model's positions gives empty answers.
    """
    limit = model.config.max_position_embeddings
    found: list[list[str]] = [[] for _ in prompts]
    order = sorted(range(len(prompts)), key=lambda i: (-len(prompts[i]), i))
    work = [i for i in order for _ in range(how.samples)]
    torch.manual_seed(how.seed)
    for begin in range(0, len(work), how.batch):
        group = work[begin : begin + how.batch]
        longest = max(len(prompts[i]) for i in group)
        room = min(how.most, limit - longest)
        asked, ends = [prompts[i] for i in group], [stops[i] for i in group] if stops else []
        texts = _batch(model, tokenizer, asked, how, ends, room) if room > 0 else [""] * len(group)
        for i, text in zip(group, texts, strict=True):
            found[i].append(text)
    return found


@torch.inference_mode()
def _batch(
    model: Any,
    tokenizer: TextTokenizer,
    prompts: list[list[int]],
    how: Sampling,
    stops: Sequence[Sequence[str]],
    most: int,
) -> list[str]:
    longest, padding = max(map(len, prompts)), tokenizer.id(tokenizer.special.padding)
    ids = torch.tensor([[padding] * (longest - len(p)) + p for p in prompts], device=model.device)
    mask = torch.tensor([[0] * (longest - len(p)) + [1] * len(p) for p in prompts], device=model.device)
    sampled = {"do_sample": True, "temperature": how.temperature, "top_p": how.top_p, "top_k": 0}
    given: dict[str, Any] = sampled if how.temperature else {"do_sample": False}
    if stops:
        given["stopping_criteria"] = StoppingCriteriaList([_Stops(stops, tokenizer, longest)])
    out: Tensor = model.generate(ids, attention_mask=mask, max_new_tokens=most, use_cache=True, **given)
    return [_text(row, tokenizer) for row in out[:, longest:].tolist()]


def _text(row: list[int], tokenizer: TextTokenizer) -> str:
    """The text before the first token that ends or pads."""
    s = tokenizer.special
    ends = {tokenizer.id(token) for token in (s.eos, s.end_of_turn, s.separator, s.padding)}
    stop = next((place for place, token in enumerate(row) if token in ends), len(row))
    return tokenizer.decode(row[:stop])
