"""The command line as a user meets it: help, the commands that need no Spark, mistakes and exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from jobs.cli import COMMANDS, exit_code, guarded, main
from jobs.code import flow
from jobs.flows import FLOWS
from jobs.runtime.exit_codes import UNREAD
from jobs.runtime.lease import LeaseError
from jobs.runtime.quality import QualityError
from jobs.runtime.stage import Publish
from schemas.contract import arrow_type
from udfs.rules.load import load_rules

ROOT = Path(__file__).parents[2]
MISSING = {name for name, (module, _) in COMMANDS.items() if find_spec(module) is None}


def refused(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    """What is said on stderr by a command that ends with exit code 2."""
    try:
        code = exit_code(list(argv))
    except SystemExit as e:  # argparse says goodbye by itself
        code = e.code
    assert code == 2
    return capsys.readouterr().err


def test_help_lists_every_command_with_what_it_does() -> None:
    done = subprocess.run([sys.executable, "-m", "jobs.cli", "--help"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    shown = " ".join(done.stdout.split())
    assert [name for name, (_, doc) in COMMANDS.items() if f"{name} {doc}" not in shown] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(
    command: str, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    if command in MISSING:
        request.applymarker(pytest.mark.xfail(strict=True, reason=f"{command} is listed, and its module is not there"))
    with pytest.raises(SystemExit) as end:
        main([command, "--help"])
    assert end.value.code == 0
    said = " ".join(capsys.readouterr().out.split())
    assert said.startswith(f"usage: refinelake {command} [-h]")
    assert "show this help message" in said


def test_help_starts_no_spark() -> None:
    program = (
        "import sys; from jobs.cli import main\n"
        "try: main(['run', '--help'])\n"
        "except SystemExit: pass\n"
        "from pyspark.sql import SparkSession; assert SparkSession.getActiveSession() is None"
    )
    subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)


@pytest.mark.parametrize("argv", [(), ("nonsense",), ("run",), ("run", "--nonsense"), ("fetch", "huge", "--to", "x")])
def test_a_command_line_that_cannot_be_read_ends_with_2(capsys: pytest.CaptureFixture[str], argv: tuple) -> None:
    assert "usage: refinelake" in refused(capsys, *argv)


def test_a_wrong_stage_name_is_told_the_right_ones(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    run = ("run", "--sources", "none", "--warehouse", str(tmp_path), "--only", "near_pairs,near_pears")
    said = refused(capsys, *run)
    assert said.startswith("refinelake: --only: expected stage names, found near_pears; known: ingest, text_scores")
    assert all(stage.name in said for stage in flow.STAGES)


def test_a_wrong_parameter_is_found_before_anything_is_started(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    run = ("run", "--sources", "none", "--warehouse", str(tmp_path / "lake"), "--set", "ingest.max_file_byte=1")
    assert "did you mean max_file_bytes?" in refused(capsys, *run)
    assert not (tmp_path / "lake").exists()


def test_a_wrong_manifest_is_found_before_anything_is_started(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    manifest = tmp_path / "sources.jsonl"
    manifest.write_text(json.dumps({"kind": "folder"}) + "\n")
    said = refused(capsys, "run", "--sources", str(manifest), "--warehouse", str(tmp_path / "lake"))
    assert said.startswith(f"refinelake: {manifest}: line 1: location: expected a value, found none")
    assert not (tmp_path / "lake").exists()


def test_a_run_that_reads_sources_needs_a_manifest(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    said = refused(capsys, "run", "--warehouse", str(tmp_path / "lake"), "--only", "ingest,near_pairs")
    assert said.startswith("refinelake: --sources: expected a manifest for ingest, found none;")


def test_stages_lists_the_flows_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["stages"]) == 0
    lines = capsys.readouterr().out.splitlines()
    named = [line.split()[0] for line in lines if line and not line.startswith(" ") and not line.endswith(":")]
    assert named == [name for flow in FLOWS for name in (flow.before[0], *(stage.name for stage in flow.stages))]
    assert [line for line in lines if line.endswith(":")] == [f"{f.title}, by {f.command}:" for f in FLOWS]
    for last in (next(s for s in reversed(f.stages) if isinstance(s, Publish)) for f in FLOWS[:3]):
        shown = next(line for line in lines if line.startswith(f"{last.name} "))
        read = ", ".join(dict.fromkeys(table.name for table in (*last.reads, *last.texts)))
        assert shown.split(None, 2)[1:] == ["publish", f"{read} -> {last.writes.name}"]


def test_stages_shows_the_parameters_on_request(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["stages", "--params"]) == 0
    assert '"threshold": 0.9' in capsys.readouterr().out


def test_rules_are_counted_as_distinct_comparisons(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["rules", "--count"]) == 0
    assert int(capsys.readouterr().out) == load_rules().count() > 50


def test_rules_of_one_set_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["rules", "--only", "go"]) == 0
    lines = capsys.readouterr().out.splitlines()
    rules = load_rules().sets["go"]
    assert lines[0] == f"go ({len(rules)} rules)"
    assert [line.split()[1:3] for line in lines[1:]] == [[r.signal, r.op] for r in rules]


def test_an_unknown_rule_set_is_told_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(capsys, "rules", "--only", "golang")
    assert said.startswith("refinelake: --only: expected a rule set, found golang; known are others, data, shell")


def test_rules_laid_over_the_default_ones_count(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text('[sets.go.rules]\nqsc_code_num_words = { "<" = 31 }\n')
    assert exit_code(["rules", "--rules", str(mine), "--count"]) == 0
    assert int(capsys.readouterr().out) == load_rules().count() + 1


@pytest.mark.parametrize("argv", [("explain", "a.py"), ("releases",)])
def test_a_missing_warehouse_is_named_with_what_to_do(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, argv: tuple[str, ...]
) -> None:
    nowhere = tmp_path / "nowhere"
    said = refused(capsys, *argv, "--warehouse", str(nowhere))
    assert said == (
        f"refinelake: {nowhere}: expected a warehouse with a release, found none; run refinelake run first\n"
    )
    assert not nowhere.exists()


def test_exit_codes_tell_mistakes_checks_and_our_own_faults_apart(capsys: pytest.CaptureFixture[str]) -> None:
    def fail(error: Exception) -> int:
        raise error

    assert guarded(lambda: None) == guarded(lambda: 0) == 0
    assert guarded(lambda: arrow_type("a.toml")) == 2
    assert guarded(lambda: fail(QualityError("code_corpus: 1 check failed"))) == 3
    assert guarded(lambda: fail(LeaseError("/w: another writes"))) == 4
    wrong, *others = capsys.readouterr().err.splitlines()
    assert wrong.startswith("refinelake: a.toml: expected one of ")
    assert others == ["refinelake: code_corpus: 1 check failed", "refinelake: /w: another writes"]
    with pytest.raises(KeyError):
        guarded(lambda: fail(KeyError("ours")))
    with pytest.raises(ValueError, match="Expecting value"):
        guarded(lambda: json.loads("a library's ValueError is no message for a user"))


def test_an_entry_point_raises_its_code_and_returns_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """Databricks' wheel tasks call the function and look at nothing that it returns."""
    assert main(["rules", "--count"]) is None
    with pytest.raises(SystemExit) as end:
        main(["rules", "--only", "golang"])
    assert end.value.code == 2


def test_a_reader_that_has_ended_ends_the_command_quietly() -> None:
    """As `refinelake stages | head` does, where the shell then shows 141."""
    command = subprocess.Popen(
        [sys.executable, "-m", "jobs.cli", "stages"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert command.stdout and command.stderr
    command.stdout.close()
    assert (command.wait(60), command.stderr.read()) == (UNREAD, b"")


@pytest.mark.parametrize(
    "words",
    [("fetch", "tiny"), ("fetch", "web"), ("pack",), ("schedule", "cron", "--sources", "s", "--warehouse", "w")],
    ids=lambda words: " ".join(words[:2]),
)
def test_a_folder_that_cannot_be_made_is_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, words: tuple[str, ...]
) -> None:
    """A file stands where it is to be, or above it."""
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        assert f"refinelake: {place}: expected a folder" in refused(capsys, *words, "--to", str(place))
