"""A removed repository takes along what models made of its texts: no byte of it is left, and nothing else is lost."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from jobs.runtime.staging import RUN_TIME
from jobs.runtime.tables import Lake
from schemas.instruct import LLM_RESPONSES, SYNTHETIC_SNIPPETS, TEXTBOOKS
from tests.jobs.instruct.teaching import MODEL, teacher
from tests.jobs.pipeline import World
from tests.jobs.test_refresh import program
from tests.jobs.test_removal import NEEDLE, command, found, run
from tests.udfs.calls.endpoint import Endpoint, Said


def documented(name: str, n: int) -> str:
    """A program of which textbooks has a seed: its first function is documented."""
    head, colon, rest = program(n).partition("):\n")
    return f'{head}{colon}    """Return the sum of what is given and {n}, as {name} says it."""\n{rest}'


def echoing(body: dict[str, Any]) -> str | Said:
    """An answer that repeats the needle where the question holds it."""
    said = teacher(body)
    assert isinstance(said, str)
    if NEEDLE not in str(body["messages"]):
        return said
    return said.replace("def plus_", f"# {NEEDLE}\ndef plus_") if "def " in said else f"{said}\n{NEEDLE}"


@pytest.mark.long
def test_what_was_made_of_a_removed_text_goes_with_it(spark: Any, tmp_path: Path) -> None:
    files = {"asked": {"a.py": documented(NEEDLE, 11)}, "stays": {"b.py": documented("nobody", 12)}}
    world = World(tmp_path, files, {"asked": {"repo": f"{NEEDLE}-org/tool"}, "stays": {"repo": "by/stander"}})
    warehouse = tmp_path / "warehouse"
    run(world, warehouse)
    lake = Lake(spark, str(warehouse))
    with Endpoint(echoing) as endpoint:
        calls = [
            f'calls.endpoints={{{MODEL}="{endpoint.url}"}}',
            f'calls.models={{default="{MODEL}"}}',
            "calls.tasks=1",
            'snippets.languages=["python"]',
            'runs.need="rlimits"',
        ]
        flags = [word for setting in calls for word in ("--set", setting)]
        only = ["--recipe", "textbooks", "--recipe", "snippets"]
        assert command("instruct", "run", "--warehouse", warehouse, *flags, *only) == 0
        asked = len(endpoint.log)
        assert asked == 4 and lake.read(TEXTBOOKS).count() == 2 and lake.read(SYNTHETIC_SNIPPETS).count() == 2
        assert any(NEEDLE in (r["text"] or "") for r in lake.read(LLM_RESPONSES).collect())
        # A reader of today, dead or not, may have set a text aside; a folder of nobody's run is left alone.
        today = f"reader-{datetime.now(UTC):{RUN_TIME}}-a"
        for name in (today, "kept"):
            (warehouse / "_staging" / name).mkdir(parents=True)
        (warehouse / "_staging" / today / "rows").write_text(NEEDLE)
        assert command("remove", "--repo", f"{NEEDLE}-org/tool", "--now", "--warehouse", warehouse) == 0
        assert [p.name for p in (warehouse / "_staging").iterdir()] == ["kept"]
        lake.look()
        assert len(endpoint.log) == asked, "a removal asks no model"
    assert list(found(warehouse)) == []
    assert lake.read(TEXTBOOKS).count() == 1 and lake.read(SYNTHETIC_SNIPPETS).count() == 1
    assert lake.read(LLM_RESPONSES).count() == 2
