"""The synthetic half in order: seeds, threads over calls and runs, what is kept of them, the tables made of it."""

from __future__ import annotations

from jobs.instruct import (
    algorithm_marks,
    algorithmic,
    code_changes,
    code_feedback,
    execution_traces,
    file_labels,
    generation_1,
    generation_2,
    generation_3,
    made_decisions,
    model_labels,
    open_code_instruct,
    package_apis,
    package_usages,
    population,
    query_embeddings,
    query_packs,
    questions,
    rewritten,
    seed_parts,
    synthetic_snippets,
    textbooks,
    threads,
)
from schemas import instruct
from schemas.quality import FILE_LABELS

STAGES = (
    algorithm_marks.STAGE,
    algorithmic.STAGE,
    seed_parts.STAGE,
    package_usages.STAGE,
    package_apis.STAGE,
    questions.STAGE,
    generation_1.STAGE,
    generation_2.STAGE,
    generation_3.STAGE,
    population.STAGE,
    query_embeddings.STAGE,
    query_packs.STAGE,
    threads.STAGE,
    made_decisions.STAGE,
    synthetic_snippets.STAGE,
    textbooks.STAGE,
    open_code_instruct.STAGE,
    code_feedback.STAGE,
    rewritten.STAGE,
    execution_traces.STAGE,
    code_changes.STAGE,
    model_labels.STAGE,
    file_labels.STAGE,
)

TABLES = (*instruct.TABLES, FILE_LABELS)
"""Every table of this half in the order of the flow."""
