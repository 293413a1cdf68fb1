"""A sentence encoder as a measure: one text, one unit vector, whatever stands beside it in a batch.

The encoder is a folder in the form of Hugging Face and sentence-transformers: `config.json`, weights as safetensors, a
tokenizer, and `1_Pooling/config.json` that says how states become one vector (the mean over tokens, or the first
token's). Texts go through it one by one: padding moves the last bits of a vector, and a rebuild would differ from a
refresh; on a CPU it costs nothing (benchmarks/embeddings.py).
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.identity import code_identity

_CODE = code_identity(__name__)
_POOLING = "1_Pooling/config.json"
_FILES = ("config.json", "tokenizer.json", "model.safetensors", _POOLING, "sentence_bert_config.json")
_NEEDED = _FILES[:3]
_LONGEST = 512
"""Tokens of a text that are read where the folder does not say."""


class EncoderError(ValueError):
    """A folder that cannot be used as an encoder."""


def version(folder: str) -> str:
    """Of a vector: the code, and every byte of the encoder that moves one, as 16 hexadecimal digits. Raises
    EncoderError.
    """
    place = _checked(folder)
    stamps = tuple((name, (place / name).stat().st_mtime_ns) for name in _FILES if (place / name).exists())
    return hashlib.sha256(f"{_CODE} {_digest(folder, stamps)}".encode()).hexdigest()[:16]


@cache
def _digest(folder: str, stamps: tuple[tuple[str, int], ...]) -> str:
    said = hashlib.sha256()
    for name, _ in stamps:
        with (Path(folder) / name).open("rb") as file:
            said.update(name.encode() + b"\0" + hashlib.file_digest(file, "sha256").digest())
    return said.hexdigest()


def _checked(folder: str) -> Path:
    place = Path(folder)
    if lost := [name for name in _NEEDED if not (place / name).is_file()]:
        raise EncoderError(
            f"{folder}: expected a sentence encoder ({', '.join(_NEEDED)}), found no {', '.join(lost)}; "
            "refinelake fetch encoder --to DIR brings one"
        )
    return place


class Encoder:
    """`tokens` of a text are read at most; vectors have `dimension` numbers. Raises EncoderError."""

    def __init__(self, folder: str) -> None:
        place = _checked(folder)
        self._mean = _pooling(place)
        try:
            import torch
            from transformers import AutoModel, AutoTokenizer, logging
        except ImportError as error:
            raise EncoderError(f"{folder}: expected torch and transformers, found {error}") from None
        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        # One text at a time and a task a core: threads would only wait for each other.
        torch.set_num_threads(1)
        self._torch: Any = torch
        self._tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        loaded = AutoModel.from_pretrained(folder, local_files_only=True, dtype=torch.float32)
        self._model = loaded.eval()
        self.tokens = min(_said(place, "sentence_bert_config.json", "max_seq_length"), self._tokenizer.model_max_length)
        self.dimension = int(self._model.config.hidden_size)

    def encode(self, text: str) -> tuple[NDArray[np.float32], int]:
        """(unit vector of `dimension`, tokens that were read of the text, those of the frame included)."""
        with self._torch.inference_mode():
            ids = self._tokenizer(text, truncation=True, max_length=self.tokens, return_tensors="pt")
            states = self._model(**ids).last_hidden_state[0]
            vector = (states.mean(0) if self._mean else states[0]).numpy().astype(np.float32)
        length = float(np.linalg.norm(vector))
        return vector / length if length > 0 else vector, len(states)


def _pooling(place: Path) -> bool:
    """Whether the vector is the mean over tokens; else it is the first token's."""
    if not (place / _POOLING).is_file():
        return True
    said = json.loads((place / _POOLING).read_text(encoding="utf-8"))
    asked = sorted(name for name, value in said.items() if name.startswith("pooling_mode_") and value is True)
    if asked == ["pooling_mode_mean_tokens"]:
        return True
    if asked == ["pooling_mode_cls_token"]:
        return False
    raise EncoderError(f"{place / _POOLING}: expected the mean or the first token, found {', '.join(asked) or 'none'}")


def _said(place: Path, file: str, name: str) -> int:
    if not (place / file).is_file():
        return _LONGEST
    return int(json.loads((place / file).read_text(encoding="utf-8")).get(name) or _LONGEST)


@cache
def encoder(folder: str, _version: str) -> Encoder:
    """Loaded once by a process for each version."""
    return Encoder(folder)
