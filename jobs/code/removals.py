"""Which rows were asked to be removed: names of the rows against the salted names of the requests in force.

A name stands for a place: a source as a whole, a unit of it, or a repository in it. Requests by author, path or text
name files themselves. Both ingest, of what it reads, and `refinelake remove`, of what is stored, ask here, so a source
that comes back stays out by the same rule that took it out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import Any

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.code.staged import repo_id
from jobs.runtime.manifest import Source
from jobs.runtime.runner import Run
from schemas.contract import quote
from schemas.ops import REMOVALS, REMOVED_CONTENTS
from udfs.reading.kinds import SETS
from udfs.removal.names import SALT, hashes_of, salt, salted
from udfs.spark.removal import hashed_names

PLACE = ("source_id", "unit", "repo_id")
_PATH = ("path_hash", "path_pattern")
_ASKED = pa.schema([(n, pa.string()) for n in ("name_hash", *_PATH)])


class SaltError(ValueError):
    """Names were hashed with another salt: no request would find anything, and all would come back."""


@dataclass(frozen=True)
class Asked:
    """The requests in force, or some of them: rows of `removals`, and whether texts are named."""

    run: Run
    rows: list[dict[str, Any]]
    salt: str

    def whole(self, source: Source) -> bool:
        """Whether a source of the manifest is all of one repository that was asked out: it is not even read."""
        if source.kind in SETS:
            return False
        names = {source.repo or source.source_id: False, source.source_id: False, source.location: True}
        hashes = {h for name, is_location in names.items() for h in hashes_of(name, self.salt, is_location)}
        return any(r["name_hash"] in hashes and not _has_path(r) for r in self._of("repo", "owner"))

    def places(self, repositories: DataFrame, facts: DataFrame) -> DataFrame:
        """(source_id, unit, repo_id, path_hash, path_pattern) asked for by a repository's or an owner's name; null is
        any. Rows of `repositories` say how a source is called, rows of `unit_facts` what a unit says itself.
        """
        names = hashed_names(_names(repositories, facts), self.salt)
        asked = self._frame(self._of("repo", "owner"))
        return names.join(F.broadcast(asked), "name_hash").select(*PLACE, *_PATH).distinct()

    def files(self, rows: DataFrame, key: str, places: DataFrame) -> DataFrame:
        """The `key` of the rows (source_id, unit, repo_id, path, content_id, and authors where files have them) that a
        request names in any way.
        """
        found = [rows.join(F.broadcast(places), self._in_place(rows, places), "left_semi").select(key)]
        if "authors" in rows.columns and (asked := self._of("author")):
            by = rows.select(key, "path", F.explode("authors").alias("name_hash"))
            found.append(self._semi(by, asked, "name_hash", by["name_hash"]).select(key))
        if asked := [r for r in self._of("path") if r["path_hash"]]:
            found.append(self._semi(rows, asked, "path_hash", self._hash("path", rows["path"])).select(key))
        if asked := [r for r in self._of("path") if r["path_pattern"]]:
            pattern = self._frame(asked).select("path_pattern")
            found.append(rows.join(F.broadcast(pattern), F.expr("path RLIKE path_pattern"), "left_semi").select(key))
        if (contents := self.contents()) is not None:
            texts = contents.withColumnRenamed("name_hash", "text_hash")
            same = self._hash("content", rows["content_id"]) == texts["text_hash"]
            found.append(rows.join(texts, same, "left_semi").select(key))
        return reduce(DataFrame.union, found).distinct()

    def contents(self) -> DataFrame | None:
        """(name_hash) of the texts asked for or reached; None where there are none."""
        if not self.run.lake.version(REMOVED_CONTENTS.name):
            return None
        numbers = ", ".join(str(n) for n in sorted({r["removal_id"] for r in self.rows})) or "NULL"
        every = self.run.lake.read(REMOVED_CONTENTS)
        return every.where(f"removal_id IN ({numbers})").select("name_hash").distinct()

    def text_hash(self, texts: DataFrame) -> Column:
        """The salted hash of each content_id."""
        return self._hash("content", texts["content_id"])

    def _of(self, *kinds: str) -> list[dict[str, Any]]:
        return [r for r in self.rows if r["kind"] in kinds]

    def _frame(self, asked: list[dict[str, Any]]) -> DataFrame:
        rows = [{n: r[n] for n in _ASKED.names} for r in asked]
        return self.run.lake.spark.createDataFrame(pa.Table.from_pylist(rows, _ASKED)).distinct()

    def _semi(self, rows: DataFrame, asked: list[dict[str, Any]], name: str, value: Column) -> DataFrame:
        named = self._frame(asked)
        same = value == named[name]
        if name == "name_hash":
            same = same & self._on_path(rows, named)
        return rows.join(F.broadcast(named), same, "left_semi")

    def _in_place(self, rows: DataFrame, places: DataFrame) -> Column:
        return in_place(rows, places) & self._on_path(rows, places)

    def _on_path(self, rows: DataFrame, asked: DataFrame) -> Column:
        anywhere = asked["path_hash"].isNull() & asked["path_pattern"].isNull()
        by_hash = self._hash("path", rows["path"]) == asked["path_hash"]
        return (
            anywhere
            | F.coalesce(by_hash, F.lit(False))
            | F.coalesce(F.regexp_like(rows["path"], asked["path_pattern"]), F.lit(False))
        )

    def _hash(self, kind: str, name: Column) -> Column:
        """As `salted`, of a column."""
        return F.sha2(F.concat(F.lit(f"{self.salt}\0{kind}\0"), name), 256)


def in_force(run: Run) -> Asked | None:
    """The requests of this warehouse; None where there are none. Raises SaltError."""
    return asked_by(run, run.lake.small(REMOVALS))


def asked_by(run: Run, rows: list[dict[str, Any]]) -> Asked | None:
    """These rows of `removals`. Raises SaltError."""
    if not rows:
        return None
    mine = salt()
    check_salt(run.lake.warehouse, rows, mine)
    return Asked(run, rows, mine)


def check_salt(warehouse: str, rows: list[dict[str, Any]], mine: str) -> None:
    """Raises SaltError where requests were made with another salt."""
    if {r["salt_hash"] for r in rows} - {salted("salt", "", mine)}:
        raise SaltError(
            f"{warehouse}/removals: expected the salt that its names were hashed with, found another one; set {SALT} "
            "to what it was when they were asked out, or they would all come back. Nothing was written"
        )


def split(asked: Asked | None, sources: list[Source]) -> tuple[list[Source], list[str]]:
    """(sources to read, ids of those that were asked out as a whole)."""
    out = {s.source_id for s in sources if asked and asked.whole(s)}
    return [s for s in sources if s.source_id not in out], sorted(out)


def _has_path(row: dict[str, Any]) -> bool:
    return bool(row["path_hash"] or row["path_pattern"])


def in_place(rows: DataFrame, places: DataFrame) -> Column:
    """Whether a row is in a place; a row of an earlier release, or about a unit as a whole, is in any part of it."""
    unit = places["unit"].isNull() | rows["unit"].isNull() | (places["unit"] == rows["unit"])
    repo = places["repo_id"].isNull() | (places["repo_id"] == rows["repo_id"])
    return (rows["source_id"] == places["source_id"]) & unit & F.coalesce(repo, F.lit(False))


def _names(repositories: DataFrame, facts: DataFrame) -> DataFrame:
    """(source_id, unit, repo_id, name, is_location): what each place is called. A source of one repository is called as
    its manifest says, unless a unit says so itself; a repository in a set by the set, or by the manifest.
    """
    facts = facts.select("source_id", "unit", repo_id().alias("repo_id"), "said_repo", "declared_repo")
    said = facts.select(*PLACE, F.explode(F.array("said_repo", "declared_repo")).alias("name")).where("name <> ''")
    declared = said.select("repo_id", F.col("name").alias("repo")).distinct()
    one = ~F.col("source_kind").isin(*SETS)
    called = repositories.join(declared, ["repo_id", "repo"], "left_anti")
    nowhere = F.lit(None).cast("string")
    own = called.select(
        "source_id", nowhere.alias("unit"), F.when(~one, F.col("repo_id")).alias("repo_id"), F.col("repo").alias("name")
    )
    whole = repositories.where(one)
    ids = whole.select("source_id", nowhere.alias("unit"), nowhere.alias("repo_id"), F.col("source_id").alias("name"))
    at = whole.select("source_id", nowhere.alias("unit"), nowhere.alias("repo_id"), F.col("location").alias("name"))
    names = said.union(own).union(ids).withColumn("is_location", F.lit(False))
    return names.union(at.where("name is not null").withColumn("is_location", F.lit(True))).distinct()


def sources_of(places: DataFrame) -> list[str]:
    """Sources that were asked out as a whole."""
    whole = places.where("unit is null and repo_id is null and path_hash is null and path_pattern is null")
    return sorted(row["source_id"] for row in whole.select("source_id").distinct().collect())


def not_of(sources: list[str]) -> str:
    """A condition for the rows of all other sources."""
    return f"source_id NOT IN ({', '.join(map(quote, sources))})" if sources else "true"
