"""refinelake nightly: refresh, web, token tables, check, release, upkeep and report in one go, for a scheduler."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any

from jobs.commands.arguments import add_run_arguments

if TYPE_CHECKING:
    from jobs.runtime.accounting import StageResult
    from jobs.runtime.metrics import Night
    from jobs.runtime.tables import Lake


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "The whole night in one command: refresh from the manifest, the web where --web-sources names one, recipes by "
        "--instruct, token tables where --tokenizer names one, double keys, release, upkeep where something was "
        "written, report. It ends with one line and a truthful exit code: 0 done, 2 wrong input, 3 a gate failed, 4 "
        "another run writes, 1 anything else."
    )
    add_run_arguments(parser)
    parser.add_argument("--sources", metavar="FILE", required=True, help="manifest: one JSON object a line")
    parser.add_argument("--web-sources", metavar="FILE", help="manifest of crawls: the web half is refreshed too")
    parser.add_argument(
        "--allow-drop", action="store_true", help="allow dropping more than 5 %% of the stored files or pages"
    )
    parser.add_argument(
        "--tokenizer", metavar="DIR", help="folder of the pinned tokenizer: token tables are refreshed too"
    )
    parser.add_argument(
        "--instruct",
        action="store_true",
        help="play recipes for what is new, with the calls of --params; without it only what gone texts made goes",
    )
    parser.add_argument("--report", metavar="FILE", help="file or URL of the report (default: WAREHOUSE/report.html)")
    parser.add_argument(
        "--metrics", metavar="PLACE", help="PLACE.json and PLACE.prom are written (default: WAREHOUSE/_metrics/nightly)"
    )


def work(args: argparse.Namespace) -> int:
    """Carry out the steps; what fails is raised again once the metrics say so."""
    from jobs.commands.run import open_lake
    from jobs.instruct.asked_for import check_models
    from jobs.runtime.exit_codes import told

    lake, params = open_lake(args)
    if args.instruct:
        check_models(params)  # before hours of other work
    began, started = datetime.now(UTC), time.monotonic()
    step, code, error = "start", 0, None
    try:
        for step, carry_out in _steps(args, lake, began):
            print(f"== {step}", flush=True)
            if code := carry_out():
                break
    except Exception as e:
        error, (code, _) = e, told(e)
    try:
        night = _night(lake, began, time.monotonic() - started, code, step if code else None)
        _write(args, lake, night)
        print(_line(night), flush=True)
    except Exception:
        if error is None:
            raise  # else what ended the night is what its reader must see
    if error:
        raise error
    return code


def _steps(args: argparse.Namespace, lake: Lake, began: datetime) -> list[tuple[str, Callable[[], int]]]:
    """Name and work of each step, in order."""
    steps = [("refresh", lambda: _command("run", args, "sources", "allow_drop", "report", "audit"))]
    if args.web_sources:
        web = argparse.Namespace(**{**vars(args), "sources": args.web_sources})
        steps.append(("web", lambda: _command("web_run", web, "sources", "allow_drop", "audit")))
    if args.instruct or _played(lake):
        made = argparse.Namespace(**{**vars(args), "ask": "all" if args.instruct else "nothing"})
        steps.append(("instruct", lambda: _command("instruct_run", made, "ask", "audit")))
    if args.tokenizer:
        steps.append(("tokens", lambda: _command("tokens", args, "tokenizer", "audit")))
    steps.append(("check", lambda: _command("check", args) if _worked(lake, began) else 0))
    steps.append(("maintain", lambda: _command("maintain", args) if _worked(lake, began) or _due(lake) else 0))
    return steps


def _command(name: str, args: argparse.Namespace, *also: str) -> int:
    """Another command with the arguments that it shares with this one, and its own defaults for the rest."""
    module: Any = import_module(f"jobs.commands.{name}")
    parser = argparse.ArgumentParser(name)
    module.add_arguments(parser)
    given = parser.parse_args(["--warehouse", args.warehouse])
    for shared in ("params", "set", "staging", "break_lock", *also):
        if hasattr(given, shared):
            setattr(given, shared, getattr(args, shared))
    return int(module.work(given))


def _played(lake: Lake) -> bool:
    """Whether recipes were ever played here."""
    from jobs.instruct.given_seeds import NAME
    from jobs.runtime.accounting import finished_work

    return NAME in finished_work(lake)


def _worked(lake: Lake, began: datetime) -> list[StageResult]:
    """What was carried out, and not found done, since the night began."""
    from jobs.runtime.accounting import finished_work

    lake.look()
    return [r for r in finished_work(lake).values() if r.finished_at >= began]


def _due(lake: Lake) -> bool:
    """Whether storage has to forget a removal, though nothing has changed."""
    from jobs.runtime.receipts import due

    return bool(due(lake, datetime.now(UTC)))


def _night(lake: Lake, began: datetime, seconds: float, code: int, failed: str | None) -> Night:
    from jobs.runtime.metrics import Night
    from jobs.runtime.releases import current_release

    stages = _worked(lake, began)
    release = current_release(lake)
    return Night(f"{began:%Y-%m-%dT%H:%M:%SZ}", seconds, code, failed, release and release["release_id"], stages)


def _write(args: argparse.Namespace, lake: Lake, night: Night) -> None:
    from jobs.runtime.places import absolute, files_place, write_text

    place = (
        absolute(args.metrics) if args.metrics else f"{files_place(lake.warehouse, lake.staging_root)}/_metrics/nightly"
    )
    try:
        write_text(f"{place}.json", night.as_json())
        write_text(f"{place}.prom", night.as_open_metrics())
    except OSError as error:
        print(f"{place}: expected to write the metrics, found {error}; the tables are as they should be")


def _line(night: Night) -> str:
    """The one line that a scheduler's mail shows."""
    seen = "readers see no release yet" if night.release is None else f"readers see release {night.release}"
    if night.failed:
        return f"nightly: FAILED in {night.failed} (exit code {night.exit_code}) after {night.seconds:.0f} s; {seen}"
    if not night.stages:
        return f"nightly: nothing has changed; {seen}; {night.seconds:.0f} s"
    by = {r.stage: r for r in night.stages}
    corpus = by.get("code_corpus")
    files = f"{corpus.rows_kept:,} files in the corpus, {corpus.rows_written:,} of them moved; " if corpus else ""
    number = len(night.stages)
    return f"nightly: {files}{number} stage{'s' * (number != 1)} had work; {seen}; {night.seconds:.0f} s"
