"""refinelake profile: which files it reads, what it prints, and its errors."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobs.cli import exit_code
from jobs.commands import profile


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "sums.py").write_text("def add(a, b):\n    return a + b\n" * 40)
    (tmp_path / "src" / "sums.c").write_text("int add(int a, int b) { return a + b; }\n" * 40)
    (tmp_path / "picture.bin").write_bytes(bytes(range(256)) * 8)
    return tmp_path


@pytest.mark.parametrize("kernel", sorted(profile.KERNELS))
def test_every_kernel_prints_its_rate_and_its_functions(
    kernel: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(["profile", kernel, "--files", str(folder)]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"{kernel}: 2 files, 0.00 MB")
    assert "tottime" in out


def test_only_the_language_asked_for_is_read(folder: Path) -> None:
    assert [f.path for f in profile.read_files(folder, 20, "python")] == ["src/sums.py"]


def test_reading_stops_at_the_size_given_but_reads_one_file(folder: Path) -> None:
    assert len(profile.read_files(folder, 0.000_001, None)) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["signal"], "did you mean signals?"),
        (["xyz"], "expected one of fingerprint, cleaning, signals, languages, decoding, found xyz"),
        (["cleaning", "--language", "cobol"], "expected text files of the language cobol, found files of: c, python"),
        (["cleaning", "--most-mb", "0"], "--most-mb: expected more than 0"),
    ],
)
def test_mistakes_are_named(arguments: list[str], said: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["profile", *arguments, "--files", str(folder)]) == 2
    assert said in capsys.readouterr().err


def test_a_missing_folder_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["profile", "cleaning", "--files", str(tmp_path / "nothing")]) == 2
    assert "nothing: expected a folder, found nothing" in capsys.readouterr().err
