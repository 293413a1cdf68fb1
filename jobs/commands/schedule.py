"""refinelake schedule: the night as an Airflow DAG, as a systemd service with its timer, or as a line for cron."""

from __future__ import annotations

import argparse
import os
import re
import shlex
import sys
from pathlib import Path

_KINDS = ("airflow", "systemd", "cron")
_SECRETS = ("REFINELAKE_SALT", "AWS_", "OPENAI_", "AZURE_", "GOOGLE_APPLICATION")
"""Beginnings of variables that a night may need and a scheduler does not know."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("kind", choices=_KINDS, help="what is to start it")
    parser.add_argument("--sources", metavar="FILE", required=True, help="manifest: one JSON object a line")
    parser.add_argument("--web-sources", metavar="FILE", help="manifest of crawls: the web half too")
    parser.add_argument("--instruct", action="store_true", help="recipes too, with the calls of --params")
    parser.add_argument("--warehouse", required=True, help="location of the Delta tables: a folder or a URL")
    parser.add_argument("--staging", metavar="URL", help="where rows are set aside while a run works")
    parser.add_argument("--params", metavar="FILE", help="TOML file of parameters, see docs/parameters.md")
    parser.add_argument("--tokenizer", metavar="DIR", help="folder of the pinned tokenizer: token tables too")
    parser.add_argument(
        "--at", metavar="HH:MM", default="02:00", help="when, by the scheduler's clock (default: 02:00)"
    )
    parser.add_argument(
        "--environment",
        metavar="FILE",
        help="NAME=VALUE lines (REFINELAKE_SALT, keys of stores and models) that are set for the night",
    )
    parser.add_argument("--to", metavar="FOLDER", help="write the files there (default: print them)")


def work(args: argparse.Namespace) -> int:
    time = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", args.at)
    if time is None:
        raise ValueError(f"--at: expected a time of day as 02:00, found {args.at}")
    from jobs.runtime.places import made_folder

    files = {"airflow": _airflow, "systemd": _systemd, "cron": _cron}[args.kind](args, int(time[1]), int(time[2]))
    for name, text in files.items():
        if args.to:
            place = made_folder(args.to) / name
            place.write_text(text, encoding="utf-8")
            print(place)
        else:
            print(text if len(files) == 1 else f"# {name}\n{text}")
    if not args.environment and (named := sorted(k for k in os.environ if k.startswith(_SECRETS))):
        print(
            f"schedule: {', '.join(named)} set here, and not there: no scheduler hands a shell's variables on. Write "
            "them into a file that only its user may read, and name it by --environment",
            file=sys.stderr,
        )
    return 0


def _with_environment(args: argparse.Namespace) -> str:
    """What a shell does first, so that the night has the variables of a file; nothing where none is named."""
    if not args.environment:
        return ""
    from jobs.runtime.places import absolute

    return f"set -a; . {shlex.quote(absolute(args.environment))}; set +a; "


def _command(name: str, args: argparse.Namespace) -> list[str]:
    """A command of `refinelake` with those of the arguments that it takes; places are named from the root."""
    from jobs.runtime.places import absolute
    from schemas.command_line import options_of, parser_of

    program = Path(sys.executable).with_name("refinelake")
    takes = options_of(parser_of(f"jobs.commands.{name.replace(' ', '_')}"))
    named = ("sources", "web_sources", "warehouse", "staging", "params", "tokenizer")
    places = {f"--{key.replace('_', '-')}": getattr(args, key) for key in named}
    if name == "web run":
        places["--sources"] = args.web_sources
    given = [word for key, place in places.items() if place and key in takes for word in (key, absolute(place))]
    if args.instruct and "--instruct" in takes:
        given.append("--instruct")
    return [str(program), *name.split(), *given]


def _airflow(args: argparse.Namespace, hour: int, minute: int) -> dict[str, str]:
    """A task for each flow, in their order, then what looks after the tables."""
    from jobs.flows import FLOWS

    asked = {"web run": args.web_sources, "instruct run": args.instruct, "tokens": args.tokenizer}
    flows = [flow.command.partition(" ")[2] for flow in FLOWS]
    steps = [name for name in flows if asked.get(name, True)] + ["check", "maintain"]
    names = [name.partition(" ")[0] for name in steps]
    before = _with_environment(args)
    # The space at the end: Airflow takes a command that ends with .sh for the name of a file.
    tasks = [
        f'    {n} = BashOperator(task_id="{n}", bash_command={_raw(before + shlex.join(_command(s, args)))})'
        for n, s in zip(names, steps, strict=True)
    ]
    return {
        "refinelake_dag.py": _DAG.format(minute=minute, hour=hour, tasks="\n".join(tasks), order=" >> ".join(names))
    }


def _raw(command: str) -> str:
    """As a string of Python that Jinja leaves as it is."""
    return repr(f"{{% raw %}}{command}{{% endraw %}} ")


_DAG = '''"""refinelake every night, as `refinelake schedule airflow` wrote it."""

from datetime import datetime, timedelta, timezone

try:
    from airflow.providers.standard.operators.bash import BashOperator
    from airflow.sdk import DAG
except ImportError:  # Airflow 2
    from airflow import DAG
    from airflow.operators.bash import BashOperator

with DAG(
    dag_id="refinelake",
    schedule="{minute} {hour} * * *",
    start_date=datetime(2024, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    # One run writes at a time: a task that finds another one at work ends with 4, and is tried again.
    default_args={{"retries": 2, "retry_delay": timedelta(minutes=20)}},
) as dag:
{tasks}
    {order}
'''


def _systemd(args: argparse.Namespace, hour: int, minute: int) -> dict[str, str]:
    from jobs.runtime.places import absolute

    command = " ".join(_quoted(word) for word in _command("nightly", args))
    named = f"EnvironmentFile={_escaped(absolute(args.environment))}\n" if args.environment else ""
    service = _SERVICE.format(folder=_escaped(str(Path.cwd())), environment=named, command=command)
    return {"refinelake.service": service, "refinelake.timer": _TIMER.format(hour=hour, minute=minute)}


def _escaped(text: str) -> str:
    """systemd fills in what comes after a percent sign."""
    return text.replace("%", "%%")


def _quoted(word: str) -> str:
    """A word of a command as systemd reads it."""
    inside = _escaped(word).replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
    return inside if re.fullmatch(r"[\w/.:=+@%-]+", inside) else f'"{inside}"'


_SERVICE = """[Unit]
Description=refinelake: refresh, check, release and look after the tables

[Service]
Type=oneshot
WorkingDirectory={folder}
{environment}ExecStart={command}
TimeoutStartSec=infinity
Nice=10
"""
_TIMER = """[Unit]
Description=refinelake every night

[Timer]
OnCalendar=*-*-* {hour:02}:{minute:02}:00
Persistent=true

[Install]
WantedBy=timers.target
"""


def _cron(args: argparse.Namespace, hour: int, minute: int) -> dict[str, str]:
    """For cron a percent sign is the end of the line."""
    place, command = shlex.quote(str(Path.cwd())), shlex.join(_command("nightly", args))
    line = f"{_with_environment(args)}cd {place} && {command} >> nightly.log 2>&1"
    return {"refinelake.cron": f"{minute} {hour} * * * " + line.replace("%", "\\%")}
