"""refinelake tokens: from code_corpus to the tables that training reads."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from jobs.commands.arguments import add_run_arguments

if TYPE_CHECKING:
    from jobs.runtime.progress import Console
    from jobs.runtime.runner import Run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run_arguments(parser)
    parser.add_argument(
        "--tokenizer", metavar="DIR", help="folder of a tokenizer (tokens.tokenizer), as refinelake tokenizer writes it"
    )


def work(args: argparse.Namespace) -> int:
    from jobs.commands.run import run_flow
    from jobs.corpus.given import NAME, read_given
    from jobs.corpus.parameters import Instructions, Tokens
    from jobs.corpus.pinned_tokenizer import shipped
    from jobs.flows import CORPUS, SECTIONS
    from schemas.params import load_params

    if args.tokenizer:
        args.set = [*args.set, f"tokens.tokenizer={json.dumps(args.tokenizer)}"]
    params = load_params(SECTIONS, args.params, args.set)
    shipped(params[Tokens])  # refused before Spark is started
    before = {NAME: lambda run: read_given(run, params[Instructions])}
    return run_flow(args, CORPUS, CORPUS.stages, before, after=_what_next)


def _what_next(run: Run, console: Console) -> None:
    """Versions and sizes of the tables that training reads."""
    from pyspark.sql import functions as F

    from schemas.corpus import PRETRAIN_TOKENS, SFT_TOKENS

    if all(result.skipped for result in run.results):
        return
    for table in (PRETRAIN_TOKENS, SFT_TOKENS):
        held = F.sum(F.when(F.col("held_out"), F.col("n_tokens")).otherwise(0))
        rows, tokens, kept_back = run.lake.read(table).agg(F.count(F.lit(1)), F.sum("n_tokens"), held).collect()[0]
        console.say(
            f"{run.lake.location(table.name)} version {run.lake.version(table.name)}: {rows:,} rows, {tokens or 0:,} "
            f"tokens, {kept_back or 0:,} of them held out"
        )
    console.say("next: train on these versions")
