"""Token tables that the tests of training/data make, and a look at whether they are what the reader expects."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

from training.data.opening import open_table
from training.data.packing import Packing
from training.data.reader import Reader
from training.data.source import Part
from training.data.tables import SCHEMA, HeldOut

HASH = "f" * 64
PACKING = Packing(length=16, separator=1, padding=2)
_Z85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"

Row = dict[str, Any]


def row(name: str, length: int, **others: Any) -> Row:
    """A document whose tokens (from 10 up) follow from its name."""
    digest = hashlib.sha256(name.encode()).hexdigest()
    tokens = (10 + np.random.default_rng(int(digest[:8], 16)).integers(0, 500, length)).tolist()
    made = {"content_id": digest, "chunk": 0, "source": "github", "language": "python", "held_out": False}
    made |= {"tokens": tokens, "n_tokens": length, "text_bytes": 3 * length, "tokenizer_hash": HASH}
    return made | others


def rows(prefix: str, count: int, **others: Any) -> list[Row]:
    """`count` documents of 1 to 40 tokens."""
    return [row(f"{prefix}{i}", 1 + (7 * i) % 40, **others) for i in range(count)]


def write(place: Path, made: Iterable[Row], mode: Any = "append", **others: Any) -> str:
    """Appends one file to a Delta table; returns its path."""
    write_deltalake(str(place), pa.Table.from_pylist(list(made), schema=SCHEMA), mode=mode, **others)
    return str(place)


def part(
    place: str, name: str = "code", version: int | None = None, held_out: HeldOut = "refuse", **others: Any
) -> Part:
    pinned = DeltaTable(place).version() if version is None and not place.endswith(".json") else version
    return Part(name, open_table(place, pinned, held_out), **{"weight": 1, **others})


def reader(cache: Path, *parts: Part, packing: Packing = PACKING, seed: int = 0, **others: Any) -> Reader:
    return Reader(parts, packing, seed, HASH, cache, **others)


def everything(of: Reader) -> bytes:
    """All ids and labels of a run, and what each sequence holds."""
    whole = of.sequences(0, of.total)
    return whole.ids.tobytes() + whole.labels.tobytes() + repr(whole.pieces).encode()


def delete_by_vector(place: str, deleted: list[int]) -> None:
    """Commits a version in which the only file has a deletion vector, as Spark writes them; deltalake writes none."""
    table = DeltaTable(place)
    (add,) = pa.table(table.get_add_actions(flatten=True)).to_pylist()
    features = ["deletionVectors"]
    protocol = {"minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": features, "writerFeatures": features}
    file = {"path": add["path"], "size": add["size_bytes"], "partitionValues": {}, "dataChange": True}
    vector = _vector(deleted)
    append_log(
        place,
        {"protocol": protocol},
        {"remove": {**file, "deletionTimestamp": 1_000, "extendedFileMetadata": True}},
        {"add": {**file, "modificationTime": 1, "stats": json.dumps({"numRecords": 99}), "deletionVector": vector}},
    )


def append_log(place: str, *actions: Mapping[str, Any]) -> None:
    """Writes the next commit of a table by hand."""
    version = DeltaTable(place).version() + 1
    log = Path(place) / "_delta_log" / f"{version:020d}.json"
    log.write_text("\n".join(map(json.dumps, actions)), encoding="utf-8")


def _vector(deleted: list[int]) -> dict[str, Any]:
    """A deletion vector inside the log: a roaring bitmap array of one bitmap of one container, in Z85."""
    bitmap = struct.pack("<IIHHI", 12346, 1, 0, len(deleted) - 1, 16)
    bitmap += b"".join(struct.pack("<H", number) for number in deleted)
    raw = struct.pack("<iqI", 1681511377, 1, 0) + bitmap
    padded = raw + b"\0" * (-len(raw) % 4)
    text = "".join(_word(padded[i : i + 4]) for i in range(0, len(padded), 4))
    return {"storageType": "i", "pathOrInlineDv": text, "sizeInBytes": len(raw), "cardinality": len(deleted)}


def _word(four: bytes) -> str:
    value, text = int.from_bytes(four, "big"), ""
    for _ in range(5):
        value, rest = divmod(value, 85)
        text = _Z85[rest] + text
    return text


def test_made_tables_hold_what_was_put_in(tmp_path: Path) -> None:
    made = rows("a", 5)
    table = open_table(write(tmp_path / "t", made), 0)
    found = pa.Table.from_batches(table.batches(HASH), schema=SCHEMA)
    assert found.to_pylist() == made
