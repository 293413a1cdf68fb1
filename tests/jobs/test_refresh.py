"""The property the design rests on: after any history of changes, every table equals one built from scratch."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from jobs.code import asking as removals
from jobs.code import flow
from jobs.code.parameters import Dedup, FileRules
from jobs.runtime import keys
from jobs.runtime.accounting import StageResult
from jobs.runtime.tables import Lake
from schemas import ops
from schemas.code import CODE_CORPUS, FILE_DECISIONS, NEAR_DUPLICATES, RAW_FILES
from schemas.contract import Table
from schemas.ops import UNIT_FACTS
from tests.jobs.pipeline import JobCounts, World, contents_of, run_all
from udfs.duplicates.fingerprint import STRATEGIES
from udfs.removal.requests import Request

WORDS = ["alpha", "beta", "gamma", "total", "count", "index", "value", "result", "buffer", "parse", "token", "stream"]
HEADER = "# Copyright 2024 Somebody\n# Licensed under the MIT License\n\n"


def program(number: int, edits: int = 0, header: bool = False) -> str:
    """A small Python file; equal numbers give near duplicates that differ in `edits` lines."""
    draw = random.Random(number)
    lines = [f'"""Helpers number {number}."""', "import os", ""]
    for f in range(30):
        a, b, c = draw.sample(WORDS, 3)
        lines.append(f"def {a}_{b}_{f}({c}):")
        lines.append(f"    {a} = {c} * {draw.randrange(900)} + len(os.sep)")
        lines += [
            f"    for {b} in range({a}):",
            f"        {c} += {b} // {draw.randrange(1, 90)}",
            f"    return {c}",
            "",
        ]
    for edit in range(edits):
        lines[10 + 6 * edit] = f"    return 'edit number {edit} of {number}'"
    return (HEADER if header else "") + "\n".join(lines) + "\n"


def text_of(draw: random.Random, number: int) -> str:
    """Mostly programs that are copies or near copies of a few of history `number`, now and then one that others have
    too, or something that gets refused.
    """
    kind = draw.random()
    if kind < 0.12:
        return draw.choice(["", "x = 1\n", "\x00binary", "{ not a notebook"])
    which = draw.randrange(4) + (0 if kind < 0.2 else 10 * number)
    return program(which, draw.choice([0, 0, 0, 1, 2]), draw.random() < 0.3)


def change(world: World, draw: random.Random, number: int = 0) -> None:
    """One step of a history: sources come and go, files are added, changed, moved and removed, stars move."""
    for _ in range(draw.randrange(1, 5)):
        action = draw.choice(["source", "file", "file", "file", "remove", "star", "move"])
        name = f"source{number}-{draw.randrange(4)}"
        files = world.files.setdefault(name, {"main.py": text_of(draw, number)})
        ending = draw.choice([".py", ".py", ".py", ".ipynb", ".sql"])
        path = f"{draw.choice(['a', 'lib/b', 'c'])}{draw.randrange(3)}{ending}"
        if action == "source" and len(world.files) > 1:
            del world.files[name]
        elif action == "file":
            files[path] = text_of(draw, number)
        elif action == "remove" and len(files) > 1:
            del files[draw.choice(sorted(files))]
        elif action == "move" and len(files) > 1:
            files[path] = files.pop(draw.choice(sorted(files)))
        else:
            world.facts[name] = {"stars": draw.choice([None, 0, 5, 500]), "repo": f"org/{name}"}


class Killed(BaseException):
    """Stands for the process that is gone: no handler of ours may catch it."""


def killed_run(lake: Lake, manifest: Path, table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that dies just before it writes `table`, with everything before it written and nothing recorded."""
    with monkeypatch.context() as patch:
        for verb in ("append", "merge", "replace"):
            write = getattr(Lake, verb)

            def dies(self: Lake, to: Table, *rest: object, write: Callable[..., None] = write) -> None:
                if to.name in (table, "runs", "checks"):
                    raise Killed
                write(self, to, *rest)

            patch.setattr(Lake, verb, dies)
        with pytest.raises(Killed):
            run_all(lake, manifest, f"killed before {table}")


ASKED = (
    Request("repo", "source1-0"),
    Request("path", "", "a1.py"),
    Request("path", "", "**/b*.sql"),
    Request("content", hashlib.sha256(program(0).encode()).hexdigest()),
    Request("path", "", "c2.py", reach="text"),
)
"""Asked out in the middle of every history: sources, paths and texts come, go and come back after it."""

HISTORIES = 20
"""In one warehouse, beside each other: a run costs little more for them than for one."""


@pytest.mark.parametrize("seed", [1, *(pytest.param(n, marks=pytest.mark.long) for n in range(2, 11))])
def test_any_history_equals_a_build_from_scratch(
    spark: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """A run that dies half-way through the stages (test_kills.py: anywhere), and two refreshes after removals; of these
    the long suite alone takes the one that joins keys, which conditions name where they are few.
    """
    draw = random.Random(seed)
    world = World(tmp_path)

    def step() -> None:
        for history in range(HISTORIES):
            change(world, draw, history)

    for _ in range(2):
        step()
    world.files.setdefault("source1-0", {})["main.py"] = program(3)
    grown = Lake(spark, str(tmp_path / "grown"))
    run_all(grown, world.write(), "first")
    step()
    removals.keep(grown, "asked", ASKED, "test", datetime(2026, 1, 1, tzinfo=UTC))
    world.files.setdefault("source0-0", {})["fresh.py"] = program(900)
    killed_run(grown, world.write(), "near_duplicates", monkeypatch)
    for few in (keys.FEW_KEYS,) if seed == 1 else (1, keys.FEW_KEYS):
        monkeypatch.setattr(keys, "FEW_KEYS", few)
        step()
        counts = JobCounts(spark)
        results = run_all(grown, world.write(), f"refresh by {few}", progress=counts)
    scratch = Lake(spark, str(tmp_path / "scratch"))
    for table in (ops.REMOVALS, ops.REMOVED_CONTENTS):
        scratch.ensure(table)
        scratch.append(table, grown.read(table), {})
    built = run_all(scratch, world.write(), "scratch")
    gone = {row["source_id"] for row in contents_of(scratch, RAW_FILES) if row["path"] == "a1.py"}
    assert not gone and "source1-0" in world.files, "what was asked out is listed, and is nowhere"
    assert_same(grown, scratch, (*flow.TABLES, UNIT_FACTS))
    more = {s: n for s, n in counts.jobs.items() if n > (MOST_JOBS_OF_INGEST if s == "ingest" else MOST_JOBS)}
    assert not more, f"a refresh of a few files takes more Spark jobs than we know of: {counts.jobs}"
    assert totals(results) == totals(built), "totals that only grew by their differences are those of a count"
    assert contents_of(scratch, CODE_CORPUS), "a history that ends with an empty corpus shows nothing"


MOST_JOBS, MOST_JOBS_OF_INGEST = 90, 200
"""Jobs of a stage of a refresh, most of them Delta's own on its log: a bound against one more pass over the rows."""


def totals(results: list[StageResult]) -> dict[str, tuple[int, int, dict[str, int]]]:
    """Rows read, kept and dropped by reason, of the stages that decide and publish."""
    measured = {r.stage for r in results if r.kernel_version}
    return {r.stage: (r.rows_read, r.rows_kept, r.reasons) for r in results if r.stage not in measured}


def assert_same(grown: Lake, scratch: Lake, tables: Iterable[Table]) -> None:
    for table in tables:
        assert contents_of(grown, table) == contents_of(scratch, table), f"{table.name} differs"


@pytest.mark.long
@pytest.mark.parametrize("strategy", [name for name in STRATEGIES if name != "file"])
def test_a_refresh_equals_a_rebuild_by_each_strategy(spark: object, tmp_path: Path, strategy: Any) -> None:
    """Of the stages up to the cleaned texts: what follows reads those alone."""
    draw = random.Random(strategy)
    world, stages = World(tmp_path), flow.STAGES[:8]
    params = {Dedup: Dedup(strategy=strategy, bands=16, rows=8, chunk_tokens=200)}
    for _ in range(4):
        change(world, draw)
    world.files["fork"] = {"a0.py": program(0), "own.py": program(77), "copy.py": program(77)}
    world.files["twin"] = dict(world.files["fork"])  # an identical fork
    world.files["longer"] = {
        "a0.py": program(0) + program(50),
        "b.ipynb": program(1),
    }  # begins as the fork
    grown, scratch = (Lake(spark, str(tmp_path / name)) for name in ("grown", "scratch"))
    run_all(grown, world.write(), "first", params, stages=stages)
    change(world, draw)
    world.facts["twin"] = {"stars": 900}  # what stood for it does no longer
    world.files["longer"]["a0.py"] = program(0) + program(51)
    run_all(grown, world.write(), "second", params, stages=stages)
    run_all(scratch, world.write(), "scratch", params, stages=stages)
    assert_same(grown, scratch, (stage.writes for stage in stages))
    near = contents_of(scratch, NEAR_DUPLICATES)
    assert any(r["cut"] for r in near) == ("chunk" in strategy)


@pytest.mark.parametrize("least", [0, 5])
def test_stars_that_move_are_decided_about_where_a_rule_asks_for_them(
    spark: object, tmp_path: Path, least: int
) -> None:
    world = World(tmp_path, {name: {"main.py": program(0), f"{name}.py": program(7)} for name in "abc"})
    stages = flow.STAGES[: [stage.name for stage in flow.STAGES].index("exact_duplicates") + 1]
    grown, scratch = (Lake(spark, str(tmp_path / name)) for name in ("grown", "scratch"))
    params = {FileRules: FileRules(min_stars=least)}
    world.facts = {"a": {"stars": 5}, "b": {"stars": 4}}
    run_all(grown, world.write(), "first", params, stages=stages)
    before = grown.rows_version(FILE_DECISIONS.name)
    world.facts = {"a": {"stars": 4}, "b": {"stars": None}, "c": {"stars": 3}}
    run_all(grown, world.write(), "second", params, stages=stages)
    run_all(scratch, world.write(), "scratch", params, stages=stages)
    assert_same(grown, scratch, (stage.writes for stage in stages))
    kept = {row["keep"] for row in contents_of(scratch, FILE_DECISIONS)}
    assert kept == ({True, False} if least else {True})
    assert (grown.rows_version(FILE_DECISIONS.name) == before) == (least == 0), "nothing is written where none asks"
