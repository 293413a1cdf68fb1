"""Instructions by Arrow batch: found in texts, or made of the rows of a given table."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from schemas.corpus import GIVEN_INSTRUCTIONS, INSTRUCTION_PARTS
from udfs.instructions.make import find, given, instruction_id
from udfs.tokens.chat import Message, RowError

_PART_NAMES = [n for n in INSTRUCTION_PARTS.names if n != "kernel_version"]
_PARTS = INSTRUCTION_PARTS.arrow_schema(_PART_NAMES)
PARTS = ", ".join(f"{n} {INSTRUCTION_PARTS.column(n).type}" for n in _PART_NAMES)
_REFUSAL = "row_id string, reason string, detail string"
GIVEN = ", ".join(f"{c.name} {c.type}" for c in GIVEN_INSTRUCTIONS.columns) + f", {_REFUSAL}"
_NULLABLE = [pa.field(f.name, f.type) for f in GIVEN_INSTRUCTIONS.arrow_schema()]
_GIVEN = pa.schema([*_NULLABLE, *(pa.field(n, pa.string()) for n in ("row_id", "reason", "detail"))])


def found_batch(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Instructions of rows (clean_id, language, text), each once in a text."""
    rows = []
    for row in batch.to_pylist():
        by_id = {instruction_id(one.messages()): one for one in find(row["text"], row["language"])}
        found = [
            {
                "instruction_id": i,
                "kind": one.kind,
                "question_bytes": _size(one.question),
                "answer_bytes": _size(one.answer),
            }
            for i, one in by_id.items()
        ]
        texts = [{"instruction_id": i, "question": one.question, "answer": one.answer} for i, one in by_id.items()]
        rows.append({"clean_id": row["clean_id"], "language": row["language"], "found": found, "texts": texts})
    yield pa.RecordBatch.from_pylist(rows, _PARTS)


def given_batch(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Conversations of rows of a given table; a row that is none has a reason and no instruction_id."""
    yield pa.RecordBatch.from_pylist([_given(row) for row in batch.to_pylist()], _GIVEN)


def _given(row: dict[str, Any]) -> dict[str, Any]:
    row_id = hashlib.sha256(json.dumps(row, sort_keys=True).encode()).hexdigest()
    about = {"origin": row["origin"], "stage": row["stage"], "language": row["language"] or "unknown", "row_id": row_id}
    try:
        if row["corrupt"] is not None:
            raise RowError(f"not_json: {row['corrupt'][:200]}")
        messages = given(row)
    except RowError as error:
        return about | {"reason": str(error).partition(":")[0], "detail": str(error)}
    asked, answered = _contents(messages[:-1]), _contents(messages[-1:])
    sizes = {"question_bytes": asked, "answer_bytes": answered}
    return (
        about | sizes | {"instruction_id": instruction_id(messages), "repo": row["repo"] or None, "messages": messages}
    )


def _contents(messages: list[Message]) -> int:
    return sum(_size(message["content"]) for message in messages)


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
