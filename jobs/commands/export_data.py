"""refinelake export-data: the final tables of a release as files for others, with a dataset card and a manifest."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from jobs.commands.arguments import add_lake_arguments

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from jobs.runtime.tables import Lake
    from schemas.contract import Table

FORMS = ("open-code-instruct", "code-feedback")
FORMATS, HELD_OUT = ("parquet", "jsonl", "the-stack", *FORMS), ("leave-out", "only", "all")
TABLES = ("pretrain_docs", "anneal_docs", "sft_stage1", "sft_stage2")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Write final tables of a release to a folder or URL, in the layout of the Hugging Face hub, with README.md "
        "(the dataset card) and manifest.json (every version and file). An earlier export there is replaced, other "
        "files are refused. Each export is kept in `exports`: a removal says which hold what it took out."
    )
    add_lake_arguments(parser)
    parser.add_argument("--to", required=True, metavar="URL", help="a new folder or URL, or that of an earlier export")
    parser.add_argument("--table", action="append", default=[], choices=TABLES, help="only this one; may be repeated")
    parser.add_argument(
        "--format",
        default="parquet",
        choices=FORMATS,
        help="the-stack: code alone, as The Stack v2; open-code-instruct, code-feedback: made conversations",
    )
    parser.add_argument("--release", type=int, metavar="ID", help="an earlier release (default: what readers see)")
    parser.add_argument("--held-out", default="leave-out", choices=HELD_OUT, help="rows that are held out of training")
    parser.add_argument("--staging", metavar="URL", help="a volume, where tables have names in a catalog")


def work(args: argparse.Namespace) -> int:
    from jobs.commands.run import new_run_id, open_lake
    from jobs.export.rows import tables_of
    from jobs.runtime.exported import here, note_begun
    from jobs.runtime.laid_out import check_place
    from jobs.runtime.places import absolute

    place = absolute(args.to).rstrip("/")
    tables = tables_of(args.format, tuple(args.table))
    if args.format in ("the-stack", *FORMS) and args.held_out == "all":
        raise ValueError(
            f"--held-out all: expected leave-out or only with {args.format}, whose columns cannot mark held-out rows"
        )
    lake, _ = open_lake(args, place)
    release = _release(lake, args.release, tables)
    check_place(place)
    run_id = new_run_id()
    about = {"format": args.format, "held_out": args.held_out, **here(place)}
    about["tables"] = {t.name: release["tables"][t.name] for t in tables}
    try:
        begun = note_begun(lake, run_id, place, release["release_id"], {}, **about)
    except OSError as error:
        raise ValueError(
            f"exports: expected to note the export in {lake.warehouse}, found {error}; a removal has to know of it: "
            "ask who may write there"
        ) from error
    facts = _export(args, lake, release, tables, begun)
    print(f"{place}: release {release['release_id']} as {args.format}")
    for name, table in facts["tables"].items():
        print(f"  {name}: {table['rows']:,} rows, {_packed(table)}")
    return 0


def _packed(table: dict[str, Any]) -> str:
    number, size = len(table["files"]), sum(file["bytes"] for file in table["files"])
    return f"{number:,} file{'s' * (number != 1)} of {size:,} bytes" if number else "no file"


def _release(lake: Lake, wanted: int | None, tables: tuple[Table, ...]) -> dict[str, Any]:
    """The release to export, with all of the tables. Raises ValueError."""
    from jobs.runtime.readable import unreadable
    from jobs.runtime.releases import named_release

    release = named_release(lake, wanted)
    number, held = release["release_id"], release["tables"]
    if missing := [t.name for t in tables if t.name not in held]:
        there = ", ".join(name for name in TABLES if name in held) or "none of the final tables"
        raise ValueError(
            f"{missing[0]}: expected it in release {number}, found {there}; run refinelake tokens, or name "
            "what is there by --table"
        )
    gone = unreadable(lake.warehouse, {t.name: held[t.name] for t in tables}) if lake.reads_itself else []
    if gone:
        raise ValueError(f"release {number}: {gone[0]}; export a later release")
    return release


def _export(
    args: argparse.Namespace,
    lake: Lake,
    release: dict[str, Any],
    tables: tuple[Table, ...],
    begun: dict[str, Any],
) -> dict[str, Any]:
    """Write it, put it into place, and keep it in `exports`. Returns the manifest."""
    from jobs.export.card import card
    from jobs.export.facts import counted, facts_of
    from jobs.export.writing import named, parts_of
    from jobs.runtime.exported import note_whole, run_of
    from jobs.runtime.laid_out import put_into_place, set_aside
    from jobs.runtime.releases import named_release

    place = begun["destination"]
    rows = {t.name: _rows(lake, t, release["tables"], args) for t in tables}
    counts = counted(rows)
    split = "test" if args.held_out == "only" else "train"
    with set_aside(place, run_of(begun["export_id"])) as beside:
        folders = _written(tables, rows, counts, args.format, beside)
        files = named(parts_of(lake.spark, folders), args.format, split)
        facts = facts_of(lake, release, tables, begun, counts, files, split)
        lake.look()
        named_release(lake, release["release_id"])  # a removal may have withdrawn it meanwhile
        parts = {name: part.place for each in files.values() for name, part in each.items()}
        put_into_place(parts, place, card(facts), facts)
    sizes = {f["path"]: f"{f['bytes']} bytes" for table in facts["tables"].values() for f in table["files"]}
    note_whole(lake, begun, sizes, sum(c["rows"] for c in counts.values()))
    return facts


def _rows(lake: Lake, table: Table, versions: dict[str, int], args: argparse.Namespace) -> DataFrame:
    """The rows of a table that are exported. Made conversations are left without copies of benchmarks here; the tables
    at the end are so already.
    """
    from jobs.corpus.clean_of_benchmarks import without_copies
    from jobs.export.rows import chosen
    from schemas.contamination import CONTAMINATION

    rows = chosen(lake.read(table, versions[table.name]), args.format, args.held_out)
    if args.format not in FORMS:
        return rows
    if CONTAMINATION.name not in versions:
        raise ValueError(
            f"{CONTAMINATION.name}: expected it in the release, found no text searched for copies of benchmarks; run "
            "refinelake tokens, which searches"
        )
    return without_copies(rows, table.key[0], lake.read(CONTAMINATION, versions[CONTAMINATION.name]))


def _written(
    tables: tuple[Table, ...], rows: dict[str, DataFrame], counts: dict[str, Any], layout: str, beside: str
) -> dict[str, str]:
    """The folder of each table's files; an empty table has none, which the hub's reader would stumble over."""
    from jobs.export.rows import written
    from jobs.export.writing import number_of_files, write

    folders = {}
    for table in (t for t in tables if counts[t.name]["rows"]):
        files = number_of_files(counts[table.name]["bytes"])
        folders[table.name] = f"{beside}/parts/{table.name}"
        write(written(rows[table.name], table, layout, files), layout, folders[table.name])
        print(f"{table.name}: {counts[table.name]['rows']:,} rows written", flush=True)
    return folders
