"""Bits per byte of a text under a language model: what orders the examples of `refinelake tune` (paper A.1, step 3).

Two models answer the same question in the same unit. The default is a small byte n-gram model that is trained on the
corpus itself in seconds; the other is any Hugging Face folder, such as a checkpoint that training/ exported.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

import numba
import numpy as np
import numpy.typing as npt

ORDER = 5
"""Longest context in bytes; longer ones add little on some megabytes of training text."""
_BITS = 21  # slots of an order's table, as a power of two: 8 MB of text fill under half of them
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


class Model(Protocol):
    """What scores a text."""

    def bits_per_byte(self, text: str) -> float | None:
        """Mean bits to code a byte of the UTF-8 text; None for an empty text."""


class ByteNgrams:
    """Interpolated byte n-grams with Witten-Bell weights in hashed tables of fixed size (126 MB)."""

    def __init__(self) -> None:
        slots = 1 << _BITS
        self._pairs = np.zeros((ORDER + 1, slots), np.uint32)  # times a byte followed a context
        self._seen = np.zeros((ORDER + 1, slots), np.uint32)  # times a context was followed
        self._kinds = np.zeros((ORDER + 1, slots), np.uint16)  # by how many different bytes
        self.trained_bytes = 0

    def train(self, texts: Iterable[str]) -> ByteNgrams:
        """Count texts; each starts afresh."""
        for text in texts:
            data = _bytes(text)
            _train(data, self._pairs, self._seen, self._kinds)
            self.trained_bytes += len(data)
        return self

    def bits_per_byte(self, text: str) -> float | None:
        data = _bytes(text)
        return float(_bits(data, self._pairs, self._seen, self._kinds)) / len(data) if len(data) else None


class Checkpoint:
    """A causal language model from a Hugging Face folder, on the GPU where there is one.

    A long text is scored in windows of `window` tokens, each with the half before it as context.
    """

    def __init__(self, folder: str, window: int = 1024) -> None:
        try:
            import torch
            from transformers import AutoModelForCausalLM, AutoTokenizer
        except ImportError as error:
            raise ValueError(f"{folder}: expected torch and transformers for a model, found {error}") from error
        if not (Path(folder) / "config.json").exists():
            raise ValueError(f"{folder}: expected a model folder with config.json, found none; export a model there")
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.tokenizer: Any = AutoTokenizer.from_pretrained(folder)
        model: Any = AutoModelForCausalLM.from_pretrained(folder)
        self.model: Any = model.to(self.device).eval()
        self.window = min(window, self.model.config.max_position_embeddings)

    def bits_per_byte(self, text: str) -> float | None:
        import torch

        size = len(_bytes(text))
        ids = self.tokenizer(text, add_special_tokens=False, return_tensors="pt").input_ids.to(self.device)
        if not size or ids.shape[1] < 2:
            return None
        nats, done, step = 0.0, 1, self.window // 2
        while done < ids.shape[1]:
            end = min(done + step, ids.shape[1])
            chunk = ids[:, max(0, end - self.window) : end]
            with torch.inference_mode():
                logits = self.model(chunk).logits[0, -(end - done) - 1 : -1].float()
            nats += float(torch.nn.functional.cross_entropy(logits, ids[0, done:end], reduction="sum"))
            done = end
        return nats / math.log(2) / size


def _bytes(text: str) -> npt.NDArray[np.uint8]:
    return np.frombuffer(text.encode("utf-8", "surrogatepass"), np.uint8)


@numba.njit(cache=True, nogil=True)
def _slot(context, n, byte):  # type: ignore[no-untyped-def]
    """Slot of the last n bytes in `context` (a 64-bit shift register), followed by `byte` (256: by anything)."""
    kept = context & ((np.uint64(1) << np.uint64(8 * n)) - np.uint64(1))
    mixed = (kept * _MULTIPLIER) ^ (np.uint64(byte + 1) * np.uint64(0xD6E8FEB86659FD93))
    return (mixed * _MULTIPLIER) >> np.uint64(64 - _BITS)


@numba.njit(cache=True, nogil=True)
def _train(data, pairs, seen, kinds):  # type: ignore[no-untyped-def]
    context = np.uint64(0)
    for i in range(len(data)):
        for n in range(min(i, ORDER) + 1):
            pair, place = _slot(context, n, data[i]), _slot(context, n, 256)
            if pairs[n, pair] == 0 and kinds[n, place] < 256:
                kinds[n, place] += 1
            pairs[n, pair] += 1
            seen[n, place] += 1
        context = (context << np.uint64(8)) | np.uint64(data[i])


@numba.njit(cache=True, nogil=True)
def _bits(data, pairs, seen, kinds):  # type: ignore[no-untyped-def]
    context, total = np.uint64(0), 0.0
    for i in range(len(data)):
        share = 1.0 / 256.0
        for n in range(min(i, ORDER) + 1):
            place = _slot(context, n, 256)
            if seen[n, place] == 0:
                break
            pair = min(pairs[n, _slot(context, n, data[i])], seen[n, place])
            new = max(kinds[n, place], 1)  # where slots are shared a context can seem to have no follower of its own
            share = (pair + new * share) / (seen[n, place] + new)
        total -= math.log2(share)
        context = (context << np.uint64(8)) | np.uint64(data[i])
    return total
