"""Token tables: their Arrow schema, and their rows as record batches, whoever listed the Parquet files.

The list of files comes from a pinned Delta version (delta.py) or from an exported list (exported.py), which needs
pyarrow alone. The order of batches is the order of the files; no later step may depend on it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from schemas.corpus import PRETRAIN_TOKENS, SFT_TOKENS, TRAINED_COLUMNS

HeldOut = Literal["refuse", "leave_out", "only"]
HELD_OUT: tuple[HeldOut, ...] = ("refuse", "leave_out", "only")

SCHEMA: pa.Schema = PRETRAIN_TOKENS.arrow_schema(TRAINED_COLUMNS)
ROWS_SCHEMA: pa.Schema = SFT_TOKENS.arrow_schema((*TRAINED_COLUMNS, "supervised", "stage"))
"""Chat rows: `supervised` says of each token whether predicting it is trained, `stage` of which SFT stage a row is."""
_ROWS = 4096


@dataclass(frozen=True)
class File:
    """A Parquet file of a table: path below the table's root, bytes, and the values of partition columns.

    `keep` are the rows that deletion vectors leave [rows in the file]; None where all are there.
    """

    path: str
    size: int
    partition: tuple[tuple[str, str | None], ...] = ()
    keep: npt.NDArray[np.bool_] | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Counted:
    """What training reads of a file: rows, their tokens, and the distinct (source, language)."""

    rows: int
    tokens: int
    labels: frozenset[tuple[str, str]]


@dataclass(frozen=True)
class TokenTable:
    """One version of a token table. `name` is what errors call it, `identity` the Delta table's own id.

    `schema` is SCHEMA for documents, ROWS_SCHEMA for chat rows; of these `stage` picks the rows of one SFT stage.
    """

    name: str
    identity: str
    version: int
    files: tuple[File, ...]
    filesystem: Any = field(compare=False)
    held_out: HeldOut = "refuse"
    schema: pa.Schema = field(default=SCHEMA, compare=False)
    stage: int | None = None

    def fingerprint(self) -> str:
        """SHA-256 of all that decides which rows are read and in which order they are stored."""
        files = [(f.path, f.size, f.partition, None if f.keep is None else _digest(f.keep)) for f in self.files]
        whole = [self.identity, self.version, files, self.held_out, self.schema.names, self.stage]
        return hashlib.sha256(json.dumps(whole).encode()).hexdigest()

    def batches(self, tokenizer_hash: str) -> Iterator[pa.RecordBatch]:
        """Checked rows of all files, in their order. Raises ValueError."""
        for file in self.files:
            yield from self.rows(file, tokenizer_hash)

    def rows(self, file: File, tokenizer_hash: str, wide: bool = True) -> Iterator[pa.RecordBatch]:
        """Checked rows of a file, without tokens and mask where they are not `wide`. Raises ValueError, naming table or
        file, for what training may not read.
        """
        schema = self.schema if wide else pa.schema([f for f in self.schema if f.name not in ("tokens", "supervised")])
        where = f"{self.name}: {file.path}"
        for batch in self._read(file, schema, where):
            yield self._checked(batch, tokenizer_hash, where)

    def counted(self, file: File, tokenizer_hash: str) -> Counted:
        """How much a file holds, by its narrow columns. Raises ValueError."""
        rows, tokens, labels = 0, 0, set()
        for batch in self.rows(file, tokenizer_hash, wide=False):
            rows += len(batch)
            tokens += int(pc.sum(batch["n_tokens"]).as_py() or 0)
            names = ["source", "language"]
            pairs = pa.table([batch[name] for name in names], names).group_by(names).aggregate([])
            labels |= set(zip(*(pairs[name].to_pylist() for name in names), strict=True))
        return Counted(rows, tokens, frozenset(labels))

    def _read(self, file: File, schema: pa.Schema, where: str) -> Iterator[pa.RecordBatch]:
        try:
            yield from _read(self.filesystem, file, schema, where)
        except FileNotFoundError:
            raise ValueError(
                f"{where}: expected this file of version {self.version}, found none; it was vacuumed or moved: "
                "pin a newer version, or restore the file"
            ) from None
        except (OSError, pa.ArrowInvalid) as error:
            raise ValueError(
                f"{where}: expected a Parquet file of {file.size:,} bytes, found one that cannot be read ({error}); "
                "copy it again"
            ) from error

    def _checked(self, batch: pa.RecordBatch, tokenizer_hash: str, where: str) -> pa.RecordBatch:
        others = pc.unique(batch["tokenizer_hash"]).to_pylist()
        if any(other != tokenizer_hash for other in others):
            found = next(other for other in others if other != tokenizer_hash)
            raise ValueError(
                f"{where}: expected tokens of the tokenizer {tokenizer_hash}, found {found}; "
                "make the token table with this tokenizer or train with the table's"
            )
        if self.stage is not None:
            batch = batch.filter(pc.equal(batch["stage"], self.stage))
        held = batch["held_out"]
        if self.held_out == "only":
            return batch.filter(held)
        if self.held_out == "refuse" and pc.any(held).as_py():
            named = batch["content_id"].filter(held)[0].as_py()
            raise ValueError(
                f"{where}: expected no held-out rows in training, found content {named}; "
                'read the table with held_out="leave_out", or write it without them'
            )
        return batch.filter(pc.invert(held))


def _digest(keep: npt.NDArray[np.bool_]) -> str:
    return hashlib.sha256(np.packbits(keep).tobytes()).hexdigest()


def _read(filesystem: Any, file: File, schema: pa.Schema, where: str) -> Iterator[pa.RecordBatch]:
    constants = dict(file.partition)
    wanted = [name for name in schema.names if name not in constants]
    with filesystem.open_input_file(file.path) as opened:
        if opened.size() != file.size:
            raise OSError(f"it has {opened.size():,} bytes")
        parquet = pq.ParquetFile(opened, pre_buffer=True)
        missing = sorted(set(wanted) - set(parquet.schema_arrow.names))
        if missing:
            raise ValueError(_missing(where, missing))
        row = 0
        # A row group at a time: what is read ahead of a file of several is held, and many files are read at once.
        groups = (parquet.iter_batches(_ROWS, [group], wanted) for group in range(parquet.num_row_groups))
        for batch in chain.from_iterable(groups):
            whole = _conformed(batch, constants, schema, where)
            if file.keep is not None:
                # A selection vector may end early: the rows after it are all there.
                keep = np.ones(len(batch), dtype=bool)
                known = file.keep[row : row + len(batch)]
                keep[: len(known)] = known
                whole = whole.filter(pa.array(keep))
            row += len(batch)
            yield whole


def _conformed(
    batch: pa.RecordBatch, constants: dict[str, str | None], schema: pa.Schema, where: str
) -> pa.RecordBatch:
    """The columns in the schema's order and types, without nulls. Raises ValueError."""
    columns = []
    for wanted in schema:
        name = wanted.name
        column = pa.array([constants[name]] * len(batch)) if name in constants else batch[name]
        try:
            column = column.cast(wanted.type)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise ValueError(
                f"{where}: expected column {name} of type {wanted.type}, found {column.type} ({error}); rebuild it"
            ) from error
        if column.null_count or (pa.types.is_list(wanted.type) and column.flatten().null_count):
            raise ValueError(f"{where}: expected no null in column {name}, found some; rebuild the table")
        columns.append(column)
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _missing(where: str, columns: list[str]) -> str:
    return f"{where}: expected the columns of a token table, found no {', '.join(columns)}; name a token table"


def schema_of(names: list[str], where: str) -> pa.Schema:
    """Which of the two schemas a table with these columns has. Raises ValueError where a column is missing."""
    missing = [name for name in SCHEMA.names if name not in names]
    if missing:
        raise ValueError(_missing(where, missing))
    return ROWS_SCHEMA if "supervised" in names else SCHEMA


def check_held_out(held_out: str) -> None:
    """Raises ValueError for a word that is none of HELD_OUT."""
    if held_out not in HELD_OUT:
        raise ValueError(f"token table: expected held_out to be one of {', '.join(HELD_OUT)}, found {held_out!r}")
