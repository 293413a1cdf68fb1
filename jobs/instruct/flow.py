"""The synthetic half in order: seeds, threads over calls and runs, what is kept of them, the tables made of it."""

from __future__ import annotations

from jobs.instruct import (
    algorithm_marks,
    algorithmic,
    made_decisions,
    model_labels,
    package_apis,
    package_usages,
    seed_parts,
    synthetic_snippets,
    textbooks,
    threads,
)
from schemas import instruct

STAGES = (
    algorithm_marks.STAGE,
    algorithmic.STAGE,
    seed_parts.STAGE,
    package_usages.STAGE,
    package_apis.STAGE,
    threads.STAGE,
    made_decisions.STAGE,
    synthetic_snippets.STAGE,
    textbooks.STAGE,
    model_labels.STAGE,
)

TABLES = instruct.TABLES
"""Every table of this half in the order of the flow."""
