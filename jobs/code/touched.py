"""What a change touches, stage by stage: the keys to be taken anew and the part of the inputs that decides about them.

A refresh equals a rebuild because each of these sets is a superset of what may differ (tests/jobs/test_refresh.py).
Where deduplication compares repositories or chunks, it and what comes after it are taken whole.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.code.parameters import Dedup
from jobs.runtime.keys import Keys, only
from jobs.runtime.stage import Narrow
from schemas.code import (
    CLEAN_DUPLICATES,
    CLEANED_TEXTS,
    EXACT_DUPLICATES,
    FILE_DECISIONS,
    FILTER_DECISIONS,
    FINGERPRINTS,
    NEAR_DUPLICATES,
    NEAR_PAIRS,
    RAW_FILES,
    REPOSITORIES,
    SAMPLE_DECISIONS,
    TEXT_DECISIONS,
)
from schemas.quality import QUALITY_SCORES

if TYPE_CHECKING:  # what reads and writes tables is no part of what a decision hangs on (code_version)
    from jobs.runtime.feed import Changed

Reads = tuple[DataFrame, ...]
_RANK = ("stars", "commit_time")


def files_compared(setting: Callable[[type], Any]) -> bool:
    """Whether deduplication compares files, and neither repositories nor chunks."""
    return bool(setting(Dedup).strategy == "file")


def _files_of_moved(changed: Changed, raw_files: DataFrame, columns: tuple[str, ...], key: str) -> DataFrame | None:
    """`key` of the files of repositories of which one of the columns has changed; None where there is no such one."""
    repositories = changed.of(REPOSITORIES)
    if repositories is None:
        return None
    counted = repositories.groupBy("repo_id").agg(F.count_distinct(F.struct(*columns)).alias("n"))
    moved = Keys.of(counted.where("n > 1").select("repo_id"))
    return None if moved.none else only(raw_files, "repo_id", moved).select(key)


def _shared(stored: DataFrame, ranked: DataFrame | None) -> DataFrame | None:
    """Of texts that rank otherwise those with copies: who is alone stands for itself, however it ranks."""
    if ranked is None:
        return None
    return only(stored.where("group_size > 1"), "content_id", Keys.of(ranked)).select("content_id")


def _file_decisions(changed: Changed, reads: Reads, stored: DataFrame, p: Any) -> Keys:
    own = [changed.keys(t, "file_id") for t in (RAW_FILES, TEXT_DECISIONS)]
    # Stars move every night: where no rule asks for them, they touch no file.
    columns = ("licences", "stars") if p.min_stars else ("licences",)
    return Keys.of(*own, _files_of_moved(changed, reads[0], columns, "file_id"))


BY_FILE = Narrow(
    "file_id",
    _file_decisions,
    lambda keys, files, repositories, texts: (only(files, "file_id", keys), repositories, only(texts, "file_id", keys)),
)


def _copies(changed: Changed, reads: Reads, stored: DataFrame, p: Any) -> Keys:
    """Texts of the files that came, went or rank otherwise."""
    own = [changed.keys(t, "content_id") for t in (FILE_DECISIONS, RAW_FILES)]
    return Keys.of(*own, _shared(stored, _files_of_moved(changed, reads[1], _RANK, "content_id")))


BY_CONTENT = Narrow(
    "content_id",
    _copies,
    lambda keys, files, raw_files, repositories: (
        only(files, "content_id", keys),
        only(raw_files, "content_id", keys),
        repositories,
    ),
    holds=files_compared,
)

FINGERPRINTED = Narrow(
    "unit_id",
    lambda changed, reads, stored, p: Keys.of(changed.keys(EXACT_DUPLICATES, "content_id")),
    lambda keys, exact, raw_files: (only(exact, "content_id", keys), raw_files),
    holds=files_compared,
)


def _paired(changed: Changed, reads: Reads, stored: DataFrame, p: Any) -> Keys:
    """Units of the buckets that a unit entered or left: in another order any two of them may be paired, or not."""
    fingerprints, gone = reads[2], changed.of(FINGERPRINTS)
    moved = Keys.of(changed.keys(EXACT_DUPLICATES, "content_id"))
    bands = Keys.of(_bands(only(fingerprints, "unit_id", moved)), None if gone is None else _bands(gone))
    beside = only(_bands(fingerprints), "band", bands).select("unit_id")
    return Keys.of(beside, changed.keys(EXACT_DUPLICATES, "content_id"), changed.keys(FINGERPRINTS, "unit_id"))


def _bands(fingerprints: DataFrame) -> DataFrame:
    return fingerprints.where("shingles > 0").select(F.explode("bands").alias("band"), "unit_id")


def _buckets(keys: Keys, exact: DataFrame, raw_files: DataFrame, fingerprints: DataFrame) -> Reads:
    """All units of every bucket that one of the keys is in: pairs of two keys come from no other bucket."""
    bands = Keys.of(_bands(only(fingerprints, "unit_id", keys)))
    units = Keys.of(only(_bands(fingerprints), "band", bands).select("unit_id"))
    return only(exact, "content_id", units), raw_files, only(fingerprints, "unit_id", units)


BY_BUCKET = Narrow(
    "unit_a",
    _paired,
    _buckets,
    within=lambda rows, keys: only(only(rows, "unit_a", keys), "unit_b", keys),
    cuts=True,
    holds=files_compared,
)


def _grouped(changed: Changed, reads: Reads, stored: DataFrame, p: Any) -> Keys:
    """All texts of the groups that a change may join, part or give another representative."""
    pairs = [changed.keys(NEAR_PAIRS, column) for column in ("unit_a", "unit_b")]
    own = [changed.keys(t, "content_id") for t in (EXACT_DUPLICATES, RAW_FILES)]
    texts = Keys.of(*own, *pairs, _shared(stored, _files_of_moved(changed, reads[3], _RANK, "content_id")))
    groups = Keys.of(only(stored, "content_id", texts).select("group_id"))
    return Keys.of(texts, only(stored, "group_id", groups).select("content_id"))


BY_GROUP = Narrow(
    "content_id",
    _grouped,
    lambda keys, exact, pairs, fingerprints, raw_files, repositories: (
        only(exact, "content_id", keys),
        only(pairs, "unit_a", keys),
        fingerprints,
        only(raw_files, "content_id", keys),
        repositories,
    ),
    holds=files_compared,
)

CLEANED = Narrow(
    "content_id",
    lambda changed, reads, stored, p: Keys.of(
        changed.keys(NEAR_DUPLICATES, "content_id"), changed.keys(RAW_FILES, "content_id")
    ),
    lambda keys, near, raw_files: (only(near, "content_id", keys), only(raw_files, "content_id", keys)),
    holds=files_compared,
)


def _cleaned(changed: Changed, reads: Reads, stored: DataFrame, p: Any) -> Keys:
    """Cleaned texts that files came to, or went from, or that cleaning has made or forgotten."""
    texts = Keys.of(*(changed.keys(t, "content_id") for t in (NEAR_DUPLICATES, RAW_FILES)))
    return Keys.of(only(reads[2], "content_id", texts).select("clean_id"), changed.keys(CLEANED_TEXTS, "clean_id"))


def _of_cleaned(keys: Keys, near: DataFrame, raw_files: DataFrame, cleaned: DataFrame) -> Reads:
    made = only(cleaned, "clean_id", keys)
    texts = Keys.of(made.select("content_id"))
    return only(near, "content_id", texts), only(raw_files, "content_id", texts), made


MEASURED = Narrow("clean_id", _cleaned, _of_cleaned, holds=files_compared)


def _filtered(changed: Changed, reads: Reads, stored: DataFrame, p: Any) -> Keys:
    """Files that came, went or changed, those whose texts were scored or are no longer, and those whose measures were
    not there yet: a measure never changes.
    """
    late = F.exists("reasons.rule", lambda rule: rule.isin("cleaning_missing", "signals_missing"))
    own = [changed.keys(t, "file_id") for t in (NEAR_DUPLICATES, RAW_FILES)]
    scored = Keys.of(changed.keys(QUALITY_SCORES, "clean_id"))
    files = None if scored.none else only(stored, "clean_id", scored).select("file_id")
    return Keys.of(*own, files, stored.where(late).select("file_id"))


def _to_filter(
    keys: Keys, near: DataFrame, raw_files: DataFrame, cleaned: DataFrame, signals: DataFrame, quality: DataFrame
) -> Reads:
    files = only(raw_files, "file_id", keys)
    texts = only(cleaned, "content_id", Keys.of(files.select("content_id")))
    ids = Keys.of(texts.select("clean_id"))
    return only(near, "file_id", keys), files, texts, only(signals, "clean_id", ids), only(quality, "clean_id", ids)


FILTERED = Narrow("file_id", _filtered, _to_filter, holds=files_compared)


def _clean_copies(changed: Changed, reads: Reads, stored: DataFrame, p: Any) -> Keys:
    filtered, raw_files, _ = reads
    moved = _files_of_moved(changed, raw_files, _RANK, "file_id")
    ranked = Keys.of(changed.keys(RAW_FILES, "file_id"), moved)
    return Keys.of(changed.keys(FILTER_DECISIONS, "clean_id"), only(filtered, "file_id", ranked).select("clean_id"))


def _of_clean(keys: Keys, filtered: DataFrame, raw_files: DataFrame, repositories: DataFrame) -> Reads:
    files = only(filtered, "clean_id", keys)
    return files, only(raw_files, "file_id", Keys.of(files.select("file_id"))), repositories


BY_CLEAN = Narrow("clean_id", _clean_copies, _of_clean)


def _sampled(keys: Keys, distinct: DataFrame, raw_files: DataFrame, cleaned: DataFrame) -> Reads:
    files = only(distinct, "file_id", keys)
    texts = only(cleaned, "clean_id", Keys.of(files.select("clean_id")))
    return files, only(raw_files, "file_id", keys), texts


SAMPLED = Narrow(
    "file_id",
    lambda changed, reads, stored, p: Keys.of(
        changed.keys(CLEAN_DUPLICATES, "file_id"), changed.keys(RAW_FILES, "file_id")
    ),
    _sampled,
)


def _published(changed: Changed, reads: Reads, stored: DataFrame, p: Any) -> Keys:
    own = [changed.keys(t, "file_id") for t in (SAMPLE_DECISIONS, RAW_FILES)]
    return Keys.of(*own, _files_of_moved(changed, reads[1], ("repo", "licences", "commit_time"), "file_id"))


PUBLISHED = Narrow(
    "file_id",
    _published,
    lambda keys, sampled, raw_files, repositories, near: (
        only(sampled, "file_id", keys),
        only(raw_files, "file_id", keys),
        repositories,
        near,
    ),
    holds=files_compared,
)
