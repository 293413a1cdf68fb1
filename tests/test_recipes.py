"""CONTRIBUTING's recipes, followed: a rule, a stage, a source kind and a training recipe added as they say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.code.ranking import decided, reason, reasons
from jobs.runtime.manifest import read_manifest
from jobs.runtime.runner import Run, run_stages
from jobs.runtime.stage import Decide, NoParams
from jobs.runtime.tables import Lake
from schemas.code import FILE_DECISIONS
from schemas.contract import REASONS, Column, Table
from tests.training.runs import FIXTURES, TOKENIZER
from training import recipes
from training.__main__ import main as training
from training.settings import Run as Training
from udfs.reading import kinds as sources
from udfs.reading.archives import Limits
from udfs.reading.kinds import Kind
from udfs.reading.units import Record, Unit, with_text
from udfs.rules.load import load_rules
from udfs.signals import registry
from udfs.signals.views import View


@pytest.fixture
def new_signal() -> Iterator[str]:
    @registry.signal(9001, family="code")
    def num_tabs(view: View) -> int:
        """Tab characters of the raw text."""
        return view.raw.count("\t")

    yield "qsc_code_num_tabs"
    del registry._signals[9001]
    registry.applicable.cache_clear()


def test_add_a_rule(new_signal: str, tmp_path: Path) -> None:
    own = tmp_path / "my_rules.toml"
    own.write_text(f'[sets.others.rules]\n{new_signal} = {{ ">" = 2, why = "tabulated" }}\n')
    book = load_rules(own)
    for tabs, hit in ((2, False), (3, True)):
        values, failures = registry.measure("\t" * tabs, language="go", kind="code", natural_language="en")
        assert failures == {} and values[new_signal] == tabs
        found = [signal for signal, *_ in book.evaluate(book.set_for("code", "cobol", "en"), values)]
        assert (new_signal in found) == hit
    assert new_signal in book.required("python")  # inherited from others
    assert book.count() == load_rules().count() + 1


SHOUTING = Table(
    "shouting",
    "Files whose name shouts.",
    (
        Column("file_id", "string", "The file.", nullable=False),
        Column("keep", "boolean", "Whether it stays.", nullable=False),
        Column("reasons", REASONS, "Why not.", nullable=False),
    ),
    key=("file_id",),
    constraints={"kept_has_no_reason": "keep = (size(reasons) = 0)"},
    made_from=("file_decisions",),
)


def shouting(files: DataFrame, p: NoParams) -> DataFrame:
    rows = files.where("keep").select("file_id")
    return decided(rows.withColumn("reasons", reasons((F.col("file_id") == F.upper("file_id"), reason("upper_case")))))


def test_add_a_stage(spark: object, lake: Lake) -> None:
    stage = Decide("shouting", shouting, reads=(FILE_DECISIONS,), writes=SHOUTING)
    lake.ensure(FILE_DECISIONS)
    rows = [("quiet", "c", True, []), ("LOUD", "c", True, []), ("gone", "c", False, [("r", 1.0, 2.0, None)])]
    lake.append(FILE_DECISIONS, lake.spark.createDataFrame(rows, FILE_DECISIONS.ddl()), {})
    (result,) = run_stages(Run(lake, "r1", (stage,)), (stage,))
    assert (result.rows_read, result.rows_kept, result.reasons) == (2, 1, {"upper_case": 1})
    assert {r["file_id"]: r["keep"] for r in lake.read(SHOUTING).collect()} == {"quiet": True, "LOUD": False}


def _lines_state(unit: Unit) -> dict[str, str]:
    return {unit.location: str(Path(unit.location).stat().st_mtime_ns)}


def _lines_records(unit: Unit, location: str, limits: Limits) -> Iterator[Record]:
    for number, line in enumerate(Path(location).read_bytes().split(b"\n")):
        yield with_text({"path": f"line{number}.txt"}, line)


def test_add_a_source_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sources.KINDS, "lines", Kind(_lines_state, _lines_records))
    file = tmp_path / "lines.txt"
    file.write_bytes(b"one\n\n\x00two")
    manifest = tmp_path / "sources.jsonl"
    manifest.write_text(json.dumps({"kind": "lines", "location": str(file)}) + "\n")
    (source,) = read_manifest(str(manifest))
    unit = Unit(source.source_id, source.kind, source.location)
    state = sources.probe(unit)
    assert state.reachable and list(state.units) == [str(file)]
    found = [(r.path, r.text, r.reason) for r in sources.read(unit, str(file))]
    assert found == [("line0.txt", "one", None), ("line1.txt", None, "empty"), ("line2.txt", None, "binary")]
    missing = sources.probe(Unit("x", "lines", str(tmp_path / "none")))
    assert not missing.reachable and str(tmp_path / "none") in str(missing.error)


def gentle(model: str = "1.5b") -> Training:
    """Pretraining at half the rate, in half the steps."""
    run = recipes.pretrain(model)
    rate, steps = replace(run.rate, peak=run.rate.peak / 2), run.duration.steps // 2
    return replace(run, name="gentle", rate=rate, duration=replace(run.duration, steps=steps))


def test_add_a_recipe(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(recipes.RECIPES, "gentle", gentle)
    listed = str(FIXTURES / "documents" / "files.json")
    given = ["gentle", "--model", "tiny", "--tokens", listed, "--tokenizer", TOKENIZER, "--to", str(tmp_path / "run")]
    monkeypatch.setattr("sys.argv", ["training", "plan", *given, "--gpus", "1"])
    batch, steps = recipes.pretrain("tiny").batch, recipes.pretrain("tiny").duration.steps // 2
    assert training() == 0 and f" {steps} of {batch.size} x {batch.length}" in capsys.readouterr().out
    monkeypatch.setattr("sys.argv", ["training", "train", *given, "--set", "duration.steps=2"])
    assert training() == 0
    run = Training.from_dict(json.loads((tmp_path / "run" / "run.json").read_text(encoding="utf-8"))["run"])
    assert (run.name, run.rate.peak) == ("gentle", recipes.pretrain("tiny").rate.peak / 2)
