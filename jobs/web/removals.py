"""Pages that were asked to be removed: of a domain or host, or with a text that must stay out.

As with files, what comes back stays out by the rule that took it out.
"""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.code.removals import Asked
from jobs.runtime import receipts
from jobs.runtime.accounting import rewrite_rows
from jobs.runtime.keys import FEW_KEYS
from jobs.runtime.writing import write_changes
from jobs.web.staged import STAGE
from schemas.ops import REJECTS
from schemas.recall import PAGE_LABELS, RECALL_MODELS
from schemas.web import WEB_PAGES, WEB_PLACES
from udfs.spark.removal import hashed_hosts

REMOVED = "removed"
"""The reason that stands in `rejects` for a unit of which pages were asked out; which, nobody can tell any more."""
_HOST_OF = r"(?:^| )[A-Za-z][A-Za-z0-9+.-]*://([^/:?# ]+)"
"""The host in a refusal's path: an address, or where it stands in its file and then the address."""
_HOST_OF_LABEL = r"^(?:[^/]*://)?([^/:?#]*)"


def asked_out(asked: Asked, rows: DataFrame) -> DataFrame:
    """Of rows with a `host`, and a `content_id` where they have texts, those that a request names."""
    found = rows.join(F.broadcast(_hosts(asked, rows)), "host", "left_semi")
    contents = asked.contents() if "content_id" in rows.columns else None
    if contents is None:
        return found
    texts = contents.withColumnRenamed("name_hash", "text_hash")
    with_text = rows.where("content_id is not null")
    same = with_text.join(texts, asked.text_hash(with_text) == texts["text_hash"], "left_semi")
    return found.unionByName(same).distinct()


def _hosts(asked: Asked, rows: DataFrame) -> DataFrame:
    """(host) of rows that are of an asked domain, or of part of it."""
    wanted = [r["name_hash"] for r in asked.rows if r["kind"] == "domain"]
    names = asked.run.lake.spark.createDataFrame(pa.table({"name_hash": pa.array(wanted, pa.string())}))
    hosts = rows.where("host is not null").select(F.lower("host").alias("host")).distinct()
    return hashed_hosts(hosts, asked.salt).join(F.broadcast(names), "name_hash", "left_semi").select("host").distinct()


def without_asked(asked: Asked | None, staged: DataFrame) -> tuple[DataFrame, DataFrame | None]:
    """(staged rows that nobody asked to be removed, a refusal for each unit that some were taken from)."""
    if asked is None:
        return staged, None
    run = asked.run
    ids = staged.select("source_id", "unit", "page_id", "host", "content_id")
    gone = run.lake.stage(asked_out(asked, ids), run.run_id, "web_removal.read")
    left = gone.select("source_id", "unit").distinct()
    kept = staged.join(gone.select("page_id").distinct(), "page_id", "left_anti")
    return kept.select(*staged.columns), left


def take_out_new(asked: Asked, metadata: dict[str, Any]) -> int:
    """Take out what is stored of pages that were asked for, and what names them; the receipts say what, before anything
    goes. Returns the rows written.
    """
    run = asked.run
    pages = run.narrow(WEB_PAGES)
    gone = asked_out(asked, pages.select("page_id", "source_id", "unit", "host", "content_id"))
    gone = run.lake.stage(gone, run.run_id, "web_removal.pages")
    ids = gone.select("page_id").distinct()
    left = pages.join(ids, "page_id", "left_anti").select("content_id")
    texts = gone.where("content_id is not null").select("content_id").distinct().join(left, "content_id", "left_anti")
    receipts.note_more_taken(run.lake, WEB_PAGES, ids, ids.count(), texts.count())
    written = write_changes(run, STAGE, WEB_PAGES, pages.limit(0), metadata, lambda rows: _semi(rows, ids))
    places = run.narrow(WEB_PLACES)
    lost = asked_out(asked, places).select("page_id")
    written += write_changes(run, STAGE, WEB_PLACES, places.limit(0), metadata, lambda rows: _semi(rows, lost))
    return written + _take_refusals(asked, gone, metadata) + _take_labels(asked, metadata)


def _semi(rows: DataFrame, ids: DataFrame) -> DataFrame:
    return rows.join(F.broadcast(ids), "page_id", "left_semi")


def _take_refusals(asked: Asked, gone: DataFrame, metadata: dict[str, Any]) -> int:
    """Refusals name addresses too; a unit that lost pages says so."""
    run = asked.run
    mine = f"stage IN ('{STAGE}', 'web_places', 'recall_scores') OR stage LIKE 'web_%'"
    named = run.narrow(REJECTS).where(mine).withColumn("host", F.lower(F.regexp_extract("path", _HOST_OF, 1)))
    lost = run.lake.stage(
        named.join(F.broadcast(_hosts(asked, named)), "host", "left_semi").select("reject_id"),
        run.run_id,
        "web_removal.rejects",
    )
    more = removed_units(gone.select("source_id", "unit").distinct())
    ids = lost.union(more.select("reject_id"))
    return write_changes(
        run, STAGE, REJECTS, more, metadata, lambda rows: rows.join(F.broadcast(ids), "reject_id", "left_semi")
    )


def removed_units(units: DataFrame) -> DataFrame:
    """Rows of rejects: a refusal for each of units (source_id, unit) that pages were taken from."""
    nothing = {n: F.lit(None).cast("bigint" if n == "size_bytes" else "string") for n in REJECTS.names}
    named = F.sha2(F.concat_ws("\0", F.lit(STAGE), "source_id", "unit", F.lit(REMOVED)), 256)
    said = {"reject_id": named, "stage": F.lit(STAGE), "reason": F.lit(REMOVED)}
    more = {n: c for n, c in nothing.items() if n not in ("source_id", "unit")}
    return units.withColumns(more | said).select(*REJECTS.names)


def _take_labels(asked: Asked, metadata: dict[str, Any]) -> int:
    """Labels of the pages, and samples of them beside classifiers: what was learnt from them stays learnt, and who asks
    for that trains again.
    """
    run = asked.run
    labels = run.lake.read(PAGE_LABELS).select("url", F.lower(F.regexp_extract("url", _HOST_OF_LABEL, 1)).alias("host"))
    lost = labels.join(F.broadcast(_hosts(asked, labels)), "host", "left_semi").select("url")
    lost = run.lake.stage(lost, run.run_id, "web_removal.labels")
    number = lost.count()
    if number:
        run.lake.delete(PAGE_LABELS, lost.distinct(), metadata, number <= FEW_KEYS)
    _take_samples(asked)
    return number


def _take_samples(asked: Asked) -> None:
    """Addresses of the pages in what is known of the few classifiers."""
    run = asked.run
    models = run.lake.small(RECALL_MODELS)
    urls = {u for r in models for u in _urls(json.loads(r["facts"]))}
    hosts = {url: (url.partition("://")[2] or url).partition("/")[0].partition(":")[0].lower() for url in urls}
    if not hosts:
        return
    frame = run.lake.spark.createDataFrame(pa.table({"host": sorted(set(hosts.values()))}))
    out = {r["host"] for r in _hosts(asked, frame).collect()}
    told = [{**r, "facts": json.dumps(_less(json.loads(r["facts"]), hosts, out), sort_keys=True)} for r in models]
    if models != told:
        rewrite_rows(run.lake, RECALL_MODELS, told)


def _samples(facts: dict[str, Any]) -> list[dict[str, Any]]:
    seen = facts.get("measured", {})
    return [*seen.get("missed", ()), *seen.get("wrong", ())]


def _urls(facts: dict[str, Any]) -> set[str]:
    return {s["url"] for s in _samples(facts) if s["url"]} | {d["domain"] for d in facts.get("largest_domains", ())}


def _less(facts: dict[str, Any], hosts: dict[str, str], out: set[str]) -> dict[str, Any]:
    """The facts of a round without samples and names of hosts."""
    seen = dict(facts.get("measured", {}))
    for name in ("missed", "wrong"):
        if name in seen:
            seen[name] = [s for s in seen[name] if not s["url"] or hosts[s["url"]] not in out]
    largest = [d for d in facts.get("largest_domains", ()) if hosts[d["domain"]] not in out]
    return {**facts, "measured": seen, "largest_domains": largest}
