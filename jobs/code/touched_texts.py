"""What a change touches in the recall of text files: as jobs/code/touched.py, of the stages before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyspark.sql import DataFrame

from jobs.runtime.keys import Keys, only
from jobs.runtime.stage import Narrow
from schemas.code import RAW_FILES, TEXT_SCORES

if TYPE_CHECKING:  # as in jobs/code/touched.py
    from jobs.runtime.feed import Changed

Reads = tuple[DataFrame, ...]

SCORED = Narrow(
    "content_id",
    lambda changed, reads, stored, p: Keys.of(changed.keys(RAW_FILES, "content_id")),
    lambda keys, raw_files: (only(raw_files, "content_id", keys),),
)


def _recalled(changed: Changed, reads: Reads, stored: DataFrame, p: Any) -> Keys:
    """Files that came, went or changed, and those whose texts have been scored, or are no longer."""
    scored = Keys.of(changed.keys(TEXT_SCORES, "content_id"))
    files = None if scored.none else only(reads[0], "content_id", scored).select("file_id")
    return Keys.of(changed.keys(RAW_FILES, "file_id"), files)


def _to_recall(keys: Keys, raw_files: DataFrame, scores: DataFrame) -> Reads:
    files = only(raw_files, "file_id", keys)
    return files, only(scores, "content_id", Keys.of(files.select("content_id")))


RECALLED = Narrow("file_id", _recalled, _to_recall)
