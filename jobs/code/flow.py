"""The raw-code half in order: measure, decide, publish, as in the paper's figure."""

from __future__ import annotations

from jobs.code import (
    clean_duplicates,
    cleaned_texts,
    code_corpus,
    exact_duplicates,
    file_decisions,
    filter_decisions,
    fingerprints,
    near_duplicates,
    near_pairs,
    quality_scores,
    rejects,
    sample_decisions,
    signals,
    text_decisions,
    text_scores,
)
from schemas import ops
from schemas.code import CONTENTS, RAW_FILES, REPOSITORIES
from schemas.quality import QUALITY_MODELS

STAGES = (
    text_scores.STAGE,
    text_decisions.STAGE,
    file_decisions.STAGE,
    exact_duplicates.STAGE,
    fingerprints.STAGE,
    near_pairs.STAGE,
    near_duplicates.STAGE,
    cleaned_texts.STAGE,
    signals.STAGE,
    quality_scores.STAGE,
    rejects.STAGE,
    filter_decisions.STAGE,
    clean_duplicates.STAGE,
    sample_decisions.STAGE,
    code_corpus.STAGE,
)

INGESTED = (REPOSITORIES, RAW_FILES, CONTENTS)
_WRITTEN = {stage.writes.name: stage.writes for stage in STAGES} | {t.name: t for t in (*INGESTED, ops.REJECTS)}

TABLES = (*INGESTED, *(t for n, t in _WRITTEN.items() if n not in {i.name for i in INGESTED}), QUALITY_MODELS)
"""Every table of this half in the order of the flow; together they make a release."""
