"""Contracts of decontamination: which texts hold copies of benchmark tasks, and which are kept."""

from __future__ import annotations

from schemas.contract import REASONS, Column, Table

_TEXT_ID = Column(
    "text_id", "string", "SHA-256 of the text, or of an instruction's messages: the id of its own table.", False
)
_COPY = "item:string,part:string,method:string,share:double,limit:double,seen:string"

_MADE = ("open_code_instruct", "code_feedback", "rewritten", "execution_traces", "code_changes")

BENCHMARK_HITS = Table(
    "benchmark_hits",
    "Copies of tasks of a benchmark in a text: which part of which task, how much of it, and what was seen.",
    (
        _TEXT_ID,
        Column("benchmark", "string", "Name of the benchmark, as in contamination.benchmarks.", nullable=False),
        Column("benchmark_version", "string", "Hash of all its tasks.", nullable=False),
        Column("kernel_version", "string", "Hash of the kernel's code, rules and frequencies: part of the key.", False),
        Column(
            "hits",
            f"array<struct<{_COPY}>>",
            "The copies: `share` of the weight of a part stands in the text, `limit` makes it a copy; `seen` is where.",
            nullable=False,
        ),
        Column("failure", "string", "Why the text was not searched: it killed its worker; null where it was."),
    ),
    key=("text_id", "benchmark", "benchmark_version", "kernel_version"),
    cluster_by=("text_id",),
    made_from=("code_corpus", "web_corpus", "synthetic_snippets", "textbooks", "instructions", *_MADE),
)

CONTAMINATION = Table(
    "contamination",
    "Which texts may be trained on: none that holds a copy of a task of a benchmark.",
    (
        _TEXT_ID,
        Column("keep", "boolean", "Whether the text goes on to the tables that training reads.", nullable=False),
        Column("reasons", REASONS, "Why it was dropped; empty where it was kept.", nullable=False),
        Column(
            "copies",
            f"array<struct<benchmark:string,{_COPY}>>",
            "The copies that it holds, one of each task; empty where it was kept.",
            nullable=False,
        ),
    ),
    key=("text_id",),
    cluster_by=("text_id",),
    constraints={"kept_has_no_reason": "keep = (size(reasons) = 0)"},
    made_from=("benchmark_hits",),
)

TABLES = (BENCHMARK_HITS, CONTAMINATION)
"""Both in the order of the flow."""
