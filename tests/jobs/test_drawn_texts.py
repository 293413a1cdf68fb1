"""Texts for pictures of the corpus before and after, and the notebook that draws them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jobs import drawn_texts
from jobs.drawn_texts import Drawn, breaking
from jobs.runtime.tables import Lake
from tests.jobs.pipeline import World, run_all
from tests.jobs.run_notebook import run
from tests.jobs.test_refresh import program
from tests.udfs.embeddings.test_embeddings import small_encoder

ROOT = Path(__file__).parents[2]


def test_the_notebook_draws_what_the_tables_hold(
    spark: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {f"part{n}.py": program(n) for n in range(12)}
    short, broken = {"short.py": "x = 1\n"}, {"broken.py": "def f(:\n" + program(50)}
    world = World(tmp_path, {"a": files | short, "b": {"copy.py": program(0), "near.py": program(1, 1)} | broken})
    world.facts = {"a": {"stars": 4}, "b": {"stars": 5}}
    lake = Lake(spark, str(tmp_path / "lake"))
    run_all(lake, world.write(), "first")

    raw = {text.path: text for text in drawn_texts.raw(lake.read, 99)}
    assert set(raw) == {*files, "short.py", "broken.py", "near.py"} - {"part0.py"} | {"copy.py"}, "a copy counts once"
    assert {path for path, text in raw.items() if text.rules} >= {"short.py", "broken.py"}
    assert "near_duplicate" in raw["near.py"].rules + raw["part1.py"].rules
    assert {text.path for text in drawn_texts.raw(lake.read, 99, min_stars=5)} == {"copy.py", "near.py", "broken.py"}
    kept = drawn_texts.refined(lake.read, 99)
    assert len(kept) == 12 and not any(text.rules for text in kept)
    few = drawn_texts.raw(lake.read, 4)
    assert len(few) == 4 and set(few) <= set(raw.values())

    monkeypatch.setenv("WAREHOUSE", lake.warehouse)
    monkeypatch.setenv("ENCODER", str(small_encoder(tmp_path)))
    monkeypatch.setenv("TEXTS", "10")
    names: Any = run(ROOT / "notebooks" / "embeddings.ipynb")
    assert set(names["outside"]) == {"raw", "refined", "raw, 5 stars and more"} and len(names["farthest"]) == 10
    assert names["outside"]["raw"] == pytest.approx(0.1), "one of ten is outside of the circle"
    assert "of the farthest 10" in capsys.readouterr().out


def test_rules_are_counted_over_texts() -> None:
    texts = [Drawn("a", "go", "", ("x <", "y >")), Drawn("b", "go", "", ("x <",)), Drawn("c", "go", "")]
    assert breaking(texts) == (pytest.approx(2 / 3), {"x <": 2, "y >": 1}) and breaking([]) == (0.0, {})
