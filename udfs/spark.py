"""The only file that turns a kernel into a Spark function. Everything goes through Arrow batches."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql.types import ArrayType, BooleanType, DataType, IntegerType, LongType, StructField, StructType

from schemas.code import CLEANED_TEXTS
from schemas.contract import Table

# Kernels are imported where they run: a worker that reads archives need not load a compiler.
if TYPE_CHECKING:
    from udfs.archives import Limits
    from udfs.cleaning import Cleaning
    from udfs.fim import Fim
    from udfs.fingerprint import Fingerprint
    from udfs.tokenizing import Shipped

_FINGERPRINT = "unit_id string, chunk int, shingles bigint, bands array<bigint>, sketch binary"
_PROBED = "source_id string, unit string, fingerprint string, error string"
STAGED = (
    "source_id string, unit string, ordinal bigint, said_repo string, path string, content_id string, "
    "size_bytes bigint, text_bytes bigint, encoding string, converted boolean, language string, kind string, "
    "language_by string, vendored boolean, generated boolean, commit_time timestamp, licences array<string>, "
    "revision string, stars bigint, reason string, detail string, text string"
)

_CLEANED_ARROW = CLEANED_TEXTS.arrow_schema([n for n in CLEANED_TEXTS.names if n != "kernel_version"])
_CLEANED = ", ".join(f"{c.name} {c.type}" for c in CLEANED_TEXTS.columns if c.name != "kernel_version")


def _mapped(
    rows: DataFrame, kernel: Callable[[pa.RecordBatch], Iterator[pa.RecordBatch]], schema: str | StructType
) -> DataFrame:
    """Apply a kernel to every Arrow batch. Empty batches never reach a kernel."""

    def run(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            if batch.num_rows:
                yield from kernel(batch)

    return rows.mapInArrow(run, schema)


def fingerprint_rows(rows: DataFrame, p: Fingerprint) -> DataFrame:
    """Fingerprints of rows (unit_id, text)."""
    return _mapped(rows.select("unit_id", "text"), partial(_fingerprint, p), _FINGERPRINT)


def _fingerprint(p: Fingerprint, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    from udfs.fingerprint import fingerprint_chunks, fingerprint_texts

    names = ["unit_id", "chunk", "shingles", "bands", "sketch"]
    ids, texts = batch.column("unit_id"), batch.column("text")
    if p.level == "chunk":
        for number, chunk, row in fingerprint_chunks(texts, p):
            yield pa.RecordBatch.from_arrays([ids[number : number + 1], pa.array([chunk], pa.int32()), *row], names)
        return
    chunks = pa.array([0] * len(ids), pa.int32())
    yield pa.RecordBatch.from_arrays([ids, chunks, *fingerprint_texts(texts, p)], names)


def repository_fingerprint_rows(rows: DataFrame, p: Fingerprint) -> DataFrame:
    """Fingerprints of rows (unit_id, text) with several texts a unit: slots are merged, texts never meet."""
    slots = _mapped(rows.select("unit_id", "text"), partial(_slots, p), "unit_id string, n bigint, slots binary")

    # A plain function: Spark reads its annotations to tell a table from an iterator of batches.
    def merge(group: pa.Table) -> pa.Table:
        return _merge(p, group)

    return slots.groupBy("unit_id").applyInArrow(merge, _FINGERPRINT)


def _slots(p: Fingerprint, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    from udfs.fingerprint import slots_of_texts

    counts, slots = slots_of_texts(batch.column("text"), p)
    columns = [batch.column("unit_id"), pa.array(counts), pa.array([row.tobytes() for row in slots], pa.binary())]
    yield pa.RecordBatch.from_arrays(columns, ["unit_id", "n", "slots"])


def _merge(p: Fingerprint, group: pa.Table) -> pa.Table:
    import numpy as np

    from udfs.fingerprint import merge_slots

    slots = np.frombuffer(b"".join(group.column("slots").to_pylist()), np.uint32).reshape(len(group), -1)
    merged = merge_slots(group.column("n").to_numpy(), slots, p)
    ids = pa.array([group.column("unit_id")[0].as_py()])
    columns = [ids, pa.array([0], pa.int32()), *merged]
    return pa.Table.from_arrays(columns, ["unit_id", "chunk", "shingles", "bands", "sketch"])


def similarity_rows(pairs: DataFrame) -> DataFrame:
    """(unit_a, unit_b, similarity) of rows (unit_a, unit_b, sketch_a, sketch_b)."""
    rows = pairs.select("unit_a", "unit_b", "sketch_a", "sketch_b")
    return _mapped(rows, _similarity, "unit_a string, unit_b string, similarity double")


def _similarity(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    from udfs.fingerprint import similarities

    found = pa.array(similarities(batch.column("sketch_a"), batch.column("sketch_b")))
    names = ["unit_a", "unit_b", "similarity"]
    yield pa.RecordBatch.from_arrays([batch.column("unit_a"), batch.column("unit_b"), found], names)


def probe_rows(sources: DataFrame) -> DataFrame:
    """State of every unit of rows (source_id, kind, location, revision)."""
    return _mapped(sources, _probe, _PROBED)


def _probe(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    from udfs import records

    schema = pa.schema([(n, pa.string()) for n in ("source_id", "unit", "fingerprint", "error")])
    rows = [row for source in batch.to_pylist() for row in records.probed(records.unit_of(source))]
    yield pa.RecordBatch.from_pylist(rows, schema)


def staged_rows(units: DataFrame, limits: Limits) -> DataFrame:
    """Every file and refusal of rows (source_id, kind, location, revision, unit)."""
    return _mapped(units, partial(_stage, limits), STAGED)


def _stage(limits: Limits, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    from udfs import records

    for source in batch.to_pylist():
        yield from records.staged_batches(records.unit_of(source), source["unit"], limits)


def cleaned_rows(rows: DataFrame, p: Cleaning) -> DataFrame:
    """Cleaned form of rows (content_id, language, kind, text)."""
    return _mapped(rows.select("content_id", "language", "kind", "text"), partial(_clean, p), _CLEANED)


def _clean(p: Cleaning, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    from udfs.cleaning import clean

    rows = []
    for row in batch.to_pylist():
        done = clean(row["text"], language=row["language"], kind=row["kind"], p=p)
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


def signal_rows(rows: DataFrame, table: Table, authors: bool) -> DataFrame:
    """Signals of rows (clean_id, language, kind, text), in the columns of the signals table."""
    columns = [c for c in table.columns if c.name != "kernel_version"]
    schema = ", ".join(f"`{c.name}` {c.type}" for c in columns)
    arrow = table.arrow_schema([c.name for c in columns])
    return _mapped(rows.select("clean_id", "language", "kind", "text"), partial(_signals, arrow, authors), schema)


def _signals(schema: pa.Schema, authors: bool, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    from udfs.natural_language import natural_language
    from udfs.signals import measure

    rows = []
    for row in batch.to_pylist():
        spoken = natural_language(row["text"])
        about = {k: row[k] for k in ("clean_id", "language", "kind")}
        given = {"language": row["language"], "kind": row["kind"], "natural_language": spoken, "authors": authors}
        values, failures = measure(row["text"], **given)
        rows.append({**about, "natural_language": spoken, "failures": sorted(failures.items()), **values})
    yield pa.RecordBatch.from_pylist(rows, schema)


def _replaced(rows: DataFrame, gone: str, made: dict[str, DataType]) -> StructType:
    """The schema of rows without a column and with others. All may be null: Arrow batches do not say otherwise."""
    kept = {field.name: field.dataType for field in rows.schema.fields if field.name != gone}
    return StructType([StructField(name, kind) for name, kind in (kept | made).items()])


def held_out_rows(rows: DataFrame, share: float) -> DataFrame:
    """Add `held_out` to rows with `repo`; a row whose repository nobody knows is not held out."""
    from udfs.heldout import held_out_batch

    return _mapped(rows, partial(held_out_batch, share), _replaced(rows, "", {"held_out": BooleanType()}))


def token_rows(rows: DataFrame, shipped: Shipped, fim: Fim) -> DataFrame:
    """Rows (content_id, text, ...) with `tokens` and `n_tokens` in place of the text."""
    from udfs.tokenizing import token_batches

    made = {"tokens": ArrayType(IntegerType()), "n_tokens": LongType()}
    return _mapped(rows, partial(token_batches, shipped, fim), _replaced(rows, "text", made))


def conversation_rows(rows: DataFrame, shipped: Shipped) -> DataFrame:
    """Rows (messages, ...) with ids, mask and their lengths in place of the messages."""
    from udfs.tokenizing import conversation_batches

    ids, mask = ArrayType(IntegerType()), ArrayType(BooleanType())
    made = {"tokens": ids, "n_tokens": LongType(), "supervised": mask, "n_supervised": LongType()}
    return _mapped(rows, partial(conversation_batches, shipped), _replaced(rows, "messages", made))


def instruction_rows(rows: DataFrame) -> DataFrame:
    """Instructions found in rows (clean_id, language, text), in the columns of instruction_parts."""
    from udfs.instruction_batches import PARTS, found_batch

    return _mapped(rows.select("clean_id", "language", "text"), found_batch, PARTS)


def given_rows(rows: DataFrame) -> DataFrame:
    """Conversations or reasons of rows (origin, stage, columns of a given table)."""
    from udfs.instruction_batches import GIVEN, given_batch

    return _mapped(rows, given_batch, GIVEN)
