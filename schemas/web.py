"""Contracts of the web half: from crawl files and page sets to web_corpus."""

from __future__ import annotations

from dataclasses import replace

from schemas import code
from schemas.contract import REASONS, Column, Expect, Table
from schemas.ops import SOURCES
from schemas.recall import CONTENT_ID, TAG

SOURCE_KINDS = ("warc", "wet", "paths", "set", "index")
"""Kinds of the sources of a manifest: see udfs/web/kinds.py."""
WITHOUT_TEXT = ("revisit", "status", "content_type", "empty")
"""Reasons of sound captures that are no pages; with any other reason a row belongs to `rejects`."""
PAGE_KINDS = ("response", "resource", "revisit", "conversion", "set")

_PAGE_ID = Column("page_id", "string", "SHA-256 of source, unit, file, offset and part, NULs between.", nullable=False)
_KEEP = Column("keep", "boolean", "Whether the row goes on to the next stage.", nullable=False)
_REASONS = Column("reasons", REASONS, "Why it was dropped; empty where it was kept.", nullable=False)
_DECIDED = {"kept_has_no_reason": "keep = (size(reasons) = 0)"}
_URL = Column("url", "string", "Address as asked for; null in a set that does not say.")
_HOST = Column("host", "string", "Host of the URL in lower case.")
_DOMAIN = Column("domain", "string", "Registrable domain of the host; private suffixes make domains of their own.")

WEB_SOURCES = replace(
    SOURCES,
    name="web_sources",
    doc="State of the web ingest: one row per unit (crawl file, file of a set, index) with its snapshot's fingerprint.",
)

WEB_PLACES = Table(
    "web_places",
    "Where an index says that pages of labelled URL patterns stand; those that no crawl file or set gave are fetched.",
    (
        Column("page_id", "string", "As the page that stands there has it in web_pages.", nullable=False),
        Column("source_id", "string", "Source of the manifest.", nullable=False),
        Column("unit", "string", "File of the index.", nullable=False),
        Column("file", "string", "Crawl file that it stands in.", nullable=False),
        Column("offset", "bigint", "Byte to read it from.", nullable=False),
        Column("length", "bigint", "Bytes to read.", nullable=False),
        Column("url", "string", "Address of the page.", nullable=False),
        _HOST,
        _DOMAIN,
    ),
    key=("page_id",),
    cluster_by=("page_id",),
    made_from=("web_sources", "url_patterns"),
)

WEB_PAGES = Table(
    "web_pages",
    "One row per capture of a crawl file or row of a page set: what came back, and what it says of its use.",
    (
        _PAGE_ID,
        Column("source_id", "string", "Source of the manifest.", nullable=False),
        Column("unit", "string", "File that it was read from, or the index that led to it.", nullable=False),
        Column("file", "string", "File that it stands in: the unit, but for an index.", nullable=False),
        Column("offset", "bigint", "Byte of the file to read it from; number of its row in a set.", nullable=False),
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
        Column("inline_marks", "bigint", "Pieces of code inside of paragraphs; null where the source was no page."),
        Column("has_mathematics", "boolean", "Formulas were found as TeX; null where the source was no page."),
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
    made_from=("web_sources",),
    feed=True,
)

PAGE_TEXTS = Table(
    "page_texts",
    "One row per distinct text of pages, with its code in fences and what was counted in it.",
    (
        CONTENT_ID,
        Column("text_bytes", "bigint", "Bytes of the text in UTF-8.", nullable=False),
        Column("code_blocks", "bigint", "Code blocks, which stand in fences.", nullable=False),
        Column("code_bytes", "bigint", "Bytes of the code in them.", nullable=False),
        Column(
            "code_languages", "array<string>", "Languages that blocks name, the most frequent first.", nullable=False
        ),
        Column("run_id", "string", "Run that added the text: who needs few texts opens the files of few runs."),
        Column("text", "string", "The text.", nullable=False),
    ),
    key=("content_id",),
    volatile=("run_id",),
    cluster_by=("content_id",),
    constraints={"text_not_empty": "text_bytes > 0", "id_is_sha256": "length(content_id) = 64"},
    made_from=("web_sources",),
    text=("text",),
)

WEB_DECISIONS = Table(
    "web_decisions",
    "Which captures are of a tag and stay: by the classifier, by rule or by a label; one capture for each text.",
    (
        _PAGE_ID,
        TAG,
        CONTENT_ID,
        _KEEP,
        _REASONS,
        Column("score", "double", "Score by the model in force; null where none was asked."),
        Column("why", "string", "What recalled it: label, pattern (and which), code_blocks or classifier."),
        Column("round", "int", "Round of the model that recalled it; 0 where a rule or a label did."),
    ),
    key=("page_id", "tag"),
    cluster_by=("page_id",),
    constraints=_DECIDED | {"kept_is_recalled": "not keep or why is not null"},
    made_from=("web_pages", "page_texts", "recall_scores", "page_labels", "url_patterns", "recall_models"),
    feed=True,
)

DOMAIN_DECISIONS = Table(
    "domain_decisions",
    "Domains with enough pages, and whether they are of a tag by the share of their pages that was recalled.",
    (
        Column("domain", "string", "Registrable domain.", nullable=False),
        TAG,
        _KEEP,
        _REASONS,
        Column("pages", "bigint", "Distinct texts of its pages.", nullable=False),
        Column("recalled", "bigint", "Of these, recalled.", nullable=False),
        Column("lower_bound", "double", "Lower end of Wilson's interval of the share, 95 %.", nullable=False),
    ),
    key=("domain", "tag"),
    cluster_by=("domain",),
    constraints=_DECIDED | {"recalled_of_pages": "recalled >= 0 and recalled <= pages"},
    made_from=("web_decisions", "web_pages"),
    feed=True,
)


def _of_pages(table: Table, name: str, doc: str, *made_from: str) -> Table:
    """A table of the raw-code half's stages over texts of pages: `file_id` and its like are the text's content_id."""
    return replace(table, name=name, doc=doc, made_from=made_from)


WEB_EXACT_DUPLICATES = _of_pages(
    code.EXACT_DUPLICATES,
    "web_exact_duplicates",
    "Captures with the same text, of those that are of a tag: the newest stands for all, then the smallest page_id.",
    "web_decisions",
    "web_pages",
)
WEB_FINGERPRINTS = _of_pages(
    code.FINGERPRINTS,
    "web_fingerprints",
    "MinHash bands and sketches of the texts of pages, as in fingerprints.",
    "page_texts",
)
WEB_NEAR_PAIRS = _of_pages(
    code.NEAR_PAIRS,
    "web_near_pairs",
    "Candidate pairs of texts of pages that share an LSH band, as in near_pairs.",
    "web_exact_duplicates",
    "web_fingerprints",
)
WEB_NEAR_DUPLICATES = _of_pages(
    code.NEAR_DUPLICATES,
    "web_near_duplicates",
    "Groups of near-duplicate pages: connected components of verified pairs, one representative each.",
    "web_exact_duplicates",
    "web_near_pairs",
)
WEB_CLEANED_TEXTS = _of_pages(
    code.CLEANED_TEXTS,
    "web_cleaned_texts",
    "Texts of pages with personal data replaced, as in cleaned_texts; `text` is stored only where it changed.",
    "web_near_duplicates",
    "page_texts",
)
WEB_FILTER_DECISIONS = _of_pages(
    code.FILTER_DECISIONS,
    "web_filter_decisions",
    "The rules for documents that a page's text breaks, by the signals of its cleaned text.",
    "web_near_duplicates",
    "web_cleaned_texts",
    "web_signals",
)
WEB_CLEAN_DUPLICATES = _of_pages(
    code.CLEAN_DUPLICATES,
    "web_clean_duplicates",
    "Exact duplicates once more, on the cleaned text.",
    "web_filter_decisions",
)


def web_signals_table(signals: Table) -> Table:
    """The contract of `web_signals`, of that of `signals`."""
    return _of_pages(signals, "web_signals", "Quality signals of cleaned texts of pages.", "web_cleaned_texts")


WEB_CORPUS = Table(
    "web_corpus",
    "The recalled pages: distinct cleaned texts that passed every stage.",
    (
        Column("clean_id", "string", "SHA-256 of the text.", nullable=False),
        Column("tag", "string", "Tag that recalled it; of several the one with the highest score.", nullable=False),
        Column("tags", "array<string>", "All tags that it was recalled for; sorted.", nullable=False),
        Column("page_id", "string", "Capture that stands for every copy of this text.", nullable=False),
        CONTENT_ID,
        _URL,
        _DOMAIN,
        _HOST,
        Column("dump", "string", "Crawl it belongs to."),
        Column("captured_at", "timestamp", "When it was captured."),
        Column("title", "string", "Title of the page."),
        Column("score", "double", "Score by the model in force; null where a rule or a pattern recalled it."),
        Column("round", "int", "Round of the model that recalled it; 0 where a rule or a label did.", nullable=False),
        Column("why", "string", "What recalled it, as in web_decisions.", nullable=False),
        Column("licences", "array<string>", "Links to licences on the page; sorted.", nullable=False),
        Column("no_index", "boolean", "The page asks not to be indexed.", nullable=False),
        Column("no_ai", "boolean", "The page asks not to be used for AI.", nullable=False),
        Column("tdm_reserved", "boolean", "Text and data mining is reserved; null where nobody said."),
        Column("code_bytes", "bigint", "Bytes of the code in its blocks, before cleaning.", nullable=False),
        Column("natural_language", "string", "Natural language by script."),
        Column("text_bytes", "bigint", "Bytes of the text in UTF-8.", nullable=False),
        Column("run_id", "string", "Run that wrote the row.", nullable=False),
        Column("text", "string", "The text.", nullable=False),
    ),
    key=("clean_id",),
    volatile=("run_id",),
    cluster_by=("tag", "clean_id"),
    constraints={"text_not_empty": "text_bytes > 0", "id_is_sha256": "length(clean_id) = 64"},
    expectations=(
        Expect("not_null", "tag", why="Readers weigh by tag."),
        Expect("not_null", "why", why="Every row explains itself."),
        Expect("between", "score", {"min": 0, "max": 1}, why="A score is a probability."),
        Expect("row_count", None, {"min": 1}, why="An empty corpus is a mistake."),
    ),
    made_from=("web_clean_duplicates", "web_decisions", "web_pages", "page_texts", "web_cleaned_texts"),
    text=("text",),
)

TABLES = (
    *(WEB_SOURCES, WEB_PLACES, WEB_PAGES, PAGE_TEXTS, WEB_DECISIONS, DOMAIN_DECISIONS),
    *(WEB_EXACT_DUPLICATES, WEB_FINGERPRINTS, WEB_NEAR_PAIRS, WEB_NEAR_DUPLICATES),
    *(WEB_CLEANED_TEXTS, WEB_FILTER_DECISIONS, WEB_CLEAN_DUPLICATES, WEB_CORPUS),
)
