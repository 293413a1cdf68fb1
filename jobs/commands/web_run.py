"""refinelake web run: the whole web half, or some of its stages."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from jobs.commands.arguments import add_run_arguments
from jobs.commands.run import run_flow, stages_asked

if TYPE_CHECKING:
    from jobs.runtime.accounting import StageResult
    from jobs.runtime.progress import Console
    from jobs.runtime.runner import Run


NONE = "none"
"""For schedulers, whose nights have the same tasks with or without a web."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run_arguments(parser)
    parser.add_argument(
        "--sources", metavar="FILE", help="manifest: one JSON object a line, see docs/web.md; none: there is no web"
    )
    parser.add_argument("--allow-drop", action="store_true", help="allow dropping more than 5 %% of the stored pages")
    parser.add_argument("--report", metavar="FILE", help="write the report of the web there, a file or a URL")
    parser.add_argument("--only", metavar="STAGE,...", help="run only these stages (web_ingest, and those of `stages`)")


def work(args: argparse.Namespace) -> int:
    from jobs.flows import SECTIONS, WEB
    from jobs.runtime.places import absolute, driver
    from schemas.params import load_params

    if args.sources == NONE:
        print("no sources of the web are named: nothing was read or written")
        return 0
    load_params(SECTIONS, args.params, args.set)  # before the manifest, which may be long
    if args.report:
        args.report = absolute(args.report)  # it is noted, for removals that are asked for in another folder
        driver(args.report)
    stages, with_ingest = stages_asked(args, WEB)
    warnings: list[str] = []
    after = partial(_write_report, args.report) if args.report else (lambda run, console: None)
    before = {WEB.before[0]: _read_into(args.sources, args.allow_drop, warnings)} if with_ingest else {}
    return run_flow(args, WEB, stages, before, warnings, after)


def reading(place: str, run: Run) -> Callable[[], StageResult]:
    """The ingest of a manifest, for a run of other things. Raises ManifestError."""
    return partial(_read_into(place, False, []), run)


def _read_into(place: str, allow_drop: bool, warnings: list[str]) -> Callable[[Run], StageResult]:
    from jobs.runtime import manifest

    sources = manifest.read_manifest(place, manifest.WEB)

    def read(run: Run) -> StageResult:
        from jobs.web.ingest import web_ingest
        from jobs.web.parameters import WebIngest

        result, said = web_ingest(run, sources, run.setting(WebIngest), allow_drop)
        warnings[:] = said  # a run that looks again reads them again
        return result

    return read


def _write_report(target: str, run: Run, console: Console) -> None:
    from jobs.commands import reports
    from jobs.report_web import web_report_page
    from jobs.runtime.store_errors import remedy

    try:
        reports.put(run.lake, reports.WEB, target, web_report_page(run.lake))
        console.say(f"report: {target}")
    except OSError as e:  # from the place; another error is ours
        console.warn(f"{target}: expected to write the report, found {remedy(e)}; refinelake web report writes it")
