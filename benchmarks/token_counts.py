"""Bytes and tokens of texts less the chunks that are cut. Its own module: workers import by name what they run."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from udfs.duplicates.chunks import without_chunks
from udfs.spark.batches import mapped
from udfs.tokens.tokenizer import TextTokenizer


def counted(texts: DataFrame, tokenizer: str) -> DataFrame:
    """(content_id, bytes, tokens) of rows (content_id, text, cut), where `cut` is as kept_files says."""
    cut = F.col("cut").cast("struct<content_id:string,tokens:int,chunks:array<int>>")
    rows = texts.select("content_id", "text", cut.alias("cut"))
    return mapped(rows, partial(_count, tokenizer), "content_id string, bytes bigint, tokens bigint")


def _count(place: str, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    texts = [
        without_chunks(row["text"], set(row["cut"]["chunks"]), row["cut"]["tokens"]) if row["cut"] else row["text"]
        for row in batch.to_pylist()
    ]
    counts = [len(ids) for ids in _tokenizer(place).encode(texts)]
    columns = [batch.column("content_id"), pa.array([len(t.encode()) for t in texts]), pa.array(counts)]
    yield pa.RecordBatch.from_arrays(columns, ["content_id", "bytes", "tokens"])


@cache
def _tokenizer(place: str) -> TextTokenizer:
    return TextTokenizer.read(place)
