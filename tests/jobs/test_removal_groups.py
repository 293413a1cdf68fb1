"""Groups of near copies after a removal: what only the removed one joined falls apart, and a place is taken at once."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from jobs.code.asking import keep
from jobs.runtime.tables import Lake
from schemas.code import CODE_CORPUS
from tests.jobs.pipeline import World, contents_of
from tests.jobs.test_refresh import program
from tests.jobs.test_removal import command, repos_in
from udfs.removal.requests import Request

SHORT = 4
"""Functions of a program of thirty that differ: 0.77 of what it and the whole have is in both, 0.61 of two such."""
LOOSE = ("dedup.threshold=0.7", "dedup.bands=256", "dedup.rows=8")
"""So that one of these is near and the other is not, and candidates are found at all."""


def edited(number: int, first: int) -> str:
    """A program in which the functions from `first` on are of another one."""
    lines, others = (program(n).splitlines(keepends=True) for n in (1, number))
    begin = 3 + 6 * first
    return "".join(lines[:begin] + others[begin : begin + 6 * SHORT] + lines[begin + 6 * SHORT :])


@pytest.mark.long
def test_a_bridge_stays_out_and_a_copy_that_arrives_takes_a_place(spark: object, tmp_path: Path) -> None:
    """A bridge between two near copies, and a file without a copy, are asked out; in the run that takes them out a near
    copy of the latter arrives; then the bridge's source changes, and comes back with it.
    """
    files = {
        "left": {"a.py": edited(91, 0)},
        "right": {"b.py": edited(92, 26)},
        "bridge": {"c.py": program(1)},
        "stands": {"d.py": program(2)},
        "arrives": {"other.py": program(3)},
    }
    stars = {"left": 5, "right": 3, "bridge": 50, "stands": 500, "arrives": 1}
    world = World(tmp_path, files, {name: {"repo": f"team/{name}", "stars": n} for name, n in stars.items()})
    warehouse = tmp_path / "warehouse"
    refresh(world, warehouse)
    lake = Lake(spark, str(warehouse))
    assert repos_in(lake) == {"team/bridge", "team/stands", "team/arrives"}, "one group of three, by the bridge"

    keep(lake, "asked", [Request("repo", f"team/{name}") for name in ("bridge", "stands")], None, datetime.now(UTC))
    world.files["arrives"]["near.py"] = program(2, edits=1)
    refresh(world, warehouse)
    lake.look()
    after = {"team/left", "team/right", "team/arrives"}
    assert repos_in(lake) == after
    assert paths_of(lake, "team/arrives") == {"other.py", "near.py"}

    world.files["bridge"]["c.py"] += "X = 1\n"
    refresh(world, warehouse)
    lake.look()
    assert repos_in(lake) == after, "the bridge joins nothing any more, however it comes back"


def refresh(world: World, warehouse: Path) -> None:
    flags = [word for setting in LOOSE for word in ("--set", setting)]
    assert command("run", "--sources", world.write(), "--warehouse", warehouse, "--allow-drop", *flags) == 0


def paths_of(lake: Lake, repo: str) -> set[str]:
    return {r["path"] for r in contents_of(lake, CODE_CORPUS) if r["repo"] == repo}
