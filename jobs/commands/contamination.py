"""refinelake contamination: which tasks of benchmarks stand in the tables, in which texts, and what of them says so."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jobs.commands.arguments import add_lake_arguments

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from jobs.runtime.tables import Lake
    from udfs.contamination.items import Item

_SAMPLE = 2_000
_SHOWN = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_lake_arguments(parser)
    parser.add_argument(
        "--benchmark",
        action="append",
        default=[],
        metavar="NAME=FILE",
        help="a benchmark beside HumanEval, JSON lines or a JSON list, .gz or not (mbpp=mbpp.jsonl); may be repeated",
    )
    parser.add_argument(
        "--to", metavar="FILE", help="every copy as a JSON line: source, text, task, part, share, what was seen"
    )


def work(args: argparse.Namespace) -> int:
    """Read the texts of the corpora and of instructions, print what they hold. Writes no table."""
    from jobs.commands.run import open_lake
    from udfs.contamination.batches import Benchmarks
    from udfs.contamination.index import count
    from udfs.spark.contamination import copied_rows

    items = list(_items(args.benchmark))
    args.staging = None
    lake, _ = open_lake(args)
    texts = _texts(lake)
    if texts is None:
        raise ValueError(f"{lake.warehouse}: expected code_corpus, web_corpus or instructions, found none of them")
    sample = [row["text"] or "" for row in texts.limit(_SAMPLE).collect()]
    hits = copied_rows(texts, Benchmarks.of(items, count(items, sample))).collect()  # copies are few: each is shown
    found = [{**json.loads(hit["text_id"]), **hit.asDict()} for hit in hits]
    for row in found:
        del row["text_id"]
    found.sort(key=lambda r: (r["benchmark"], r["item"], r["table"], r["id"], r["part"], r["method"]))
    if args.to:
        Path(args.to).write_text("".join(json.dumps(row) + "\n" for row in found), encoding="utf-8")
    _show(items, found)
    return 0


def _items(asked: list[str]) -> Iterator[Item]:
    from udfs.contamination.items import read

    yield from read("humaneval", "")
    for one in asked:
        name, _, place = one.partition("=")
        if not name or not place:
            raise ValueError(f"--benchmark: expected NAME=FILE, found {one}")
        yield from read(name, place)


def _texts(lake: Lake) -> DataFrame | None:
    """(text_id, text) of every text that training may read; an id is JSON of table, source and the row's id."""
    from functools import reduce

    from pyspark.sql import functions as F

    from schemas.code import CODE_CORPUS
    from schemas.corpus import INSTRUCTIONS
    from schemas.web import WEB_CORPUS

    said = F.array_join(F.transform("messages", lambda m: m["content"]), "\n")
    forms = (
        (CODE_CORPUS, "clean_id", F.col("repo"), F.col("text")),
        (WEB_CORPUS, "clean_id", F.col("domain"), F.col("text")),
        (INSTRUCTIONS, "instruction_id", F.col("source"), said),
    )
    found = []
    for table, key, source, text in forms:
        if lake.version(table.name) is not None:
            about = {"table": F.lit(table.name), "source": source, "id": F.col(key)}
            named = F.to_json(F.struct(*(value.alias(name) for name, value in about.items())))
            found.append(lake.read(table).select(named.alias("text_id"), text.alias("text")))
    return reduce(lambda a, b: a.unionByName(b), found) if found else None


def _show(items: list[Item], found: list[dict[str, Any]]) -> None:
    """Which share of each benchmark stands in the data, which sources hold it, and the first copies."""
    from jobs.runtime.progress import Console

    console = Console()
    rows = []
    for name in dict.fromkeys(item.benchmark for item in items):
        whole = sum(item.benchmark == name for item in items)
        mine = [row for row in found if row["benchmark"] == name]
        tasks, texts = len({row["item"] for row in mine}), len({(row["table"], row["id"]) for row in mine})
        rows.append((name, "", f"{whole:,}", f"{tasks:,}", f"{tasks / whole:.1%}", f"{texts:,}"))
    console.rows(("benchmark", "", "tasks", "stand in the data", "share", "texts"), rows)
    by: dict[tuple[str, str], set[str]] = {}
    for row in found:
        by.setdefault((row["table"], row.get("source") or "unknown"), set()).add(row["id"])
    if by:
        most = sorted(by.items(), key=lambda one: (-len(one[1]), one[0]))[:_SHOWN]
        console.rows(("table", "source", "texts with copies"), [(*key, f"{len(ids):,}") for key, ids in most])
    for row in found[:_SHOWN]:
        seen = " ".join(row["seen"].split())[:100]
        what = f"{row['benchmark']} {row['item']}: {row['share']:.0%} of its {row['part']}"
        console.say(f"{what} in {row['table']} {row['id'][:12]}: {seen}")
    if len(found) > _SHOWN:
        console.say(f"{len(found) - _SHOWN:,} more; --to FILE writes all")
