"""refinelake contamination: search the tables for tasks of benchmarks, decide, and show which stand where."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from jobs.commands.arguments import add_run_arguments

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from jobs.runtime.progress import Console
    from jobs.runtime.runner import Run
    from jobs.runtime.tables import Lake

_SHOWN = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run_arguments(parser)
    parser.add_argument(
        "--benchmark",
        action="append",
        default=[],
        metavar="NAME=FILE",
        help="a benchmark beside those of contamination.benchmarks, where every run finds it: JSON lines or a JSON "
        "list, .gz or not; may be repeated",
    )
    parser.add_argument(
        "--to", metavar="FILE", help="every copy as a JSON line: table, source, text, task, part, share, what was seen"
    )
    parser.add_argument(
        "--count",
        metavar="FILE",
        help="search nothing: count in how many texts words and runs of words stand, for contamination.frequencies",
    )
    parser.add_argument("--texts", type=int, default=20_000, help="texts of each table that --count draws")


def work(args: argparse.Namespace) -> int:
    from jobs.commands.run import open_lake, run_flow
    from jobs.corpus import benchmark_hits, contamination
    from jobs.corpus.parameters import Contamination
    from jobs.corpus.searching import search
    from jobs.flows import CORPUS, SECTIONS
    from jobs.runtime.places import check_file
    from schemas.params import load_params

    if args.texts < 1:
        raise ValueError(f"--texts: expected a number above 0, found {args.texts}")
    for place in filter(None, (args.to, args.count)):
        check_file(place)
    params = load_params(SECTIONS, args.params, args.set)
    if args.count:
        return _count(args)
    named = _named(args.benchmark)
    if named:
        every = params[Contamination].benchmarks | named
        listed = ", ".join(f"{json.dumps(name)} = {json.dumps(place)}" for name, place in every.items())
        args.set = [*args.set, f"contamination.benchmarks={{{listed}}}"]
        params = load_params(SECTIONS, args.params, args.set)
    search(params[Contamination])  # refused before Spark is started
    lake, _ = open_lake(args)
    _check_texts(lake)
    stages = (benchmark_hits.STAGE, contamination.STAGE)
    return run_flow(args, CORPUS, stages, after=partial(_show, args.to), inputs=benchmark_hits.SEARCHED)


def _check_texts(lake: Lake) -> None:
    from jobs.corpus.benchmark_hits import SEARCHED

    if all(lake.version(table.name) is None for table in SEARCHED):
        names = ", ".join(table.name for table in SEARCHED)
        raise ValueError(f"{lake.warehouse}: expected one of {names}, found none; run refinelake run first")


def _named(every: list[str]) -> dict[str, str]:
    """Files by name."""
    found: dict[str, str] = {}
    for asked in every:
        name, _, place = asked.partition("=")
        if not name or not place:
            raise ValueError(f"--benchmark: expected NAME=FILE, found {asked}; as in mbpp=benchmarks/mbpp.jsonl")
        if name in found:
            raise ValueError(
                f"--benchmark: expected each name once, found {name} for {found[name]} and for {place}; "
                "call one of them otherwise"
            )
        found[name] = place
    return found


def _show(to: str | None, run: Run, console: Console) -> None:
    """Which share of each benchmark stands in the data, which sources hold it, and the first copies."""
    from pyspark.sql import functions as F

    from jobs.commands.run import new_run_id
    from jobs.corpus.contaminated import copies
    from jobs.corpus.parameters import Contamination
    from jobs.corpus.searching import search

    reader = f"reader-{new_run_id()}"
    try:
        found = run.lake.stage(copies(run.lake), reader, "contamination.copies")
        tasks = {b.name: len(b.items) for b in search(run.params[Contamination]).benchmarks}
        by = found.groupBy("benchmark").agg(F.count_distinct("item"), F.count_distinct("text_id")).collect()
        counts = {row[0]: row[1:] for row in by}  # a row for each benchmark
        rows = []
        for name, whole in tasks.items():
            inside, texts = counts.get(name, (0, 0))
            rows.append((name, "", f"{whole:,}", f"{inside:,}", f"{inside / whole:.1%}", f"{texts:,}"))
        console.rows(("benchmark", "", "tasks", "stand in the data", "share", "texts"), rows)
        _show_sources(found, console)
        _show_first(found, to, console)
        if to:
            _write(run.lake, found, to)
            console.say(f"every copy: {to}")
        if not all(result.skipped for result in run.results):
            console.say("next: refinelake tokens makes what training reads without these texts, and a release of it")
    finally:
        run.lake.drop_staging(reader)


def _show_sources(found: DataFrame, console: Console) -> None:
    from pyspark.sql import functions as F

    by = found.groupBy("table", "source").agg(F.count_distinct("text_id").alias("n"))
    most = by.orderBy(F.desc("n"), "table", "source").limit(_SHOWN).collect()
    if most:
        rows = [(row["table"], row["source"] or "unknown", f"{row['n']:,}") for row in most]
        console.rows(("table", "source", "texts with copies"), rows)


def _show_first(found: DataFrame, to: str | None, console: Console) -> None:
    whole = found.count()
    for row in _sorted(found).limit(_SHOWN).collect():
        seen = " ".join(row["seen"].split())[:100]
        what = f"{row['benchmark']} {row['item']}: {row['share']:.0%} of its {row['part']}"
        console.say(f"{what} in {row['table']} {row['text_id'][:12]}: {seen}")
    if whole > _SHOWN and not to:
        console.say(f"{whole - _SHOWN:,} more; --to FILE writes all")


def _sorted(found: DataFrame) -> DataFrame:
    return found.orderBy("benchmark", "item", "table", "text_id", "part", "method")


def _write(lake: Lake, found: DataFrame, to: str) -> None:
    from jobs.commands import reports
    from jobs.runtime.places import absolute

    place = absolute(to)
    rows = _sorted(found).toLocalIterator()
    reports.note(lake, reports.COPIES, place)  # it quotes texts: a removal has to know of it
    _put(place, (json.dumps(row.asDict(), ensure_ascii=False).encode() + b"\n" for row in rows))


def _put(place: str, pieces: Iterable[bytes]) -> None:
    from jobs.runtime.places import write_pieces
    from jobs.runtime.store_errors import remedy

    try:
        write_pieces(place, pieces)
    except OSError as error:
        raise ValueError(f"{place}: expected a place that can be written, found {remedy(error)}") from error


def _count(args: argparse.Namespace) -> int:
    """Draw texts of each table by a hash of their ids, count in how many each word and each run stands, write it."""
    from jobs.commands.run import open_lake
    from jobs.corpus.word_counts import frequencies
    from jobs.runtime.places import absolute
    from jobs.runtime.progress import Console

    args.staging = args.staging or None
    lake, _ = open_lake(args)
    _check_texts(lake)
    seen = frequencies(lake, args.texts)
    _put(absolute(args.count), [seen.packed()])
    texts = ", ".join(f"{number:,} of {name}" for name, number in seen.documents.items())
    console = Console()
    console.say(f"{args.count}: {len(seen.words.hashes):,} words and {len(seen.runs.hashes):,} runs of {texts}")
    console.say(f"next: --set contamination.frequencies={args.count}, or in a file of --params; all is searched anew")
    return 0
