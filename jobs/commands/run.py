"""refinelake run: the whole raw-code half, or some of its stages."""

from __future__ import annotations

import argparse
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.commands.arguments import add_run_arguments

if TYPE_CHECKING:
    from jobs.flows import Flow
    from jobs.runtime.accounting import StageResult
    from jobs.runtime.progress import Console
    from jobs.runtime.runner import Run
    from jobs.runtime.stage import Stage


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run_arguments(parser)
    parser.add_argument("--sources", metavar="FILE", help="manifest: one JSON object a line")
    parser.add_argument("--allow-drop", action="store_true", help="allow dropping more than 5 %% of the stored files")
    parser.add_argument("--only", metavar="STAGE,...", help="run only these stages (ingest, and those of `stages`)")
    parser.add_argument("--report", metavar="FILE", help="where to write the report (default: WAREHOUSE/report.html)")


def work(args: argparse.Namespace) -> int:
    from jobs.code import flow

    stages = flow.STAGES
    if args.only:
        wanted = args.only.split(",")
        known = {s.name: s for s in flow.STAGES}
        unknown = [w for w in wanted if w not in known and w != "ingest"]
        if unknown:
            raise ValueError(
                f"--only: expected stage names, found {', '.join(unknown)}; known: ingest, {', '.join(known)}"
            )
        stages = tuple(s for s in flow.STAGES if s.name in wanted)
    with_ingest = not args.only or "ingest" in args.only.split(",")
    if with_ingest and not args.sources:
        raise ValueError(
            "--sources: expected a manifest for ingest, found none; name one, or leave ingest out by --only"
        )
    return _run_code(args, stages, with_ingest)


def _run_code(args: argparse.Namespace, stages: tuple[Stage, ...], with_ingest: bool) -> int:
    """Ingest (if asked), the stages, and after an ingest the report."""
    from jobs.code.ingest import ingest
    from jobs.code.parameters import Ingest
    from jobs.flows import CODE, SECTIONS
    from jobs.runtime.manifest import read_manifest
    from schemas.params import load_params

    load_params(SECTIONS, args.params, args.set)  # before the manifest, which may be long
    sources = read_manifest(args.sources) if with_ingest else []
    warnings: list[str] = []

    def read_sources(run: Run) -> StageResult:
        result, said = ingest(run, sources, run.params[Ingest], args.allow_drop)
        warnings.extend(said)
        return result

    def report(run: Run, console: Console) -> None:
        from jobs.report import write_report

        target = Path(args.report) if args.report else Path(absolute(args.warehouse)) / "report.html"
        if not (target.exists() and all(r.skipped for r in run.results)):
            write_report(run, target)
        console.say(f"report: {target}")

    if with_ingest:
        return run_flow(args, CODE, stages, {"ingest": read_sources}, warnings, report)
    return run_flow(args, CODE, stages)


def run_flow(
    args: argparse.Namespace,
    flow: Flow,
    stages: tuple[Stage, ...],
    before: Mapping[str, Callable[[Run], StageResult]] | None = None,
    warnings: Sequence[str] = (),
    after: Callable[[Run, Console], None] = lambda run, console: None,
) -> int:
    """Carry out `before` and stages of a flow in one session, release, print the table of stages and the warnings."""
    from jobs.flows import SECTIONS, TABLES
    from jobs.runtime import accounting, runner
    from jobs.runtime.progress import Console
    from jobs.runtime.session import session
    from jobs.runtime.tables import Lake
    from schemas.params import load_params

    params = load_params(SECTIONS, args.params, args.set)
    console = Console()
    started = time.monotonic()
    lake = Lake(session(), absolute(args.warehouse))
    run = runner.Run(lake, new_run_id(), flow.stages, params, progress=console)
    first = tuple((name, partial(work, run)) for name, work in (before or {}).items())
    runner.run_stages(run, stages, before=first)
    release = accounting.release(lake, run.run_id, TABLES)
    console.table(run.results, time.monotonic() - started)
    for warning in warnings:
        console.warn(warning)
    console.say(_released(release, run.results))
    after(run, console)
    return 0


def _released(release: int | None, results: list) -> str:
    if release is not None:
        return f"release {release} is what readers see now"
    return "nothing has changed: no table was written" if all(r.skipped for r in results) else "no new release"


def new_run_id() -> str:
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:6]}"


def absolute(warehouse: str) -> str:
    return warehouse if "://" in warehouse else str(Path(warehouse).absolute())
