"""refinelake web run: the whole web half, or some of its stages."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from jobs.commands.arguments import add_run_arguments
from jobs.commands.run import run_flow, stages_asked

if TYPE_CHECKING:
    from jobs.runtime.accounting import StageResult
    from jobs.runtime.runner import Run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run_arguments(parser)
    parser.add_argument("--sources", metavar="FILE", help="manifest: one JSON object a line, see docs/web.md")
    parser.add_argument("--allow-drop", action="store_true", help="allow dropping more than 5 %% of the stored pages")
    parser.add_argument("--only", metavar="STAGE,...", help="run only these stages (web_ingest, and those of `stages`)")


def work(args: argparse.Namespace) -> int:
    from jobs.flows import SECTIONS, WEB
    from jobs.runtime import manifest
    from schemas.params import load_params

    load_params(SECTIONS, args.params, args.set)  # before the manifest, which may be long
    stages, with_ingest = stages_asked(args, WEB)
    if not with_ingest:
        return run_flow(args, WEB, stages)
    sources = manifest.read_manifest(args.sources, manifest.WEB)
    warnings: list[str] = []

    def read_sources(run: Run) -> StageResult:
        from jobs.web.ingest import web_ingest
        from jobs.web.parameters import WebIngest

        result, said = web_ingest(run, sources, run.params[WebIngest], args.allow_drop)
        warnings[:] = said  # a run that looks again reads them again
        return result

    return run_flow(args, WEB, stages, {WEB.before[0]: read_sources}, warnings)
