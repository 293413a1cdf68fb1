"""refinelake instruct run: seeds, calls, runs and the tables made of them."""

from __future__ import annotations

import argparse
import math
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from jobs.commands.arguments import add_run_arguments

if TYPE_CHECKING:
    from jobs.runtime.accounting import StageResult
    from jobs.runtime.progress import Console
    from jobs.runtime.runner import Run
    from jobs.runtime.tables import Lake


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run_arguments(parser)
    parser.add_argument(
        "--recipe", action="append", default=[], metavar="NAME", help="play this one; the others stay as they are"
    )
    parser.add_argument("--allow-drop", action="store_true", help="allow dropping more than 5 %% of the given seeds")
    parser.add_argument("--limit", type=int, default=0, metavar="N", help="play at most N new threads of each recipe")
    parser.add_argument("--max-cost", type=float, metavar="MONEY", help="stop before it costs more (calls.max_cost)")
    parser.add_argument(
        "--dry-run", action="store_true", help="write nothing: show prompts, and an estimate of calls, money and time"
    )
    parser.add_argument(
        "--ask",
        choices=("all", "nothing"),
        default="all",
        help="nothing: ask no model and run no program, only let go what was made of seeds that are gone",
    )


def work(args: argparse.Namespace) -> int:
    from jobs.flows import SECTIONS
    from jobs.instruct.asked_for import check_models, known_recipes
    from schemas.params import load_params

    if args.limit < 0:
        raise ValueError(f"--limit: expected a number from 1, found {args.limit}")
    if args.max_cost is not None and not 0 < args.max_cost < math.inf:
        raise ValueError(f"--max-cost: expected money above 0, found {args.max_cost:g}; --ask nothing spends none")
    if args.max_cost is not None:
        args.set.append(f"calls.max_cost={args.max_cost}")
    params = load_params(SECTIONS, args.params, args.set)
    known_recipes(args.recipe)
    if args.ask == "all":
        check_models(params, tuple(args.recipe))
    if args.dry_run:
        from jobs.commands.instruct_estimate import show_estimate

        return show_estimate(args)
    if args.ask == "nothing" and not _ever_played(args):
        print("no recipe was ever played here: nothing was read or written")
        return 0
    return _run(args)


def _run(args: argparse.Namespace) -> int:
    """The flow; of recipes that are not to be played every stage takes what is stored."""
    from jobs.commands.run import run_flow
    from jobs.flows import INSTRUCT
    from jobs.instruct.as_stored import as_stored
    from jobs.instruct.asked_for import stored_versions
    from jobs.instruct.given_seeds import NAME
    from jobs.instruct.parameters import synthesis
    from udfs.recipes.book import with_makers

    nothing, only = args.ask == "nothing", with_makers(tuple(args.recipe))
    leaves = nothing or bool(only)
    opened: list[Lake] = []

    def pinned(lake: Lake, params: dict[type, Any]) -> dict[type, Any]:
        opened.append(lake)
        return synthesis(params, args.limit, stored_versions(lake) if leaves else None, only)

    stages = as_stored(INSTRUCT.stages, lambda: opened[-1], () if nothing else only) if leaves else INSTRUCT.stages
    first = seeds_as_stored if nothing else partial(_read_seeds, args.allow_drop)
    return run_flow(args, replace(INSTRUCT, pinned=pinned), stages, {NAME: first}, after=_what_waits)


def _ever_played(args: argparse.Namespace) -> bool:
    from jobs.commands.run import open_lake
    from schemas.instruct import THREADS

    return open_lake(args)[0].version(THREADS.name) is not None


def _read_seeds(allow_drop: bool, run: Run) -> StageResult:
    from jobs.instruct.given_seeds import read_seeds
    from jobs.instruct.parameters import Synthesis

    return read_seeds(run, run.setting(Synthesis), allow_drop)


def seeds_as_stored(run: Run) -> StageResult:
    """The seeds that the last run left, less what was asked to be removed. Raises ValueError where there was none."""
    from jobs.instruct.given_seeds import stored_seeds

    return stored_seeds(run)


def _what_waits(run: Run, console: Console) -> None:
    """What was not asked or run, and what the calls of this run cost."""
    from jobs.instruct.costs import of_run, sentence

    for result in run.results:
        if result.waiting:
            said = ", ".join(f"{reason} {number:,}" for reason, number in sorted(result.waiting.items()))
            console.warn(f"{result.stage}: some threads wait for the next run ({said})")
    if not all(result.skipped for result in run.results):
        console.say(sentence(of_run(run.lake, run.run_id)))
