"""Kernels of the token and instruction half as Spark functions."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pyspark.sql import DataFrame
from pyspark.sql.types import ArrayType, BooleanType, DataType, IntegerType, LongType, StructField, StructType

from udfs.spark.batches import mapped

if TYPE_CHECKING:
    from udfs.tokens.fim import Fim
    from udfs.tokens.tokenizing import Shipped


def _replaced(rows: DataFrame, gone: str, made: dict[str, DataType]) -> StructType:
    """The schema of rows without a column and with others. All may be null: Arrow batches do not say otherwise."""
    kept = {field.name: field.dataType for field in rows.schema.fields if field.name != gone}
    return StructType([StructField(name, kind) for name, kind in (kept | made).items()])


def held_out_rows(rows: DataFrame, share: float) -> DataFrame:
    """Add `held_out` to rows with `repo`; a row whose repository nobody knows is not held out."""
    from udfs.tokens.heldout import held_out_batch

    return mapped(rows, partial(held_out_batch, share), _replaced(rows, "", {"held_out": BooleanType()}))


def token_rows(rows: DataFrame, shipped: Shipped, fim: Fim) -> DataFrame:
    """Rows (content_id, text, ...) with `tokens` and `n_tokens` in place of the text."""
    from udfs.tokens.tokenizing import token_batches

    made = {"tokens": ArrayType(IntegerType()), "n_tokens": LongType()}
    return mapped(rows, partial(token_batches, shipped, fim), _replaced(rows, "text", made))


def conversation_rows(rows: DataFrame, shipped: Shipped) -> DataFrame:
    """Rows (messages, ...) with ids, mask and their lengths in place of the messages."""
    from udfs.tokens.tokenizing import conversation_batches

    ids, mask = ArrayType(IntegerType()), ArrayType(BooleanType())
    made = {"tokens": ids, "n_tokens": LongType(), "supervised": mask, "n_supervised": LongType()}
    return mapped(rows, partial(conversation_batches, shipped), _replaced(rows, "messages", made))


def instruction_rows(rows: DataFrame) -> DataFrame:
    """Instructions found in rows (clean_id, language, text), in the columns of instruction_parts."""
    from udfs.instructions.batches import PARTS, found_batch

    return mapped(rows.select("clean_id", "language", "text"), found_batch, PARTS)


def given_rows(rows: DataFrame) -> DataFrame:
    """Conversations or reasons of rows (origin, stage, columns of a given table)."""
    from udfs.instructions.batches import GIVEN, given_batch

    return mapped(rows, given_batch, GIVEN)
