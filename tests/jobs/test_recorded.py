"""A removal decides by the parameters that the last runs recorded, and refuses by name what is no request."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from jobs.cli import exit_code
from jobs.commands.recorded import recorded_settings
from jobs.corpus.given import NAME
from jobs.corpus.parameters import Instructions
from jobs.flows import FLOWS, SECTIONS
from jobs.runtime.stage import params_json
from jobs.runtime.tables import Lake
from schemas.ops import RUNS
from schemas.params import load_params

OTHER = (
    "dedup.threshold=0.8",
    "file_rules.drop_vendored=true",
    "file_rules.licences=['MIT', 'Apache-2.0']",
    "instructions.tables={ 'data/a \"b\".parquet' = 1, 'c.jsonl' = 2 }",
    "ingest.max_drop=0.5",
)


def no_spark() -> Any:
    raise AssertionError("recorded parameters are read without Spark")


def lake_that_ran(folder: Path, stages: dict[str, str]) -> Lake:
    """A warehouse of which only the record of these stages, by parameters, is there."""
    usual = dict.fromkeys(RUNS.names) | {"run_id": "r", "finished_at": datetime.now(UTC)}
    rows = [usual | {"stage": name, "table_name": name, "params": said} for name, said in stages.items()]
    needed = {c.name: ("" if c.type == "string" else 0) for c in RUNS.columns if not c.nullable}
    filled = [{k: needed.get(k) if v is None else v for k, v in row.items()} for row in rows]
    write_deltalake(str(folder / RUNS.name), pa.Table.from_pylist(filled, RUNS.arrow_schema()))
    return Lake(no_spark, str(folder))


def test_every_kind_of_value_comes_back(tmp_path: Path) -> None:
    params = load_params(SECTIONS, None, OTHER)
    stages = {s.name: params_json(params[type(s.params)]) for f in FLOWS for s in f.stages if type(s.params) in params}
    stages |= {NAME: params_json(params[Instructions]), "ingest": params_json(params[SECTIONS["ingest"]])}
    settings = recorded_settings(lake_that_ran(tmp_path, stages))
    assert load_params(SECTIONS, None, settings) == params and len(settings) == len(OTHER)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--content", "{binary}"), "which is binary"),
        (("--content", "{empty}"), "which is empty"),
        (("--path", "*.py", "--from", "{list}"), "say it in its lines"),
        (("--from", "{binary}"), "expected a list of requests"),
    ],
)
def test_what_is_no_request_is_named_before_anything(
    tmp_path: Path, arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, data in (("binary", b"\x00\xff\x01"), ("empty", b""), ("list", b"user/repo\n")):
        (tmp_path / name).write_bytes(data)
    places = {name: str(tmp_path / name) for name in ("binary", "empty", "list")}
    given = [a.format(**places) for a in arguments]
    assert exit_code(["remove", *given, "--warehouse", str(tmp_path / "warehouse")]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "warehouse").exists()
