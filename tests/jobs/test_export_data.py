"""Final tables as files for others, read back by the libraries that others use; and which export a removal names."""

from __future__ import annotations

import glob
import gzip
import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pytest
import yaml
from deltalake import write_deltalake
from pyspark.sql import SparkSession

from jobs.cli import exit_code
from jobs.runtime import laid_out
from jobs.runtime.accounting import append_rows
from jobs.runtime.copies import delete_copies
from jobs.runtime.receipts import note_more_taken, note_taken, settle
from jobs.runtime.releases import append_release
from jobs.runtime.tables import Lake
from schemas import ops
from schemas.code import CODE_CORPUS, RAW_FILES
from schemas.contamination import BENCHMARK_HITS
from schemas.contract import Table
from schemas.documents import ANNEAL_DOCS, PRETRAIN_DOCS, SFT_STAGE1, SFT_STAGE2
from schemas.instruct import SEED_PARTS
from schemas.web import WEB_CORPUS, WEB_PAGES
from tests.jobs.rows import Values, sha

TEXTS = [f"x = {n}  # ünï\n" * (n + 1) for n in range(12)]
LONG_AGO = datetime.now(UTC) - timedelta(hours=1)
_EMPTY = {"string": "", "bigint": 0, "int": 0, "double": 0.0, "boolean": False, "binary": b""}


def full(table: Table, row: Values) -> Values:
    assert set(row) <= set(table.names)
    return {c.name: row.get(c.name, None if c.nullable else _EMPTY.get(c.type, [])) for c in table.columns}


def document(n: int, **over: Any) -> Values:
    size = len(TEXTS[n].encode())
    row = {"content_id": sha(TEXTS[n]), "source": "code", "language": "python", "text_bytes": size, "text": TEXTS[n]}
    return row | {"repo": f"org/r{n % 3}", "path": f"/src/a{n}.py", "licences": ["MIT"], "run_id": "made"} | over


def conversation(n: int, kind: str, origin: str) -> Values:
    messages = [{"role": "user", "content": f"q{n}"}, {"role": "assistant", "content": "é"}]
    row = {"instruction_id": sha(f"c{n}"), "kind": kind, "source": kind, "language": "python", "origin": origin}
    row |= {"text_bytes": 4, "stage": 1, "messages": messages, "licence": "MIT, BSD-3-Clause" if n else None}
    return row | {"scores": [{"name": "s", "value": 0.5}] if n else None}


CODE = [document(n) for n in range(9)]
WEB = [document(n, source="web", language="zh", repo="a.example", licences=None) for n in (9, 10)]
HELD = [document(11, held_out=True)]
PART = [document(0, source="algorithmic"), document(8, source="textbooks", repo=None, path=None, licences=None)]
FIRST = [conversation(0, "table", "/data/ours/given.jsonl"), conversation(1, "summary", sha(TEXTS[1]))]
FIRST.append(conversation(2, "made", "recipe/seed/"))
ROWS: list[tuple[Table, list[Values]]] = [
    (PRETRAIN_DOCS, [*CODE, *WEB, *HELD]),
    (ANNEAL_DOCS, PART),
    (SFT_STAGE1, FIRST),
    (SFT_STAGE2, []),
    (RAW_FILES, [{"file_id": f"f{n}"} for n in range(9)]),
    (CODE_CORPUS, [{"file_id": f"f{n}", "clean_id": sha(TEXTS[n])} for n in range(8)]),
    (WEB_PAGES, [{"page_id": f"p{n}", "content_id": f"raw{n}"} for n in (9, 10)]),
    (WEB_CORPUS, [{"page_id": f"p{n}", "clean_id": sha(TEXTS[n])} for n in (9, 10)]),
    (SEED_PARTS, [{"clean_id": sha(TEXTS[2]), "found": [{"seed_id": "seed", "bytes": 1}]}]),
    (
        BENCHMARK_HITS,
        [
            {"text_id": sha(TEXTS[0]), "benchmark": "mbpp", "benchmark_version": version, "kernel_version": kernel}
            for version, kernel in (("v1", "old"), ("v2", "k"))
        ],
    ),
]
RUN = {
    "run_id": "made",
    "signature": "s",
    "finished_at": LONG_AGO,
    "table_version": 0,
    "rows_read": 20,
    "rows_kept": 12,
    "rows_dropped": 8,
}
RUNS = [
    {"stage": "contamination", "params": {"rules": "copies", "benchmarks": {"mbpp": "/ours/mbpp.jsonl"}}},
    {"stage": "benchmark_hits", "params": {}, "kernel_version": "k"},
    {"stage": "filter_decisions", "params": {"rules": "default"}},
    {"stage": "filter_decisions", "params": {"rules": "later"}, "table_version": 9},
]


@pytest.fixture(scope="module")
def made(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """A warehouse with final tables, what a removal asks of the tables before them, and a release of all."""
    folder = tmp_path_factory.mktemp("exports")
    lake = Lake(spark, str(folder / "warehouse"))
    for table, rows in ROWS:
        given = pa.Table.from_pylist([full(table, row) for row in rows], table.arrow_schema())
        write_deltalake(lake.location(table.name), given)
    for row in RUNS:
        ran = RUN | {"table_name": row["stage"]} | row | {"params": json.dumps(row["params"])}
        told = pa.Table.from_pylist([full(ops.RUNS, {**ran, "reasons": [("copy", 8)]})], ops.RUNS.arrow_schema())
        write_deltalake(lake.location(ops.RUNS.name), told, mode="append")
    lake.look()
    versions = {t.name: 0 for t, _ in ROWS} | {"contamination": 0, "filter_decisions": 3}
    append_release(lake, "made", versions, None)
    append_release(lake, "made", {CODE_CORPUS.name: 0}, "without the final tables")
    append_release(lake, "made", versions, None)
    yield lake


def export(lake: Lake, to: Path, *more: str) -> dict[str, Any]:
    assert exit_code(["export-data", "--warehouse", lake.warehouse, "--to", str(to), *more]) == 0
    manifest: dict[str, Any] = json.loads((to / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["whole"] is True
    return manifest


@pytest.fixture(scope="module")
def parquet(made: Lake, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("parquet") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("jobs.export.writing.FILE_BYTES", 300)
        export(made, place)
    return place


def test_a_reader_of_the_hub_finds_every_row_once_and_no_other(parquet: Path) -> None:
    head = yaml.safe_load((parquet / "README.md").read_text(encoding="utf-8").split("---\n")[1])
    manifest = json.loads((parquet / "manifest.json").read_text(encoding="utf-8"))
    patterns = {c["config_name"]: c["data_files"][0]["path"] for c in head["configs"]}
    assert set(patterns) == {"pretrain_docs", "anneal_docs", "sft_stage1"}, "an empty table has no files"
    files = {name: sorted(glob.glob(str(parquet / pattern))) for name, pattern in patterns.items()}
    for name, found in files.items():
        listed = manifest["tables"][name]["files"]
        assert found == [str(parquet / f["path"]) for f in listed] and found
        assert Path(found[0]).name == f"train-00000-of-{len(found):05}.parquet"
        for path, said in zip(found, listed, strict=True):
            data = Path(path).read_bytes()
            assert (len(data), hashlib.sha256(data).hexdigest()) == (said["bytes"], said["sha256"])
    assert len(files["pretrain_docs"]) > 1
    documents = ds.dataset(files["pretrain_docs"]).to_table()
    assert sorted(documents.to_pylist(), key=lambda r: r["content_id"]) == sorted(
        ({n: full(PRETRAIN_DOCS, r)[n] for n in documents.column_names} for r in (*CODE, *WEB)),
        key=lambda r: r["content_id"],
    )
    assert documents.column_names == [n for n in PRETRAIN_DOCS.names if n != "run_id"]
    talks = pd.concat(pd.read_parquet(file) for file in files["sft_stage1"]).set_index("kind")
    assert talks.loc["table", "origin"] == "given.jsonl", "where a given table lies is nobody else's business"
    assert talks.loc["summary", "origin"] == sha(TEXTS[1])
    assert talks.loc["made", "messages"][1] == {"role": "assistant", "content": "é"}


def test_the_card_and_the_manifest_say_what_is_in_it_and_what_was_in_force(parquet: Path) -> None:
    manifest = json.loads((parquet / "manifest.json").read_text(encoding="utf-8"))
    documents = manifest["tables"]["pretrain_docs"]
    assert documents["rows"] == 11 and documents["bytes"] == sum(r["text_bytes"] for r in (*CODE, *WEB))
    assert [(c["source"], c["language"], c["rows"]) for c in documents["composition"]] == [
        ("code", "python", 9),
        ("web", "zh", 2),
    ]
    assert documents["licences"] == [{"licence": "MIT", "rows": 9}] and documents["licence_unknown"] == 2
    assert [c["licence"] for c in manifest["tables"]["sft_stage1"]["licences"]] == ["BSD-3-Clause", "MIT"]
    assert manifest["release"] == 3 and manifest["versions"]["filter_decisions"] == 3
    assert manifest["benchmarks"] == {"mbpp": ["v2"]}, "as the kernel that decided had searched"
    filters = {s["stage"]: s["params"] for s in manifest["stages"]}
    assert filters["filter_decisions"] == {"rules": "default"}, "a run after the release decided nothing of it"
    assert filters["contamination"]["benchmarks"] == {"mbpp": "mbpp.jsonl"}
    assert len(manifest["rules"]) > 100
    text = (parquet / "README.md").read_text(encoding="utf-8")
    assert "mbpp (version v2)" in text and "| contamination | 20 | 12 | copy 8 |" in text and "/ours/" not in text
    assert not [p for p in parquet.parent.iterdir() if p != parquet], "nothing is left beside it"


def test_lines_of_json_have_every_field_and_held_out_rows_on_request(made: Lake, tmp_path: Path) -> None:
    tables = ("--table", "pretrain_docs", "--table", "sft_stage1")
    manifest = export(made, tmp_path / "out", "--format", "jsonl", "--held-out", "all", *tables, "--release", "3")
    assert set(manifest["tables"]) == {"pretrain_docs", "sft_stage1"}
    rows = []
    for file in manifest["tables"]["pretrain_docs"]["files"]:
        assert file["path"].endswith(".jsonl.gz")
        rows += [
            json.loads(line) for line in gzip.decompress((tmp_path / "out" / file["path"]).read_bytes()).splitlines()
        ]
    assert {r["text"]: r["held_out"] for r in rows} == {t: n == 11 for n, t in enumerate(TEXTS)}
    assert all(set(r) == set(PRETRAIN_DOCS.names) - {"run_id"} for r in rows), "null where there is nothing"


def test_the_stack_has_its_columns_and_an_export_that_was_killed_starts_again(
    made: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    place = tmp_path / "out"
    monkeypatch.setattr(laid_out, "put_into_place", dies)
    asked = ["export-data", "--warehouse", made.warehouse, "--to", str(place), "--format", "the-stack"]
    with pytest.raises(KeyboardInterrupt):
        exit_code(asked)
    monkeypatch.undo()
    assert list(tmp_path.iterdir()) == [], "an export is whole or not there"
    export(made, place, "--format", "the-stack")
    rows = pd.concat(pd.read_parquet(f) for f in sorted(place.glob("data/pretrain_docs/*.parquet")))
    assert set(rows["content"]) == set(TEXTS[:9]) and set(rows["extension"]) == {"py"}
    for row in rows.to_dict("records"):
        data = row["content"].encode()
        assert row["blob_id"] == hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
    made.look()
    kept = [r for r in made.small(ops.EXPORTS) if r["destination"] == str(place)]
    assert [r["rows"] for r in sorted(kept, key=lambda r: (r["exported_at"], r["rows"] or 0))] == [None, None, 9]

    (place / "mine.txt").write_text("notes")
    for more, said in (
        (("--held-out", "all"), "--held-out all: expected leave-out or only with the-stack"),
        ((), "found mine.txt, which is not of it"),
        (("--release", "2"), "pretrain_docs: expected it in release 2, found none of the final tables"),
        (("--release", "9"), "expected one of the releases 1, 2, 3, found 9"),
    ):
        assert exit_code([*asked, *more]) == 2
        assert said in capsys.readouterr().err


def test_a_removal_says_which_export_held_what_and_deletes_it(made: Lake, parquet: Path) -> None:
    made.look()
    append_rows(made, ops.RECEIPTS, [full(ops.RECEIPTS, {"removal_id": 1, "names": 1, "asked_at": datetime.now(UTC)})])
    note_taken(made, made.spark.createDataFrame([("f1",), ("f2",), ("f8",)], "file_id string"), 3, 3)
    note_more_taken(made, WEB_PAGES, made.spark.createDataFrame([("p9",)], "page_id string"), 1, 1)
    lines = {line.partition(" on ")[0]: [] for line in made.small(ops.RECEIPTS)[0]["exports"]}
    for line in made.small(ops.RECEIPTS)[0]["exports"]:
        lines[line.partition(" on ")[0]].append(line.partition("): ")[2])
    here = ", ".join(("pretrain_docs held 2 of its rows", "anneal_docs may hold what was made of it"))
    here += ", sft_stage1 held 1 of its rows, sft_stage1 may hold what was made of it"
    assert lines.pop(str(parquet)) == [here, "pretrain_docs held 1 of its rows"], "f8 stands for no text"
    assert sorted(map(len, lines.values())) == [2, 2], (
        "The Stack has no page, and one that was killed has a line of its own"
    )

    append_rows(made, ops.EXPORTS, [_made_since(made, parquet)])
    (settled,) = settle(made, ())
    assert [line for line in settled["exports"] if line.endswith("may hold it, made while it was removed")]
    delete_copies(made, [1])
    (told,) = made.small(ops.RECEIPTS)
    mine = [line for line in told["exports"] if line.startswith(str(parquet))]
    assert len(mine) == 3 and all(line.endswith("deleted; who has fetched it has it still") for line in mine[:2])
    assert not parquet.exists()
    gone = {r["destination"]: r["gone_at"] for r in made.small(ops.EXPORTS) if r["export_id"][-5:] != "begun"}
    assert gone[str(parquet)] is not None, "the row stays: others may have fetched it"


def _made_since(lake: Lake, place: Path) -> Values:
    row = next(r for r in lake.small(ops.EXPORTS) if r["destination"] == str(place))
    return {**row, "export_id": "later", "exported_at": datetime.now(UTC) + timedelta(minutes=5)}
