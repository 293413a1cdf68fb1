"""Opening token tables: what is read, what is refused and with which words, exported lists, deletion vectors."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from tests.training.test_data_made import (
    HASH,
    append_log,
    delete_by_vector,
    everything,
    part,
    reader,
    row,
    rows,
    write,
)
from training.data import tables
from training.data.exported import export
from training.data.opening import open_table
from training.data.tables import SCHEMA, TokenTable


def read(table: TokenTable) -> list[dict[str, Any]]:
    return [made for batch in table.batches(HASH) for made in batch.to_pylist()]


def contents(found: list[dict[str, Any]]) -> set[str]:
    return {made["content_id"] for made in found}


def test_the_pinned_version_is_read_whatever_came_later(tmp_path: Path) -> None:
    place = write(tmp_path / "t", rows("a", 3))
    write(tmp_path / "t", rows("b", 3))
    write(tmp_path / "t", rows("c", 2), mode="overwrite")
    assert contents(read(open_table(place, 0))) == contents(rows("a", 3))
    assert contents(read(open_table(place, 1))) == contents(rows("a", 3) + rows("b", 3))
    assert contents(read(open_table(place, 2))) == contents(rows("c", 2))


def test_partition_columns_come_from_the_log(tmp_path: Path) -> None:
    made = rows("a", 4, language="c++ %20/x") + rows("b", 4, language="go")
    place = write(tmp_path / "t", made, partition_by=["language"])
    found = {r["content_id"]: r for r in read(open_table(place, 0))}
    assert found == {r["content_id"]: r for r in made}


def test_tables_are_read_through_deltalakes_file_system_too(tmp_path: Path) -> None:
    """As object stores are."""
    place = write(tmp_path / "t", rows("a", 9, language="c++ %20/x"), partition_by=["language"])
    table = open_table(f"file://{place}", 0)
    assert read(table) == rows("a", 9, language="c++ %20/x")
    (Path(place) / table.files[0].path).unlink()
    with pytest.raises(ValueError, match="found none; it was vacuumed"):
        read(table)


def test_large_and_wide_arrow_types_are_read(tmp_path: Path) -> None:
    wide = [pa.field("tokens", pa.large_list(pa.int64())), pa.field("chunk", pa.int64())]
    schema = pa.schema([next((w for w in wide if w.name == f.name), f) for f in SCHEMA])
    write_deltalake(str(tmp_path / "t"), pa.Table.from_pylist(rows("a", 3), schema=schema))
    assert read(open_table(str(tmp_path / "t"), 0)) == rows("a", 3)


def test_a_table_or_version_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"/none: expected a Delta table, found none"):
        open_table(str(tmp_path / "none"), 0)
    place = write(tmp_path / "t", rows("a", 1))
    with pytest.raises(ValueError, match=r"/t: expected version 7 of a Delta table, found none"):
        open_table(place, 7)
    with pytest.raises(ValueError, match=r"/t: expected a pinned version, found none"):
        open_table(place)
    with pytest.raises(ValueError, match="expected held_out to be one of"):
        open_table(place, 0, "keep")  # type: ignore[arg-type]


def test_missing_columns_are_named(tmp_path: Path) -> None:
    whole = pa.Table.from_pylist(rows("a", 2), schema=SCHEMA)
    write_deltalake(str(tmp_path / "t"), whole.drop_columns(["held_out", "chunk"]))
    with pytest.raises(ValueError, match=r"/t: expected the columns of a token table, found no chunk, held_out"):
        open_table(str(tmp_path / "t"), 0)


@pytest.mark.parametrize(
    ("others", "message"),
    [
        ({"tokenizer_hash": "e" * 64}, f"expected tokens of the tokenizer {HASH}, found {'e' * 64}"),
        ({"held_out": True}, "expected no held-out rows in training, found content"),
        ({"n_tokens": 5}, "expected n_tokens to be the length of tokens"),
        ({"tokens": [4, -1], "n_tokens": 2}, "expected token ids of 0 or more, found -1"),
        ({"content_id": "ab"}, "expected content ids of 64 digits"),
        ({"content_id": "g" * 64}, "expected content ids of 64 hexadecimal digits"),
        ({"content_id": row("a1", 3)["content_id"]}, "expected each content id and chunk once"),
    ],
)
def test_rows_that_training_may_not_read_are_refused(tmp_path: Path, others: dict[str, Any], message: str) -> None:
    """Also where most rows are right: one wrong file of many is enough."""
    write(tmp_path / "t", rows("a", 5))
    place = write(tmp_path / "t", [row("x", 3, **others)])
    with pytest.raises(ValueError, match=message):
        reader(tmp_path / "c", part(place)).sequences(0, 1)


def test_nulls_and_other_types_are_refused(tmp_path: Path) -> None:
    loose = pa.schema([pa.field(f.name, f.type) for f in SCHEMA])
    for name, column, value in (("n", "language", None), ("m", "tokens", [4, None])):
        made = [row("a", 2) | {column: value}]
        write_deltalake(str(tmp_path / name), pa.Table.from_pylist(made, schema=loose))
        with pytest.raises(ValueError, match=f"expected no null in column {column}"):
            read(open_table(str(tmp_path / name), 0))
    texts = pa.Table.from_pylist(rows("a", 2), schema=SCHEMA)
    words = texts.set_column(5, "tokens", pa.array([["four"], ["six"]]))
    write_deltalake(str(tmp_path / "w"), words)
    with pytest.raises(ValueError, match=r"expected column tokens of type list<.*int32>, found list"):
        read(open_table(str(tmp_path / "w"), 0))


@pytest.mark.parametrize("batch", [2, 4096])
def test_deletion_vectors_are_applied(tmp_path: Path, batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_ROWS", batch)
    made = rows("a", 9)
    place = write(tmp_path / "t", made)
    delete_by_vector(place, [0, 3, 8])
    left = [r for i, r in enumerate(made) if i not in (0, 3, 8)]
    assert read(open_table(place, 1)) == left
    assert read(open_table(place, 0)) == made
    plain = write(tmp_path / "plain", left)
    of, same = (reader(tmp_path / "c", part(p)) for p in (place, plain))
    assert everything(of) == everything(same)
    with pytest.raises(ValueError, match="expected a table without deletion vectors"):
        export(open_table(place, 1), tmp_path / "list")


def test_column_mapping_and_unknown_features_are_refused(tmp_path: Path) -> None:
    place = write(tmp_path / "t", rows("a", 2))
    log = tmp_path / "t" / "_delta_log" / f"{0:020d}.json"
    plain = log.read_text(encoding="utf-8")
    mapped = plain.replace('"configuration":{}', '"configuration":{"delta.columnMapping.mode":"name"}')
    mapped = mapped.replace('"minReaderVersion":1,"minWriterVersion":2', '"minReaderVersion":2,"minWriterVersion":5')
    log.write_text(mapped, encoding="utf-8")
    with pytest.raises(ValueError, match=r"/t: expected a table without column mapping"):
        open_table(place, 0)
    log.write_text(plain, encoding="utf-8")
    protocol = {"minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": ["typeWidening"]}
    append_log(place, {"protocol": protocol | {"writerFeatures": ["typeWidening"]}})
    with pytest.raises(ValueError, match=r"/t: expected (reader features|version)"):
        open_table(place, 1)


def test_an_exported_list_is_the_table(tmp_path: Path) -> None:
    place = write(tmp_path / "t", rows("a", 20) + rows("b", 20, language="go"), partition_by=["language"])
    write(tmp_path / "t", rows("c", 7))
    listed = export(open_table(place, 1), tmp_path / "carried")
    table, copy = open_table(place, 1), open_table(str(listed))
    assert copy.fingerprint() == table.fingerprint() and copy.version == 1
    of, same = reader(tmp_path / "c1", part(place)), reader(tmp_path / "c2", part(str(listed)))
    assert everything(of) == everything(same)
    assert same.resume(of.state(3)) == 3


def test_an_exported_list_needs_no_deltalake(tmp_path: Path) -> None:
    listed = export(open_table(write(tmp_path / "t", rows("a", 20)), 0), tmp_path / "carried")
    script = (
        "import sys; sys.modules['deltalake'] = None\n"
        "from pathlib import Path\n"
        "from training.data.packing import Packing\n"
        "from training.data.reader import Part, Reader\n"
        "from training.data.opening import open_table\n"
        "part = Part('code', open_table(sys.argv[1]), 1)\n"
        f"of = Reader([part], Packing(16, 1, 2), 0, {HASH!r}, Path(sys.argv[2]))\n"
        "print(of.total, 'pyspark' in sys.modules)"
    )
    command = [sys.executable, "-c", script, str(listed), str(tmp_path / "c")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(reader(tmp_path / "c", part(str(listed))).total), "False"]


def test_lists_that_are_none_are_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"none\.json: expected an exported file list, found none"):
        open_table(str(tmp_path / "none.json"))
    listed = export(open_table(write(tmp_path / "t", rows("a", 2)), 0), tmp_path / "l")
    with pytest.raises(ValueError, match="expected version 3, found a list of version 0"):
        open_table(str(listed), 3)
    whole = json.loads(listed.read_text(encoding="utf-8"))
    for wrong in ("{", "[]", json.dumps(whole | {"files": [{}]}), json.dumps(whole | {"format": 9})):
        listed.write_text(wrong, encoding="utf-8")
        with pytest.raises(ValueError, match=r"expected (an exported file list|a file list of format 2), found"):
            open_table(str(listed))


def test_files_that_are_gone_or_cut_off_are_named(tmp_path: Path) -> None:
    place = write(tmp_path / "t", rows("a", 20))
    DeltaTable(place).update(predicate="language = 'python'", updates={"language": "'py'"})
    (old,) = open_table(place, 0).files
    (new,) = open_table(place, 1).files
    DeltaTable(place).vacuum(retention_hours=0, dry_run=False, enforce_retention_duration=False)
    with pytest.raises(
        ValueError, match=f"/t: {old.path}: expected this file of version 0, found none; it was vacuumed"
    ):
        read(open_table(place, 0))
    file = Path(place) / new.path
    file.write_bytes(file.read_bytes()[:-50])
    with pytest.raises(ValueError, match=f"/t: {new.path}: expected a Parquet file of {new.size:,} bytes, found one"):
        read(open_table(place, 1))
