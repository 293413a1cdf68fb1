"""refinelake pin-rate: the rate it computes, what it prints, what stays of the file, and its errors."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from jobs.cli import exit_code
from jobs.code.parameters import SECTIONS, Sampling
from jobs.commands.pin_rate import parse_bytes, write_rate
from schemas.code import SAMPLE_DECISIONS
from schemas.ops import RELEASES
from schemas.params import load_params

# (language, bytes, kept): what the last run drew.
SURVIVORS = [("java", 600, True), ("java", 400, False), ("c++", 50, True), ("html", 300, True)]


def decision(number: int, language: str, size: int, keep: bool) -> dict[str, Any]:
    return {
        "file_id": f"{number:064x}",
        "clean_id": f"{number:064x}",
        "keep": keep,
        "reasons": [],
        "language": language,
        "text_bytes": size,
        "rate": 0.5,
    }


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    place = tmp_path / "warehouse"
    rows = [decision(i, *each) for i, each in enumerate(SURVIVORS)]
    schema = SAMPLE_DECISIONS.arrow_schema()
    write_deltalake(str(place / "sample_decisions"), pa.Table.from_pylist(rows, schema))
    release = {
        "release_id": 1,
        "run_id": "r",
        "tables": [("sample_decisions", 0)],
        "note": None,
        "created_at": datetime(2024, 1, 1, tzinfo=UTC),
    }
    write_deltalake(str(place / "releases"), pa.Table.from_pylist([release], RELEASES.arrow_schema()))
    # Not named by the release: must not be read.
    late = [decision(99, "java", 10_000, True)]
    write_deltalake(str(place / "sample_decisions"), pa.Table.from_pylist(late, schema), mode="append")
    return place


def pin(warehouse: Path, file: Path, language: str = "java", size: str = "250B") -> int:
    return exit_code(
        ["pin-rate", "--warehouse", str(warehouse), "--language", language, "--bytes", size, "--params", str(file)]
    )


def rates(file: Path) -> dict[str, float]:
    return load_params(SECTIONS, str(file))[Sampling].rates


def test_a_target_becomes_a_rate_of_the_release_and_realised_bytes_are_shown(
    warehouse: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "params.toml"
    assert pin(warehouse, file) == 0
    assert rates(file) == Sampling().rates | {"java": 0.25}
    out = capsys.readouterr().out
    assert "java: 2 distinct texts of 1,000 bytes" in out
    assert "600 bytes realised (60.0%)" in out
    assert "about 250 bytes expected, 250 wanted" in out


def test_a_target_above_what_there_is_keeps_everything_and_says_so(
    warehouse: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "params.toml"
    assert pin(warehouse, file, "c++", "1KB") == 0
    assert rates(file)["c++"] == 1.0
    assert "950 bytes are missing" in capsys.readouterr().out


@pytest.mark.parametrize(
    "before",
    [
        "",
        "[dedup]\nthreshold = 0.8  # ours\n",
        "[sampling]\nseed = 'x'",
        "[sampling]\n",
        "[sampling]",
        "# head\n[sampling]  # note\nrates = { java = 0.5, html = 0.1 }  # why\nseed = 'x'\n\n[filter]\nrules = 'a'\n",
        "[sampling.rates]  # note\njava = 0.5  # half\n# html is next\nhtml = 0.1\n\n[filter]\nrules = 'default'\n",
        "[sampling.rates]\n[filter]\nrules = 'default'\n",
        "[filter]\nrules = 'default'\n\n[sampling.rates]\nhtml = 0.1",
    ],
)
def test_everything_else_in_the_file_stays(before: str, tmp_path: Path) -> None:
    file = tmp_path / "params.toml"
    file.write_text(before)
    write_rate(file, "java", 0.25)
    write_rate(file, "c++", 1e-07)
    expected = tomllib.loads(before)
    stored = expected.get("sampling", {}).get("rates", Sampling().rates)
    expected.setdefault("sampling", {})["rates"] = stored | {"java": 0.25, "c++": 1e-07}
    after = file.read_text()
    assert tomllib.loads(after) == expected
    assert rates(file) == expected["sampling"]["rates"]
    for comment in [line.partition("#")[2] for line in before.splitlines() if "#" in line]:
        assert comment in after


def test_the_same_target_again_leaves_the_file_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "params.toml"
    write_rate(file, "java", 0.25)
    before = file.read_text()
    write_rate(file, "java", 0.25)
    assert file.read_text() == before


def test_a_layout_that_cannot_be_edited_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "params.toml"
    file.write_text("sampling = { rates = { java = 0.5 } }\n")
    with pytest.raises(ValueError, match=r"params.toml: expected sampling.rates as one line.*java = 0.25"):
        write_rate(file, "java", 0.25)
    assert file.read_text() == "sampling = { rates = { java = 0.5 } }\n"


@pytest.mark.parametrize(
    ("size", "number"),
    [("200GB", 200 * 10**9), ("64GiB", 64 * 2**30), ("1.5 kb", 1500), ("12", 12), ("3TB", 3 * 10**12)],
)
def test_sizes(size: str, number: int) -> None:
    assert parse_bytes(size) == number


@pytest.mark.parametrize("size", ["", "GB", "-3GB", "0", "0.2B", "5 apples", "nan"])
def test_other_sizes_name_the_flag(size: str) -> None:
    with pytest.raises(ValueError, match=r"--bytes: expected .* write it as 200GB or 64GiB"):
        parse_bytes(size)


def test_mistakes_are_named_and_write_nothing(
    warehouse: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "params.toml"
    assert pin(warehouse, file, "jav") == 2
    assert "found only c++, html, java; did you mean java?" in capsys.readouterr().err
    assert pin(tmp_path / "nowhere", file) == 2
    assert "nowhere: expected a warehouse with a release" in capsys.readouterr().err
    assert not file.exists()
    file.write_text("[samplin]\n")
    assert pin(warehouse, file) == 2
    assert "did you mean sampling?" in capsys.readouterr().err
    assert file.read_text() == "[samplin]\n"
