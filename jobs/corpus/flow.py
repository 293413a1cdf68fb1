"""From the corpora to the tables that training reads, in order: instructions, decontamination, documents, ids."""

from __future__ import annotations

from jobs.corpus import (
    anneal_docs,
    anneal_tokens,
    benchmark_hits,
    contamination,
    instruction_decisions,
    instruction_embeddings,
    instruction_fingerprints,
    instruction_groups,
    instruction_neighbours,
    instruction_pairs,
    instruction_parts,
    instructions,
    pretrain_docs,
    pretrain_tokens,
    sft_stage1,
    sft_stage2,
    sft_tokens,
)
from schemas import contamination as searched
from schemas import corpus, documents

STAGES = (
    instruction_parts.STAGE,
    instruction_fingerprints.STAGE,
    instruction_pairs.STAGE,
    instruction_embeddings.STAGE,
    instruction_neighbours.STAGE,
    instruction_groups.STAGE,
    instruction_decisions.STAGE,
    instructions.STAGE,
    benchmark_hits.STAGE,
    contamination.STAGE,
    pretrain_docs.STAGE,
    anneal_docs.STAGE,
    sft_stage1.STAGE,
    sft_stage2.STAGE,
    pretrain_tokens.STAGE,
    anneal_tokens.STAGE,
    sft_tokens.STAGE,
)

TABLES = (*corpus.MADE, *searched.TABLES, *documents.TABLES, *corpus.TOKENS)
"""Every table of this half in the order of the flow."""
