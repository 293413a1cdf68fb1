"""refinelake seen: the runs and steps that read a content, for removals and for questions about a model's training."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--content", required=True, metavar="ID", help="id of a document or chat row, 64 hexadecimal digits"
    )
    parser.add_argument(
        "--instructions",
        metavar="TABLE",
        help="instruction_parts of the warehouse: also the chat rows that were made from the content",
    )
    parser.add_argument("--runs", required=True, metavar="DIR", help="folder with run folders below it")


def work(args: argparse.Namespace) -> int:
    from training.runs import Carried, below

    wanted = args.content.strip().lower()
    if len(wanted) != 64 or set(wanted) - set("0123456789abcdef"):
        raise ValueError(f"--content {args.content}: expected 64 hexadecimal digits, found another text")
    folders = below(args.runs)
    if not folders:
        raise ValueError(f"{args.runs}: expected run folders, found none; name the folder above them")
    names = [wanted, *(made_from(wanted, args.instructions) if args.instructions else ())]
    for folder in folders:
        run = Carried.open(folder)
        steps = sorted({step for name in names for step in run.seen(name)})
        if not steps:
            print(f"{folder}: not seen in {run.done():,} steps")
            continue
        listed = ", ".join(f"{step:,}" for step in steps[:20]) + (f" and {len(steps) - 20} more" if steps[20:] else "")
        print(f"{folder}: read at {len(steps)} steps: {listed}")
    return 0


def made_from(content: str, table: str) -> list[str]:
    """Ids of the chat rows that were made from a content. Raises ValueError."""
    import pyarrow.compute as pc

    from training.data.delta import load
    from udfs.reading.delta import matching_rows

    found = load(table)
    names = [field.name for field in found.schema().fields]
    if not {"origin", "instruction_id"} <= set(names):
        raise ValueError(
            f"{table}: expected columns origin and instruction_id, found {', '.join(names)}; "
            "name instruction_parts of the warehouse"
        )
    rows = matching_rows(found, table, ["instruction_id"], pc.field("origin") == content)
    return sorted(set(rows["instruction_id"].to_pylist()))
