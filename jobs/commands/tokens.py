"""refinelake tokens: from code_corpus to the tables that training reads."""

from __future__ import annotations

import argparse
import json
from functools import partial
from typing import TYPE_CHECKING

from jobs.commands import tokens_of
from jobs.commands.arguments import add_run_arguments

if TYPE_CHECKING:
    from jobs.runtime.progress import Console
    from jobs.runtime.runner import Run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run_arguments(parser)
    parser.add_argument(
        "--tokenizer", metavar="DIR", help="folder of a tokenizer (tokens.tokenizer), as refinelake tokenizer writes it"
    )
    parser.add_argument("--report", metavar="FILE", help="write the report of what training reads: a file or a URL")
    tokens_of.add_arguments(parser)


def work(args: argparse.Namespace) -> int:
    from jobs.commands.run import open_lake, run_flow
    from jobs.corpus.given import NAME, read_given
    from jobs.corpus.parameters import Contamination, Instructions, Tokens
    from jobs.corpus.pinned_tokenizer import shipped
    from jobs.corpus.searching import search
    from jobs.flows import CORPUS, SECTIONS
    from jobs.runtime.places import driver
    from schemas.code import CODE_CORPUS
    from schemas.params import load_params

    if args.tokenizer:
        args.set = [*args.set, f"tokens.tokenizer={json.dumps(args.tokenizer)}"]
    if args.of:
        return tokens_of.work(args)
    params = load_params(SECTIONS, args.params, args.set)
    shipped(params[Tokens])  # refused before Spark is started, as is what follows
    search(params[Contamination])
    driver(args.report or "")
    lake, _ = open_lake(args)
    if lake.version(CODE_CORPUS.name) is None:  # else the first stages, which do without, would be made before
        raise ValueError(f"{lake.warehouse}: expected {CODE_CORPUS.name}, found none; run refinelake run first")
    before = {NAME: lambda run: read_given(run, params[Instructions])}
    return run_flow(args, CORPUS, CORPUS.stages, before, after=partial(_what_next, args.report))


def _what_next(report: str | None, run: Run, console: Console) -> None:
    """Versions and sizes of the tables that training reads, and what they are made of."""
    from pyspark.sql import functions as F

    from schemas.corpus import PRETRAIN_TOKENS, SFT_TOKENS

    if report:
        _write_report(report, run, console)
    if all(result.skipped for result in run.results):
        return
    _show_composition(run, console)
    for table in (PRETRAIN_TOKENS, SFT_TOKENS):
        held = F.sum(F.when(F.col("held_out"), F.col("n_tokens")).otherwise(0))
        rows, tokens, kept_back = run.lake.read(table).agg(F.count(F.lit(1)), F.sum("n_tokens"), held).collect()[0]
        console.say(
            f"{run.lake.location(table.name)} version {run.lake.version(table.name)}: {rows:,} rows, {tokens or 0:,} "
            f"tokens, {kept_back or 0:,} of them held out"
        )
    console.say("next: train on these versions")


def _show_composition(run: Run, console: Console) -> None:
    from jobs.corpus.composition import compositions

    rows = [
        (c.table, part.name, f"{part.rows:,}", f"{part.size:,} {c.unit}", f"{part.share:.1%}", _percent(part.paper))
        for c in compositions(run.lake)
        for part in c.parts["source"]
    ]
    console.rows(("table", "source", "rows", "size", "share", "paper"), rows)


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"


def _write_report(place: str, run: Run, console: Console) -> None:
    """A place that refuses is a warning: the work is done."""
    from jobs.commands import reports
    from jobs.report_data import data_report_page
    from jobs.runtime.places import absolute
    from jobs.runtime.store_errors import remedy

    try:
        reports.put(run.lake, reports.DATA, absolute(place), data_report_page(run.lake))
        console.say(f"report: {place}")
    except OSError as e:
        console.warn(f"{place}: expected to write the report, found {remedy(e)}, and refinelake data-report writes it")
