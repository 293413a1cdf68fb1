"""From code_corpus to the tables that training reads, in order."""

from __future__ import annotations

from jobs.corpus import pretrain_tokens
from schemas import corpus

STAGES = (pretrain_tokens.STAGE,)

TABLES = corpus.TABLES
"""Every table of this half in the order of the flow."""
