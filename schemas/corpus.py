"""Contracts of what training reads: token tables of the corpus, instructions, and token tables of instructions."""

from __future__ import annotations

from dataclasses import replace

from schemas import code
from schemas.contract import REASONS, Column, Expect, Table
from schemas.instruct import SCORES

_STAGE = Column("stage", "int", "1 or 2: the stage of supervised fine-tuning that trains on it.", nullable=False)
_CLEAN_ID = Column("clean_id", "string", "SHA-256 of the text it was made from.", nullable=False)
_INSTRUCTION_ID = Column(
    "instruction_id", "string", "SHA-256 of the messages as JSON with sorted keys and no spaces.", nullable=False
)
_KIND = Column(
    "kind", "string", "docstring, summary, table for rows of a given table, or made by a recipe.", nullable=False
)
_LICENCE = Column("licence", "string", "Licence of the row, else of what it was made from; null where nobody said.")
_SCORES = Column("scores", SCORES, "Scores that its recipe gave; null of others.")
_SOURCE = Column(
    "source", "string", "code for what the corpus gave, the recipe, or the given table's name.", nullable=False
)
_SOURCE_ORIGIN = Column(
    "origin", "string", "clean_id of the text, RECIPE/SEED/ITS ORIGIN, or location of the given table.", nullable=False
)
_MESSAGES = Column("messages", "array<struct<role:string,content:string>>", "The conversation.", nullable=False)
_MESSAGE_BYTES = Column("text_bytes", "bigint", "Bytes of all contents of the messages in UTF-8.", nullable=False)
_REPO = Column("repo", "string", "Repository it comes from; null where a given table does not say.")

_TOKENS_ARE_COUNTED = {
    "tokens_are_counted": "n_tokens > 0 and n_tokens = size(tokens)",
    "ids_are_natural": "array_min(tokens) >= 0",
    "id_is_sha256": "length(content_id) = 64",
    "chunk_is_natural": "chunk >= 0",
}
_ONE_TOKENIZER = Expect(
    "distinct_between", "tokenizer_hash", {"max": 1}, why="A table is of one tokenizer, or training refuses it."
)


def _token_columns(content: str, tokens: str) -> tuple[Column, ...]:
    return (
        Column("content_id", "string", content, nullable=False),
        Column("chunk", "int", "Number of the part of a document; 0 for a whole one.", nullable=False),
        Column("source", "string", "Part of the recipe: code, web, or an instruction's source.", nullable=False),
        Column("language", "string", "Language name; of a page its natural language.", nullable=False),
        Column(
            "held_out", "boolean", "Its repository or domain is held out: evaluated on, never trained.", nullable=False
        ),
        Column("tokens", "array<int>", tokens, nullable=False),
        Column("n_tokens", "bigint", "Length of tokens.", nullable=False),
        Column("text_bytes", "bigint", "UTF-8 bytes of the text, for bits per byte.", nullable=False),
        Column("tokenizer_hash", "string", "TextTokenizer.hash: the same in every row.", nullable=False),
    )


PRETRAIN_TOKENS = Table(
    "pretrain_tokens",
    "Documents of the corpus as token ids, for pretraining; a document is one row.",
    (
        *_token_columns(
            "SHA-256 of the document's text: clean_id of its corpus.", "Ids, without separator, BOS or padding."
        ),
        Column("fim", "string", "Settings of fill-in-the-middle, off where there is none.", nullable=False),
    ),
    key=("content_id", "chunk"),
    cluster_by=("content_id",),
    constraints=_TOKENS_ARE_COUNTED,
    expectations=(
        Expect("unique", "content_id", why="One row per distinct text."),
        _ONE_TOKENIZER,
        Expect("distinct_between", "fim", {"max": 1}, why="One setting of fill-in-the-middle."),
        Expect("between", "text_bytes", {"min": 1}, why="Bits per byte divide by it."),
        Expect("row_count", None, {"min": 1}, why="An empty table is a mistake."),
    ),
    made_from=("pretrain_docs",),
    text=("tokens", "n_tokens"),
)

ANNEAL_TOKENS = replace(
    PRETRAIN_TOKENS,
    name="anneal_tokens",
    doc="Documents that only annealing reads, as token ids; the source is the part of the mixture: algorithmic, "
    "snippets, textbooks.",
    expectations=tuple(e for e in PRETRAIN_TOKENS.expectations if e.kind != "row_count"),
    made_from=("anneal_docs",),
)

INSTRUCTION_PARTS = Table(
    "instruction_parts",
    "Instructions found in a text without a language model: documented functions, file summaries.",
    (
        _CLEAN_ID,
        Column("language", "string", "Language the text was read as.", nullable=False),
        Column(
            "kernel_version", "string", "Hash of the kernel's code and parameters: part of the key.", nullable=False
        ),
        Column(
            "found",
            "array<struct<instruction_id:string,kind:string,question_bytes:bigint,answer_bytes:bigint>>",
            "What was found, in the order of the text.",
            nullable=False,
        ),
        Column("failure", "string", "Why the text was not searched: it killed its worker; null where it was."),
        Column(
            "texts",
            "array<struct<instruction_id:string,question:string,answer:string>>",
            "Question and answer of each.",
            nullable=False,
        ),
    ),
    key=("clean_id", "language", "kernel_version"),
    cluster_by=("clean_id",),
    constraints={"texts_of_all": "size(found) = size(texts)"},
    made_from=("code_corpus",),
    text=("texts",),
)

GIVEN_INSTRUCTIONS = Table(
    "given_instructions",
    "Conversations of the tables that `instructions.tables` names, as they stand there now.",
    (
        Column("origin", "string", "Location of the table.", nullable=False),
        _INSTRUCTION_ID,
        _STAGE,
        Column("language", "string", "Language, where the table has that column.", nullable=False),
        _REPO,
        Column("question_bytes", "bigint", "Bytes of all messages before the last answer.", nullable=False),
        Column("answer_bytes", "bigint", "Bytes of the last answer.", nullable=False),
        _MESSAGES,
    ),
    key=("origin", "instruction_id"),
    cluster_by=("instruction_id",),
    text=("messages",),
)

INSTRUCTION_FINGERPRINTS = replace(
    code.FINGERPRINTS,
    name="instruction_fingerprints",
    doc="MinHash bands and sketches of instructions, question and answer together, as in fingerprints; ids are those "
    "of the instructions.",
    made_from=("instruction_parts", "given_instructions", "threads"),
)
INSTRUCTION_PAIRS = replace(
    code.NEAR_PAIRS,
    name="instruction_pairs",
    doc="Candidate pairs of instructions that share an LSH band, as in near_pairs.",
    made_from=("instruction_fingerprints",),
)
INSTRUCTION_EMBEDDINGS = replace(
    code.FINGERPRINTS,
    name="instruction_embeddings",
    doc="Unit vectors of instructions by a sentence encoder, question and answer together, where one is named: "
    "`sketch` is the vector in half precision, `bands` its sides of random planes, `shingles` the tokens read.",
    made_from=("instruction_parts", "given_instructions", "threads"),
)
INSTRUCTION_NEIGHBOURS = replace(
    code.NEAR_PAIRS,
    name="instruction_neighbours",
    doc="Candidate pairs of instructions whose vectors share a band; `similarity` is their cosine.",
    made_from=("instruction_embeddings",),
)
INSTRUCTION_GROUPS = replace(
    code.NEAR_DUPLICATES,
    name="instruction_groups",
    doc="Groups of near-duplicate instructions; `file_id` and its like are the instruction's id.",
    made_from=("instruction_pairs", "instruction_neighbours"),
)

INSTRUCTION_DECISIONS = Table(
    "instruction_decisions",
    "Which instructions are kept: bounds of length, and one of each conversation.",
    (
        _SOURCE_ORIGIN,
        _INSTRUCTION_ID,
        Column("keep", "boolean", "Whether the row goes on to the next stage.", nullable=False),
        Column("reasons", REASONS, "Why it was dropped; empty where it was kept.", nullable=False),
        _KIND,
        _SOURCE,
        Column("language", "string", "Language name.", nullable=False),
        _REPO,
        _STAGE,
        _MESSAGE_BYTES,
        _LICENCE,
        _SCORES,
    ),
    key=("origin", "instruction_id"),
    cluster_by=("instruction_id",),
    constraints={"kept_has_no_reason": "keep = (size(reasons) = 0)"},
    made_from=("instruction_parts", "given_instructions", "instruction_groups", "made_decisions", "code_corpus"),
)

INSTRUCTIONS = Table(
    "instructions",
    "Conversations for supervised fine-tuning, each once.",
    (
        _INSTRUCTION_ID,
        _KIND,
        _SOURCE,
        Column("language", "string", "Language name.", nullable=False),
        Column("held_out", "boolean", "A repository that it stands in is held out.", nullable=False),
        _REPO,
        _SOURCE_ORIGIN,
        _STAGE,
        _MESSAGE_BYTES,
        _LICENCE,
        _SCORES,
        Column("run_id", "string", "Run that wrote the row.", nullable=False),
        _MESSAGES,
    ),
    key=("instruction_id",),
    cluster_by=("instruction_id",),
    constraints={
        "stage_known": "stage in (1, 2)",
        "id_is_sha256": "length(instruction_id) = 64",
        "has_an_answer": "exists(messages, m -> m.role = 'assistant' and length(m.content) > 0)",
    },
    expectations=(
        Expect("unique", "instruction_id", why="One row per conversation."),
        Expect("in_set", "stage", {"values": (1, 2)}, why="There are two stages."),
        Expect("in_set", "kind", {"values": ("docstring", "summary", "table", "made")}, why="The kinds that are made."),
        Expect("between", "text_bytes", {"min": 1}, why="Empty conversations never get here."),
    ),
    made_from=("instruction_decisions", "instruction_parts", "given_instructions", "threads"),
    volatile=("run_id",),
    text=("messages",),
)

SFT_TOKENS = Table(
    "sft_tokens",
    "Conversations as token ids, with what is supervised.",
    (
        *_token_columns("The instruction_id.", "Ids of the chat template."),
        Column(
            "supervised", "array<boolean>", "Whether predicting the token at this place is trained.", nullable=False
        ),
        Column("n_supervised", "bigint", "Supervised tokens: at least one.", nullable=False),
        _STAGE,
    ),
    key=("content_id", "chunk"),
    cluster_by=("content_id",),
    constraints=_TOKENS_ARE_COUNTED
    | {
        "mask_is_as_long": "size(supervised) = n_tokens",
        "something_is_trained": "n_supervised > 0 and n_supervised = size(filter(supervised, s -> s))",
        "stage_known": "stage in (1, 2)",
    },
    expectations=(Expect("unique", "content_id", why="One row per conversation."), _ONE_TOKENIZER),
    made_from=("sft_stage1", "sft_stage2"),
    text=("tokens", "n_tokens", "supervised", "n_supervised"),
)

MADE = (
    INSTRUCTION_PARTS,
    GIVEN_INSTRUCTIONS,
    INSTRUCTION_FINGERPRINTS,
    INSTRUCTION_PAIRS,
    INSTRUCTION_EMBEDDINGS,
    INSTRUCTION_NEIGHBOURS,
    INSTRUCTION_GROUPS,
    INSTRUCTION_DECISIONS,
    INSTRUCTIONS,
)
"""Tables of instructions in the order of the flow."""
TOKENS = (PRETRAIN_TOKENS, ANNEAL_TOKENS, SFT_TOKENS)
"""Token tables in the order of the flow."""

TRAINED_COLUMNS = tuple(n for n in PRETRAIN_TOKENS.names if n != "fim")
"""What training reads of a token table; sft_tokens has these and more."""
