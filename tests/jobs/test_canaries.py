"""Files that are planted to see whether a run does what it must: caught, counted, and gone before the release."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from jobs import canaries
from jobs.canaries import planted
from jobs.cli import exit_code
from jobs.runtime import releases
from jobs.runtime.tables import Lake
from schemas.code import CODE_CORPUS, CONTENTS, RAW_FILES
from tests.jobs.pipeline import World, contents_of
from tests.jobs.test_refresh import program
from udfs.cleaning.clean import Cleaning, clean
from udfs.contamination.batches import Benchmark, Search, finder
from udfs.contamination.frequencies import packaged
from udfs.contamination.items import read
from udfs.duplicates.fingerprint import Fingerprint, fingerprint_texts, similarities

BIRDS = planted(10, 7)


def test_they_are_programs_and_hang_on_the_seed_alone() -> None:
    assert planted(10, 7) == BIRDS and {b.text for b in planted(10, 8)}.isdisjoint(b.text for b in BIRDS)
    assert [sum(b.kind == kind for b in BIRDS) for kind in canaries.KINDS] == [20, 20, 10, 10]
    assert len({(b.repo, b.path) for b in BIRDS}) == 60
    for bird in BIRDS:
        ast.parse(bird.text)


def test_copies_are_copies_and_nothing_else_is_near_another() -> None:
    import pyarrow as pa

    p = Fingerprint()
    *_, sketches = fingerprint_texts(pa.array([b.text for b in BIRDS]), p)
    for n, bird in enumerate(BIRDS):
        alike = similarities(pa.array([sketches[n].as_py()] * len(BIRDS), pa.binary()), sketches)
        near = {other.path for other, likeness in zip(BIRDS, alike, strict=True) if likeness >= 0.85}
        assert near == {b.path for b in BIRDS if b.path == bird.path or (bird.pair and b.pair == bird.pair)}


def test_cleaning_takes_the_secrets_out_and_the_search_finds_the_tasks() -> None:
    search = Search((Benchmark.of("humaneval", read("humaneval", "")),), seen=packaged())
    find = finder(search, frozenset(["humaneval"]))
    for bird in BIRDS:
        done = clean(bird.text, language="python", kind="code", p=Cleaning())
        assert done.text and (not bird.secret or (bird.secret in bird.text and bird.secret not in done.text)), bird.path
        found = {hit.item for hit in find(done.text) if hit.is_copy}  # two tasks are each other's near doubles
        assert bird.task in found if bird.task else not found


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["--canaries", "0"], "--canaries: expected a number above 0, found 0; "),
        (["--canaries", "2", "--only", "ingest"], "--canaries: expected no --only, found --only ingest; "),
    ],
)
def test_wrong_numbers_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], asked: list[str], said: str
) -> None:
    manifest = World(tmp_path, {"s": {"a.py": "x = 1\n"}}).write()
    assert exit_code(["run", "--sources", str(manifest), "--warehouse", str(tmp_path / "w"), *asked]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.long
def test_a_run_counts_them_and_takes_them_out_again(
    spark: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = World(tmp_path, {"s": {f"{n}.py": program(n) for n in range(4)}})
    warehouse = tmp_path / "warehouse"
    words = ["run", "--sources", str(world.write()), "--warehouse", str(warehouse), "--canaries", "3"]
    assert exit_code(words) == 0
    said = capsys.readouterr().out
    for kind in canaries.KINDS:
        assert re.search(rf"{kind}\s+3\s+3\s", said), said
    lake = Lake(spark, str(warehouse))
    for table in (RAW_FILES, CONTENTS, CODE_CORPUS):
        assert "canar" not in str(contents_of(lake, table)), table.name
    assert len(contents_of(lake, RAW_FILES)) == 4 and not (warehouse / "_canaries").exists()
    release = releases.current_release(lake)
    assert release and release["release_id"] == 1 and release["tables"]["raw_files"] == lake.version(RAW_FILES.name)
    # What a manifest drops by mistake is refused with canaries as without.
    kept = contents_of(lake, RAW_FILES)
    world.files = {"other": {"x.py": program(9)}}
    assert exit_code([*words[:2], str(world.write()), *words[3:]]) == 2
    assert "expected to keep at least 95% of 4 rows" in capsys.readouterr().err
    lake.look()
    assert contents_of(lake, RAW_FILES) == kept
