"""From labelled texts to a scorer: a head for each language that has enough labels and agrees with unseen ones."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pyarrow as pa

from udfs.quality.features import sums_of
from udfs.quality.heads import Head, Labelled, fitted, in_order, share
from udfs.quality.measuring import STEPS, auc, spearman, token_quantiles
from udfs.quality.scorer import Scorer, Shape, predicted, write
from udfs.quality.settings import QualityTraining

LEAST_SAMPLE = 20
"""Texts: of fewer no quantile says anything."""


class LabelsError(ValueError):
    """There is not enough labelled to train from: nothing was written."""


Sample = Callable[[str], Sequence[str]]


def made(
    labelled: Mapping[str, Sequence[Labelled]],
    sample: Sample,
    folder: Path,
    p: QualityTraining,
    say: Callable[[str], None] = lambda _: None,
) -> Scorer:
    """A scorer in a folder, from labelled texts by language and `sample(language)`; the same for the same ones.

    Raises LabelsError where no language has enough labels that a head agrees with.
    """
    heads: dict[str, Head] = {}
    languages: dict[str, dict[str, Any]] = {}
    left_out = []
    for language, given in sorted(labelled.items()):
        try:
            head, about = _of_language(given, p)
            languages[language] = about | _quantiles(head, about, sample(language), p)
        except LabelsError as error:
            left_out.append(f"{language}: {error}")
            say(f"{language}: no head, {error}")
            continue
        heads[language] = head
        say(line(language, languages[language]))
    if not heads:
        raise LabelsError(f"expected a language with enough labels, found {'; '.join(left_out) or 'no label'}")
    trained_from = hashlib.sha256()
    for language in sorted(heads):
        for each in in_order(labelled[language]):
            trained_from.update(repr((language, each)).encode("utf-8", "replace"))
    said = {"parameters": asdict(p), "trained_from": trained_from.hexdigest(), "left_out": left_out}
    return write(folder, Shape(p.bits, p.most_bytes), heads, languages, said)


def _of_language(given: Sequence[Labelled], p: QualityTraining) -> tuple[Head, dict[str, Any]]:
    """(the head, what is known of it). Raises LabelsError."""
    held, rest = _split(given, p)
    head = fitted(rest, p.most_bytes, p.bits)
    about = {
        "bias": head.bias,
        "lowest": min(e.score for e in rest),
        "highest": max(e.score for e in rest),
        "penalty": head.penalty,
        "labels": len(given),
        "mean_label": round(float(np.mean([e.score for e in in_order(given)])), 4),
        "trained_on": len(rest),
    }
    return head, about | {"held_out": _measured(head, about, held, median(e.score for e in rest), p)}


def _split(given: Sequence[Labelled], p: QualityTraining) -> tuple[list[Labelled], list[Labelled]]:
    """(texts of the repositories held out, the others). Raises LabelsError where there are too few of either."""
    if len(given) < p.labels:
        raise LabelsError(f"expected {p.labels} labelled texts, found {len(given)}")
    held = [e for e in in_order(given) if share(e.group, "held_out") < p.held_out]
    rest = [e for e in in_order(given) if share(e.group, "held_out") >= p.held_out]
    if not held or len({e.group for e in rest}) < 2:
        raise LabelsError(
            "expected labels of repositories to train from and of others to measure on, found "
            f"{len({e.group for e in rest})} and {len({e.group for e in held})} repositories"
        )
    if len({e.score for e in rest}) < 2:
        raise LabelsError(f"expected labels that differ, found {rest[0].score:g} for every text")
    return held, rest


def _measured(
    head: Head, about: Mapping[str, Any], held: Sequence[Labelled], middle: float, p: QualityTraining
) -> dict[str, Any]:
    """Agreement with labels of repositories not seen; `middle` parts good ones from others. Raises LabelsError."""
    truth = [e.score for e in held]
    sums, _ = _sums(head, [e.text for e in held], p)
    found = predicted(sums, head.bias, about["lowest"], about["highest"])
    rho, number = spearman(found, truth), len({e.group for e in held})
    if rho is None or rho < p.agreement:
        raise LabelsError(
            f"expected a rank correlation of {p.agreement:g} with labels of {number} repositories not seen, found "
            f"{'none' if rho is None else format(rho, '.2f')}"
        )
    area = auc(found, [t > middle for t in truth])
    return {
        "texts": len(held),
        "repositories": number,
        "spearman": round(rho, 4),
        "auc": None if area is None else round(area, 4),
        "error": round(float(np.mean(np.abs(found - np.array(truth)))), 4),
    }


def _sums(head: Head, texts: Sequence[str], p: QualityTraining) -> Any:
    given = pa.array(texts, pa.large_string())
    return sums_of(given, np.zeros(len(texts), np.int64), head.weights[None, :], p.most_bytes)


def _quantiles(head: Head, about: Mapping[str, Any], texts: Sequence[str], p: QualityTraining) -> dict[str, Any]:
    """Scores of a sample at each thousandth of its tokens, and the one that keeps the share asked for. Raises
    LabelsError.
    """
    sums, tokens = _sums(head, texts, p)
    if len(texts) < LEAST_SAMPLE or not tokens.sum():
        raise LabelsError(f"expected {LEAST_SAMPLE} texts of code_corpus to rank scores by, found {len(texts)}")
    scores = predicted(sums, head.bias, about["lowest"], about["highest"])
    quantiles = token_quantiles(scores, tokens)
    at = float(quantiles[round((1 - p.keep) * STEPS)])
    kept = int(tokens[scores >= at].sum())
    return {
        "quantiles": [float(q) for q in quantiles],
        "threshold": at,
        "keep": p.keep,
        "sample": {
            "texts": len(texts),
            "tokens": int(tokens.sum()),
            "kept_tokens": round(kept / int(tokens.sum()), 4),
            "kept_texts": round(float((scores >= at).mean()), 4),
        },
    }


def line(language: str, about: Mapping[str, Any]) -> str:
    """A head in one line."""
    seen, sample = about["held_out"], about["sample"]
    area = "" if seen["auc"] is None else f", AUC {seen['auc']:.2f}"
    return (
        f"{language}: {about['labels']:,} labels; on {seen['texts']:,} of {seen['repositories']:,} repositories not "
        f"seen rank correlation {seen['spearman']:.2f}{area}; a score of {about['threshold']:.2f} keeps "
        f"{sample['kept_tokens']:.0%} of the tokens, {sample['kept_texts']:.0%} of {sample['texts']:,} texts"
    )
