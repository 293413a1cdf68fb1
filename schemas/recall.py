"""Contracts of the recall of pages: labels that people and rules give, classifiers trained from them, their scores."""

from __future__ import annotations

from schemas.contract import Column, Table

TAGS = ("Code", "Math")
"""Tags that the paper labels; a table of labelled pages may bring others."""

TEXT_TAG = "RepoText"
"""Of text files of repositories that are about code; no page is recalled by it."""

CONTENT_ID = Column("content_id", "string", "SHA-256 of the UTF-8 text.", nullable=False)
TAG = Column(
    "tag", "string", "What pages are recalled for: Code, Math, or another that somebody labels.", nullable=False
)
_KERNEL = Column(
    "kernel_version",
    "string",
    "Hash of the kernel's code, data, parameters and model: part of the key.",
    nullable=False,
)
_BY = Column("by", "string", "Who said so: a person, a rule, a model, the paper.", nullable=False)
_LABEL = Column("label", "boolean", "Whether it is of the tag.", nullable=False)

PAGE_LABELS = Table(
    "page_labels",
    "Labelled pages: the seeds that classifiers are trained from. A person's word outranks rules and models.",
    (
        Column(
            "url",
            "string",
            "Address of the page; of a text file of a repository its name and path, org/name/docs/a.md.",
            False,
        ),
        TAG,
        _BY,
        _LABEL,
        Column("kind", "string", "Kind of page where it is known: reference, tutorial, forum, blog, shop."),
        Column("held_out", "boolean", "Never trained from: its whole site is measured on.", nullable=False),
        Column("note", "string", "Why, for a person."),
        Column("labelled_at", "timestamp", "When."),
    ),
    key=("url", "tag", "by"),
    made_from=("web_sources",),
)

URL_PATTERNS = Table(
    "url_patterns",
    "Labelled URL patterns, % for any run of characters, the paper's annotated domains among them.",
    (
        Column("pattern", "string", "The pattern.", nullable=False),
        TAG,
        _BY,
        _LABEL,
        Column("labelled_at", "timestamp", "When; null for those of the paper."),
    ),
    key=("pattern", "tag", "by"),
    made_from=("web_sources",),
)

RECALL_MODELS = Table(
    "recall_models",
    "Classifiers that were trained, one row a round: with what, how well they do on sites they never saw, where they "
    "are. Of each tag the row pinned last is in force.",
    (
        TAG,
        Column("version", "string", "Hash of the model's files: part of the key of every score.", nullable=False),
        Column("round", "int", "Round that trained it, from 1.", nullable=False),
        Column("location", "string", "Folder of the model.", nullable=False),
        Column("threshold", "double", "Score from which a page is recalled, chosen by recall.", nullable=False),
        Column("thresholds", "string", "Precision and recall at other thresholds, as JSON.", nullable=False),
        Column("examples", "bigint", "Pages that it was trained from.", nullable=False),
        Column("positives", "bigint", "Of these, pages of the tag.", nullable=False),
        Column("trained_from", "string", "SHA-256 of the training set.", nullable=False),
        Column("precision", "double", "On labelled pages of sites that no round was trained from; null without any."),
        Column("recall", "double", "On the same pages."),
        Column("facts", "string", "Numbers and samples of its round for the report, as JSON.", nullable=False),
        Column("trained_at", "timestamp", "When."),
        Column("pinned_at", "timestamp", "Since when it is in force; null where it never was."),
    ),
    key=("tag", "version", "round"),
    deletion_vectors=False,
)

RECALL_SCORES = Table(
    "recall_scores",
    "Score of a text by the classifier of a tag: measured once for each model.",
    (
        CONTENT_ID,
        TAG,
        _KERNEL,
        Column("score", "double", "Probability that the text is of the tag; null after a failure."),
        Column("failure", "string", "Why there is none: it killed its worker; null where there is one."),
    ),
    key=("content_id", "tag", "kernel_version"),
    cluster_by=("content_id",),
    constraints={"score_is_share": "score is null or (score >= 0 and score <= 1)"},
    made_from=("page_texts",),
    feed=True,
)

TABLES = (PAGE_LABELS, URL_PATTERNS, RECALL_MODELS, RECALL_SCORES)
