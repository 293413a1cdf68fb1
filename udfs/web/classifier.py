"""The classifier that recalls pages of a tag: fastText over the tokens of a small BPE, trained once and pinned.

The words of fastText are token ids, so that Chinese has words too. A model is a folder: model.bin, the tokenizer, and
recall.json with its parameters and what it was trained from; its version is a hash of all three.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from udfs.tokens.tokenizer import TextTokenizer
from udfs.web.fasttext_process import trained

YES, NO = "__label__yes", "__label__no"
_MODEL, _FACTS = "model.bin", "recall.json"
# Texts that go through the tokenizer together.
_BATCH = 256


@dataclass(frozen=True)
class FastText:
    """Parameters of a model, for thousands of labelled pages (docs/decisions/web-recall.md). DeepSeekMath's (arXiv
    2402.03300, section 2.1), which the paper follows, are for half a million: dim 256, lr 0.1, 3-grams, 3 epochs. One
    thread and a stated seed give the same model again. A model takes 4 * dim * buckets bytes and more."""

    dim: int = 64
    lr: float = 0.5
    word_ngrams: int = 2
    min_count: int = 3
    epochs: int = 10
    buckets: int = 2**18
    threads: int = 1
    seed: int = 0
    vocabulary: int = 8192
    """Tokens of the BPE."""
    most_chars: int = 6_000
    """Of a longer text the beginning is looked at."""


@dataclass(frozen=True)
class Example:
    """A text and whether it is of the tag."""

    text: str
    is_of_tag: bool


def train(examples: Iterable[Example], folder: str | Path, p: FastText | None = None) -> Recall:
    """Train a model into a folder; the same set of examples in any order gives the same one.

    Raises ValueError where examples of one side are missing, or fastText finds no numbers that fit.
    """
    p, place = p or FastText(), Path(folder)
    ordered = sorted({(_digest(e.text[: p.most_chars]), e.is_of_tag): e for e in examples}.items())
    used = [example for _, example in ordered]
    if len({example.is_of_tag for example in used}) < 2:
        raise ValueError(f"{folder}: expected examples of the tag and others, found {len(used)} of one side only")
    tokenizer = TextTokenizer.train((e.text[: p.most_chars] for e in used), p.vocabulary)
    place.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="ascii") as lines:
        for first in range(0, len(used), _BATCH):
            some = used[first : first + _BATCH]
            for example, words in zip(some, as_words([e.text for e in some], tokenizer, p), strict=True):
                lines.write(f"{YES if example.is_of_tag else NO} {words}\n")
        lines.flush()
        trained(lines.name, str(place / _MODEL), _settings(p))
    (place / "tokenizer.json").write_text(tokenizer.serialised, encoding="utf-8")
    trained_from = hashlib.sha256("".join(f"{d}{y}" for (d, y), _ in ordered).encode()).hexdigest()
    positives = sum(example.is_of_tag for example in used)
    facts = {"parameters": asdict(p), "trained_from": trained_from, "examples": len(used), "positives": positives}
    (place / _FACTS).write_text(json.dumps(facts, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return Recall(place)


def _settings(p: FastText) -> dict[str, Any]:
    """The parameters under fastText's names."""
    names = {"dim": p.dim, "lr": p.lr, "wordNgrams": p.word_ngrams, "minCount": p.min_count, "epoch": p.epochs}
    return names | {"bucket": p.buckets, "thread": p.threads, "seed": p.seed}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def as_words(texts: Sequence[str], tokenizer: TextTokenizer, p: FastText) -> list[str]:
    """Each text as fastText reads it: ids of tokens between spaces, on one line."""
    names = _names(tokenizer.size)
    found = tokenizer.encode([text[: p.most_chars] for text in texts])
    return [" ".join([names[i] for i in ids]) for ids in found]


def _names(size: int) -> list[str]:
    return [str(i) for i in range(size)]


class Recall:
    """A trained model. Raises ValueError, naming the folder, where one of its files is missing."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        missing = [name for name in (_MODEL, "tokenizer.json", _FACTS) if not (self.folder / name).exists()]
        if missing:
            raise ValueError(f"{folder}: expected a recall model, found no {', '.join(missing)}; train one")
        self.facts: dict[str, Any] = json.loads((self.folder / _FACTS).read_text(encoding="utf-8"))
        self.parameters = FastText(**self.facts["parameters"])

    @cached_property
    def version(self) -> str:
        """Part of the key of every score."""
        files = (_MODEL, "tokenizer.json", _FACTS)
        whole = hashlib.sha256()
        for name in files:
            whole.update(hashlib.sha256((self.folder / name).read_bytes()).digest())
        return whole.hexdigest()[:16]

    @cached_property
    def tokenizer(self) -> TextTokenizer:
        from tokenizers import Tokenizer

        from udfs.tokens.tokenizer import Special

        return TextTokenizer(Tokenizer.from_file(str(self.folder / "tokenizer.json")), Special())

    @cached_property
    def _model(self) -> Any:
        import fasttext

        return fasttext.load_model(str(self.folder / _MODEL))

    def scores(self, texts: Sequence[str]) -> list[float]:
        """For each text the probability that it is of the tag; 0 for one without any token that the model knows."""
        found = list[float]()
        for first in range(0, len(texts), _BATCH):
            words = as_words(texts[first : first + _BATCH], self.tokenizer, self.parameters)
            found += self.score_words(words)
        return found

    def score_words(self, lines: Sequence[str]) -> list[float]:
        """The scores of texts that are words already."""
        if not lines:
            return []
        labels, chances = self._model.f.multilinePredict([f"{line}\n" for line in lines], 2, 0.0, "strict")
        return [_of_yes(c, label) for c, label in zip(chances, labels, strict=True)]

    def strongest(self, most: int = 20) -> tuple[list[tuple[str, float]], list[tuple[str, float]]]:
        """Tokens that speak most for the tag, and against it, each with its weight."""
        output = self._model.get_output_matrix()
        labels = self._model.get_labels()
        direction = output[labels.index(YES)] - output[labels.index(NO)]
        weights = dict[str, float]()
        for word in self._model.get_words():
            if word.isdigit():
                token = self.tokenizer.decode([int(word)])
                weights[token] = float(np.dot(self._model.get_word_vector(word), direction))
        ordered = sorted(weights.items(), key=lambda item: (-item[1], item[0]))
        return ordered[:most], ordered[::-1][:most]


def _of_yes(chances: Any, labels: Sequence[str]) -> float:
    found = dict(zip(labels, chances, strict=True))
    # fastText's sums of single floats end a little above 1.
    return min(1.0, float(found.get(YES, 0.0)))
