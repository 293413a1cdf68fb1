"""What a classifier of a tag is trained from, and which of its scores recall a page.

Without balance a model learns the names and the navigation of the largest sites. Every draw is by hash, so that the
same labelled texts in any order give the same examples (docs/decisions/web-recall.md).
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from udfs.web.classifier import Example
from udfs.web.thresholds import precision_and_recall

_PIECE = re.compile(r"([\t\n]+)")
_BLOCK = re.compile(r"^(`{3,})[^\n]*\n.*?\n\1[ \t]*$", re.M | re.S)
_NUMBER = re.compile(r"\d+")
_HAN = re.compile("[\u4e00-\u9fff]")
# Of a text that is looked at for its writing system.
_BEGINNING = 4000
# Fewer texts that share a piece do not make it boilerplate.
_LEAST_SHARED = 5


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

    most_of_domain: int = 100
    """Texts of one domain, side and writing system: hard ones first, then its kinds in turn."""
    negatives: float = 1.0
    """Texts not of the tag, for each that is, in each writing system; the largest domains give up theirs first, so
    that no language becomes a reason against the tag."""
    boilerplate: float = 0.1
    """A line or cell outside of code that is on this share of a domain's texts is left out of its examples."""
    seed: int = 0


@dataclass(frozen=True)
class Streams:
    """What recalls a page: code in blocks, by rule, or the classifier's score."""

    code_bytes: int = 64
    """Fewest bytes of code in blocks for the rule."""
    code_share: float = 0.02
    """Fewest bytes of code in blocks, for each byte of text, for the rule."""
    rule_score: float = 0.2
    """Lowest score of a page that the rule recalls; 0 asks for none."""
    recall: float = 0.9
    """The classifier's threshold is the highest that recalls this share of the labelled pages of the tag that are
    without enough code for the rule, scored by models that saw no page of their domain."""
    folds: int = 5
    """Models that score for the threshold."""


def balanced(labelled: Iterable[Labelled], p: Seeds | None = None) -> list[Example]:
    """The examples of a model; a text counts once for a domain and side."""
    p = p or Seeds()
    sites = defaultdict[str, dict[str, Labelled]](dict)
    for one in labelled:
        digest = hashlib.sha256(f"{p.seed} {one.is_of_tag} {one.text}".encode("utf-8", "replace")).hexdigest()
        held = sites[one.domain].get(digest)
        if held is None or (one.hard, one.kind or "") > (held.hard, held.kind or ""):
            sites[one.domain][digest] = one
    cells = dict[tuple[bool, bool, str], list[str]]()
    for domain, texts in sorted(sites.items()):
        shared = _shared([one.text for one in texts.values()], p.boilerplate)
        groups = defaultdict[tuple[bool, bool], dict[str, Labelled]](dict)
        for digest, one in texts.items():
            groups[is_han(one.text), one.is_of_tag][digest] = one
        for (han, of_tag), some in groups.items():
            drawn = _in_turn(some)[: p.most_of_domain]
            cells[han, of_tag, domain] = [_without(one.text, shared) for one in drawn]
    return [
        Example(text, of_tag)
        for han in (False, True)
        for of_tag, texts in _level(cells, han, p.negatives)
        for text in texts
    ]


def _level(cells: dict[tuple[bool, bool, str], list[str]], han: bool, negatives: float) -> list[tuple[bool, list[str]]]:
    """The texts of a writing system by side and domain, those of the other side cut where their largest domains end."""
    of_tag = [texts for (h, side, _), texts in cells.items() if h == han and side]
    others = [texts for (h, side, _), texts in cells.items() if h == han and not side]
    most, level = negatives * sum(map(len, of_tag)), max(map(len, others), default=0)
    while level > 1 and sum(min(len(texts), level) for texts in others) > most:
        level -= 1
    return [(True, texts) for texts in of_tag] + [(False, texts[:level]) for texts in others]


def _in_turn(texts: dict[str, Labelled]) -> list[Labelled]:
    """Hard ones first, then one of each kind in turn."""
    seen = Counter[tuple[bool, str]]()
    ranked = list[tuple[bool, int, str, Labelled]]()
    for digest, one in sorted(texts.items()):
        group = (one.hard, one.kind or "")
        ranked.append((not one.hard, seen[group], digest, one))
        seen[group] += 1
    return [one for _, _, _, one in sorted(ranked, key=lambda r: r[:3])]


def is_han(text: str) -> bool:
    """Whether a text is written in Chinese characters, or enough of its beginning."""
    beginning = text[:_BEGINNING]
    return 10 * len(_HAN.findall(beginning)) > len(beginning)


def _key(piece: str) -> str:
    """A line or cell as it is compared: numbers alike; nothing where there is no letter."""
    key = _NUMBER.sub("0", piece).strip()
    return key if any(map(str.isalpha, key)) else ""


def _shared(texts: Sequence[str], share: float) -> set[str]:
    """The pieces that are on so many of a site's texts."""
    counts = Counter[str]()
    for text in texts:
        counts.update({_key(piece) for piece in _PIECE.split(_BLOCK.sub("\n", text))})
    least = max(_LEAST_SHARED, share * len(texts))
    return {piece for piece, count in counts.items() if piece and count >= least}


def _without(text: str, shared: set[str]) -> str:
    """A text without these pieces; its code stays as it is."""
    kept, at = list[str](), 0
    for block in (*_BLOCK.finditer(text), None):
        between = text[at : block.start() if block else len(text)]
        kept += [piece for piece in _PIECE.split(between) if _key(piece) not in shared]
        if block:
            kept.append(block[0])
            at = block.end()
    return "".join(kept)


def by_rule(code_bytes: int | None, text_bytes: int, p: Streams) -> bool:
    """Whether a page has enough code in blocks; what was no page (null) has none."""
    return code_bytes is not None and code_bytes >= max(1, p.code_bytes, p.code_share * text_bytes)


def folds(sides: Iterable[tuple[str, bool]], k: int) -> dict[str, int]:
    """The fold of each domain, from domain and side of each labelled page: whole domains, large ones first, each where
    the fewest pages of its side are."""
    pages = Counter(sides)
    domains = {domain for domain, _ in pages}
    held = {side: [0] * k for side in (True, False)}
    where = dict[str, int]()
    for domain in sorted(domains, key=lambda d: (-(pages[d, True] + pages[d, False]), d)):
        side = pages[domain, True] >= pages[domain, False]
        where[domain] = min(range(k), key=lambda fold: (held[side][fold], held[not side][fold], fold))
        for each in held:
            held[each][where[domain]] += pages[domain, each]
    return where


def threshold(scores: Sequence[float], is_of_tag: Sequence[bool], p: Streams) -> float:
    """The classifier's threshold, from labelled pages without enough code for the rule, each scored by a model that saw
    no page of its domain. Raises ValueError where none is of the tag."""
    return next(score for score, _, recall in precision_and_recall(scores, is_of_tag) if recall >= p.recall)
