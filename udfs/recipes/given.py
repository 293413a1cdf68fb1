"""Rows of given tables by Arrow batch: a dialogue, or a row as its recipe reads it, becomes a seed; anything else has a
reason.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from schemas.instruct import GIVEN_SEEDS
from schemas.storable import without_surrogates
from udfs.recipes.batches import canonical, seed_id
from udfs.recipes.book import recipe
from udfs.recipes.seeds import dialogue_seeds

_REFUSAL = ("row_id", "reason", "detail")
DIALOGUES = (
    ", ".join(f"{c.name} {c.type}" for c in GIVEN_SEEDS.columns) + ", " + ", ".join(f"{n} string" for n in _REFUSAL)
)
_ARROW = pa.schema(
    [*(f.with_nullable(True) for f in GIVEN_SEEDS.arrow_schema()), *(pa.field(n, pa.string()) for n in _REFUSAL)]
)
_NAME = re.compile(r"([^/]+?)(?:\.[A-Za-z.]+)?/*$")
_SHOWN = 200


def dialogue_batch(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Rows of given_seeds, or reasons, for rows (origin, recipe, row as JSON)."""
    yield pa.RecordBatch.from_pylist([_seed(row) for row in batch.to_pylist()], _ARROW)


def _seed(row: dict[str, Any]) -> dict[str, Any]:
    text = row["row"]
    row_id = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    about = {"origin": row["origin"], "recipe": row["recipe"], "row_id": row_id}
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return about | {"reason": "not_json", "detail": f"expected a row as JSON, found {text[:_SHOWN]!r}"}
    found = _fields(said, text, whole="row" in recipe(row["recipe"]).takes)
    if found is None:
        return about | {"reason": "no_dialogue", "detail": f"expected turns that alternate, found {text[:_SHOWN]!r}"}
    fields = canonical(found)
    language = said.get("language")
    name = _NAME.search(row["origin"])
    return about | {
        "seed_id": seed_id(row["recipe"], _text(language), fields),
        "language": _text(language),
        "source": name[1] if name else row["origin"],
        "licence": _text(said.get("licence") or said.get("license")) or None,
        "bytes": len(fields.encode()),
        "fields": fields,
    }


def _fields(said: Any, text: str, whole: bool) -> dict[str, str] | None:
    """The texts of a seed: the row as it stands for a recipe that reads it itself, else a dialogue."""
    if whole:
        return {"row": text} if isinstance(said, dict) else None
    found = dialogue_seeds(said) if isinstance(said, dict) else []
    return found[0][1] if found else None


def _text(value: object) -> str:
    """As a table can hold it: an escape may have brought in half of a surrogate pair."""
    return without_surrogates(value) if isinstance(value, str) else ""
