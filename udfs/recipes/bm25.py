"""BM25 (Robertson and Zaragoza, 2009, k1 1.2, b 0.75) over a few documents, by the words of their names.

Own code, because documents come and go with each commit: a library's index would be built anew for every query, and
what is kept here is the count of words of each document.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence

K1 = 1.2
B = 0.75
_NAME = re.compile(r"[^\W\d_]{2,}")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_A-Za-z]+")

Words = Mapping[str, int]


def words(text: str) -> Counter[str]:
    """Words of a text and of the names in it: `readFile_now` gives read, file, now, and readfile."""
    found: Counter[str] = Counter()
    for name in _NAME.findall(text):
        parts = [part.casefold() for part in _PART.findall(name) if len(part) > 1]
        found.update(parts)
        if len(parts) > 1:
            found[name.casefold()] += 1
    return found


def scores(query: Words, documents: Sequence[Words]) -> list[float]:
    """A score of each document: 0 where it shares no word with the query."""
    total = len(documents)
    holding = {word: sum(word in document for document in documents) for word in query}
    rarity = {word: math.log(1 + (total - n + 0.5) / (n + 0.5)) for word, n in holding.items() if n}
    lengths = [sum(document.values()) for document in documents]
    mean = sum(lengths) / total if total else 0.0
    found = []
    for document, length in zip(documents, lengths, strict=True):
        norm = K1 * (1 - B + B * length / mean) if mean else 0.0
        shared = ((rarity[word], document[word]) for word in rarity if word in document)
        found.append(sum(weight * count * (K1 + 1) / (count + norm) for weight, count in shared))
    return found
