"""Kernels of the web half as Spark functions. Everything goes through Arrow batches."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa
from pyspark.sql import DataFrame

from udfs.spark.batches import mapped

# Kernels are imported where they run: they bring an HTML parser and a classifier with them.
if TYPE_CHECKING:
    from udfs.web.kinds import Reading

_PROBED = "source_id string, unit string, fingerprint string, error string"
_SCORES = "content_id string, tag string, score double"
STAGED_PAGES = (
    "source_id string, unit string, page_id string, domain string, file string, offset bigint, part bigint, "
    "kind string, url string, host string, captured_at timestamp, dump string, status bigint, content_type string, "
    "charset string, charset_by string, digest string, cut string, wrong_length boolean, header_robots string, "
    "page_robots string, no_index boolean, no_ai boolean, tdm_reserved boolean, licences array<string>, "
    "size_bytes bigint, title string, content_id string, text_bytes bigint, code_blocks bigint, code_bytes bigint, "
    "code_languages array<string>, inline_marks bigint, has_mathematics boolean, said_tag string, reason string, "
    "detail string, text string, length bigint"
)


def probe_web_rows(sources: DataFrame, reading: Reading) -> DataFrame:
    """State of every unit of rows (source_id, kind, location, root)."""
    return mapped(sources, partial(_probe, reading), _PROBED)


def _probe(reading: Reading, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    from udfs.web.kinds import probed, unit_of

    schema = pa.schema([(n, pa.string()) for n in ("source_id", "unit", "fingerprint", "error")])
    yield pa.RecordBatch.from_pylist([r for s in batch.to_pylist() for r in probed(unit_of(s), reading)], schema)


def staged_page_rows(units: DataFrame, reading: Reading) -> DataFrame:
    """Every capture, refusal and place of rows (source_id, kind, location, root, unit)."""
    return mapped(units, partial(_stage, reading), STAGED_PAGES)


def _stage(reading: Reading, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    from udfs.web.kinds import staged_batches, unit_of

    for source in batch.to_pylist():
        yield from staged_batches(unit_of(source), source["unit"], reading)


def page_rows_at(places: DataFrame, limit: int) -> DataFrame:
    """The pages of rows (page_id, source_id, unit, file, offset, length, url, host) of web_places."""
    return mapped(places, partial(_fetch, limit), STAGED_PAGES)


def _fetch(limit: int, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    from udfs.web.kinds import fetched

    yield from fetched(batch.to_pylist(), limit)


def score_rows(rows: DataFrame, models: dict[str, str]) -> DataFrame:
    """(content_id, tag, score) of rows (content_id, tag, text) by the model of each tag."""
    return mapped(rows.select("content_id", "tag", "text"), partial(_score, models), _SCORES)


def _score(models: dict[str, str], batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    import pyarrow.compute as pc

    from udfs.web.model_place import recall_model

    for tag in sorted(set(batch["tag"].to_pylist())):
        some = batch.filter(pc.equal(batch["tag"], tag))
        scores = pa.array(recall_model(models[tag]).scores(some["text"].to_pylist()), pa.float64())
        yield pa.RecordBatch.from_arrays([some["content_id"], some["tag"], scores], ["content_id", "tag", "score"])


def text_score_rows(rows: DataFrame, model: str) -> DataFrame:
    """(content_id, score) of rows (content_id, text) by one model."""
    return mapped(rows.select("content_id", "text"), partial(_score_text, model), "content_id string, score double")


def _score_text(model: str, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    from udfs.web.model_place import recall_model

    scores = pa.array(recall_model(model).scores(batch["text"].to_pylist()), pa.float64())
    yield pa.RecordBatch.from_arrays([batch["content_id"], scores], ["content_id", "score"])


def proposed_rows(pages: DataFrame) -> DataFrame:
    """(tag, domain, pattern, url, found): each pattern that the address of rows (tag, domain, url, found) suggests."""
    schema = "tag string, domain string, pattern string, url string, found boolean"
    return mapped(pages.select("tag", "domain", "url", "found"), _propose, schema)


def _propose(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    from udfs.web.patterns import proposals

    rows = [{**row, "pattern": pattern} for row in batch.to_pylist() for pattern in proposals(row["url"])]
    names = ("tag", "domain", "pattern", "url")
    schema = pa.schema([*((n, pa.string()) for n in names), ("found", pa.bool_())])
    yield pa.RecordBatch.from_pylist(rows, schema)
