"""The scorer: one head for each language that has enough labels, in a folder, pinned by its hash.

quality.json says with what it was made, how well each head agrees with labels that it did not see, and the scores below
which given shares of a sample's tokens stand; heads.npy holds the weights.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from schemas.identity import code_identity
from udfs.quality.features import sums_of
from udfs.quality.heads import Head
from udfs.quality.measuring import STEPS, share_up_to
from udfs.reading.here import folder_here

_FACTS, _HEADS = "quality.json", "heads.npy"
_AGAIN = "refinelake quality train makes another"


@dataclass(frozen=True)
class Shape:
    """How texts are read: `bits` of a bucket's number, and of a long text its first `most_bytes`."""

    bits: int
    most_bytes: int


def write(folder: Path, shape: Shape, heads: Mapping[str, Head], languages: Mapping[str, Any], made: Any) -> Scorer:
    """Put a scorer into a folder. `languages` says of each head bias, lowest, highest, quantiles and what was measured,
    `made` with what it was made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = sorted(heads)
    np.save(folder / _HEADS, np.stack([heads[name].weights for name in names]))
    facts = {
        "bits": shape.bits,
        "most_bytes": shape.most_bytes,
        "heads": hashlib.sha256((folder / _HEADS).read_bytes()).hexdigest(),
        "languages": {name: languages[name] for name in names},
        "made": made,
    }
    (folder / _FACTS).write_text(json.dumps(facts, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return Scorer(folder)


class Scorer:
    """A scorer of a folder. Raises ValueError, naming the file, where it is missing or damaged."""

    def __init__(self, folder: str | Path, called: str | None = None) -> None:
        self.folder = Path(folder)
        self.called = called or str(folder)
        for name in (_FACTS, _HEADS):
            if not (self.folder / name).is_file():
                raise ValueError(
                    f"{self.called}: expected a scorer, found no {name}; refinelake quality train makes one"
                )
        self.facts = self._facts()
        self.languages: dict[str, dict[str, Any]] = self.facts["languages"]
        self.shape = Shape(int(self.facts["bits"]), int(self.facts["most_bytes"]))

    def _facts(self) -> dict[str, Any]:
        place = f"{self.called}/{_FACTS}"
        try:
            facts: dict[str, Any] = json.loads((self.folder / _FACTS).read_text(encoding="utf-8"))
            good = all(len(each["quantiles"]) == STEPS + 1 for each in facts["languages"].values())
            good = good and isinstance(facts["bits"] + facts["most_bytes"], int) and isinstance(facts["made"], dict)
            said = str(facts["heads"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(
                f"{place}: expected the facts of a scorer, found {type(error).__name__}: {error}; {_AGAIN}"
            ) from None
        if not good or not facts["languages"]:
            raise ValueError(f"{place}: expected {STEPS + 1} quantiles of each language, found others; {_AGAIN}")
        if hashlib.sha256((self.folder / _HEADS).read_bytes()).hexdigest() != said:
            raise ValueError(f"{self.called}/{_HEADS}: expected the weights of {_FACTS}, found others; {_AGAIN}")
        return facts

    @cached_property
    def version(self) -> str:
        """Part of the key of every score: moves with the weights and with the facts."""
        return hashlib.sha256((self.folder / _FACTS).read_bytes()).hexdigest()[:16]

    @cached_property
    def _heads(self) -> npt.NDArray[np.float32]:
        return np.asarray(np.load(self.folder / _HEADS), np.float32)

    def scores(
        self, texts: pa.Array, languages: Sequence[str]
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """(score, rank) of each text in its language, which has to be one of the scorer's."""
        number = {name: n for n, name in enumerate(sorted(self.languages))}
        of = np.array([number[name] for name in languages], np.int64)
        sums, _ = sums_of(texts, of, self._heads, self.shape.most_bytes)
        scores, found = np.zeros(len(of)), np.zeros(len(of))
        for name in set(languages):
            mine, about = of == number[name], self.languages[name]
            scores[mine] = predicted(sums[mine], about["bias"], about["lowest"], about["highest"])
            found[mine] = share_up_to(scores[mine], np.array(about["quantiles"]))
        return scores, found


def predicted(sums: npt.NDArray[np.float64], bias: float, lowest: float, highest: float) -> npt.NDArray[np.float64]:
    """Scores on the scale of the labels, to six places: what a processor adds up otherwise does not show."""
    return np.asarray(np.round(np.clip(sums + bias, lowest, highest), 6), float)


@lru_cache(4)
def scorer(location: str) -> Scorer:
    """The scorer of a folder or URL. Raises ValueError where none is there or it is damaged."""
    return Scorer(folder_here(location, "a scorer"), location)


def scoring_version(location: str) -> str:
    """Kernel version of scores: moves with the scorer and the code that scores, and not with the folder."""
    if not location:
        return "none"
    said = f"{code_identity('udfs.quality.features', 'udfs.quality.measuring')} {scorer(location).version}"
    return hashlib.sha256(said.encode()).hexdigest()[:16]
