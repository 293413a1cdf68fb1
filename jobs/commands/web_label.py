"""refinelake web label: say of pages or URL patterns whether they are of a tag; list what was said; see proposals."""

from __future__ import annotations

import argparse
from functools import partial
from typing import TYPE_CHECKING, Any

from jobs.commands.arguments import add_lake_arguments, add_writing_arguments

if TYPE_CHECKING:
    from jobs.runtime.tables import Lake
    from schemas.contract import Table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_lake_arguments(parser)
    add_writing_arguments(parser)
    parser.add_argument("--from", dest="file", metavar="FILE", help="labels, one JSON object a line, see docs/web.md")
    parser.add_argument("--url", action="append", default=[], metavar="URL", help="a page to label")
    parser.add_argument(
        "--pattern", action="append", default=[], metavar="PATTERN", help="a URL pattern to label, %% for anything"
    )
    parser.add_argument("--tag", default="Code", help="what they are of, or not (default: Code)")
    parser.add_argument("--no", action="store_true", help="they are not of it")
    parser.add_argument("--by", metavar="NAME", help="who says so: a name, rule, or model:NAME")
    parser.add_argument("--kind", help="kind of page: reference, tutorial, forum, blog, shop, ...")
    parser.add_argument("--held-out", action="store_true", help="measure on them, never train from them")
    parser.add_argument("--take-back", action="store_true", help="remove what --by said of these pages or patterns")
    parser.add_argument("--list", action="store_true", help="show what was said")
    parser.add_argument(
        "--propose", type=int, metavar="N", help="show N patterns of domains of the tag that nobody labelled yet"
    )


def work(args: argparse.Namespace) -> int:
    asked = [bool(args.file), bool(args.url or args.pattern), args.list, args.propose is not None]
    if sum(asked) != 1:
        raise ValueError("web label: expected one of --from, --url or --pattern, --list and --propose")
    if args.take_back and not (args.by and (args.url or args.pattern)):
        raise ValueError("web label --take-back: expected --by and the pages or patterns that it was said of")
    if args.list:
        return _list(args)
    return _propose(args) if args.propose is not None else _write(args)


def labels_of(file: str, by: str | None) -> list[dict[str, Any]]:
    """The labels of a file of JSON lines. Raises LabelError, and ValueError where it cannot be read."""
    from jobs.runtime.places import read_text
    from udfs.web.labelling import read_labels

    try:
        return read_labels(file, read_text(file), by)
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{file}: expected a readable JSON-lines file in UTF-8, found {error}") from None


def _labels(args: argparse.Namespace) -> list[dict[str, Any]]:
    """What is to be written. Raises LabelError."""
    from udfs.web.labelling import label_of

    if args.file:
        return labels_of(args.file, args.by)
    about = {"tag": args.tag, "label": not args.no, "by": args.by, "kind": args.kind, "held_out": args.held_out}
    pages = [label_of(f"--url {url}", about | {"url": url}, None) for url in args.url]
    return pages + [label_of(f"--pattern {p}", about | {"pattern": p}, None) for p in args.pattern]


def _write(args: argparse.Namespace) -> int:
    from jobs.commands.run import new_run_id, open_lake
    from jobs.runtime.lease import as_only_writer

    labels = _labels(args)
    lake, _ = open_lake(args)
    work = partial(write_labels, lake, labels, args.take_back)
    for said in as_only_writer(lake, new_run_id(), work, args.break_lock):
        print(said)
    print("next: refinelake web train, or refinelake web run with --only web_decisions and what follows it")
    return 0


def write_labels(lake: Lake, labels: list[dict[str, Any]], take_back: bool = False) -> list[str]:
    """Write labels, or take them back; a sentence for each table."""
    from schemas.recall import PAGE_LABELS, URL_PATTERNS
    from udfs.web.labelling import page_rows, pattern_rows

    said = []
    for table, rows in ((PAGE_LABELS, page_rows(labels)), (URL_PATTERNS, pattern_rows(labels))):
        if rows:
            number = _written(lake, table, rows, take_back)
            what = "taken back" if take_back else "written"
            same = ", none is there" if take_back else ", all were there already"
            said.append(f"{table.name}: {number:,} of {len(rows):,} {what}{'' if number else same}")
    return said


def _written(lake: Lake, table: Table, rows: list[dict[str, Any]], take_back: bool) -> int:
    """Rows that were moved: one that is there already, whenever it was said, is left as it is."""
    import pyarrow as pa
    from pyspark.sql import functions as F

    from jobs.runtime.frames import OP

    lake.ensure(table)
    stored = {tuple(r[k] for k in table.key): r for r in lake.small(table)}
    named = {tuple(r[k] for k in table.key): r for r in rows}
    if take_back:
        changed = [r for key, r in named.items() if key in stored]
    else:
        changed = [r for key, r in named.items() if not _same(stored.get(key), r)]
    if changed:
        frame = lake.spark.createDataFrame(pa.Table.from_pylist(changed, table.arrow_schema()))
        op = F.lit("delete" if take_back else "update")
        lake.merge(table, frame.withColumn(OP, op), {"stage": "web_label"})
    return len(changed)


def _same(stored: dict[str, Any] | None, said: dict[str, Any]) -> bool:
    return stored is not None and all(stored[n] == v for n, v in said.items() if n != "labelled_at")


def _list(args: argparse.Namespace) -> int:
    from pyspark.sql import functions as F

    from jobs.commands.run import open_lake
    from jobs.runtime.progress import Console
    from schemas.recall import PAGE_LABELS, URL_PATTERNS

    lake, _ = open_lake(args)
    console = Console()
    rows = [r for r in lake.small(URL_PATTERNS) if r["tag"] == args.tag]
    console.rows(
        ("pattern", "label", "by"),
        [(r["pattern"], _said(r), r["by"]) for r in sorted(rows, key=lambda r: r["pattern"])],
    )
    counted = []
    if lake.version(PAGE_LABELS.name) is not None:
        mine = lake.read(PAGE_LABELS).where(F.col("tag") == args.tag)
        counted = mine.groupBy("label", "by", "held_out").count().collect()
    pages = [(f"{r['count']:,}", _said(r), r["by"], "held out" if r["held_out"] else "to train from") for r in counted]
    console.rows(("pages", "label", "by", "for"), sorted(pages, key=lambda row: row[1:]))
    return 0


def _said(row: dict[str, Any]) -> str:
    return "yes" if row["label"] else "no"


def _propose(args: argparse.Namespace) -> int:
    from pyspark.sql import functions as F

    from jobs.commands.run import open_lake
    from jobs.runtime.progress import Console
    from jobs.web.proposals import proposals
    from schemas.recall import URL_PATTERNS
    from schemas.web import DOMAIN_DECISIONS, WEB_DECISIONS, WEB_PAGES

    lake, _ = open_lake(args)
    found = proposals(*(lake.read(t) for t in (WEB_DECISIONS, DOMAIN_DECISIONS, WEB_PAGES, URL_PATTERNS)))
    order = (F.desc("lower_bound"), F.desc("pages"), "pattern")
    rows = found.where(F.col("tag") == args.tag).orderBy(*order).limit(args.propose).collect()
    Console().rows(
        ("pattern", "pages", "recalled", "pages to look at"),
        [(r["pattern"], f"{r['pages']:,}", f"{r['recalled'] / r['pages']:.0%}", "  ".join(r["samples"])) for r in rows],
    )
    if rows:
        print(f"next: refinelake web label --warehouse {args.warehouse} --by YOU --pattern '{rows[0]['pattern']}'")
    return 0
