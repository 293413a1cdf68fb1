"""Contracts of the synthetic half: seeds, threads of recipes, and the calls and runs that they were made from."""

from __future__ import annotations

from dataclasses import replace

from schemas.contract import REASONS, Column, Expect, Table

MADE = (
    "array<struct<row_id:string,target:string,name:string,language:string,stage:int,licence:string,squeezed:string,"
    "question_bytes:bigint,answer_bytes:bigint>>"
)
"""Narrow facts of the rows that a thread made; their texts stand beside, in the same order. A symbol of a package has
the name ECOSYSTEM:PACKAGE:SYMBOL, by which uses of it are found.
"""
SCORES = "array<struct<name:string,value:double>>"
"""Scores by name, in the order of the names."""
TARGETS = ("instructions", "synthetic_snippets", "textbooks", "page_labels")
"""Tables that rows of threads go to; rows for `seeds:RECIPE` are seeds of another recipe."""
ANSWERED = ("answered", "refused")
"""Statuses that are answers: what is asked again would be answered so again."""

_SEED_ID = Column("seed_id", "string", "SHA-256 of the recipe and the seed's texts.", nullable=False)
_RECIPE = Column("recipe", "string", "Recipe, see docs/instruct.md.", nullable=False)
_KERNEL = Column("kernel_version", "string", "Hash of the kernel's code: part of the key.", nullable=False)
_LANGUAGE = Column("language", "string", "Language of the code, or natural language of the page.", nullable=False)
_FAILURE = Column("failure", "string", "Why there is nothing: it killed its worker; null where there is.")
_RUN_ID = Column("run_id", "string", "Run that wrote the row.", nullable=False)
_ORIGIN = Column("origin", "string", "clean_id of the text, location of the given table, or the package.", False)

ALGORITHM_MARKS = Table(
    "algorithm_marks",
    "Keywords of algorithmic code that a text of the corpus holds (paper, annealing data).",
    (
        Column("clean_id", "string", "SHA-256 of the text.", nullable=False),
        _KERNEL,
        Column("keywords", "array<string>", "Keywords found, in the order of the settings.", nullable=False),
        _FAILURE,
    ),
    key=("clean_id", "kernel_version"),
    cluster_by=("clean_id",),
    made_from=("code_corpus",),
)

ALGORITHMIC = Table(
    "algorithmic",
    "Files of the corpus that hold a keyword of algorithmic code: a part of the annealing mixture.",
    (
        Column("clean_id", "string", "SHA-256 of the text: unique.", nullable=False),
        Column("language", "string", "Language name.", nullable=False),
        Column("repo", "string", "Repository name.", nullable=False),
        Column("path", "string", "Path inside the repository.", nullable=False),
        Column("licences", "array<string>", "Licences of the file, else of its repository."),
        Column("keywords", "array<string>", "Keywords found.", nullable=False),
        Column("text_bytes", "bigint", "Bytes of the text in UTF-8.", nullable=False),
        _RUN_ID,
        Column("text", "string", "The text.", nullable=False),
    ),
    key=("clean_id",),
    cluster_by=("clean_id",),
    expectations=(Expect("unique", "clean_id", why="One row per text."),),
    made_from=("algorithm_marks", "code_corpus"),
    volatile=("run_id",),
    text=("text",),
)

SEED_PARTS = Table(
    "seed_parts",
    "Seeds that a drawn text of a corpus gives to a recipe.",
    (
        Column("clean_id", "string", "SHA-256 of the text.", nullable=False),
        _RECIPE,
        _LANGUAGE,
        _KERNEL,
        Column("found", "array<struct<seed_id:string,bytes:bigint>>", "The seeds, in the order of the text.", False),
        _FAILURE,
        Column("texts", "array<struct<seed_id:string,fields:string>>", "Texts of each by name, as JSON.", False),
    ),
    key=("clean_id", "recipe", "language", "kernel_version"),
    cluster_by=("clean_id",),
    constraints={"texts_of_all": "size(found) = size(texts)"},
    made_from=("code_corpus", "web_corpus"),
    text=("texts",),
)

GIVEN_SEEDS = Table(
    "given_seeds",
    "Seeds of the tables that `recipes.tables` names, as they stand there now, and of the packages that are named.",
    (
        _ORIGIN,
        _SEED_ID,
        _RECIPE,
        _LANGUAGE,
        Column("source", "string", "Name of the table, or the ecosystem of the package.", nullable=False),
        Column("licence", "string", "Licence of the row where the table says it."),
        Column("bytes", "bigint", "Bytes of the texts.", nullable=False),
        Column("fields", "string", "Texts by name, as JSON.", nullable=False),
    ),
    key=("origin", "seed_id", "recipe"),
    cluster_by=("seed_id",),
    text=("fields",),
)

PACKAGE_USAGES = Table(
    "package_usages",
    "How texts of the corpus use packages: the lines around the first use of each symbol.",
    (
        Column("clean_id", "string", "SHA-256 of the text.", nullable=False),
        _LANGUAGE,
        _KERNEL,
        Column("found", "array<struct<name:string,usage_id:string>>", "ECOSYSTEM:PACKAGE:SYMBOL of each.", False),
        _FAILURE,
        Column("texts", "array<struct<usage_id:string,lines:string>>", "The lines of each.", nullable=False),
    ),
    key=("clean_id", "language", "kernel_version"),
    cluster_by=("clean_id",),
    constraints={"texts_of_all": "size(found) = size(texts)"},
    made_from=("code_corpus",),
    text=("texts",),
)

THREADS = Table(
    "threads",
    "One row per seed that a recipe was played to its end for: the rows it made, or why there are none. What waits for "
    "an answer has no row.",
    (
        _SEED_ID,
        _RECIPE,
        Column("recipe_version", "string", "Hash of the recipe's code, prompts, settings and models.", nullable=False),
        _KERNEL,
        Column("keep", "boolean", "Whether it made rows.", nullable=False),
        Column("reasons", REASONS, "Why it made none.", nullable=False),
        Column("steps", "int", "Calls and runs that it took.", nullable=False),
        Column("made", MADE, "Rows that it made, in their order.", nullable=False),
        Column("scores", f"array<{SCORES}>", "Scores of each row, for selection.", nullable=False),
        _FAILURE,
        _RUN_ID,
        Column(
            "texts",
            "array<struct<row_id:string,messages:string,text:string,parts:string>>",
            "Messages as JSON, or the text, of each row; parts (code, tests) as JSON.",
            nullable=False,
        ),
    ),
    key=("seed_id", "recipe", "recipe_version", "kernel_version"),
    cluster_by=("seed_id",),
    constraints={"texts_of_all": "size(made) = size(texts) and size(made) = size(scores)"},
    made_from=("seed_parts", "given_seeds", "package_usages", "llm_responses", "executions"),
    volatile=("run_id",),
    text=("texts",),
)

PACKAGE_APIS = replace(
    THREADS,
    name="package_apis",
    doc="Threads that walked the interface of an installed package; their rows are seeds, one for each symbol.",
    made_from=("given_seeds", "executions"),
)

TRAILS = Table(
    "trails",
    "Which thread asked and ran what: the answers of a seed are found by it, and forgotten with it.",
    (
        _SEED_ID,
        _RECIPE,
        Column("key", "string", "request_id of llm_responses, or program_id of executions.", nullable=False),
        _ORIGIN,
        Column("kind", "string", "call or run.", nullable=False),
        Column("step", "string", "Step of the recipe.", nullable=False),
        Column("prompt", "string", "Prompt file and its version; empty for a run.", nullable=False),
    ),
    key=("seed_id", "recipe", "key"),
    cluster_by=("seed_id",),
    constraints={"kind_known": "kind in ('call', 'run')"},
    made_from=("seed_parts", "given_seeds"),
)

LLM_RESPONSES = Table(
    "llm_responses",
    "Calls of language models. A request that was answered or refused is never sent again; of one that failed every "
    "call has a row, since it may have cost something.",
    (
        Column("request_id", "string", "SHA-256 of model, messages, parameters and sample.", nullable=False),
        Column("call_id", "string", "Chunk of call_chunks that it came with.", nullable=False),
        Column("status", "string", "answered, refused (the request itself is at fault) or failed.", nullable=False),
        Column("model", "string", "Model that was asked.", nullable=False),
        Column("endpoint", "string", "Host that answered, or was asked last."),
        Column("error", "string", "Class of the error; null of an answer."),
        Column("detail", "string", "What was found, for a person."),
        Column("finish", "string", "Why the answer ends: stop or length."),
        Column("prompt_tokens", "bigint", "Tokens of the request as the endpoint counts them.", nullable=False),
        Column("completion_tokens", "bigint", "Tokens of the answer, reasoning included.", nullable=False),
        Column("attempts", "int", "Times that it was sent.", nullable=False),
        Column("latency", "double", "Seconds of the try that was answered."),
        Column("uncertain", "int", "Tries that may have been billed though nothing usable came back.", nullable=False),
        Column("cost", "double", "Price of the answer, in the unit of calls.prices.", nullable=False),
        Column("uncertain_cost", "double", "Most that the uncertain tries may have cost.", nullable=False),
        Column("called_at", "timestamp", "When its chunk was done.", nullable=False),
        _RUN_ID,
        Column("text", "string", "The answer without its reasoning."),
        Column("reasoning", "string", "Reasoning where the model shows it."),
        Column("logprobs", "string", "Alternatives of the first tokens, as JSON."),
    ),
    key=("request_id", "call_id"),
    cluster_by=("request_id",),
    constraints={"status_known": "status in ('answered', 'refused', 'failed')"},
    made_from=("trails",),
    volatile=("run_id", "called_at"),
    text=("text", "reasoning", "logprobs"),
)

CALL_CHUNKS = Table(
    "call_chunks",
    "One row per chunk of calls, written before it is sent: the calls of a chunk without rows in llm_responses may all "
    "have been paid for nothing.",
    (
        Column("chunk_id", "string", "Run and number of the chunk.", nullable=False),
        _RUN_ID,
        Column("calls", "bigint", "Requests in it.", nullable=False),
        Column("most_cost", "double", "Most that it may cost; null without prices."),
        Column("started_at", "timestamp", "When it was sent.", nullable=False),
    ),
    key=("chunk_id",),
    deletion_vectors=False,
)

EXECUTIONS = Table(
    "executions",
    "Programs that were run, with the status of each of their tests.",
    (
        Column("program_id", "string", "SHA-256 of language, code, tests, files and limits.", nullable=False),
        _KERNEL,
        Column("language", "string", "Language of the program.", nullable=False),
        Column("level", "string", "Level of isolation that it ran at.", nullable=False),
        Column("version", "string", "Compiler or interpreter.", nullable=False),
        Column("status", "string", "passed where every test has, else the first other status.", nullable=False),
        Column("cpu_seconds", "double", "CPU seconds of all tests.", nullable=False),
        Column("peak_memory", "bigint", "Most bytes of memory of a test.", nullable=False),
        _FAILURE,
        _RUN_ID,
        Column(
            "tests",
            "array<struct<name:string,status:string,detail:string,proof:string,stdout:string>>",
            "Each test, in their order.",
            nullable=False,
        ),
    ),
    key=("program_id", "kernel_version"),
    cluster_by=("program_id",),
    made_from=("trails",),
    volatile=("run_id", "cpu_seconds", "peak_memory"),
    text=("tests",),
)


def _published(name: str, doc: str) -> Table:
    return Table(
        name,
        doc,
        (
            Column("row_id", "string", "SHA-256 of the text: unique.", nullable=False),
            _SEED_ID,
            _RECIPE,
            _LANGUAGE,
            Column("held_out", "boolean", "A repository that its seed stands in is held out.", nullable=False),
            Column("licence", "string", "Licence of the row where one is known."),
            Column("scores", SCORES, "Scores that its recipe gave.", nullable=False),
            Column("text_bytes", "bigint", "Bytes of the text in UTF-8.", nullable=False),
            _RUN_ID,
            Column("text", "string", "The text.", nullable=False),
        ),
        key=("row_id",),
        cluster_by=("row_id",),
        expectations=(Expect("unique", "row_id", why="One row per text."),),
        made_from=("made_decisions", "threads"),
        volatile=("run_id",),
        text=("text",),
    )


MADE_DECISIONS = Table(
    "made_decisions",
    "Which of the rows that threads made are kept: thresholds of their scores, and one of each text.",
    (
        _SEED_ID,
        _RECIPE,
        Column("row_id", "string", "SHA-256 of the messages or of the text.", nullable=False),
        Column("keep", "boolean", "Whether the row goes on to its table.", nullable=False),
        Column("reasons", REASONS, "Why it was dropped; empty where it was kept.", nullable=False),
        Column("target", "string", "Table that it is for.", nullable=False),
        _LANGUAGE,
        Column("stage", "int", "Stage of fine-tuning, of instructions."),
        Column("licence", "string", "Licence of the row where one is known."),
        Column("scores", SCORES, "Scores that its recipe gave.", nullable=False),
        Column("question_bytes", "bigint", "Bytes of all messages before the last answer; 0 of a text.", False),
        Column("answer_bytes", "bigint", "Bytes of the last answer, or of the text.", nullable=False),
    ),
    key=("seed_id", "recipe", "row_id"),
    cluster_by=("row_id",),
    constraints={"kept_has_no_reason": "keep = (size(reasons) = 0)"},
    made_from=("threads", "given_seeds"),
)

SYNTHETIC_SNIPPETS = _published(
    "synthetic_snippets", "Functions with tests that were run and passed: a part of the annealing mixture."
)
TEXTBOOKS = _published("textbooks", "Explanations of code from several angles: a part of the annealing mixture.")

TABLES = (
    ALGORITHM_MARKS,
    ALGORITHMIC,
    GIVEN_SEEDS,
    SEED_PARTS,
    PACKAGE_USAGES,
    PACKAGE_APIS,
    THREADS,
    TRAILS,
    LLM_RESPONSES,
    CALL_CHUNKS,
    EXECUTIONS,
    MADE_DECISIONS,
    SYNTHETIC_SNIPPETS,
    TEXTBOOKS,
)
"""Every table of this half in the order of the flow."""
