"""Documents and conversations to token ids, by Arrow batch.

A tokenizer reaches the workers as JSON inside of the function that Spark ships (a few MB, which Spark broadcasts by
itself when they are over one): no path that all executors would have to see, and it works through Spark Connect too.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from udfs.tokens.chat import encode
from udfs.tokens.fim import Fim, Piece, cut
from udfs.tokens.tokenizer import Special, TextTokenizer

MAX_BATCH_BYTES = 4 * 1024**2
"""Text that is encoded at once: its encodings take over twenty times as much memory (measured: 23)."""


@dataclass(frozen=True)
class Shipped:
    """A tokenizer as it travels: equal when its hash is."""

    hash: str
    serialised: str = field(compare=False, repr=False)
    special: Special = field(compare=False)

    @classmethod
    def of(cls, tokenizer: TextTokenizer) -> Shipped:
        return cls(tokenizer.hash, tokenizer.serialised, tokenizer.special)


@lru_cache(maxsize=2)
def loaded(shipped: Shipped) -> TextTokenizer:
    """The tokenizer, built once per worker.

    A worker tokenises on one thread: Spark runs a task per core already, and the library's own pool of threads would
    put as many threads as there are cores into every one of them.
    """
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    return TextTokenizer.from_json(shipped.serialised, shipped.special)


def check_markers(tokenizer: TextTokenizer, fim: Fim) -> None:
    """Raises ValueError where fill-in-the-middle is on and the tokenizer lacks its special tokens."""
    if fim.rate == 0:
        return
    missing = [marker for marker in fim.markers if marker not in tokenizer.special.tokens()]
    if missing:
        raise ValueError(
            f"tokens.fim_rate: expected a tokenizer with the special tokens {', '.join(fim.markers)}, found none named "
            f"{', '.join(missing)}; train one with refinelake tokenizer --fim, or leave fim_rate at 0"
        )


def document_tokens(rows: pa.RecordBatch, tokenizer: TextTokenizer, fim: Fim) -> Iterator[pa.Array]:
    """Token ids (list<int32>) of rows (text; content_id and held_out too where fill-in-the-middle is on), in order, as
    arrays of up to MAX_BATCH_BYTES of text each.
    """
    for start, stop in _bounded(rows.column("text")):
        part = rows.slice(start, stop - start)
        if fim.rate == 0:
            yield tokenizer.encode_arrow(part.column("text").to_pylist())
        else:
            yield _cut_tokens(part, tokenizer, fim)


def _bounded(texts: pa.Array) -> Iterator[tuple[int, int]]:
    """(start, stop) of runs of rows that hold up to MAX_BATCH_BYTES, at least one row each."""
    ends = np.cumsum(pc.binary_length(texts).to_numpy(zero_copy_only=False).astype(np.int64))
    start = 0
    while start < len(texts):
        before = int(ends[start - 1]) if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, before + MAX_BATCH_BYTES, side="right")))
        yield start, stop
        start = stop


def _cut_tokens(part: pa.RecordBatch, tokenizer: TextTokenizer, fim: Fim) -> pa.Array:
    """As encode_arrow, with the markers before the pieces of those documents that are cut.

    One that is held out stays whole: its bits per byte are those of the text, and markers are no bytes of it.
    """
    pieces, owners = [], []
    columns = (part.column(name).to_pylist() for name in ("content_id", "text", "held_out"))
    for number, (content_id, text, held_out) in enumerate(zip(*columns, strict=True)):
        found = [Piece("", text)] if held_out else cut(text, content_id, fim)
        pieces += found
        owners += [number] * len(found)
    encoded = tokenizer.encode_arrow([piece.text for piece in pieces])
    values, offsets = encoded.values.to_numpy(), encoded.offsets.to_numpy()
    rows: list[list[npt.NDArray[np.int32]]] = [[] for _ in range(len(part))]
    for number, (owner, piece) in enumerate(zip(owners, pieces, strict=True)):
        if piece.marker:
            rows[owner].append(np.array([tokenizer.id(piece.marker)], np.int32))
        rows[owner].append(values[offsets[number] : offsets[number + 1]])
    return pa.array([np.concatenate(row) for row in rows], pa.list_(pa.int32()))


def token_batches(shipped: Shipped, fim: Fim, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Rows (content_id, held_out, text, ...) with `tokens` and `n_tokens` in place of the text."""
    others = batch.drop_columns(["text"])
    start = 0
    for tokens in document_tokens(batch, loaded(shipped), fim):
        columns = [*others.slice(start, len(tokens)).columns, tokens, tokens.value_lengths().cast(pa.int64())]
        yield pa.RecordBatch.from_arrays(columns, [*others.schema.names, "tokens", "n_tokens"])
        start += len(tokens)


def conversation_batches(shipped: Shipped, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Rows (messages, ...) with `tokens`, `n_tokens`, `supervised`, `n_supervised` in place of the messages.

    Raises RowError, which does not happen to rows of `instructions`: they were checked on their way in.
    """
    tokenizer = loaded(shipped)
    made = [encode(messages, tokenizer) for messages in batch.column("messages").to_pylist()]
    others = batch.drop_columns(["messages"])
    added = {
        "tokens": pa.array([row.ids for row in made], pa.list_(pa.int32())),
        "n_tokens": pa.array([len(row.ids) for row in made], pa.int64()),
        "supervised": pa.array([row.supervised for row in made], pa.list_(pa.bool_())),
        "n_supervised": pa.array([sum(row.supervised) for row in made], pa.int64()),
    }
    yield pa.RecordBatch.from_arrays([*others.columns, *added.values()], [*others.schema.names, *added])
