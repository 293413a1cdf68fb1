"""Contracts of the web half: from crawl files and page sets to web_corpus."""

from __future__ import annotations

from schemas.contract import REASONS, Column, Expect, Table

TAGS = ("Code", "Math")
"""Tags that the paper labels; a table of labelled pages may bring others."""
PAGE_KINDS = ("response", "resource", "revisit", "conversion", "set")

_PAGE_ID = Column("page_id", "string", "SHA-256 of source_id, unit, offset and part with NULs between.", nullable=False)
_CONTENT_ID = Column("content_id", "string", "SHA-256 of the UTF-8 text.", nullable=False)
_KERNEL = Column(
    "kernel_version",
    "string",
    "Hash of the kernel's code, data, parameters and model: part of the key.",
    nullable=False,
)
_TAG = Column(
    "tag", "string", "What pages are recalled for: Code, Math, or another that somebody labels.", nullable=False
)
_KEEP = Column("keep", "boolean", "Whether the row goes on to the next stage.", nullable=False)
_REASONS = Column("reasons", REASONS, "Why it was dropped; empty where it was kept.", nullable=False)
_DECIDED = {"kept_has_no_reason": "keep = (size(reasons) = 0)"}
_URL = Column("url", "string", "Address as asked for; null in a set that does not say.")
_HOST = Column("host", "string", "Host of the URL in lower case.")
_DOMAIN = Column("domain", "string", "Registrable domain of the host; private suffixes make domains of their own.")
_BY = Column("by", "string", "Who said so: a person, a rule, a model, the paper.", nullable=False)
_LABEL = Column("label", "boolean", "Whether it is of the tag.", nullable=False)

WEB_PAGES = Table(
    "web_pages",
    "One row per capture of a crawl file or row of a page set: what came back, and what it says of its use.",
    (
        _PAGE_ID,
        Column("source_id", "string", "Source of the manifest.", nullable=False),
        Column("unit", "string", "Crawl file or file of a set that it was read from, see `sources`.", nullable=False),
        Column(
            "offset", "bigint", "Byte in the crawl file to read it from; number of its row in a set.", nullable=False
        ),
        Column("part", "bigint", "Number of the record in its gzip member from 0.", nullable=False),
        Column("kind", "string", "response, resource, revisit, conversion (WET) or set.", nullable=False),
        _URL,
        _HOST,
        _DOMAIN,
        Column("captured_at", "timestamp", "When it was captured."),
        Column("dump", "string", "Crawl it belongs to, as CC-MAIN-2024-22."),
        Column("status", "bigint", "HTTP status; null where there was no answer of a server."),
        Column("content_type", "string", "Media type by its header, in lower case."),
        Column("charset", "string", "Charset that it was decoded by."),
        Column("charset_by", "string", "Who named the charset: bom, header, meta or content."),
        Column("digest", "string", "Digest of the payload as stored; of a revisit that of what it repeats."),
        Column("cut", "string", "Why the crawler stored only a part, by its own words: length, time, disconnect."),
        Column("wrong_length", "boolean", "The record has another length than it says.", nullable=False),
        Column("header_robots", "string", "X-Robots-Tag."),
        Column("page_robots", "string", "Robots meta element of the page."),
        Column("no_index", "boolean", "Header or page say noindex, to all readers.", nullable=False),
        Column("no_ai", "boolean", "Header or page say noai, to all readers.", nullable=False),
        Column("tdm_reserved", "boolean", "tdm-reservation of page or header; null where neither says."),
        Column(
            "licences", "array<string>", "Links to licences: rel=license and Creative Commons; sorted.", nullable=False
        ),
        Column("size_bytes", "bigint", "Bytes of the body, transfer and content encodings taken off."),
        Column("title", "string", "Title of the page."),
        Column("said_tag", "string", "Tag that a page set gives to its row."),
        Column("content_id", "string", "SHA-256 of the text; null where there is none, see reason."),
        Column("reason", "string", "Why a sound capture has no text: revisit, status, content_type or empty."),
    ),
    key=("page_id",),
    cluster_by=("content_id",),
    constraints={
        "kind_known": f"kind in {PAGE_KINDS}",
        "text_or_reason": "(content_id is null) = (reason is not null)",
    },
    made_from=("sources",),
    feed=True,
)

PAGE_TEXTS = Table(
    "page_texts",
    "One row per distinct text of pages, with its code in fences and what was counted in it.",
    (
        _CONTENT_ID,
        Column("text_bytes", "bigint", "Bytes of the text in UTF-8.", nullable=False),
        Column("code_blocks", "bigint", "Code blocks; null where the source was a text and no page."),
        Column("code_bytes", "bigint", "Bytes of the code in them."),
        Column(
            "code_languages", "array<string>", "Languages that blocks name, the most frequent first.", nullable=False
        ),
        Column("inline_marks", "bigint", "Pieces of code inside of paragraphs."),
        Column("has_mathematics", "boolean", "Formulas were found as TeX."),
        Column("run_id", "string", "Run that added the text: who needs few texts opens the files of few runs."),
        Column("text", "string", "The text.", nullable=False),
    ),
    key=("content_id",),
    volatile=("run_id",),
    cluster_by=("content_id",),
    constraints={"text_not_empty": "text_bytes > 0", "id_is_sha256": "length(content_id) = 64"},
    made_from=("sources",),
    text=("text",),
)

PAGE_LABELS = Table(
    "page_labels",
    "Labelled pages: the seeds that classifiers are trained from. A person's word outranks rules and models.",
    (
        Column("url", "string", "Address of the page.", nullable=False),
        _TAG,
        _BY,
        _LABEL,
        Column("kind", "string", "Kind of page where it is known: reference, tutorial, forum, blog, shop."),
        Column("round", "int", "Round that brought it in; 0 for what was given.", nullable=False),
        Column("note", "string", "Why, for a person."),
        Column("labelled_at", "timestamp", "When."),
    ),
    key=("url", "tag", "by"),
    made_from=("sources",),
)

URL_PATTERNS = Table(
    "url_patterns",
    "Labelled URL patterns, % for any run of characters, the paper's annotated domains among them.",
    (
        Column("pattern", "string", "The pattern.", nullable=False),
        _TAG,
        _BY,
        _LABEL,
        Column("labelled_at", "timestamp", "When; null for those of the paper."),
    ),
    key=("pattern", "tag", "by"),
    made_from=("sources",),
)

RECALL_SCORES = Table(
    "recall_scores",
    "Score of a text by the classifier of a tag: measured once for each model.",
    (
        _CONTENT_ID,
        _TAG,
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

DOMAIN_DECISIONS = Table(
    "domain_decisions",
    "Domains with enough pages, and whether they are of a tag by the share of their pages that was recalled.",
    (
        Column("domain", "string", "Registrable domain.", nullable=False),
        _TAG,
        _KEEP,
        _REASONS,
        Column("pages", "bigint", "Distinct texts of its pages.", nullable=False),
        Column("recalled", "bigint", "Of these, recalled.", nullable=False),
        Column("lower_bound", "double", "Lower end of Wilson's interval of the share, 95 %.", nullable=False),
    ),
    key=("domain", "tag"),
    cluster_by=("domain",),
    constraints=_DECIDED | {"recalled_of_pages": "recalled >= 0 and recalled <= pages"},
    made_from=("web_pages", "recall_scores"),
    feed=True,
)

WEB_DECISIONS = Table(
    "web_decisions",
    "Which pages are of a tag and stay: by the classifier, by rule or by a labelled pattern; one page for each text.",
    (
        _PAGE_ID,
        _TAG,
        _CONTENT_ID,
        _KEEP,
        _REASONS,
        Column(
            "representative", "string", "page_id of the capture that stands for every copy of its text.", nullable=False
        ),
        Column("group_size", "bigint", "Captures of the text.", nullable=False),
        Column("score", "double", "Score by the model in force; null where none was asked."),
        Column(
            "why", "string", "What recalled it: code_blocks, classifier, or pattern with the pattern behind a colon."
        ),
        Column("round", "int", "First round that recalled it."),
    ),
    key=("page_id", "tag"),
    cluster_by=("page_id",),
    constraints=_DECIDED,
    made_from=("web_pages", "page_texts", "recall_scores", "domain_decisions", "page_labels", "url_patterns"),
    feed=True,
)

WEB_CORPUS = Table(
    "web_corpus",
    "The recalled pages: distinct cleaned texts that passed every stage, one row for each tag of a text.",
    (
        Column("clean_id", "string", "SHA-256 of the text.", nullable=False),
        _TAG,
        Column("page_id", "string", "Capture that stands for every copy of this text.", nullable=False),
        _CONTENT_ID,
        _URL,
        _DOMAIN,
        Column("dump", "string", "Crawl it belongs to."),
        Column("title", "string", "Title of the page."),
        Column("score", "double", "Score by the model in force; null where a rule or a pattern recalled it."),
        Column("round", "int", "First round that recalled it.", nullable=False),
        Column("why", "string", "What recalled it, as in web_decisions.", nullable=False),
        Column("licences", "array<string>", "Links to licences on the page; sorted.", nullable=False),
        Column("no_index", "boolean", "The page asks not to be indexed.", nullable=False),
        Column("no_ai", "boolean", "The page asks not to be used for AI.", nullable=False),
        Column("tdm_reserved", "boolean", "Text and data mining is reserved; null where nobody said."),
        Column("code_bytes", "bigint", "Bytes of the code in its blocks; null where the source was no page."),
        Column("text_bytes", "bigint", "Bytes of the text in UTF-8.", nullable=False),
        Column("run_id", "string", "Run that wrote the row.", nullable=False),
        Column("text", "string", "The text.", nullable=False),
    ),
    key=("clean_id", "tag"),
    volatile=("run_id",),
    cluster_by=("tag", "clean_id"),
    constraints={"text_not_empty": "text_bytes > 0", "id_is_sha256": "length(clean_id) = 64"},
    expectations=(
        Expect("not_null", "tag", why="Readers weigh by tag."),
        Expect("not_null", "why", why="Every row explains itself."),
        Expect("between", "score", {"min": 0, "max": 1}, why="A score is a probability."),
        Expect("row_count", None, {"min": 1}, why="An empty corpus is a mistake."),
    ),
    made_from=("web_decisions", "web_pages", "page_texts"),
    text=("text",),
)

TABLES = (
    *(WEB_PAGES, PAGE_TEXTS, PAGE_LABELS, URL_PATTERNS, RECALL_SCORES),
    *(DOMAIN_DECISIONS, WEB_DECISIONS, WEB_CORPUS),
)
