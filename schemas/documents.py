"""Contracts of the tables at the end, without copies of benchmarks: what is tokenised, trained on and handed out."""

from __future__ import annotations

from dataclasses import replace

from schemas.contract import Column, Expect, Table
from schemas.corpus import INSTRUCTIONS
from schemas.instruct import CODE_FEEDBACK, OPEN_CODE_INSTRUCT

PRETRAIN_DOCS = Table(
    "pretrain_docs",
    "Documents for pretraining: code_corpus and web_corpus without copies of benchmarks; a text of both is code.",
    (
        Column("content_id", "string", "SHA-256 of the text: clean_id of its corpus.", nullable=False),
        Column("source", "string", "code or web.", nullable=False),
        Column("language", "string", "Language name; of a page its natural language.", nullable=False),
        Column("repo", "string", "Repository; of a page its domain."),
        Column("path", "string", "Path inside the repository; of a page its address."),
        Column("licences", "array<string>", "Licences of the file, else of its repository; of a page its links."),
        Column(
            "held_out", "boolean", "Its repository or domain is held out: evaluated on, never trained.", nullable=False
        ),
        Column("text_bytes", "bigint", "Bytes of the text in UTF-8.", nullable=False),
        Column("run_id", "string", "Run that wrote the row.", nullable=False),
        Column("text", "string", "The text.", nullable=False),
    ),
    key=("content_id",),
    cluster_by=("language", "content_id"),
    constraints={"text_not_empty": "text_bytes > 0", "id_is_sha256": "length(content_id) = 64"},
    expectations=(
        Expect("unique", "content_id", why="One row per distinct text."),
        Expect("not_null", "language", why="Readers weigh by language."),
        Expect("between", "text_bytes", {"min": 1}, why="Bits per byte divide by it."),
        Expect("row_count", None, {"min": 1}, why="An empty table is a mistake."),
    ),
    made_from=("code_corpus", "web_corpus", "contamination"),
    volatile=("run_id",),
    text=("text",),
)

ANNEAL_DOCS = replace(
    PRETRAIN_DOCS,
    name="anneal_docs",
    doc="Documents that only annealing reads, without copies of benchmarks; the source is the part of the mixture: "
    "algorithmic, snippets, textbooks, and beside the paper's rewritten, traces and changes.",
    expectations=tuple(e for e in PRETRAIN_DOCS.expectations if e.kind != "row_count"),
    made_from=(
        *("algorithmic", "synthetic_snippets", "textbooks"),
        *("rewritten", "execution_traces", "code_changes", "contamination"),
    ),
)

SFT_STAGE1 = replace(
    INSTRUCTIONS,
    name="sft_stage1",
    doc="Conversations of the first, broad stage of supervised fine-tuning, without copies of benchmarks.",
    made_from=("instructions", "contamination"),
)
SFT_STAGE2 = replace(
    SFT_STAGE1,
    name="sft_stage2",
    doc="Conversations of the second, deep stage of supervised fine-tuning, without copies of benchmarks.",
)

TABLES = (PRETRAIN_DOCS, ANNEAL_DOCS, SFT_STAGE1, SFT_STAGE2)
"""All in the order of the flow."""
EXPORTED = (*TABLES, OPEN_CODE_INSTRUCT, CODE_FEEDBACK)
"""All that `export-data` can write: the tables at the end, and made conversations in their published forms."""
