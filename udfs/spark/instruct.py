"""Kernels of the synthetic half as Spark functions: seeds, threads, calls, programs."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyspark.sql import DataFrame

from udfs.spark.batches import mapped
from udfs.spark.guard import KILLED, Guard

if TYPE_CHECKING:
    from udfs.calls.sending import Settings
    from udfs.execution.batches import Running
    from udfs.recipes.batches import Player
    from udfs.recipes.history_rows import Reading
    from udfs.recipes.seeds import Keywords


class ThreadGuard(Guard):
    """Of threads that are played: one that kills its worker has ended, and that is why it made nothing."""

    def fills(self, names: list[str]) -> bool:
        return False

    def said(self, why: str, schema: pa.Schema) -> dict[str, Any]:
        reason = {"rule": KILLED, "value": None, "threshold": None, "detail": why}
        return {"status": "dropped", "keep": False, "reasons": [reason]}


def mark_rows(rows: DataFrame, p: Keywords) -> DataFrame:
    """(clean_id, keywords) of rows (clean_id, language, text)."""
    found = rows.select("clean_id", "language", "text")
    return mapped(found, partial(_marks, p), "clean_id string, keywords array<string>")


def _marks(p: Keywords, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    from udfs.recipes.seeds import algorithmic

    rows = [
        {"clean_id": r["clean_id"], "keywords": algorithmic(r["text"], r["language"], p)} for r in batch.to_pylist()
    ]
    schema = pa.schema([("clean_id", pa.string()), ("keywords", pa.list_(pa.string()))])
    yield pa.RecordBatch.from_pylist(rows, schema)


def seed_rows(rows: DataFrame) -> DataFrame:
    """Seeds of rows (clean_id, recipe, language, url, text), in the columns of seed_parts."""
    from udfs.recipes.batches import PARTS, seed_batch

    return mapped(rows.select("clean_id", "recipe", "language", "url", "text"), seed_batch, PARTS)


def usage_rows(rows: DataFrame) -> DataFrame:
    """How texts (clean_id, language, text) use packages, in the columns of package_usages."""
    from udfs.recipes.batches import USAGES, usage_batch

    return mapped(rows.select("clean_id", "language", "text"), usage_batch, USAGES)


def played_rows(rows: DataFrame, player: Player) -> DataFrame:
    """Threads of rows (seed_id, recipe, recipe_version, language, fields, known), played as far as they go."""
    from udfs.recipes.batches import PLAYED, played_batch

    names = ("seed_id", "recipe", "recipe_version", "language", "fields", "known")
    return mapped(rows.select(*names), partial(played_batch, player), PLAYED)


def sent_rows(rows: DataFrame, settings: Settings, most: float) -> DataFrame:
    """What came of rows (request_id, body), in the columns of llm_responses; each task keeps to its settings."""
    from udfs.calls.batches import RESPONSES

    # Not batch by batch: calls of a whole task run side by side.
    return rows.select("request_id", "body").mapInArrow(partial(_sent, settings, most), RESPONSES)


def _sent(settings: Settings, most: float, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    from pyspark import TaskContext

    from udfs.calls.batches import sent_batches

    task = TaskContext.get()
    yield from sent_batches(settings, most, batches, repeated=task.attemptNumber() if task else 0)


def ran_rows(rows: DataFrame, how: Running) -> DataFrame:
    """What came of rows (program_id, body), in the columns of executions."""
    from udfs.execution.batches import EXECUTED, ran_batches

    return rows.select("program_id", "body").mapInArrow(partial(ran_batches, how), EXECUTED)


def lacking_rows(rows: DataFrame, how: Running) -> DataFrame:
    """(language, why) for those of rows (language) that cannot be run where these rows are."""
    from udfs.execution.batches import LACKING, lacking_batches

    return rows.select("language").mapInArrow(partial(lacking_batches, how), LACKING)


def dialogue_rows(rows: DataFrame) -> DataFrame:
    """Seeds or reasons of rows (origin, recipe, row) of given tables."""
    from udfs.recipes.given import DIALOGUES, dialogue_batch

    return mapped(rows, dialogue_batch, DIALOGUES)


def history_rows(rows: DataFrame, reading: Reading) -> DataFrame:
    """Changes of the histories of rows (source_id, unit, repo_id, repo, revision, licence, location)."""
    from udfs.recipes.history_rows import ROWS, history_batch

    names = ("source_id", "unit", "repo_id", "repo", "revision", "licence", "location")
    return mapped(rows.select(*names), partial(history_batch, reading), ROWS)
