"""refinelake batch: what the model saw at a step, as text, with what was trained, which rows, of which versions."""

from __future__ import annotations

import argparse
from typing import Any


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--run", required=True, metavar="DIR", help="run folder that train wrote to")
    parser.add_argument("--step", required=True, type=int, metavar="N", help="optimizer step, counted from 0")
    parser.add_argument("--sequences", type=int, default=4, metavar="K", help="how many sequences to show (default 4)")


def work(args: argparse.Namespace) -> int:
    from training.runs import Carried

    run = Carried.open(args.run)
    segment = run.segment(args.step)
    batches = segment.feed.batches(args.step, 0, 1)
    for source in segment.inputs.sources:
        print(f"{source.name}: {source.table} version {source.version}")
    print(f"step {args.step}: {len(batches)} sequences; <...> is what is not trained")
    for batch in batches[: args.sequences]:
        print(f"\n--- sequence {batch.sequences[0]}")
        for piece in batch.pieces[0]:
            print(f"    {piece.part} {piece.content_id} chunk {piece.chunk}, tokens {piece.start} to {piece.stop}")
        print(shown(batch.ids[0], batch.labels[0], run.tokenizer))
    return 0


def shown(ids: Any, labels: Any, tokenizer: Any) -> str:
    """The text of a sequence; runs of places that are not trained stand in <...>, padding is left out."""
    from training.data.packing import IGNORED

    padding = tokenizer.id(tokenizer.special.padding)
    out: list[tuple[bool | None, str]] = []
    run: list[int] = []
    masked: bool | None = None
    for token, label in zip(ids.tolist(), labels.tolist(), strict=True):
        now = label == IGNORED
        if now != masked and run:
            out.append((masked, tokenizer.decode(run)))
            run = []
        masked = now
        if token != padding:
            run.append(token)
    if run:
        out.append((masked, tokenizer.decode(run)))
    return "".join(f"<{text}>" if hidden else text for hidden, text in out)
