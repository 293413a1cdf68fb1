"""What a classifier of a tag is trained from, and which of its scores recall a page.

Without balance a model learns the boilerplate of the largest sites. Every draw is by hash, so that the same labelled
texts in any order give the same examples (docs/decisions/web-recall.md).
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from udfs.web.classifier import Example
from udfs.web.thresholds import precision_and_recall


class Labelled(NamedTuple):
    """A text of a labelled page; `kind` as in page_labels. `hard`: a model of an earlier round was wrong about it."""

    text: str
    is_of_tag: bool
    domain: str
    kind: str | None = None
    hard: bool = False


@dataclass(frozen=True)
class Seeds:
    """How examples are drawn from labelled texts."""

    most_of_domain: int = 200
    """Texts of one domain on one side: hard ones first, then its kinds in turn."""
    negatives: float = 3.0
    """Texts not of the tag, for each that is; beyond it the largest domains give up theirs first."""
    seed: int = 0


@dataclass(frozen=True)
class Streams:
    """What recalls a page: code in blocks, by rule, or the classifier's score."""

    code_bytes: int = 64
    """Fewest bytes of code in blocks for the rule."""
    code_share: float = 0.02
    """Fewest bytes of code in blocks, for each byte of text, for the rule."""
    rule_score: float = 0.02
    """Lowest score of a page that the rule recalls; 0 asks for none."""
    recall: float = 0.97
    """The classifier's threshold is the highest that recalls this share of labelled pages of the tag, scored by models
    that saw no page of their domain."""
    folds: int = 5
    """Models that score for the threshold."""


def balanced(labelled: Iterable[Labelled], p: Seeds | None = None) -> list[Example]:
    """The examples of a model, in an order of their own; a text counts once a domain and side."""
    p = p or Seeds()
    cells = defaultdict[tuple[bool, str], dict[str, Labelled]](dict)
    for one in labelled:
        digest = hashlib.sha256(f"{p.seed} {one.text}".encode("utf-8", "replace")).hexdigest()
        held = cells[one.is_of_tag, one.domain].get(digest)
        if held is None or (one.hard, one.kind or "") > (held.hard, held.kind or ""):
            cells[one.is_of_tag, one.domain][digest] = one
    drawn = {cell: _in_turn(texts)[: p.most_of_domain] for cell, texts in sorted(cells.items())}
    most = int(p.negatives * sum(len(texts) for (of_tag, _), texts in drawn.items() if of_tag))
    most_each = _level([len(texts) for (of_tag, _), texts in drawn.items() if not of_tag], most)
    return [
        Example(one.text, of_tag)
        for (of_tag, _), texts in drawn.items()
        for one in texts[: None if of_tag else most_each]
    ]


def _in_turn(texts: dict[str, Labelled]) -> list[Labelled]:
    """Hard ones first, then one of each kind in turn."""
    seen = Counter[tuple[bool, str]]()
    ranked = list[tuple[bool, int, str, Labelled]]()
    for digest, one in sorted(texts.items()):
        group = (one.hard, one.kind or "")
        ranked.append((not one.hard, seen[group], digest, one))
        seen[group] += 1
    return [one for _, _, _, one in sorted(ranked, key=lambda r: r[:3])]


def _level(sizes: Sequence[int], most: int) -> int:
    """The highest level at which the sizes, cut there, sum up to no more than `most`; one at least."""
    level = max(sizes, default=1)
    while level > 1 and sum(min(size, level) for size in sizes) > most:
        level -= 1
    return level


def by_rule(code_bytes: int | None, text_bytes: int, p: Streams) -> bool:
    """Whether a page has enough code in blocks; what was no page (null) has none."""
    return bool(code_bytes) and code_bytes >= max(1, p.code_bytes, p.code_share * text_bytes)  # type: ignore[operator]


def folds(sides: Iterable[tuple[str, bool]], k: int) -> dict[str, int]:
    """The fold of each domain, from the side of each labelled page: whole domains, both sides spread over all folds."""
    pages = Counter(sides)
    domains = sorted({domain for domain, _ in pages}, key=lambda d: (-(pages[d, True] + pages[d, False]), d))
    held = {side: [0] * k for side in (True, False)}
    where = dict[str, int]()
    for domain in domains:
        side = pages[domain, True] >= pages[domain, False]
        where[domain] = min(range(k), key=lambda fold: (held[side][fold], held[not side][fold], fold))
        held[side][where[domain]] += 1
    return where


def threshold(scores: Sequence[float], is_of_tag: Sequence[bool], p: Streams) -> float:
    """The classifier's threshold, from pages without enough code for the rule, each scored by a model that saw no page
    of its domain. Raises ValueError where none is of the tag."""
    return next(score for score, _, recall in precision_and_recall(scores, is_of_tag) if recall >= p.recall)
