"""Contracts of the raw-code half: from sources to code_corpus."""

from __future__ import annotations

from collections.abc import Iterable

from schemas.contract import REASONS, Column, Expect, Table

KINDS = ("code", "data", "text", "notebook", "excluded", "unknown")
KEPT_KINDS = ("code", "data", "text", "notebook")

_FILE_ID = Column("file_id", "string", "SHA-256 of source_id, a NUL, and the path in the source.", nullable=False)
_CONTENT_ID = Column("content_id", "string", "SHA-256 of the UTF-8 text.", nullable=False)
_LEFT_ID = Column(
    "content_id",
    "string",
    "content_id; where chunks are cut from it a hash of it and of what is cut.",
    nullable=False,
)
_CUT = "array<struct<chunk:int,tokens:int,similarity:double,representative:string>>"
_CLEAN_ID = Column("clean_id", "string", "SHA-256 of the text after cleaning.", nullable=False)
_KERNEL = Column(
    "kernel_version", "string", "Hash of the kernel's code, data and parameters: part of the key.", nullable=False
)
_KEEP = Column("keep", "boolean", "Whether the row goes on to the next stage.", nullable=False)
_REASONS = Column("reasons", REASONS, "Why it was dropped; empty where it was kept.", nullable=False)
_DECIDED = {"kept_has_no_reason": "keep = (size(reasons) = 0)"}

REPOSITORIES = Table(
    "repositories",
    "One row per repository of a source. What moves nightly and is not about a text (stars) lives here only.",
    (
        Column("repo_id", "string", "SHA-256 of source_id, a NUL, and repo.", nullable=False),
        Column("source_id", "string", "Source of the manifest.", nullable=False),
        Column("repo", "string", "Name, org/name where it is known; else the source's id.", nullable=False),
        Column("source_kind", "string", "folder, archive, git, parquet or ids.", nullable=False),
        Column("location", "string", "Where the source was read from."),
        Column("revision", "string", "Commit or version that was read."),
        Column("stars", "bigint", "Stars; null where nobody said."),
        Column("licences", "array<string>", "Licences as declared by the source, else by the manifest; sorted."),
        Column("commit_time", "timestamp", "Time for files whose own commit time is not known."),
        Column("status", "string", "fresh, or stale where the last snapshot was kept.", nullable=False),
    ),
    key=("repo_id",),
    constraints={"status_known": "status in ('fresh', 'stale')", "stars_natural": "stars is null or stars >= 0"},
    made_from=("sources",),
    feed=True,
)

RAW_FILES = Table(
    "raw_files",
    "One row per occurrence of a file that could be read as text.",
    (
        _FILE_ID,
        Column("source_id", "string", "Source of the manifest.", nullable=False),
        Column("repo_id", "string", "Repository, see `repositories`.", nullable=False),
        Column("path", "string", "Path inside the repository, `/` between parts.", nullable=False),
        _CONTENT_ID,
        Column("size_bytes", "bigint", "Bytes as found, before any conversion.", nullable=False),
        Column("encoding", "string", "Encoding as found.", nullable=False),
        Column("converted", "boolean", "True where the text was converted from another encoding than UTF-8.", False),
        Column("language", "string", "One of the 731 names of the language tables; null where none fits."),
        Column("kind", "string", "code, data, text, notebook, excluded or unknown.", nullable=False),
        Column(
            "language_by", "string", "What decided: filename, extension, shebang, content, ...; null with the language."
        ),
        Column("vendored", "boolean", "The path is one of third-party code.", nullable=False),
        Column("generated", "boolean", "The file says, or looks as if, a program wrote it.", nullable=False),
        Column("commit_time", "timestamp", "Newest commit that touched the path, where the source knows it."),
        Column("licences", "array<string>", "Licences of this very file where the source knows them; sorted."),
        Column(
            "authors",
            "array<string>",
            "Salted hashes of the e-mail address, and of the login in it, of the author of that commit: for removal.",
        ),
        Column("unit", "string", "Unit of the source that it was read from, see `sources`."),
    ),
    key=("file_id",),
    cluster_by=("content_id",),
    constraints={"kind_known": f"kind in {KINDS}", "size_positive": "size_bytes > 0"},
    made_from=("sources",),
    feed=True,
)

CONTENTS = Table(
    "contents",
    "One row per distinct text.",
    (
        _CONTENT_ID,
        Column("text_bytes", "bigint", "Bytes of the text in UTF-8.", nullable=False),
        Column("run_id", "string", "Run that added the text: who needs few texts opens the files of few runs."),
        Column("text", "string", "The text.", nullable=False),
    ),
    key=("content_id",),
    volatile=("run_id",),
    cluster_by=("content_id",),
    made_from=("sources",),
    text=("text",),
)

FINGERPRINTS = Table(
    "fingerprints",
    "Sketch of the set of word 5-grams of a raw text (paper, section on fuzzy deduplication).",
    (
        Column("unit_id", "string", "content_id; of a repository the digest of its contents.", nullable=False),
        Column("chunk", "int", "Number of the chunk from 1; 0 for a file or a repository as a whole.", nullable=False),
        _KERNEL,
        Column(
            "shingles",
            "bigint",
            "Shingles, repeats counted; 0 for a text too short for one, which is compared exactly only.",
            False,
        ),
        Column(
            "bands", "array<bigint>", "One hash per LSH band, in band order; empty without shingles.", nullable=False
        ),
        Column(
            "sketch",
            "binary",
            "b-bit form of the sketch, used to verify candidate pairs; empty without shingles.",
            False,
        ),
        Column("failure", "string", "Why the text has no fingerprint: it killed its worker; null where it has one."),
    ),
    key=("unit_id", "chunk", "kernel_version"),
    cluster_by=("unit_id",),
    made_from=("contents",),
    feed=True,
)

CLEANED_TEXTS = Table(
    "cleaned_texts",
    "What cleaning made of a text (header, personal data, notebook form); `text` is stored only where it changed.",
    (
        _LEFT_ID,
        Column("language", "string", "Language whose comment style was used.", nullable=False),
        Column("kind", "string", "Kind: notebooks are restructured.", nullable=False),
        _KERNEL,
        Column("clean_id", "string", "SHA-256 of the cleaned text; null after a failure."),
        Column("text_bytes", "bigint", "Bytes of the cleaned text in UTF-8; null after a failure."),
        Column("header_bytes", "bigint", "Bytes of the leading copyright or licence comment that was removed.", False),
        Column(
            "replaced",
            "map<string,bigint>",
            "Replacements made, by kind (email, ipv4, ipv6, key, token, password).",
            False,
        ),
        Column("cells_cut", "bigint", "Notebook outputs cut to their bound.", nullable=False),
        Column("failure", "string", "Why the text could not be cleaned; null where it could."),
        Column("run_id", "string", "Run that cleaned the text, as in contents."),
        Column("text", "string", "The cleaned text; null where cleaning changed nothing."),
    ),
    key=("content_id", "language", "kind", "kernel_version"),
    volatile=("run_id",),
    cluster_by=("content_id",),
    made_from=("exact_duplicates", "contents"),
    text=("text",),
    feed=True,
)


def signals_table(columns: Iterable[tuple[str, str, str]]) -> Table:
    """The contract of `signals`; columns are (name, type, definition) of the registered signals, see udfs/signals."""
    return Table(
        "signals",
        "Quality signals of a cleaned text, one column each: measured once, decided as often as the rules change.",
        (
            _CLEAN_ID,
            Column("language", "string", "Language the text was measured as.", nullable=False),
            Column("kind", "string", "Kind the text was measured as.", nullable=False),
            _KERNEL,
            Column(
                "natural_language", "string", "Natural language by script: en where no other script dominates.", False
            ),
            Column(
                "failures", "map<string,string>", "Signals that failed on this text, with the error.", nullable=False
            ),
            Column("failure", "string", "Why the text has no signals: it killed its worker; null where it has them."),
            *(Column(name, kind, doc) for name, kind, doc in columns),
        ),
        key=("clean_id", "language", "kind", "kernel_version"),
        cluster_by=("clean_id",),
        made_from=("cleaned_texts", "contents"),
    )


TEXT_SCORES = Table(
    "text_scores",
    "Score of a text file by the classifier that recalls text about code: measured once for each model, where the name "
    "of a file does not decide. Empty where no classifier is in force.",
    (
        _CONTENT_ID,
        _KERNEL,
        Column("score", "double", "Probability that the text is about code; null after a failure."),
        Column("failure", "string", "Why there is none: it killed its worker; null where there is one."),
    ),
    key=("content_id", "kernel_version"),
    cluster_by=("content_id",),
    constraints={"score_is_share": "score is null or (score >= 0 and score <= 1)"},
    made_from=("raw_files", "contents"),
    feed=True,
)

TEXT_DECISIONS = Table(
    "text_decisions",
    "Which text files (READMEs, documentation, other text) are about code: by their names, else by the classifier. All "
    "are kept where nothing asks for it.",
    (
        _FILE_ID,
        _CONTENT_ID,
        _KEEP,
        _REASONS,
        Column(
            "why",
            "string",
            "name: and the word of the rule on names, classifier, or undecided where there is none; null where it was "
            "dropped or nothing was asked.",
        ),
        Column("score", "double", "Score by the classifier; null where the name decides or there is none."),
    ),
    key=("file_id",),
    cluster_by=("file_id",),
    constraints=_DECIDED,
    made_from=("raw_files", "text_scores"),
    feed=True,
)

FILE_DECISIONS = Table(
    "file_decisions",
    "Which files enter: size and type, text files as text_decisions says, and the optional rules on path and licence.",
    (_FILE_ID, _CONTENT_ID, _KEEP, _REASONS),
    key=("file_id",),
    cluster_by=("file_id",),
    constraints=_DECIDED,
    made_from=("raw_files", "repositories", "text_decisions"),
    feed=True,
)

_REPRESENTATIVE = Column("representative", "string", "file_id of the copy that stands for the group.", nullable=False)
_GROUP_SIZE = Column("group_size", "bigint", "Files in the group.", nullable=False)

EXACT_DUPLICATES = Table(
    "exact_duplicates",
    "Files with the same text, where the strategy begins with files. The representative has the most stars, then the "
    "latest commit, then the smallest file_id; unknown stars or times rank last.",
    (_FILE_ID, _CONTENT_ID, _KEEP, _REASONS, _REPRESENTATIVE, _GROUP_SIZE),
    key=("file_id",),
    cluster_by=("file_id",),
    constraints=_DECIDED | {"kept_represents": "keep = (file_id = representative)"},
    made_from=("file_decisions", "raw_files", "repositories"),
    feed=True,
)

NEAR_PAIRS = Table(
    "near_pairs",
    "Candidate pairs that share an LSH band, with the Jaccard index estimated from their sketches.",
    (
        Column("unit_a", "string", "Smaller unit_id.", nullable=False),
        Column("unit_b", "string", "Larger unit_id.", nullable=False),
        Column("similarity", "double", "Estimated Jaccard index of the two shingle sets.", nullable=False),
        Column("verified", "boolean", "similarity reaches the threshold in force.", nullable=False),
    ),
    key=("unit_a", "unit_b"),
    cluster_by=("unit_a",),
    constraints={"ordered": "unit_a < unit_b"},
    made_from=("exact_duplicates", "fingerprints"),
    feed=True,
)

NEAR_DUPLICATES = Table(
    "near_duplicates",
    "Groups of near-duplicate files: connected components of verified pairs, one representative each.",
    (
        _FILE_ID,
        _CONTENT_ID,
        _KEEP,
        _REASONS,
        _REPRESENTATIVE,
        _GROUP_SIZE,
        Column("group_id", "string", "Smallest unit_id of the group.", nullable=False),
        Column(
            "cut",
            _CUT,
            "Chunks of a kept file that stand elsewhere and are cut: number from 1, tokens of a chunk, similarity to "
            "the one that stands for it and its file; null where nothing is cut.",
        ),
    ),
    key=("file_id",),
    cluster_by=("file_id",),
    constraints=_DECIDED,
    made_from=("exact_duplicates", "near_pairs", "raw_files", "repositories"),
    feed=True,
)

FILTER_DECISIONS = Table(
    "filter_decisions",
    "The rules that a file breaks, by the signals of its cleaned text.",
    (
        _FILE_ID,
        Column("clean_id", "string", "SHA-256 of the cleaned text; null where cleaning failed."),
        _KEEP,
        _REASONS,
        Column("rule_set", "string", "Rule set that was applied.", nullable=False),
        Column("flags", "array<string>", "Rules of severity flag that it breaks; they drop nothing.", nullable=False),
    ),
    key=("file_id",),
    cluster_by=("file_id",),
    constraints=_DECIDED,
    made_from=("near_duplicates", "raw_files", "cleaned_texts", "signals", "quality_scores"),
    feed=True,
)

CLEAN_DUPLICATES = Table(
    "clean_duplicates",
    "Exact duplicates once more, on the cleaned text: two files that differ in a licence header are one.",
    (_FILE_ID, _CLEAN_ID, _KEEP, _REASONS, _REPRESENTATIVE, _GROUP_SIZE),
    key=("file_id",),
    cluster_by=("file_id",),
    constraints=_DECIDED | {"kept_represents": "keep = (file_id = representative)"},
    made_from=("filter_decisions", "raw_files", "repositories"),
    feed=True,
)

SAMPLE_DECISIONS = Table(
    "sample_decisions",
    "Which files of over-represented languages are kept: a fixed rate per language, drawn by a hash of the text.",
    (
        _FILE_ID,
        _CLEAN_ID,
        _KEEP,
        _REASONS,
        Column("language", "string", "Language.", nullable=False),
        Column("text_bytes", "bigint", "Bytes of the cleaned text.", nullable=False),
        Column("rate", "double", "Rate in force for the language.", nullable=False),
    ),
    key=("file_id",),
    cluster_by=("file_id",),
    constraints=_DECIDED | {"rate_is_share": "rate > 0 and rate <= 1"},
    made_from=("clean_duplicates", "raw_files", "cleaned_texts"),
    feed=True,
)

CODE_CORPUS = Table(
    "code_corpus",
    "The raw-code corpus: distinct cleaned texts that passed every stage. Stars: join `repositories` by repo_id.",
    (
        Column("clean_id", "string", "SHA-256 of the text: unique.", nullable=False),
        Column("file_id", "string", "File that stands for every copy of this text.", nullable=False),
        Column(
            "content_id",
            "string",
            "SHA-256 of the raw text it was made from; as in cleaned_texts.",
            nullable=False,
        ),
        Column("language", "string", "Language name.", nullable=False),
        Column("kind", "string", "code, data, text or notebook.", nullable=False),
        Column("repo_id", "string", "Repository, see `repositories`.", nullable=False),
        Column("repo", "string", "Repository name.", nullable=False),
        Column("path", "string", "Path inside the repository.", nullable=False),
        Column("licences", "array<string>", "Licences of the file, else of its repository; null where nobody said."),
        Column("commit_time", "timestamp", "Commit time of the file, else of its repository."),
        Column("raw_bytes", "bigint", "Bytes of the file as found.", nullable=False),
        Column("text_bytes", "bigint", "Bytes of the text in UTF-8.", nullable=False),
        Column("run_id", "string", "Run that wrote the row.", nullable=False),
        Column("text", "string", "The text.", nullable=False),
    ),
    key=("clean_id",),
    cluster_by=("language", "clean_id"),
    constraints={
        "kind_published": f"kind in {KEPT_KINDS}",
        "text_not_empty": "text_bytes > 0",
        "id_is_sha256": "length(clean_id) = 64",
    },
    expectations=(
        Expect("unique", "clean_id", why="One row per distinct text."),
        Expect("unique", "file_id", why="One row per file."),
        Expect("not_null", "language", why="Readers weigh by language."),
        Expect("in_set", "kind", {"values": KEPT_KINDS}, why="Excluded and unknown types never get here."),
        Expect(
            "between",
            "text_bytes",
            {"min": 1, "max": 3 * 8 * 1024**2},
            why="Ingest refuses files over 8 MiB; one byte of another encoding is at most three of UTF-8.",
        ),
        Expect("row_count", None, {"min": 1}, why="An empty corpus is a mistake."),
        Expect(
            "mean_between",
            "text_bytes",
            {"min": 100, "max": 100_000},
            "warning",
            "Source files average a few kilobytes.",
        ),
        Expect("not_null", "licences", severity="info", why="How much of the corpus has no declared licence."),
    ),
    made_from=("sample_decisions", "raw_files", "repositories", "contents", "cleaned_texts"),
    volatile=("run_id",),
    text=("text",),
)
