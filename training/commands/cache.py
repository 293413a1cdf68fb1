"""refinelake cache: local copies of a run's tables, made ahead by all cores, or every byte of those there checked."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from training.commands.arguments import add_data, asked


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_data(parser)
    parser.add_argument("--run", metavar="DIR", help="instead of a recipe: the tables and versions of this run")


def work(args: argparse.Namespace) -> int:
    from training.data.cache import open_cache, renewed
    from training.inputs import open_feed
    from training.run_file import reopened
    from udfs.tokens.tokenizer import TextTokenizer

    if bool(args.recipe) == bool(args.run):
        raise ValueError("cache: expected a recipe or --run, found both or none; say whose tables to copy in one way")
    if args.run:
        run, inputs, _ = reopened(Path(args.run).absolute())
    else:
        if not args.cache:
            raise ValueError("--cache: expected the folder that the run will read, found none; name it")
        args.to, args.source = str(Path(args.cache) / "run"), None
        wanted = asked(args)
        run, inputs = wanted.run, wanted.inputs.pinned()
    folder = Path(args.cache).absolute() if args.cache else Path(inputs.cache)
    tokenizer = TextTokenizer.read(inputs.tokenizer)
    tables = [*inputs.tables().values(), *(inputs.tables("only").values() if run.evaluate.every else ())]
    for table in {table.fingerprint(): table for table in tables}.values():
        began = time.monotonic()
        made = renewed(table, tokenizer.hash, folder, lambda line: print(line, flush=True))
        found = open_cache(table, tokenizer.hash, folder)
        rows, seconds = "held-out rows" if table.held_out == "only" else "rows", time.monotonic() - began
        print(
            f"{table.name} version {table.version}: {'made' if made else 'whole, every byte checked'} in "
            f"{seconds:.1f} s: {len(found.kinds):,} {rows}, {len(found.tokens):,} tokens; {found.place}"
        )
    # The index of the first epoch, which all ranks of a machine will share where it is large.
    open_feed(run, inputs, tokenizer, folder).account()
    return 0
