"""Contracts of the synthetic half: seeds, threads of recipes, and the calls and runs that they were made from."""

from __future__ import annotations

from dataclasses import replace

from schemas.code import FINGERPRINTS
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
TARGETS = (
    "instructions",
    "synthetic_snippets",
    "textbooks",
    "page_labels",
    "file_labels",
    "open_code_instruct",
    "code_feedback",
    "rewritten",
    "execution_traces",
    "code_changes",
)
"""Tables that rows of threads go to; rows for `seeds:RECIPE` are seeds of another recipe."""
CONVERSATIONS = ("instructions", "open_code_instruct", "code_feedback")
"""Those whose rows are conversations: by a view they go into instructions."""
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

COMMIT_FILES = Table(
    "commit_files",
    "What the seeds of recipe `commits` show of histories: a row for each file and text, by which removals find them; "
    "of a history without seeds one with empty names.",
    (
        Column("source_id", "string", "Git source of the manifest.", nullable=False),
        Column("unit", "string", "Location of the repository, as in `sources`.", nullable=False),
        Column("repo_id", "string", "Repository, see `repositories`.", nullable=False),
        Column("repo", "string", "Its name.", nullable=False),
        Column("revision", "string", "Commit whose history was read.", nullable=False),
        Column("reader_version", "string", "Hash of the kernel and settings that read it.", nullable=False),
        Column("licence", "string", "Licences of the repository, with commas between."),
        Column("seed_id", "string", "Seed of `given_seeds`.", nullable=False),
        Column("path", "string", "Path of the file.", nullable=False),
        Column("content_id", "string", "SHA-256 of its text, before or after the commit.", nullable=False),
        Column("authors", "array<string>", "Salted hashes of who stands in the commit or wrote the text; sorted."),
    ),
    key=("source_id", "seed_id", "path", "content_id"),
    cluster_by=("source_id",),
    made_from=("repositories", "unit_facts", "removals"),
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
    made_from=(
        "seed_parts",
        "given_seeds",
        "package_usages",
        "population",
        "query_packs",
        "llm_responses",
        "executions",
    ),
    volatile=("run_id",),
    text=("texts",),
)

PACKAGE_APIS = replace(
    THREADS,
    name="package_apis",
    doc="Threads that walked the interface of an installed package; their rows are seeds, one for each symbol.",
    made_from=("given_seeds", "executions"),
)

QUESTIONS = replace(
    THREADS,
    name="questions",
    doc="Threads that invent tasks, or score and sort given ones; their rows are seeds of other recipes.",
    made_from=("seed_parts", "given_seeds", "llm_responses"),
)
GENERATION_1, GENERATION_2, GENERATION_3 = (
    replace(
        THREADS,
        name=f"generation_{number}",
        doc=f"Threads that made the children of generation {number} out of the tasks of all generations before.",
        made_from=("questions", "given_seeds", "seed_parts", *(f"generation_{n}" for n in range(1, number))),
    )
    for number in (1, 2, 3)
)

PLAYED = (PACKAGE_APIS, QUESTIONS, GENERATION_1, GENERATION_2, GENERATION_3, THREADS)
"""Tables of threads, in the order in which they are played."""

POPULATION = Table(
    "population",
    "Lineage of every task of the evolution, founders first; of several tasks of one text one goes on to be solved.",
    (
        _SEED_ID,
        Column("keep", "boolean", "Whether the task is solved.", nullable=False),
        Column("reasons", REASONS, "Why it is not; empty where it is.", nullable=False),
        Column("generation", "int", "0 of founders.", nullable=False),
        Column("colony", "int", "Colony that its parents were in; null of founders."),
        Column("operator", "string", "How it was made: crossover, a mutation, or empty of founders.", nullable=False),
        Column("parents", "array<string>", "seed_id of the tasks that it was made of, sorted.", nullable=False),
        Column("origins", "array<string>", "clean_id of texts and seed_id of given rows of all founders.", False),
        Column("thread_id", "string", "seed_id of the thread that made it; null of given tasks."),
        Column("squeezed", "string", "SHA-256 of the text without white space.", nullable=False),
    ),
    key=("seed_id",),
    cluster_by=("seed_id",),
    constraints={"kept_has_no_reason": "keep = (size(reasons) = 0)"},
    made_from=("questions", "given_seeds", "seed_parts", "generation_1", "generation_2", "generation_3"),
)

QUERY_PACKS = Table(
    "query_packs",
    "What becomes of each given query: part of a dialogue of similar ones, start of a simulated one, or nothing.",
    (
        _SEED_ID,
        Column("keep", "boolean", "Whether it goes into a dialogue.", nullable=False),
        Column("reasons", REASONS, "Why it does not; empty where it does.", nullable=False),
        Column("becomes", "string", "Recipe: packing, interaction or follow_up; null where it is dropped."),
        Column("pack_id", "string", "SHA-256 of the seed_ids of a packed dialogue, in their order."),
        Column("kind", "string", "single_turn (near by meaning) or similar (problems of the same tags)."),
        Column("position", "int", "Turn of the dialogue, from 1."),
        Column("similarity", "double", "Cosine to the first query of the dialogue; null of the first and of tags."),
        Column("thread_id", "string", "seed_id of the thread that read it: the given row.", nullable=False),
    ),
    key=("seed_id",),
    cluster_by=("seed_id",),
    constraints={
        "kept_has_no_reason": "keep = (size(reasons) = 0)",
        "becomes_known": "becomes is null or becomes in ('packing', 'interaction', 'follow_up')",
    },
    made_from=("questions", "query_embeddings"),
)

QUERY_EMBEDDINGS = replace(
    FINGERPRINTS,
    name="query_embeddings",
    doc="Unit vectors of given queries by a sentence encoder, where one is named: `sketch` is the vector in half "
    "precision, `bands` its sides of random planes, `shingles` the tokens read.",
    made_from=("questions",),
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


def _published(name: str, doc: str, *more: Column) -> Table:
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
            *more,
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
        Column("trained", "boolean", "Whether the view in force takes it into instructions; null of older releases."),
        _LANGUAGE,
        Column("stage", "int", "Stage of fine-tuning, of conversations."),
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

REWRITTEN = _published(
    "rewritten",
    "Files of medium quality, written again in good form; each is linked to its original, which stays.",
    Column("original", "string", "clean_id of the file that it was made of.", nullable=False),
)
EXECUTION_TRACES = replace(
    _published(
        "execution_traces",
        "Functions with a call and what each line that ran did to its variables.",
        Column("call", "string", "The call.", nullable=False),
        Column("value", "string", "What it gave, as Python shows it; null where it raised."),
        Column("raised", "string", "The exception; null where it gave a value."),
        Column("steps", "int", "Lines that ran, calls and returns.", nullable=False),
    ),
    text=("text", "call", "value", "raised"),
)
CODE_CHANGES = replace(
    _published(
        "code_changes",
        "Commits: a message, the files before, what bears on them, and the diff.",
        Column("repo", "string", "Repository; of one commit in several the first name.", nullable=False),
        Column("commit", "string", "Commit.", nullable=False),
        Column("score", "double", "Square root of code x message, each from 1 to 5; null where nobody judged."),
        Column("message", "string", "The message, less its trailers.", nullable=False),
        Column("diff", "string", "The change as a unified diff.", nullable=False),
    ),
    text=("text", "commit", "message", "diff"),
)
OPEN_CODE_INSTRUCT = Table(
    "open_code_instruct",
    "Tasks with an answer, tests that were run and a judgement, whether they passed or not (OpenCodeInstruct): views "
    "choose among them.",
    (
        Column("row_id", "string", "SHA-256 of question and answer: unique.", nullable=False),
        Column("seed_id", "string", "The task: seed_id of `population`, or of the given row.", nullable=False),
        _RECIPE,
        _LANGUAGE,
        Column("domain", "string", "generic or algorithmic: where the first seed is from.", nullable=False),
        Column("generation_algorithm", "string", "oss-instruct, self-instruct, evol-instruct, or as given.", False),
        Column("operator", "string", "How the task was made; empty of founders.", nullable=False),
        Column("parents", "array<string>", "seed_id of the tasks that it was made of.", nullable=False),
        Column("generation", "int", "0 of founders; null of given rows."),
        Column("colony", "int", "Colony that its parents were in."),
        Column("average_test_score", "double", "Share of the tests that passed; null without tests."),
        Column("judge", "double", "Mean of the judgement's criteria; null without one."),
        Column("held_out", "boolean", "A repository that one of its founders stands in is held out.", nullable=False),
        Column("licence", "string", "Licence of the row where one is known."),
        Column("scores", SCORES, "Scores that its recipe gave; views and selection read them.", nullable=False),
        Column("text_bytes", "bigint", "Bytes of question and answer in UTF-8.", nullable=False),
        _RUN_ID,
        Column("input", "string", "The task.", nullable=False),
        Column("output", "string", "The answer.", nullable=False),
        Column("unit_tests", "array<string>", "Tests, one assertion each.", nullable=False),
        Column("tests_execution_status", "array<string>", "pass or fail of each test.", nullable=False),
        Column(
            "llm_judgement",
            "array<struct<criterion:string,score:double,justification:string>>",
            "What the judge said, by criterion.",
            nullable=False,
        ),
    ),
    key=("row_id",),
    cluster_by=("row_id",),
    constraints={"a_status_for_each_test": "size(unit_tests) = size(tests_execution_status)"},
    expectations=(Expect("unique", "row_id", why="One row per question and answer."),),
    made_from=("made_decisions", "population", "threads"),
    volatile=("run_id",),
    text=("input", "output", "unit_tests", "tests_execution_status", "llm_judgement"),
)

CODE_FEEDBACK = Table(
    "code_feedback",
    "Dialogues of several turns about code, with results of runs in them (OpenCodeInterpreter's Code-Feedback).",
    (
        Column("row_id", "string", "SHA-256 of the messages: unique.", nullable=False),
        _SEED_ID,
        _RECIPE,
        _LANGUAGE,
        Column("kind", "string", "single_turn, similar, interaction, correction or follow_up.", nullable=False),
        Column("turns", "int", "Answers in it.", nullable=False),
        Column("held_out", "boolean", "A repository that its seed stands in is held out.", nullable=False),
        Column("licence", "string", "Licence of the row where one is known."),
        Column("scores", SCORES, "Scores that its recipe gave.", nullable=False),
        Column("text_bytes", "bigint", "Bytes of all messages in UTF-8.", nullable=False),
        _RUN_ID,
        Column("messages", "array<struct<role:string,content:string>>", "The dialogue.", nullable=False),
    ),
    key=("row_id",),
    cluster_by=("row_id",),
    expectations=(Expect("unique", "row_id", why="One row per dialogue."),),
    made_from=("made_decisions", "population", "threads"),
    volatile=("run_id",),
    text=("messages",),
)

TABLES = (
    ALGORITHM_MARKS,
    ALGORITHMIC,
    GIVEN_SEEDS,
    COMMIT_FILES,
    SEED_PARTS,
    PACKAGE_USAGES,
    PACKAGE_APIS,
    QUESTIONS,
    GENERATION_1,
    GENERATION_2,
    GENERATION_3,
    POPULATION,
    QUERY_EMBEDDINGS,
    QUERY_PACKS,
    THREADS,
    TRAILS,
    LLM_RESPONSES,
    CALL_CHUNKS,
    EXECUTIONS,
    MADE_DECISIONS,
    SYNTHETIC_SNIPPETS,
    TEXTBOOKS,
    OPEN_CODE_INSTRUCT,
    CODE_FEEDBACK,
    REWRITTEN,
    EXECUTION_TRACES,
    CODE_CHANGES,
)
"""Every table of this half in the order of the flow."""
