"""How well scores agree with labels, and the scores up to which given shares of the tokens stand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
STEPS = 1000
"""Quantiles that are kept of a sample."""


def ranks(values: Sequence[float] | Floats) -> Floats:
    """Places from 1 on; equal values share the mean of theirs."""
    found = np.asarray(values, float)
    _, inverse, counts = np.unique(found, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[inverse], float)


def spearman(scores: Sequence[float] | Floats, labels: Sequence[float] | Floats) -> float | None:
    """Rank correlation; None where one side has one value only."""
    if len(scores) < 2 or len(set(map(float, scores))) < 2 or len(set(map(float, labels))) < 2:
        return None
    return float(np.corrcoef(ranks(scores), ranks(labels))[0, 1])


def auc(scores: Sequence[float] | Floats, good: Sequence[bool]) -> float | None:
    """Chance that a good text scores above one that is not; None where all are of one side."""
    sides = np.asarray(good, bool)
    positives, negatives = int(sides.sum()), int((~sides).sum())
    if not positives or not negatives:
        return None
    return float((ranks(scores)[sides].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def token_quantiles(scores: Floats, tokens: npt.NDArray[np.int64]) -> Floats:
    """STEPS + 1 scores: up to the n-th stand n / STEPS of the tokens, or more where many share it. Raises ValueError
    without a token.
    """
    if not len(scores) or not tokens.sum():
        raise ValueError("expected a sample with tokens, found none")
    order = np.argsort(scores, kind="stable")
    # Whole numbers, so that no share is a little more or less than it is.
    at = np.searchsorted(np.cumsum(tokens[order]) * STEPS, np.arange(STEPS + 1) * tokens.sum(), side="left")
    return np.asarray(scores[order][np.minimum(at, len(scores) - 1)], float)


def share_up_to(scores: Floats, quantiles: Floats) -> Floats:
    """For each score the share of the sample's tokens that stand in texts of no higher one: texts of one score have one
    rank, and those below a share never hold more of the tokens.
    """
    return np.asarray(np.maximum(np.searchsorted(quantiles, scores, side="right") - 1, 0) / STEPS, float)
