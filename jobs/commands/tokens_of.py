"""refinelake tokens --of TABLE --to DIR: one table's texts as a token table beside the warehouse, for a comparison."""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from jobs.corpus.parameters import Tokens
    from jobs.runtime.tables import Lake

RAW, KEPT = "contents", "near_duplicates"
"""Texts as they were found, and those of the files that deduplication left: what is asked of them stands in others."""
FORMAT = 2
"""Of files.json, as training/data/exported.py reads it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--of", metavar="TABLE", help="write a token table of one table's texts instead, for refinelake evidence"
    )
    parser.add_argument("--to", metavar="DIR", help="new folder for it: Parquet files and files.json; with --of")
    parser.add_argument(
        "--share",
        type=float,
        default=1.0,
        metavar="S",
        help="share of its texts, drawn by a hash (default 1); with --of",
    )


def work(args: argparse.Namespace) -> int:
    from jobs.commands.run import open_lake
    from jobs.corpus.parameters import Tokens
    from jobs.corpus.pinned_tokenizer import shipped

    to = Path(args.to or "").absolute()
    if not args.to or to.exists():
        found = f"{to}, which exists" if args.to else "none"
        raise ValueError(f"--to: expected a new folder for the token table, found {found}; name another one")
    if not 0 < args.share <= 1:
        raise ValueError(f"--share: expected a share above 0 and up to 1, found {args.share:g}; leave it out for all")
    lake, params = open_lake(args)
    p = params[Tokens]
    tokenizer = shipped(p)
    texts, made_from = _texts(lake, args.of, p)
    whole = _written(texts, args.of, args.share, p, to)
    facts = {"made_from": made_from, "share": args.share, "held_out": p.held_out, "tokenizer": tokenizer.hash}
    facts["drawn_from"] = _volume(texts)
    identity = hashlib.sha256(json.dumps([args.of, facts, whole["rows"], whole["tokens"]], sort_keys=True).encode())
    whole = {
        "format": FORMAT,
        "table": args.of,
        "identity": identity.hexdigest(),
        "version": made_from[args.of],
    } | whole
    _last(to / "files.json", whole | facts)
    print(
        f"{to / 'files.json'}: {whole['rows']:,} texts of {args.of} version {made_from[args.of]}, {whole['tokens']:,} "
        f"tokens, {whole['held_out_tokens']:,} of them held out"
    )
    return 0


def _texts(lake: Lake, name: str, p: Tokens) -> tuple[DataFrame, dict[str, int]]:
    """The texts, and the versions of the tables that they are of. Raises ValueError."""
    from jobs.corpus.text_tokens import kept_texts, own_texts, raw_texts
    from jobs.flows import CODE, TABLES
    from jobs.runtime.runner import Run
    from schemas.code import CLEANED_TEXTS, CONTENTS, FILE_DECISIONS, NEAR_DUPLICATES, RAW_FILES, REPOSITORIES

    known = {table.name: table for table in TABLES}
    if name not in known or ("text" not in known[name].names and name != KEPT):
        have = ", ".join(sorted({KEPT, *(n for n, table in known.items() if "text" in table.names)}))
        raise ValueError(f"--of: expected a table with texts ({have}), found {name!r}; name one of these")
    several = {
        RAW: (raw_texts, (CONTENTS, RAW_FILES, FILE_DECISIONS, REPOSITORIES, NEAR_DUPLICATES)),
        KEPT: (kept_texts, (NEAR_DUPLICATES, RAW_FILES, REPOSITORIES, CLEANED_TEXTS, CONTENTS)),
    }
    made, tables = several.get(name, (own_texts, (known[name],)))
    versions = {table.name: lake.version(table.name) for table in tables}
    # Of a measure those of the kernel in force: a setting that was tried leaves rows behind.
    read = Run(lake, "tokens of", CODE.stages).read
    texts = made(*(read(table, versions[table.name]) for table in tables), p)
    return texts, {table: int(version or 0) for table, version in versions.items()}


def _volume(texts: DataFrame) -> dict[str, int]:
    """Of all texts, before a share of them is drawn."""
    from pyspark.sql import functions as F

    row = texts.agg(F.count(F.lit(1)).alias("texts"), F.sum("text_bytes").alias("bytes")).collect()[0]
    return {"texts": row["texts"], "bytes": row["bytes"] or 0}


def _written(texts: DataFrame, name: str, share: float, p: Tokens, to: Path) -> dict[str, Any]:
    """Parquet files in `to`, and what files.json says of them."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    from jobs.corpus.text_tokens import text_tokens
    from schemas.corpus import TRAINED_COLUMNS

    # By id, and a file a task: the same rows give the same files.
    text_tokens(texts, name, share, p).repartition(4, "content_id").sortWithinPartitions("content_id").write.parquet(
        str(to)
    )
    files = sorted(to.glob("*.parquet"))
    rows = pq.read_table([str(f) for f in files], columns=["n_tokens", "held_out"])
    if not len(rows):
        raise ValueError(f"{name}: expected texts, found none; raise --share, or fill the table first")
    return {
        "columns": list(TRAINED_COLUMNS),
        "files": [{"path": f.name, "size": f.stat().st_size, "partition": {}} for f in files],
        "rows": len(rows),
        "tokens": pc.sum(rows["n_tokens"]).as_py(),
        "held_out_tokens": pc.sum(pc.if_else(rows["held_out"], rows["n_tokens"], 0)).as_py(),
    }


def _last(file: Path, whole: dict[str, Any]) -> None:
    """The list comes last: a folder without it is no table."""
    aside = file.with_name(".files.json.writing")
    aside.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
    aside.replace(file)
