"""One command for a scheduler: its last line, its exit code and its metrics say how the night went."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jobs.runtime.accounting import StageResult
from jobs.runtime.metrics import Night
from jobs.runtime.tables import Lake
from schemas.code import FILE_DECISIONS
from tests.jobs.conftest import Said, TinyRun

NIGHTLY = ("refinelake", "nightly", "--sources", "sources.jsonl", "--warehouse", "warehouse")
RESULT = StageResult("signals", "signals", rows_read=7, rows_kept=6, reasons={"killed_worker": 1}, seconds=1.5)


def metrics(tiny: TinyRun) -> dict[str, object]:
    return json.loads((tiny.warehouse / "_metrics" / "nightly.json").read_text(encoding="utf-8"))


def test_a_night_without_news_says_so(here: Callable[..., Said], tiny: TinyRun) -> None:
    said = here(*NIGHTLY)
    assert said.code == 0, said.out + said.err
    last = said.out.splitlines()[-1]
    assert last.startswith("nightly: nothing has changed; readers see release ")
    found = metrics(tiny)
    assert (found["exit_code"], found["failed"], found["stages"]) == (0, None, {}) and found["release"]
    assert "== maintain" in said.out and "files of nobody removed" not in said.out, "nothing to put together"


def test_wrong_input_is_a_failed_night(here: Callable[..., Said], tiny: TinyRun) -> None:
    said = here(*(word.replace("sources.jsonl", "none.jsonl") for word in NIGHTLY), "--metrics", "own")
    assert said.code == 2 and "none.jsonl: expected a readable" in said.err
    assert said.out.splitlines()[-1].startswith("nightly: FAILED in refresh (exit code 2)")
    text = (tiny.folder / "own.prom").read_text(encoding="utf-8")
    assert "refinelake_nightly_success 0" in text and text.endswith("# EOF\n")


def test_a_failed_gate_ends_the_night_and_leaves_readers_where_they_are(
    here: Callable[..., Said], spark: Any, tiny: TinyRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another program has appended rows of a table again: the gate of the stage that writes there finds them."""
    warehouse = shutil.copytree(tiny.warehouse, tmp_path / "warehouse")
    (tmp_path / "sources.jsonl").symlink_to(tiny.archives / "sources.jsonl")
    monkeypatch.chdir(tmp_path)
    here(*NIGHTLY)
    before = json.loads((warehouse / "_metrics" / "nightly.json").read_text(encoding="utf-8"))
    lake = Lake(spark, str(warehouse))
    lake.append(FILE_DECISIONS, lake.read(FILE_DECISIONS).limit(2), {})
    said = here(*NIGHTLY, "--set", "file_rules.drop_vendored=true")
    assert said.code == 3, said.out + said.err
    assert "file_decisions: " in said.err and "2 keys that are stored more than once (refinelake check" in said.err
    assert (
        "FAILED in refresh (exit code 3) after " in said.out and f"readers see release {before['release']}" in said.out
    )
    after = json.loads((warehouse / "_metrics" / "nightly.json").read_text(encoding="utf-8"))
    assert "== check" not in said.out and (after["failed"], after["release"]) == ("refresh", before["release"])
    assert here("refinelake", "check", "--repair", "--warehouse", "warehouse").code == 0


def test_metrics_are_json_and_open_metrics() -> None:
    night = Night("2026-11-29T02:00:00Z", 84.26, 0, None, 7, [RESULT])
    assert json.loads(night.as_json())["stages"]["signals"]["reasons"] == {"killed_worker": 1}
    lines = night.as_open_metrics().splitlines()
    assert lines[-1] == "# EOF" and "refinelake_release 7" in lines
    assert 'refinelake_stage_seconds{stage="signals"} 1.5' in lines
    assert "# UNIT refinelake_stage_seconds seconds" in lines
    assert not [line for line in lines if "cpu_seconds{" in line], "what is not known is left out"
    typed = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(typed) == len(set(typed)), "a metric is declared once"
    assert {line.split("{")[0].split()[0] for line in lines if not line.startswith("#")} <= set(typed)
