"""The web half in order: recall what is of a tag, then what the raw-code half does to its texts."""

from __future__ import annotations

from jobs.web import (
    domain_decisions,
    recall_scores,
    web_clean_duplicates,
    web_cleaned_texts,
    web_corpus,
    web_decisions,
    web_exact_duplicates,
    web_filter_decisions,
    web_fingerprints,
    web_near_duplicates,
    web_near_pairs,
    web_rejects,
    web_signals,
)
from schemas import recall, web

STAGES = (
    recall_scores.STAGE,
    web_decisions.STAGE,
    domain_decisions.STAGE,
    web_exact_duplicates.STAGE,
    web_fingerprints.STAGE,
    web_near_pairs.STAGE,
    web_near_duplicates.STAGE,
    web_cleaned_texts.STAGE,
    web_signals.STAGE,
    web_rejects.STAGE,
    web_filter_decisions.STAGE,
    web_clean_duplicates.STAGE,
    web_corpus.STAGE,
)

TABLES = (*recall.TABLES, *web.TABLES, web_signals.WEB_SIGNALS)
"""Every table of this half; together they make a release."""
