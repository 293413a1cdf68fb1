"""From the corpora to the tables that training reads, in order."""

from __future__ import annotations

from jobs.corpus import (
    anneal_tokens,
    instruction_decisions,
    instruction_embeddings,
    instruction_fingerprints,
    instruction_groups,
    instruction_neighbours,
    instruction_pairs,
    instruction_parts,
    instructions,
    pretrain_tokens,
    sft_tokens,
)
from schemas import corpus

STAGES = (
    pretrain_tokens.STAGE,
    anneal_tokens.STAGE,
    instruction_parts.STAGE,
    instruction_fingerprints.STAGE,
    instruction_pairs.STAGE,
    instruction_embeddings.STAGE,
    instruction_neighbours.STAGE,
    instruction_groups.STAGE,
    instruction_decisions.STAGE,
    instructions.STAGE,
    sft_tokens.STAGE,
)

TABLES = corpus.TABLES
"""Every table of this half in the order of the flow."""
