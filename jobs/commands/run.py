"""refinelake run: the whole raw-code half, or some of its stages."""

from __future__ import annotations

import argparse
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from jobs.commands.arguments import add_run_arguments

if TYPE_CHECKING:
    from jobs.flows import Flow
    from jobs.runtime.accounting import StageResult
    from jobs.runtime.manifest import Source
    from jobs.runtime.progress import Console
    from jobs.runtime.runner import Run
    from jobs.runtime.stage import Stage
    from jobs.runtime.tables import Lake
    from schemas.contract import Table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run_arguments(parser)
    parser.add_argument("--sources", metavar="FILE", help="manifest: one JSON object a line")
    parser.add_argument("--allow-drop", action="store_true", help="allow dropping more than 5 %% of the stored files")
    parser.add_argument(
        "--plan", action="store_true", help="write nothing: say what would run, on how much, and about how long"
    )
    parser.add_argument("--only", metavar="STAGE,...", help="run only these stages (ingest, and those of `stages`)")
    parser.add_argument("--report", metavar="FILE", help="file or URL of the report (default: WAREHOUSE/report.html)")
    parser.add_argument(
        "--canaries",
        type=int,
        metavar="N",
        help="plant N exact copies, near copies, secrets and tasks of HumanEval each, count what became of them, take "
        "them out again before the release",
    )


def work(args: argparse.Namespace) -> int:
    from jobs.flows import CODE

    stages, with_ingest = stages_asked(args, CODE)
    if args.plan:
        return _plan(args, stages, with_ingest)
    return _run_code(args, stages, with_ingest)


def stages_asked(args: argparse.Namespace, flow: Flow) -> tuple[tuple[Stage, ...], bool]:
    """(the stages of --only, or all; whether sources are read before them). Raises ValueError for unknown names, and
    where there are no sources to read.
    """
    first = flow.before[0]
    names = [first, *(s.name for s in flow.stages)]
    wanted = args.only.split(",") if args.only else names
    unknown = [name for name in wanted if name not in names]
    if unknown:
        raise ValueError(f"--only: expected stage names, found {', '.join(unknown)}; known: {', '.join(names)}")
    if first in wanted and not args.sources:
        raise ValueError(
            f"--sources: expected a manifest for {first}, found none; name one, or leave {first} out by --only"
        )
    return tuple(s for s in flow.stages if s.name in wanted), first in wanted


def _plan(args: argparse.Namespace, stages: tuple[Stage, ...], with_ingest: bool) -> int:
    from jobs.commands.plan_run import show_plan
    from jobs.flows import CODE
    from jobs.runtime.manifest import read_manifest
    from jobs.runtime.runner import Run

    sources = read_manifest(args.sources) if with_ingest else []
    lake, params = open_lake(args)
    run = Run(lake, f"reader-{new_run_id()}", CODE.stages, CODE.pinned(lake, params), audit=args.audit)
    return show_plan(run, stages, sources)


def _run_code(args: argparse.Namespace, stages: tuple[Stage, ...], with_ingest: bool) -> int:
    """Ingest (if asked), the stages, and after an ingest the report."""
    from jobs.code.ingest import ingest
    from jobs.code.parameters import Ingest
    from jobs.commands.canaries import run_with_canaries
    from jobs.flows import CODE, SECTIONS
    from jobs.runtime.manifest import read_manifest
    from jobs.runtime.places import absolute, driver, files_place
    from schemas.params import load_params

    load_params(SECTIONS, args.params, args.set)  # before the manifest, which may be long
    beside = files_place(absolute(args.warehouse), absolute(args.staging) if args.staging else None)
    target = absolute(args.report) if args.report else f"{beside}/report.html"
    driver(target)
    sources = read_manifest(args.sources) if with_ingest else []

    report = partial(write_report, target)

    def carry_out(some: list[Source], after: Callable[[Run, Console], None] | None = None, release: bool = True) -> int:
        warnings: list[str] = []

        def read_sources(run: Run) -> StageResult:
            result, said = ingest(run, some, run.params[Ingest], args.allow_drop)
            warnings[:] = said  # a run that looks again reads them again
            return result

        return run_flow(args, CODE, stages, {"ingest": read_sources}, warnings, after or report, release=release)

    if args.canaries is not None:
        return run_with_canaries(args, sources, beside, carry_out)
    return carry_out(sources) if with_ingest else run_flow(args, CODE, stages)


def write_report(target: str, run: Run, console: Console) -> None:
    """Write the report, if there is a corpus and news of it. A place that refuses is a warning: the work is done."""
    from jobs.commands import reports
    from jobs.report import report_page
    from jobs.runtime.places import exists
    from jobs.runtime.store_errors import remedy
    from schemas.code import CODE_CORPUS

    if run.lake.version(CODE_CORPUS.name) is None:
        return
    try:
        if not (all(r.skipped for r in run.results) and exists(target)):
            reports.put(run.lake, reports.CODE, target, report_page(run))
        console.say(f"report: {target}")
    except OSError as e:  # from the place; another error is ours
        console.warn(f"{target}: expected to write the report, found {remedy(e)}, and refinelake report writes it")


def run_flow(
    args: argparse.Namespace,
    flow: Flow,
    stages: tuple[Stage, ...],
    before: Mapping[str, Callable[[Run], StageResult]] | None = None,
    warnings: list[str] | None = None,
    after: Callable[[Run, Console], None] = lambda run, console: None,
    inputs: tuple[Table, ...] = (),
    release: bool = True,
) -> int:
    """Carry out `before` and stages of a flow as the warehouse's only writer, release what is whole, say what was done.
    `inputs`, tables of other halves, are made empty where they are not there. Without `release` nothing is released.
    Raises LeaseError where another run writes.
    """
    from jobs.runtime.lease import as_only_writer
    from jobs.runtime.places import check_folder
    from jobs.runtime.progress import Console

    console, started, run_id = Console(), time.monotonic(), new_run_id()
    lake, params = open_lake(args)
    check_folder(lake.warehouse)
    params = flow.pinned(lake, params)

    def work() -> tuple[Run, str]:
        for table in inputs:
            lake.ensure(table)
        return _carried_out(lake, run_id, flow, stages, before or {}, params, console, args.audit, release)

    try:
        run, said = as_only_writer(lake, run_id, work, args.break_lock, console.say)
    finally:
        left = lake.drop_staging(run_id)
    console.table(run.results, time.monotonic() - started)
    for warning in [*(warnings or ()), *([left] if left else ())]:
        console.warn(warning)
    console.say(said)
    after(run, console)
    run.held.let_go()
    return 0


def open_lake(args: argparse.Namespace, *also: str) -> tuple[Lake, dict[type, Any]]:
    """The warehouse, the session it will start, which can reach `also`, and the parameters in force.

    Raises ValueError where a place is none, or what is set aside could not be cleared away.
    """
    from jobs.flows import SECTIONS
    from jobs.runtime.parameters import Releases
    from jobs.runtime.places import absolute, driver, files_place
    from jobs.runtime.session import session
    from jobs.runtime.tables import Lake
    from schemas.params import load_params

    params = load_params(SECTIONS, args.params, args.set)
    warehouse, staging = absolute(args.warehouse), absolute(args.staging) if args.staging else None
    beside = staging or files_place(warehouse, None)
    driver(beside)
    started = partial(session, warehouse, beside, *also)
    return Lake(started, warehouse, staging, params[Releases].retention_days), params


def _carried_out(
    lake: Lake,
    run_id: str,
    flow: Flow,
    stages: tuple[Stage, ...],
    before: Mapping[str, Callable[[Run], StageResult]],
    params: dict[type, Any],
    console: Console,
    audit: bool,
    release: bool,
) -> tuple[Run, str]:
    """The run, and a sentence on its release."""
    from jobs.commands.reports import renew
    from jobs.flows import FLOWS, every_table
    from jobs.runtime import receipts, runner
    from jobs.runtime.purge import rewrite_all
    from jobs.runtime.releases import release_whole

    ask_workers(lake, flow, params)
    run = runner.Run(lake, run_id, flow.stages, params, progress=console, audit=audit)
    runner.run_stages(run, stages, before=tuple((name, partial(work, run)) for name, work in before.items()))
    done = run.done | {r.stage: r for r in run.results}
    if receipts.unsettled(lake):  # a removal whose own run was killed
        rewrite_all(lake, every_table())
    if not release:
        return run, "no release: what was planted goes first"
    released = release_whole(lake, run_id, FLOWS, done=done)
    if settled := receipts.settle(lake, FLOWS):
        receipts.note_reports(lake, settled, renew(lake, params))
    return run, _released(*released, run.results)


def ask_workers(lake: Lake, flow: Flow, params: dict[type, Any]) -> None:
    """Raises WorkerError where a worker lacks what the flow's kernels need; on one machine nobody is asked."""
    from jobs.runtime.session import check_workers

    if not lake.alone:
        check_workers(lake.spark, flow.extras(params))


def _released(release: int | None, waits: list[str], results: list) -> str:
    if release is not None:
        return f"release {release} is what readers see now"
    if waits:
        return f"no release: {waits[0]}" + (f", and {len(waits) - 1} more" if len(waits) > 1 else "")
    return "nothing has changed: no table was written" if all(r.skipped for r in results) else "no new release"


def new_run_id() -> str:
    from jobs.runtime.staging import RUN_TIME

    return f"{datetime.now(UTC):{RUN_TIME}}-{uuid.uuid4().hex[:6]}"
