"""refinelake run: the whole raw-code half, or some of its stages."""

from __future__ import annotations

import argparse
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path

from jobs.runtime.cli import add_run_arguments
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
    return run_flow(args, stages, with_ingest)


def run_flow(args: argparse.Namespace, stages: tuple[Stage, ...], with_ingest: bool = False) -> int:
    """Run ingest (if asked) and stages in one session, print the table, write the report."""
    from jobs.code import flow
    from jobs.code.ingest import ingest
    from jobs.code.parameters import SECTIONS, Ingest
    from jobs.runtime import accounting, runner
    from jobs.runtime.manifest import read_manifest
    from jobs.runtime.progress import Console
    from jobs.runtime.session import session
    from jobs.runtime.tables import Lake
    from schemas.params import load_params

    params = load_params(SECTIONS, args.params, args.set)
    sources = read_manifest(args.sources) if with_ingest else []
    console = Console()
    started = time.monotonic()
    lake = Lake(session(), absolute(args.warehouse))
    run = runner.Run(lake, new_run_id(), flow.STAGES, params, progress=console)
    warnings: list[str] = []

    def read_sources() -> accounting.StageResult:
        result, said = ingest(run, sources, params[Ingest], args.allow_drop)
        warnings.extend(said)
        return result

    runner.run_stages(run, stages, before=(("ingest", read_sources),) if with_ingest else ())
    release = accounting.release(lake, run.run_id, flow.TABLES)
    console.table(run.results, time.monotonic() - started)
    for warning in warnings:
        console.warn(warning)
    console.say(_released(release, run.results))
    if with_ingest:
        from jobs.runtime.report import write_report

        target = Path(args.report) if args.report else Path(absolute(args.warehouse)) / "report.html"
        if not (target.exists() and all(r.skipped for r in run.results)):
            write_report(run, target)
        console.say(f"report: {target}")
    return 0


def _released(release: int | None, results: list) -> str:
    if release is not None:
        return f"release {release} is what readers see now"
    return "nothing has changed: no table was written" if all(r.skipped for r in results) else "no new release"


def new_run_id() -> str:
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:6]}"


def absolute(warehouse: str) -> str:
    return warehouse if "://" in warehouse else str(Path(warehouse).absolute())
