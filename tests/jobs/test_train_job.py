"""Training started from Spark, through pyspark's DeepSpeed distributor, on the driver's CPU."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jobs.ops.train import distribute, exit_code
from tests.training.runs import FIXTURES, TOKENIZER, logged


def test_a_spark_job_trains(spark: Any, tmp_path: Path) -> None:
    listed = str(FIXTURES / "documents" / "files.json")
    given = ["train", "pretrain", "--model", "tiny", "--tokens", listed, "--tokenizer", TOKENIZER]
    for setting in ("batch.size=4", "batch.length=64", "batch.micro=4", "duration.steps=3", "seeing.steps=1"):
        given += ["--set", setting]
    distribute([*given, "--to", str(tmp_path / "run")], cpu=True)
    assert sorted(logged(tmp_path / "run")) == [0, 1, 2]


def test_arguments_are_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["--nodes", "2"]) == 2
    assert "expected the arguments of `refinelake train` after --" in capsys.readouterr().err
