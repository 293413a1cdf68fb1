"""One round: from labelled texts to a classifier, the score from which on it recalls, and how well it does."""

from __future__ import annotations

import json
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from udfs.web.classifier import FastText, Recall, train
from udfs.web.seeds import Labelled, Seeds, Streams, balanced, folds, threshold
from udfs.web.thresholds import thresholds

_SAID = "round.json"
_SAMPLES = 8


class Page(NamedTuple):
    """A labelled text: `by_rule` where it has enough code in blocks; `said` label, pattern, or sample where nobody
    labelled it and it was drawn as not of the tag. Pages of a `held_out` site are measured on, never trained from.
    """

    content_id: str
    url: str | None
    text: str
    is_of_tag: bool
    domain: str
    kind: str | None = None
    by_rule: bool = False
    said: str = "label"
    held_out: bool = False

    @property
    def sampled(self) -> bool:
        """Whether nobody labelled it."""
        return self.said == "sample"


@dataclass(frozen=True)
class Said:
    """`threshold` is a score from 0 to 1, chosen by recall; `round` counts from 1."""

    threshold: float
    round: int


@dataclass(frozen=True)
class Trained:
    """A round's classifier, its threshold, and those of its texts that models without their sites got wrong."""

    model: Recall
    threshold: float
    examples: int
    wrong: frozenset[str]


@dataclass(frozen=True)
class Settings:
    """With what a round is trained."""

    streams: Streams
    seeds: Seeds
    fasttext: FastText


def say(model: Recall, said: Said) -> None:
    """Write it into the model's folder; it is no part of the model's version."""
    (model.folder / _SAID).write_text(json.dumps(asdict(said), sort_keys=True) + "\n", encoding="utf-8")


def said_of(model: Recall) -> Said:
    """Raises ValueError, naming the folder, where nothing is said or something else."""
    try:
        said = Said(**json.loads((model.folder / _SAID).read_text(encoding="utf-8")))
        return Said(float(said.threshold), int(said.round))
    except (OSError, TypeError, ValueError) as error:
        raise ValueError(
            f"{model.folder}: expected {_SAID} with threshold and round, found {type(error).__name__}: {error}; "
            "refinelake web train writes it"
        ) from error


def train_round(pages: Sequence[Page], hard: frozenset[str], folder: Path, number: int, p: Settings) -> Trained:
    """Train a classifier into a folder from the pages of sites that are not held out; `hard` are content_ids that an
    earlier round got wrong. Raises ValueError where a side is missing.
    """
    ours = [page for page in pages if not page.held_out]
    scores = _unseen_scores(ours, hard, p)
    known = [page for page in ours if page.content_id in scores]
    alone = [page for page in known if not page.by_rule and not page.sampled]
    if any(page.is_of_tag for page in alone):
        limit = threshold([scores[page.content_id] for page in alone], [page.is_of_tag for page in alone], p.streams)
    else:
        limit = 0.5  # nothing to choose it by
    examples = balanced((_labelled(page, hard) for page in ours), p.seeds)
    model = train(examples, folder, p.fasttext)
    say(model, Said(limit, number))
    wrong = {page.content_id for page in known if (scores[page.content_id] >= limit) != page.is_of_tag}
    return Trained(model, limit, len(examples), frozenset(wrong))


def _labelled(page: Page, hard: frozenset[str]) -> Labelled:
    return Labelled(page.text, page.is_of_tag, page.domain, page.kind, page.content_id in hard)


def _unseen_scores(pages: Sequence[Page], hard: frozenset[str], p: Settings) -> dict[str, float]:
    """Scores by models that saw no page of the text's site, by content_id; none where there are too few sites."""
    fold_of = folds(((page.domain, page.is_of_tag) for page in pages), p.streams.folds)
    found: dict[str, float] = {}
    for fold in sorted(set(fold_of.values())):
        rest = [page for page in pages if fold_of[page.domain] != fold]
        own = [page for page in pages if fold_of[page.domain] == fold]
        if len({page.is_of_tag for page in rest}) < 2:
            continue
        with tempfile.TemporaryDirectory(prefix="refinelake-fold-") as place:
            model = train(balanced((_labelled(page, hard) for page in rest), p.seeds), place, p.fasttext)
            found |= zip((o.content_id for o in own), model.scores([o.text for o in own]), strict=True)
    return found


def measured(pages: Sequence[Page], model: Recall, limit: float, p: Streams) -> dict[str, Any]:
    """How well both streams together do on labelled pages of held-out sites: precision and recall as a whole and by
    kind of page, thresholds of the classifier, and the pages that it got wrong. Empty without such pages.
    """
    seen = [page for page in pages if page.held_out and not page.sampled]
    if not seen:
        return {}
    scores = model.scores([page.text for page in seen])
    found = [recalled(page, score, limit, p) for page, score in zip(seen, scores, strict=True)]
    kinds = defaultdict[str, list[int]](list)
    for at, page in enumerate(seen):
        kinds[page.kind or "unknown"].append(at)
    truth = [page.is_of_tag for page in seen]
    return {
        **_rates(truth, found),
        "pages": len(seen),
        "sites": len({page.domain for page in seen}),
        "kinds": {k: _rates([truth[i] for i in at], [found[i] for i in at]) for k, at in sorted(kinds.items())},
        "thresholds": _thresholds([p for p in zip(seen, scores, strict=True) if not p[0].by_rule]),
        "missed": _samples(seen, scores, [t and not f for t, f in zip(truth, found, strict=True)]),
        "wrong": _samples(seen, scores, [f and not t for t, f in zip(truth, found, strict=True)]),
    }


def recalled(page: Page, score: float, limit: float, p: Streams) -> bool:
    """By rule or by the classifier, as jobs/web/web_decisions.py."""
    return (page.by_rule and score >= p.rule_score) or score >= limit


def _rates(truth: Sequence[bool], found: Sequence[bool]) -> dict[str, Any]:
    right = sum(t and f for t, f in zip(truth, found, strict=True))
    of_tag, recall_ = sum(truth), sum(found)
    return {
        "precision": right / recall_ if recall_ else None,
        "recall": right / of_tag if of_tag else None,
        "of_tag": of_tag,
        "recalled": recall_,
    }


def _thresholds(scored: Sequence[tuple[Page, float]]) -> list[dict[str, Any]]:
    truth = [page.is_of_tag for page, _ in scored]
    return [asdict(t) for t in thresholds([s for _, s in scored], truth)] if any(truth) else []


def _samples(pages: Sequence[Page], scores: Sequence[float], chosen: Sequence[bool]) -> list[dict[str, Any]]:
    rows = [(page.content_id, page, score) for page, score, c in zip(pages, scores, chosen, strict=True) if c]
    return [
        {"url": page.url, "score": round(score, 4), "text": " ".join(page.text[:300].split())}
        for _, page, score in sorted(rows, key=lambda row: row[0])[:_SAMPLES]
    ]
