"""Contracts of the learned quality score: labels of files, scorers made from them, the score of each text."""

from __future__ import annotations

from schemas.contract import Column, Table

_CLEAN_ID = Column("clean_id", "string", "SHA-256 of the text after cleaning.", nullable=False)

FILE_LABELS = Table(
    "file_labels",
    "Labels that recipe file_quality gave to files of code_corpus: what `quality train` learns from.",
    (
        _CLEAN_ID,
        Column("language", "string", "Language name.", nullable=False),
        Column(
            "score", "double", "The label: the mean of the criteria, 1 to 5; of two judges the mean of both.", False
        ),
        Column(
            "marks", "array<struct<name:string,value:double>>", "Scores of each criterion, by judge and name.", False
        ),
    ),
    key=("clean_id", "language"),
    cluster_by=("clean_id",),
    made_from=("made_decisions", "seed_parts"),
)

QUALITY_MODELS = Table(
    "quality_models",
    "Scorers that `quality train` made: with what, how well they agree with labels of repositories never seen, "
    "where they are. The one pinned last is in force; without one no text is scored.",
    (
        Column("version", "string", "Hash of the scorer's files: part of the key of every score.", nullable=False),
        Column("location", "string", "Folder of the scorer.", nullable=False),
        Column("languages", "array<string>", "Languages that it has a head for, sorted.", nullable=False),
        Column("labels", "bigint", "Labelled texts of these languages.", nullable=False),
        Column("trained_from", "string", "SHA-256 of the training set.", nullable=False),
        Column("labels_version", "bigint", "Version of file_labels that it was made from; null without."),
        Column("facts", "string", "What was measured of each head, as JSON, without its quantiles.", nullable=False),
        Column("trained_at", "timestamp", "When."),
        Column("pinned_at", "timestamp", "Since when it is in force; null where it never was."),
    ),
    key=("version",),
    deletion_vectors=False,
)

QUALITY_SCORES = Table(
    "quality_scores",
    "Learned quality of a cleaned text: measured once for each scorer, in the languages that it has a head for. Rules "
    "read its columns like any signal. Empty where no scorer is in force.",
    (
        _CLEAN_ID,
        Column("language", "string", "Language the text was scored as.", nullable=False),
        Column("kind", "string", "Kind of the text: code.", nullable=False),
        Column(
            "kernel_version", "string", "Hash of the kernel's code and of the scorer: part of the key.", nullable=False
        ),
        Column("qsc_learned_score", "double", "Predicted label, on its scale; null after a failure."),
        Column(
            "qsc_learned_rank",
            "double",
            "Share of the tokens of the scorer's sample of this language that stand in texts of no higher score.",
        ),
        Column("failure", "string", "Why there is no score: it killed its worker; null where there is one."),
    ),
    key=("clean_id", "language", "kind", "kernel_version"),
    cluster_by=("clean_id",),
    constraints={"rank_is_share": "qsc_learned_rank is null or (qsc_learned_rank >= 0 and qsc_learned_rank <= 1)"},
    made_from=("cleaned_texts", "contents"),
    feed=True,
)

TABLES = (FILE_LABELS, QUALITY_MODELS, QUALITY_SCORES)
