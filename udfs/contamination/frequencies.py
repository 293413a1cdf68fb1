"""How common words and runs of words are in a corpus: a pinned artifact, by which a copy is told from an idiom.

Counted are texts, not occurrences, by source of texts. What is rarer than a floor is left out: of a rare word nobody
needs to know how rare, and of runs only idioms matter.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from udfs.contamination.runs import gram_hashes
from udfs.contamination.streams import Hashes, kinds, normalised, words

COMMON = 5e-3
"""Share of the texts of a source above which a run is an idiom, and more than a few of them: a task that was copied ten
times is no idiom."""
GRAM = {"words": 5, "kinds": 9}
"""Tokens of a run that brings a candidate; a part of fewer is one run."""
SHORTEST = 3
"""Words of the shortest part that is looked for."""
_FEW = 10
_FLOOR = {"words": 1e-3, "runs": COMMON / 2}
_LEAST = 5
_PACKAGED = "word_frequencies.npz"


class FrequencyError(ValueError):
    """A file that holds no frequencies."""


def floor(kind: str, documents: int) -> int:
    """Texts of a source that a word, or a run, must stand in to be kept."""
    return max(_LEAST, int(_FLOOR[kind] * documents))


@dataclass(frozen=True)
class Counts:
    """`hashes` [n] in ascending order, `texts` [n, sources]: how many texts of each source hold it."""

    hashes: Hashes
    texts: NDArray[np.uint32]

    def of(self, wanted: Hashes) -> NDArray[np.uint32]:
        """[len(wanted), sources]; zeros for what was not kept."""
        if not len(self.hashes):
            return np.zeros((len(wanted), self.texts.shape[1]), np.uint32)
        places = np.minimum(np.searchsorted(self.hashes, wanted), len(self.hashes) - 1)
        there = self.hashes[places] == wanted
        return np.where(there[:, None], self.texts[places], np.uint32(0))

    @staticmethod
    def made(found: Mapping[int, Sequence[int]], sources: int) -> Counts:
        hashes = np.array(sorted(found), np.uint64)
        texts = np.array([found[h] for h in hashes.tolist()], np.uint32).reshape(len(hashes), sources)
        return Counts(hashes, texts)


@dataclass(frozen=True, eq=False)
class Frequencies:
    """Of `documents[source]` texts, in how many a word (of either stream) and a run stands. Equal are those of equal
    `version`.
    """

    documents: Mapping[str, int] = field(default_factory=dict)
    words: Counts = Counts(np.empty(0, np.uint64), np.empty((0, 0), np.uint32))
    runs: Counts = Counts(np.empty(0, np.uint64), np.empty((0, 0), np.uint32))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Frequencies) and self.version == other.version

    def __hash__(self) -> int:
        return hash(self.version)

    def shares(self, wanted: Hashes) -> NDArray[np.float64]:
        """Share of all texts that hold each word; 0 where nothing was counted."""
        whole = sum(self.documents.values())
        if not whole:
            return np.zeros(len(wanted))
        found: NDArray[np.float64] = (self.words.of(wanted).sum(axis=1) + 1) / (whole + 2)
        return found

    def idioms(self, wanted: Hashes) -> NDArray[np.bool_]:
        """Which runs are common in a source, or overall."""
        if not self.documents:
            return np.zeros(len(wanted), np.bool_)
        sizes = np.array([*self.documents.values(), sum(self.documents.values())])
        texts = self.runs.of(wanted)
        every = np.concatenate([texts, texts.sum(axis=1, keepdims=True)], axis=1)
        found: NDArray[np.bool_] = np.any(every > np.maximum(_FEW, COMMON * sizes), axis=1)
        return found

    @cached_property
    def version(self) -> str:
        """16 hexadecimal digits of what was counted."""
        digest = hashlib.sha256(repr(sorted(self.documents.items())).encode())
        for counts in (self.words, self.runs):
            digest.update(counts.hashes.tobytes() + b"\0" + counts.texts.tobytes())
        return digest.hexdigest()[:16]

    @staticmethod
    def made(documents: Mapping[str, int], rows: Iterable[tuple[str, str, int, int]]) -> Frequencies:
        """From rows (source, words or runs, hash, texts), those below the floor left out."""
        names = sorted(documents)
        found: dict[str, dict[int, list[int]]] = {"words": {}, "runs": {}}
        for source, kind, hashed, texts in rows:
            if texts >= floor(kind, documents[source]):
                counts = found[kind].setdefault(hashed & 0xFFFFFFFFFFFFFFFF, [0] * len(names))
                counts[names.index(source)] += texts
        counted = (Counts.made(found[kind], len(names)) for kind in ("words", "runs"))
        return Frequencies({name: documents[name] for name in names}, *counted)

    def packed(self) -> bytes:
        """As a file of arrays."""
        out = io.BytesIO()
        np.savez_compressed(
            out,
            sources=np.array(list(self.documents)),
            documents=np.array(list(self.documents.values()), np.int64),
            words=self.words.hashes,
            words_texts=self.words.texts,
            runs=self.runs.hashes,
            runs_texts=self.runs.texts,
        )
        return out.getvalue()


def unpacked(data: bytes, where: str) -> Frequencies:
    """What `packed` wrote. Raises FrequencyError."""
    try:
        if not data.startswith(b"PK"):  # numpy takes other files for something else, and gives advice about pickles
            raise ValueError("another kind of file" if data else "an empty file")
        with np.load(io.BytesIO(data), allow_pickle=False) as found:
            documents = dict(zip(map(str, found["sources"]), map(int, found["documents"]), strict=True))
            words_, runs = (Counts(found[n], found[f"{n}_texts"]) for n in ("words", "runs"))
        for counts in (words_, runs):
            if counts.texts.shape != (len(counts.hashes), len(documents)):
                raise ValueError(f"counts of shape {counts.texts.shape} for {len(documents)} sources")
    except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise FrequencyError(
            f"{where}: expected frequencies that refinelake contamination --count wrote, found {error}; count them anew"
        ) from None
    return Frequencies(documents, words_, runs)


@cache
def packaged() -> Frequencies:
    """Those of the package: of the demo's code and pages (docs/contamination.md)."""
    return unpacked(resources.files("udfs").joinpath("data", _PACKAGED).read_bytes(), _PACKAGED)


def counted(texts: Iterable[str]) -> dict[str, tuple[Hashes, NDArray[np.int64]]]:
    """(hashes, texts that hold each) of words and of runs."""
    seen: dict[str, list[Hashes]] = {"words": [], "runs": []}
    for text in texts:
        data = normalised(text)
        streams = {"words": words(data).hashes, "kinds": kinds(data).hashes}
        runs = [gram_hashes(streams["words"], width) for width in range(SHORTEST, GRAM["words"] + 1)]
        runs.append(gram_hashes(streams["kinds"], GRAM["kinds"]))
        seen["words"].append(np.unique(np.concatenate(list(streams.values()))))
        seen["runs"].append(np.unique(np.concatenate(runs)))
    nothing = [np.empty(0, np.uint64)]
    return {kind: np.unique(np.concatenate(some or nothing), return_counts=True) for kind, some in seen.items()}


def count(texts: Mapping[str, Sequence[str]]) -> Frequencies:
    """Frequencies of texts by source."""
    rows = (
        (source, kind, hashed, number)
        for source, some in texts.items()
        for kind, found in counted(some).items()
        for hashed, number in zip(*(array.tolist() for array in found), strict=True)
    )
    return Frequencies.made({source: len(some) for source, some in texts.items()}, rows)
