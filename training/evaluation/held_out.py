"""Held-out loss: bits per byte of the original text, by language, over documents that were never trained on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from training.data.cache import open_cache
from training.data.opening import open_table
from training.data.order import permutation
from training.evaluation.scores import bits_per_byte
from udfs.tokens.tokenizer import TextTokenizer


@dataclass
class Sum:
    """Of one language."""

    documents: int = 0
    tokens: int = 0
    bytes: int = 0
    nats: float = 0.0


def held_out_loss(
    model: Any, tokenizer: TextTokenizer, table: str, version: int | None, folder: Path, most_tokens: int = 1_000_000
) -> dict[str, dict[str, float | None]]:
    """By language and for `all`: documents, tokens, bytes, bits per byte, loss in nats a token.

    Documents are drawn by a hash of their content until a language has `most_tokens`. Empty where none is held out.
    """
    opened = open_table(table, version, "only")
    cache = open_cache(opened, tokenizer.hash, folder)
    sums: dict[str, Sum] = {}
    for document in permutation(cache.ids, cache.chunks, 0, 0, table):
        language = cache.labels[int(cache.kinds[document])][1]
        held = sums.setdefault(language, Sum())
        length = int(cache.offsets[document + 1] - cache.offsets[document])
        if not length or held.tokens >= most_tokens:
            continue
        held.nats += document_nats(model, tokenizer, cache.read(int(document), 0, length))
        held.documents += 1
        held.tokens += length
        held.bytes += int(cache.bytes[document])
    total = Sum()
    for held in sums.values():
        total.documents += held.documents
        total.tokens += held.tokens
        total.bytes += held.bytes
        total.nats += held.nats
    shown = {name: _shown(held) for name, held in sorted(sums.items())}
    return {"all": _shown(total), **shown} if total.tokens else {}


def _shown(held: Sum) -> dict[str, float | None]:
    return {
        "documents": held.documents,
        "tokens": held.tokens,
        "bytes": held.bytes,
        "bits_per_byte": bits_per_byte(held.nats, held.bytes),
        "loss": held.nats / held.tokens if held.tokens else None,
    }


@torch.inference_mode()
def document_nats(model: Any, tokenizer: TextTokenizer, tokens: Any) -> float:
    """Negative log likelihood of a document's tokens in nats, the first given BOS or a separator.

    Longer than the context it is scored in windows, each of which begins with the token before it.
    """
    special = tokenizer.special
    first = tokenizer.id(special.bos or special.separator)
    whole = torch.from_numpy(np.concatenate([[first], tokens]).astype(np.int64)).to(model.device)
    window, total = int(model.config.max_position_embeddings), 0.0
    for begin in range(0, len(whole) - 1, window - 1):
        part = whole[begin : begin + window]
        logits = model(part[None, :-1], use_cache=False).logits[0].float()
        total += float(F.cross_entropy(logits, part[1:], reduction="sum"))
    return total
