"""The learned quality score in a warehouse: off without a scorer, scored once for each, read by rules like a signal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from jobs.cli import exit_code
from jobs.code import filter_decisions, flow
from jobs.code.parameters import Filter, Quality
from jobs.runtime.tables import Lake
from schemas.code import FILTER_DECISIONS
from schemas.quality import QUALITY_SCORES
from tests.jobs.pipeline import World, contents_of, run_all
from tests.jobs.rows import by_file, decide, rules_of
from tests.udfs.quality.files import bad, good, scorer_in

STAGES = flow.STAGES[: [s.name for s in flow.STAGES].index("filter_decisions") + 1]
TABLES = (QUALITY_SCORES, FILTER_DECISIONS)


def long(text: str) -> str:
    """Long enough for all other rules."""
    return f"import os\n\n\n{text}\n\n\n{text.replace('total', 'count')}\n"


def world(folder: Path) -> World:
    files = {
        f"r{n}": {"a.py": long(good(7 * n + 1)), "b.py": long(bad(7 * n + 2)), "c.go": "x := 1\n"} for n in range(3)
    }
    return World(folder, files)


RULES = """
[sets.python]
fresh = true
base = "others"
[sets.others]
fresh = true
[sets.others.rules]
SIGNAL = { "<" = LIMIT, why = "scored low" }
"""


def rules_on(folder: Path, signal: str, limit: float) -> str:
    """A file with one rule alone."""
    file = folder / "rules.toml"
    file.write_text(RULES.replace("SIGNAL", signal).replace("LIMIT", str(limit)))
    return str(file)


def test_a_refresh_equals_a_rebuild_and_a_scorer_taken_back_costs_nothing(
    spark: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = rules_on(tmp_path, "qsc_learned_score", 3)
    first, second = scorer_in(tmp_path / "one"), scorer_in(tmp_path / "two", 84)
    params = {Quality: Quality(str(first.folder)), Filter: Filter(rules)}
    grown, scratch = (Lake(spark, str(tmp_path / name)) for name in ("grown", "scratch"))
    corpus = world(tmp_path)

    def carried_out(lake: Lake, run_id: str, p: dict[type, Any]) -> dict[str, Any]:
        return {r.stage: r for r in run_all(lake, corpus.write(), run_id, p, stages=STAGES)}

    off = carried_out(grown, "off", {})
    assert off["quality_scores"].rows_read == 0 and not contents_of(grown, QUALITY_SCORES)
    before = carried_out(grown, "on", params)
    assert before["quality_scores"].rows_read == 6, "the text in Go has no head"
    assert before["signals"].skipped, "signals are not measured anew"
    said = {r["file_id"]: rules_of(r) for r in grown.read(FILTER_DECISIONS).collect()}
    assert sorted(map(tuple, said.values()))[-3:] == [("qsc_learned_score <",)] * 3

    corpus.files["r0"]["a.py"], corpus.files["r3"] = long(bad(99)), {"a.py": long(good(98))}
    del corpus.files["r1"]["b.py"]
    changed = carried_out(grown, "changed", params)
    assert changed["quality_scores"].rows_read == 2, "only what is new is scored"
    carried_out(scratch, "scratch", params)
    for table in TABLES:
        assert contents_of(grown, table) == contents_of(scratch, table), f"{table.name} differs"

    other = carried_out(grown, "other", params | {Quality: Quality(str(second.folder))})
    assert other["quality_scores"].rows_read == 6, "another scorer scores every text"
    back = carried_out(grown, "back", params)
    assert back["quality_scores"].rows_read == 0, "one that is taken back costs nothing"
    assert contents_of(grown, FILTER_DECISIONS) == contents_of(scratch, FILTER_DECISIONS)

    # The score is tuned like any signal; rules on it are refused where nothing is scored.
    def tuned(*words: str) -> tuple[int, str]:
        capsys.readouterr()
        code = exit_code(["tune", *words, "--warehouse", grown.warehouse, "--model", "none", "--examples", "1"])
        return code, "".join(capsys.readouterr())

    code, said = tuned("qsc_learned_score", "--set", f"filter.rules={rules}", "--set", f"quality.model={first.folder}")
    assert code == 0 and "qsc_learned_score < 3   scored low" in said and "just dropped by < 3" in said
    code, said = tuned("--rules", "learned")
    assert code == 2 and said.startswith("refinelake: filter.rules=learned: expected a scorer"), said


def test_a_text_that_could_not_be_scored_is_no_pass(spark: SparkSession, tmp_path: Path) -> None:
    rules = rules_on(tmp_path, "qsc_learned_rank", 0.3)
    key = {"language": "python", "kind": "code"}
    names = ("low", "high", "deadly", "other")
    files = [{"file_id": n, "content_id": n, "path": f"{n}.py", "size_bytes": 9, **key} for n in names]
    done = [{"content_id": n, "clean_id": n, "text_bytes": 9, **key} for n in names]
    measured = [{"clean_id": n, "natural_language": "en", **key} for n in names]
    scores = [{"clean_id": "low", "qsc_learned_rank": 0.29}, {"clean_id": "high", "qsc_learned_rank": 0.3}]
    scores.append({"clean_id": "deadly", "failure": "killed_worker: SIGSEGV"})
    tables = {
        "near_duplicates": [{"file_id": n, "keep": True} for n in names],
        "raw_files": files,
        "cleaned_texts": done,
        "signals": measured,
        "quality_scores": [s | key for s in scores],
    }
    found = by_file(decide(spark, filter_decisions.STAGE, Filter(rules), **tables))
    assert {n: rules_of(r) for n, r in found.items()} == {
        "low": ["qsc_learned_rank <"],
        "high": [],
        "deadly": ["quality_failed"],
        "other": [],
    }
