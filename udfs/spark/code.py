"""Kernels of the raw-code half as Spark functions. Everything goes through Arrow batches."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa
from pyspark.sql import DataFrame

from schemas.code import CLEANED_TEXTS
from schemas.contract import Table
from udfs.spark.batches import mapped

# Kernels are imported where they run: a worker that reads archives need not load a compiler.
if TYPE_CHECKING:
    from udfs.cleaning.clean import Cleaning
    from udfs.duplicates.fingerprint import Fingerprint
    from udfs.reading.archives import Limits

_FINGERPRINT = "unit_id string, chunk int, shingles bigint, bands array<bigint>, sketch binary"
_PROBED = "source_id string, unit string, fingerprint string, error string"
STAGED = (
    "source_id string, unit string, ordinal bigint, said_repo string, path string, content_id string, "
    "size_bytes bigint, text_bytes bigint, encoding string, converted boolean, language string, kind string, "
    "language_by string, vendored boolean, generated boolean, commit_time timestamp, authors array<string>, "
    "licences array<string>, revision string, stars bigint, reason string, detail string, text string"
)
_QUALITY = "clean_id string, language string, kind string, qsc_learned_score double, qsc_learned_rank double"

_OF_RUNNER = ("kernel_version", *CLEANED_TEXTS.volatile)
_CLEANED_ARROW = CLEANED_TEXTS.arrow_schema([n for n in CLEANED_TEXTS.names if n not in _OF_RUNNER])
_CLEANED = ", ".join(f"{c.name} {c.type}" for c in CLEANED_TEXTS.columns if c.name not in _OF_RUNNER)


def fingerprint_rows(rows: DataFrame, p: Fingerprint) -> DataFrame:
    """Fingerprints of rows (unit_id, text): of the whole text where files are compared, of its chunks where these."""
    return mapped(rows.select("unit_id", "text"), partial(_fingerprint, p), _FINGERPRINT)


def _fingerprint(p: Fingerprint, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    from udfs.duplicates.fingerprint import fingerprint_chunks, fingerprint_texts

    names = ["unit_id", "chunk", "shingles", "bands", "sketch"]
    ids, texts = batch.column("unit_id"), batch.column("text")
    if p.whole == "file":
        whole = pa.array([0] * len(ids), pa.int32())
        yield pa.RecordBatch.from_arrays([ids, whole, *fingerprint_texts(texts, p)], names)
    if p.chunks:
        numbers, chunks, found = fingerprint_chunks(texts, p)
        yield pa.RecordBatch.from_arrays([ids.take(pa.array(numbers)), pa.array(chunks, pa.int32()), *found], names)


def repository_fingerprint_rows(rows: DataFrame, p: Fingerprint) -> DataFrame:
    """Fingerprints of rows (unit_id, text) with several texts a unit: slots are merged, texts never meet."""
    slots = mapped(rows.select("unit_id", "text"), partial(_slots, p), "unit_id string, n bigint, slots binary")

    # A plain function: Spark reads its annotations to tell a table from an iterator of batches.
    def merge(group: pa.Table) -> pa.Table:
        return _merge(p, group)

    return slots.groupBy("unit_id").applyInArrow(merge, _FINGERPRINT)


def _slots(p: Fingerprint, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    from udfs.duplicates.fingerprint import slots_of_texts

    counts, slots = slots_of_texts(batch.column("text"), p)
    columns = [batch.column("unit_id"), pa.array(counts), pa.array([row.tobytes() for row in slots], pa.binary())]
    yield pa.RecordBatch.from_arrays(columns, ["unit_id", "n", "slots"])


def _merge(p: Fingerprint, group: pa.Table) -> pa.Table:
    import numpy as np

    from udfs.duplicates.fingerprint import merge_slots

    slots = np.frombuffer(b"".join(group.column("slots").to_pylist()), np.uint32).reshape(len(group), -1)
    merged = merge_slots(group.column("n").to_numpy(), slots, p)
    ids = pa.array([group.column("unit_id")[0].as_py()])
    columns = [ids, pa.array([0], pa.int32()), *merged]
    return pa.Table.from_arrays(columns, ["unit_id", "chunk", "shingles", "bands", "sketch"])


def probe_rows(sources: DataFrame) -> DataFrame:
    """State of every unit of rows with the facts of a source (records.FACTS)."""
    return mapped(sources, _probe, _PROBED)


def _probe(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    from udfs.reading import records

    schema = pa.schema([(n, pa.string()) for n in ("source_id", "unit", "fingerprint", "error")])
    rows = [row for source in batch.to_pylist() for row in records.probed(records.unit_of(source))]
    yield pa.RecordBatch.from_pylist(rows, schema)


def staged_rows(units: DataFrame, limits: Limits, salt: str) -> DataFrame:
    """Every file and refusal of rows (unit) with the facts of their source (records.FACTS)."""
    return mapped(units, partial(_stage, limits, salt), STAGED)


def _stage(limits: Limits, salt: str, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    from udfs.reading import records

    for source in batch.to_pylist():
        yield from records.staged_batches(records.unit_of(source), source["unit"], limits, salt)


def cleaned_rows(rows: DataFrame, p: Cleaning) -> DataFrame:
    """Cleaned form of rows (content_id, language, kind, text, cut): `cut` says which chunks of the text go first."""
    return mapped(rows.select("content_id", "language", "kind", "text", "cut"), partial(_clean, p), _CLEANED)


def _clean(p: Cleaning, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    from udfs.cleaning.clean import clean
    from udfs.duplicates.chunks import without_chunks

    rows = []
    for row in batch.to_pylist():
        text, cut = row["text"], row["cut"]
        if cut:
            text = without_chunks(text, set(cut["chunks"]), cut["tokens"])
        done = clean(text, language=row["language"], kind=row["kind"], p=p)
        raw = None if done.text is None else done.text.encode()
        changed = done.text is not None and done.text != row["text"]
        rows.append(
            {
                **{k: row[k] for k in ("content_id", "language", "kind")},
                "clean_id": None if raw is None else hashlib.sha256(raw).hexdigest(),
                "text_bytes": None if raw is None else len(raw),
                "header_bytes": done.header_bytes,
                "replaced": sorted(done.replaced.items()),
                "cells_cut": done.cells_cut,
                "failure": done.failure,
                "text": done.text if changed else None,
            }
        )
    yield pa.RecordBatch.from_pylist(rows, _CLEANED_ARROW)


def quality_rows(rows: DataFrame, model: str) -> DataFrame:
    """(clean_id, language, kind, qsc_learned_score, qsc_learned_rank) of rows with a text, by a scorer."""
    return mapped(rows.select("clean_id", "language", "kind", "text"), partial(_quality, model), _QUALITY)


def _quality(model: str, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    from udfs.quality.scorer import scorer

    scores, found = scorer(model).scores(batch["text"], batch["language"].to_pylist())
    key = [batch[name] for name in ("clean_id", "language", "kind")]
    names = ["clean_id", "language", "kind", "qsc_learned_score", "qsc_learned_rank"]
    yield pa.RecordBatch.from_arrays([*key, pa.array(scores), pa.array(found)], names)


def signal_rows(rows: DataFrame, table: Table, authors: bool) -> DataFrame:
    """Signals of rows (clean_id, language, kind, text), in the columns of the signals table."""
    columns = [c for c in table.columns if c.name != "kernel_version"]
    schema = ", ".join(f"`{c.name}` {c.type}" for c in columns)
    arrow = table.arrow_schema([c.name for c in columns])
    return mapped(rows.select("clean_id", "language", "kind", "text"), partial(_signals, arrow, authors), schema)


def _signals(schema: pa.Schema, authors: bool, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    from udfs.languages.natural_language import natural_language
    from udfs.signals import measure

    given = batch.to_pylist()
    rows: list[dict[str, object]] = [{}] * len(given)
    # Language by language: the same functions then run one after another, which a processor's caches repay by a tenth.
    for at in sorted(range(len(given)), key=lambda n: (given[n]["kind"], given[n]["language"] or "")):
        row = given[at]
        spoken = natural_language(row["text"])
        about = {k: row[k] for k in ("clean_id", "language", "kind")}
        settings = {"language": row["language"], "kind": row["kind"], "natural_language": spoken, "authors": authors}
        values, failures = measure(row["text"], **settings)
        rows[at] = {**about, "natural_language": spoken, "failures": sorted(failures.items()), **values}
    yield pa.RecordBatch.from_pylist(rows, schema)
