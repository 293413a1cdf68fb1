"""The files and pages that a name stands for, looked up without Spark: for the one who asks whether they are in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from jobs.runtime.snapshot import NoTableError, Snapshot
from schemas import code
from schemas.ops import UNIT_FACTS
from schemas.web import WEB_CORPUS, WEB_PAGES
from udfs.removal.names import asked_owner, asked_repo, author_names, hashes_of, salt, salted

TABLES = tuple(t.name for t in (code.RAW_FILES, code.REPOSITORIES, code.CODE_CORPUS, WEB_PAGES, WEB_CORPUS))
"""What a release must still hold for its files to be looked up."""
_TEXT = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Named:
    """What a name may stand for: a text, an author, a repository or an owner."""

    name: str
    content_id: str | None
    authors: tuple[str, ...]
    places: tuple[str, ...]
    hashes: frozenset[str]

    @classmethod
    def of(cls, name: str) -> Named:
        """A name as somebody gives it."""
        mine = salt()
        text = name if _TEXT.fullmatch(name) else None
        address = author_names(name)[:1] if "/" not in name and not text else ()
        spelled = () if text else (("repo", asked_repo(name)), ("owner", asked_owner(name)))
        authors = tuple(salted("author", n, mine) for n in address)
        places = tuple(salted(kind, n, mine) for kind, n in spelled)
        contents = (salted("content", text, mine),) if text else ()
        # A request may have named the host, or the owner of what is looked for.
        asked = () if text else hashes_of(name, mine)
        return cls(name, text, authors, places, frozenset((*authors, *places, *contents, *asked)))


def named_here(snapshot: Snapshot, named: Named) -> dict[str, int]:
    """How many files and pages of that name a release holds, and how many stand in the corpora."""
    return _files(snapshot, named) | _pages(snapshot, named)


def _pages(snapshot: Snapshot, named: Named) -> dict[str, int]:
    """Captures of a text, or of a host and of all hosts below it."""
    if named.content_id:
        asked = pc.field("content_id") == named.content_id
    elif (host := named.name.lower().strip(".")) and "." in host and "/" not in host and "@" not in host:
        asked = (pc.field("host") == host) | pc.ends_with(pc.field("host"), f".{host}")
    else:
        return {"pages": 0, "recalled": 0}
    try:
        pages = snapshot.rows(WEB_PAGES, asked, ["page_id"])
        ids = pa.array([row["page_id"] for row in pages], pa.string())
        recalled = snapshot.rows(WEB_CORPUS, pc.field("page_id").isin(ids), ["page_id"]) if pages else []
    except NoTableError:
        return {"pages": 0, "recalled": 0}
    return {"pages": len(pages), "recalled": len(recalled)}


def _files(snapshot: Snapshot, named: Named) -> dict[str, int]:
    try:
        return _files_named(snapshot, named)
    except NoTableError:
        if WEB_PAGES.name not in snapshot.versions:
            raise
        return {"files": 0, "published": 0}


def _files_named(snapshot: Snapshot, named: Named) -> dict[str, int]:
    files = snapshot.rows(code.RAW_FILES, _condition(snapshot, named), ["file_id"])
    ids = pa.array([row["file_id"] for row in files], pa.string())
    published = snapshot.rows(code.CODE_CORPUS, pc.field("file_id").isin(ids), ["file_id"]) if files else []
    return {"files": len(files), "published": len(published)}


def _condition(snapshot: Snapshot, named: Named) -> pc.Expression:
    if named.content_id:
        return pc.field("content_id") == named.content_id
    wanted = set(named.places)
    rows = snapshot.rows(code.REPOSITORIES, pc.scalar(True), ["repo_id", "source_id", "repo", "location"])
    repos = {r["repo_id"] for r in rows if wanted & _hashes(r, "repo", "source_id", location=r["location"])}
    repos |= {r["repo_id"] for r in _facts(snapshot) if wanted & _hashes(r, "said_repo", "declared_repo")}
    found = pc.field("repo_id").isin(pa.array(sorted(repos), pa.string()))
    return found | _by_author(snapshot, named) if named.authors else found


def _hashes(row: dict[str, Any], *names: str, location: str | None = None) -> set[str]:
    mine = salt()
    found = {h for n in names if row[n] for h in hashes_of(row[n], mine)}
    return found | set(hashes_of(location, mine, True) if location else ())


def _facts(snapshot: Snapshot) -> list[dict[str, Any]]:
    """What units say of their repositories, with the repository's id."""
    import hashlib

    try:
        rows = snapshot.rows(UNIT_FACTS, pc.scalar(True), ["source_id", "said_repo", "declared_repo"])
    except NoTableError:
        return []
    for row in rows:
        row["repo_id"] = hashlib.sha256(f"{row['source_id']}\0{row['said_repo']}".encode()).hexdigest()
    return rows


def _by_author(snapshot: Snapshot, named: Named) -> pc.Expression:
    known = snapshot.rows(code.RAW_FILES, pc.field("authors").is_valid(), ["file_id", "authors"])
    mine = [row["file_id"] for row in known if set(row["authors"]) & set(named.authors)]
    return pc.field("file_id").isin(pa.array(mine, pa.string()))
