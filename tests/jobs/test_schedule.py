"""The night as schedulers read it: each file is read back by the program that it is for, where that is here."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from jobs.cli import exit_code
from jobs.commands import nightly
from jobs.flows import FLOWS
from schemas.command_line import options_of, parser_of

SOURCES, WAREHOUSE = "100 %d $HOME.jsonl", "s3://bucket/a {{ b }}"
"""A manifest and a warehouse of which every scheduler would like to read a part as its own."""


def written(kind: str, to: Path, monkeypatch: pytest.MonkeyPatch, *more: str) -> dict[str, str]:
    """The files by name."""
    monkeypatch.chdir(to)
    words = ["schedule", kind, "--sources", SOURCES, "--warehouse", WAREHOUSE, "--to", str(to / "out"), *more]
    assert exit_code(words) == 0
    return {file.name: file.read_text(encoding="utf-8") for file in (to / "out").iterdir()}


def night(folder: Path, *more: str) -> list[str]:
    """The command that is to be started."""
    program = str(Path(sys.executable).with_name("refinelake"))
    return [program, "nightly", "--sources", str(folder / SOURCES), "--warehouse", WAREHOUSE, *more]


def test_a_line_for_cron_starts_the_night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (line,) = written("cron", tmp_path, monkeypatch, "--at", "3:07").values()
    minute, hour, *days, command = line.split(None, 5)
    assert (minute, hour, days) == ("7", "3", ["*"] * 3)
    words = shlex.split(command.replace("\\%", "%"))  # what cron hands to the shell
    assert words[:3] == ["cd", str(tmp_path), "&&"] and words[3 : words.index(">>")] == night(tmp_path)


def test_a_timer_of_systemd_starts_the_night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = written("systemd", tmp_path, monkeypatch, "--at", "23:05", "--tokenizer", "t")
    assert set(files) == {"refinelake.service", "refinelake.timer"} and "23:05:00" in files["refinelake.timer"]
    start = next(line for line in files["refinelake.service"].splitlines() if line.startswith("ExecStart="))
    read = start.partition("=")[2].replace("%%", "%").replace("$$", "$")
    assert shlex.split(read) == night(tmp_path, "--tokenizer", str(tmp_path / "t"))
    if shutil.which("systemd-analyze"):
        units = [str(tmp_path / "out" / name) for name in files]
        checked = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True)
        assert "refinelake." not in checked.stderr, checked.stderr


def test_a_dag_has_a_task_for_each_flow_and_no_jinja_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (dag,) = written("airflow", tmp_path, monkeypatch, "--tokenizer", "t", "--web-sources", "w", "--instruct").values()
    compile(dag, "dag", "exec")
    flows = [flow.command.split()[1] for flow in FLOWS]
    assert dag.splitlines()[-1].strip() == " >> ".join([*flows, "check", "maintain"])
    assert f"web run --sources {tmp_path / 'w'}" in dag
    (short,) = written("airflow", tmp_path, monkeypatch).values()
    assert "tokens" not in short and "web" not in short and "instruct" not in short


@pytest.mark.long
def test_airflow_itself_renders_the_tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In an environment of its own: Airflow's packages and ours want different versions."""
    written("airflow", tmp_path, monkeypatch, "--tokenizer", "t")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "env")], check=True)
    python, uv = str(tmp_path / "env" / "bin" / "python"), str(Path(sys.executable).with_name("uv"))
    subprocess.run([uv, "pip", "install", "-q", "--python", python, "apache-airflow>=3"], check=True)
    program = (
        "import json, sys\nfrom airflow.dag_processing.dagbag import DagBag\n"
        "bag = DagBag(sys.argv[1])\nassert not bag.import_errors, bag.import_errors\n"
        "found = {}\nfor task in bag.dags['refinelake'].tasks:\n    task.render_template_fields({})\n"
        "    found[task.task_id] = [task.bash_command, sorted(task.downstream_task_ids)]\nprint(json.dumps(found))\n"
    )
    env = os.environ | {"AIRFLOW_HOME": str(tmp_path / "home"), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
    done = subprocess.run(
        [python, "-c", program, str(tmp_path / "out")], env=env, cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    tasks = json.loads(done.stdout.splitlines()[-1])
    assert {name: after for name, (_, after) in tasks.items()} == {
        "run": ["tokens"], "tokens": ["check"], "check": ["maintain"], "maintain": []
    }  # fmt: skip
    program = str(Path(sys.executable).with_name("refinelake"))
    expected = [program, "run", "--sources", str(tmp_path / SOURCES), "--warehouse", WAREHOUSE]
    assert shlex.split(tasks["run"][0]) == expected


def test_a_night_has_the_variables_of_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line of cron is carried out by its shell, with a program that says what it sees in the place of ours."""
    monkeypatch.setenv("REFINELAKE_SALT", "of the shell")
    written("cron", tmp_path, monkeypatch)
    said = capsys.readouterr()
    assert "REFINELAKE_SALT set here, and not there" in said.err and "of the shell" not in said.out + said.err
    secret = tmp_path / "the environment"
    secret.write_text("REFINELAKE_SALT='a b'\n")
    (line,) = written("cron", tmp_path, monkeypatch, "--environment", secret.name).values()
    assert "--environment" not in capsys.readouterr().err
    command = line.split(None, 5)[5].replace("\\%", "%").partition(night(tmp_path)[0])[0] + "printenv REFINELAKE_SALT"
    seen = subprocess.run(["sh", "-c", command], env={"PATH": os.environ["PATH"]}, capture_output=True, text=True)
    assert seen.stdout == "a b\n", seen.stderr
    dag = written("airflow", tmp_path, monkeypatch, "--environment", secret.name)["refinelake_dag.py"]
    assert dag.count("{% raw %}set -a; . ") == dag.count("BashOperator(") == 3
    service = written("systemd", tmp_path, monkeypatch, "--environment", secret.name)["refinelake.service"]
    assert f"EnvironmentFile={secret}\n" in service


@pytest.mark.parametrize("at", ["24:00", "2", "2:5", "02:00:00", "noon"])
def test_a_time_that_is_none_is_refused(capsys: pytest.CaptureFixture[str], at: str) -> None:
    words = ["schedule", "cron", "--sources", "s", "--warehouse", "w", "--at", at]
    assert exit_code(words) == 2 and f"--at: expected a time of day as 02:00, found {at}" in capsys.readouterr().err


def test_nightly_takes_what_is_handed_on() -> None:
    assert {"--sources", "--warehouse", "--staging", "--params", "--tokenizer", "--web-sources"} <= options_of(
        parser_of(nightly.__name__)
    )
