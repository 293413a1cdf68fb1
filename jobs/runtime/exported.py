"""Copies that left the warehouse: a row of `exports` for each, and which of them hold what a removal takes out.

What an export holds is its tables at their versions, so that it is looked up there, before anything is taken out.
"""

from __future__ import annotations

import getpass
import platform
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import reduce
from typing import Any, TypeAlias

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.runtime.accounting import append_rows
from jobs.runtime.places import scheme
from jobs.runtime.tables import Lake
from schemas import documents
from schemas.code import CODE_CORPUS, RAW_FILES
from schemas.contract import ContractError, Table
from schemas.instruct import CODE_FEEDBACK, OPEN_CODE_INSTRUCT, SEED_PARTS
from schemas.ops import EXPORTS, RELEASES
from schemas.web import WEB_CORPUS, WEB_PAGES

_OF_CODE = ("code", "algorithmic")
"""Sources of documents that are files of repositories, as they stand."""
_BEGUN = "-begun"
Rows: TypeAlias = "dict[bool, tuple[int, int]]"
"""Of a table, held-out rows apart: rows of what is removed, and rows that models may have made of it."""


def note_export(
    lake: Lake, run_id: str, destination: str, release: int, files: dict[str, str], **more: Any
) -> dict[str, Any]:
    """Keep that a release was copied: a removal must name what it cannot reach. Returns the row."""
    row = {"export_id": run_id, "destination": destination, "release_id": release, "files": files}
    row = dict.fromkeys(EXPORTS.names) | row | {"exported_at": datetime.now(UTC)} | more
    append_rows(lake, EXPORTS, [row])
    return row


def note_begun(
    lake: Lake, run_id: str, destination: str, release: int, files: dict[str, str], **more: Any
) -> dict[str, Any]:
    """As `note_export`, before the first byte is written: one that dies half-way holds texts."""
    return note_export(lake, f"{run_id}{_BEGUN}", destination, release, files, **more)


def note_whole(lake: Lake, begun: dict[str, Any], files: dict[str, str], rows: int) -> None:
    """An export that was begun is whole, and has this many rows."""
    append_rows(lake, EXPORTS, [{**begun, "export_id": run_of(begun["export_id"]), "files": files, "rows": rows}])


def run_of(export_id: str) -> str:
    """The run of an export, begun or whole."""
    return export_id.removesuffix(_BEGUN)


def here(destination: str) -> dict[str, str]:
    """Whose folder a place is, and the account that writes there."""
    try:
        account = getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        account = ""
    return {"machine": "" if scheme(destination) else platform.node(), "exported_by": account}


def exports_of(lake: Lake, releases: Iterable[int]) -> list[dict[str, Any]]:
    """Copies that were made from one of the releases."""
    wanted = set(releases)
    return [as_row(e) for e in lake.small(EXPORTS) if e["release_id"] in wanted]


def as_row(stored: dict[str, Any]) -> dict[str, Any]:
    """A row of `exports` as it is written: maps come as pairs."""
    maps = {name: None if stored[name] is None else dict(stored[name]) for name in ("files", "tables")}
    return {**stored, **maps}


def copied(row: dict[str, Any]) -> str:
    """One line of a copy; the same of one that is begun and of the same when it is whole, and of no other export."""
    place, release = row["destination"], row["release_id"]
    if not row.get("format"):
        return f"{place} (release {release})"
    where = f"{place} on {row['machine']}" if row["machine"] else place
    return f"{where} (release {release}, {row['format']} of {row['exported_at']:%Y-%m-%d %H:%M:%S})"


def holding_lines(lake: Lake, releases: Iterable[int], gone: DataFrame, table: Table = RAW_FILES) -> list[str]:
    """A line for each export of these releases that holds rows of the files, or pages, or may: which tables hold how
    many. What does not hold any has none; copies of whole releases are not asked.
    """
    exports = {copied(e): e for e in exports_of(lake, releases) if e["format"]}
    versions = {r["release_id"]: dict(r["tables"]) for r in lake.small(RELEASES)} if exports else {}
    inside = {
        release: _inside(lake, versions[release], _tables_in(exports, release), gone, table)
        for release in sorted({e["release_id"] for e in exports.values()})
    }
    said = {line: _said(e, inside[e["release_id"]], table) for line, e in exports.items()}
    return [f"{line}: {what}{since(exports[line])}" for line, what in said.items() if what]


def _tables_in(exports: dict[str, dict[str, Any]], release: int) -> list[Table]:
    names = {name for e in exports.values() if e["release_id"] == release for name in e["tables"] or ()}
    return [t for t in documents.EXPORTED if t.name in names]


def _said(export: dict[str, Any], inside: dict[str, Rows] | None, table: Table) -> str:
    """What an export holds, empty for nothing."""
    said = []
    for name in (t.name for t in documents.EXPORTED if t.name in (export["tables"] or ())):
        if inside is None:
            said.append(f"{name} may hold it, which cannot be read any more")
            continue
        held = {"leave-out": (False,), "only": (True,), "all": (False, True)}[export["held_out"]]
        # The Stack's columns are for files, not for pages.
        taken = [inside[name][h] for h in held if export["format"] != "the-stack" or table is RAW_FILES]
        if number := sum(mine for mine, _ in taken):
            said.append(f"{name} held {number:,} of its rows")
        if any(made for _, made in taken):
            said.append(f"{name} may hold what was made of it")
    return ", ".join(said)


def _inside(
    lake: Lake, versions: dict[str, int], names: list[Table], gone: DataFrame, table: Table
) -> dict[str, Rows] | None:
    """Of each table of a release its rows of the files or pages, and those that models may have made of them; None
    where that cannot be looked up any more.
    """
    try:
        texts = _texts(lake, versions, gone, table)
        rows = reduce(DataFrame.union, (_ids(lake, t, versions[t.name]) for t in names))
        rows = rows.join(texts.withColumn("there", F.lit(True)), "id", "left")
        mine = F.col("there") & ~F.col("made") & (F.col("of_code") == (table is RAW_FILES))
        by = rows.groupBy("table", "held_out").agg(F.count_if(mine).alias("mine"), F.count_if("made").alias("made"))
        counts = {(r["table"], r["held_out"]): (r["mine"], r["made"]) for r in by.collect()}
        seeds = any(made for _, made in counts.values()) and _were_seeds(lake, versions, texts, gone, table)
    except (PySparkException, ContractError, KeyError):  # removed by VACUUM, of an older contract, not in the release
        return None
    found: dict[str, Rows] = {t.name: {False: (0, 0), True: (0, 0)} for t in names}
    for (name, held_out), (number, made) in counts.items():
        found[name][held_out] = (number, made if seeds else 0)
    return found


def _ids(lake: Lake, table: Table, version: int) -> DataFrame:
    """(table, id, of_code, made, held_out): id of the text that a row is, or was cut from; of what models made it names
    none.
    """
    rows = lake.read(table, version)
    if table in (OPEN_CODE_INSTRUCT, CODE_FEEDBACK):  # all of it is made
        about = (F.lit(None).cast("string").alias("id"), F.lit(True).alias("of_code"), F.lit(True).alias("made"))
    elif "messages" in table.names:
        about = (F.col("origin").alias("id"), F.lit(True).alias("of_code"), (F.col("kind") == "made").alias("made"))
    else:
        code, page = F.col("source").isin(*_OF_CODE), F.col("source") == "web"
        about = (F.col("content_id").alias("id"), code.alias("of_code"), (~code & ~page).alias("made"))
    return rows.select(F.lit(table.name).alias("table"), *about, "held_out")


def _texts(lake: Lake, versions: dict[str, int], gone: DataFrame, table: Table) -> DataFrame:
    """(id) of the texts of a corpus that the files or pages stood for. Of which others are copies, others stand for."""
    corpus = CODE_CORPUS if table is RAW_FILES else WEB_CORPUS
    rows = lake.read(corpus, versions[corpus.name]).select(F.col("clean_id").alias("id"), table.key[0])
    return rows.join(gone, table.key[0], "left_semi").select("id")


def _were_seeds(lake: Lake, versions: dict[str, int], texts: DataFrame, gone: DataFrame, table: Table) -> bool:
    """Whether recipes drew seeds from one of the texts, or from a page as it was captured."""
    ids = texts
    if table is WEB_PAGES:
        pages = lake.read(WEB_PAGES, versions[WEB_PAGES.name]).join(gone, table.key[0], "left_semi")
        ids = ids.union(pages.where("content_id IS NOT NULL").select("content_id"))
    seeds = lake.read(SEED_PARTS, versions[SEED_PARTS.name]).where(F.size("found") > 0)
    return not seeds.select(F.col("clean_id").alias("id")).join(ids, "id", "left_semi").isEmpty()


def since(row: dict[str, Any]) -> str:
    """Since when the files of an export are gone from their place, empty while they are there as far as is known."""
    return f", gone from there since {row['gone_at']:%Y-%m-%d}" if row.get("gone_at") else ""


def made_meanwhile(lake: Lake, releases: Iterable[int], since: datetime, lines: Iterable[str]) -> list[str]:
    """A line for each export of these releases that was begun after a removal was asked for and has none yet: nobody
    has looked what it holds.
    """
    known = tuple(lines)
    new = {copied(e) for e in exports_of(lake, releases) if e["format"] and e["exported_at"] > since}
    return [f"{e}: may hold it, made while it was removed" for e in sorted(new) if not has_line(known, e)]


def has_line(lines: Iterable[str], export: str) -> bool:
    """Whether one of the lines of a receipt is of this copy."""
    return any(line == export or line.startswith(f"{export}: ") for line in lines)
