"""refinelake instruct views: how many rows each view of made conversations takes, and a sweep over a score."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from jobs.commands.arguments import add_lake_arguments

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

_STEPS = 11
TABLES = ("open_code_instruct", "code_feedback")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_lake_arguments(parser)
    parser.add_argument("--table", default=TABLES[0], choices=TABLES, help="whose views (default: %(default)s)")
    parser.add_argument(
        "--view",
        action="append",
        default=[],
        metavar="VIEW",
        help='a name, or conditions such as "judge >= 4, average_test_score >= 0.5, share = 0.1" (default: all names)',
    )
    parser.add_argument("--sweep", metavar="SCORE", help="rows at or above each of eleven values of this score instead")


def work(args: argparse.Namespace) -> int:
    from jobs.commands.run import open_lake
    from jobs.runtime.progress import Console
    from schemas.instruct import MADE_DECISIONS
    from udfs.instructions.views import named, view

    views = [view(args.table, text) for text in args.view or named(args.table)]
    args.staging = None
    lake, _ = open_lake(args)
    if lake.version(MADE_DECISIONS.name) is None:
        raise ValueError(f"{lake.warehouse}: expected rows that recipes made, found none; run refinelake instruct run")
    rows = lake.read(MADE_DECISIONS).where("keep").where(f"target = '{args.table}'")
    if args.sweep:
        return _sweep(rows, args.sweep, args.table)
    from jobs.instruct.made_decisions import in_view

    found = _counts(rows, [in_view(one) for one in views])
    whole = max(1, rows.count())
    shown = [
        (one.name, f"{n:,}", f"{n / whole:.1%}", f"{size / 1e6:,.2f}", one.why or ", ".join(map(str, one.conditions)))
        for one, (n, size) in zip(views, found, strict=True)
    ]
    Console().rows(("view", "rows", "share", "MB", "what it takes"), shown)
    return 0


def _counts(rows: DataFrame, conditions: list[Column]) -> list[tuple[int, int]]:
    """Rows and bytes of each, by one aggregate."""
    from pyspark.sql import functions as F

    size = F.col("question_bytes") + F.col("answer_bytes")
    asked = [F.count_if(one).alias(f"n{i}") for i, one in enumerate(conditions)]
    asked += [F.coalesce(F.sum(F.when(one, size)), F.lit(0)).alias(f"b{i}") for i, one in enumerate(conditions)]
    row = rows.agg(*asked).collect()[0]
    return [(row[f"n{i}"], row[f"b{i}"]) for i in range(len(conditions))]


def _sweep(rows: DataFrame, score: str, table: str) -> int:
    """Eleven thresholds from the least to the greatest value."""
    from pyspark.sql import functions as F

    from jobs.instruct.made_decisions import score_of
    from jobs.runtime.progress import Console

    value = score_of(score)
    low, high, there = rows.agg(F.min(value), F.max(value), F.count(value)).collect()[0]
    if not there:
        names = rows.select(F.explode("scores.name").alias("n")).distinct().orderBy("n").collect()  # a few dozen
        known = ", ".join(row["n"] for row in names) or "none, the table is empty"
        raise ValueError(f"--sweep {score}: expected a score of {table} ({known}), found none of that name; correct it")
    steps = [low + (high - low) * n / (_STEPS - 1) for n in range(_STEPS)] if high > low else [low]
    found = _counts(rows, [F.coalesce(value >= step, F.lit(False)) for step in steps])
    shown = [
        (f"{step:.4g}", f"{n:,}", f"{n / there:.1%}", f"{size / 1e6:,.2f}")
        for step, (n, size) in zip(steps, found, strict=True)
    ]
    Console().rows((f"{score} of at least", "rows", "share of scored rows", "MB"), shown)
    return 0
