"""Which files a request names: by repository in every spelling, owner, author, path and text, and no other."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from jobs.code.asking import _row
from jobs.code.removals import Asked, SaltError, asked_by, sources_of
from jobs.runtime.manifest import Source
from jobs.runtime.runner import Run
from jobs.runtime.tables import Lake
from schemas.code import REPOSITORIES
from schemas.ops import UNIT_FACTS
from udfs.removal.names import SALT, author_names, salt, salted
from udfs.removal.requests import Request, listed

AT = datetime(2026, 1, 1, tzinfo=UTC)
FILES = (
    "file_id string, source_id string, unit string, repo_id string, path string, content_id string, "
    "authors array<string>"
)


def repo_id(source: str, said: str = "") -> str:
    return hashlib.sha256(f"{source}\0{said}".encode()).hexdigest()


def text_id(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def author(email: str) -> list[str]:
    return [salted("author", name, salt()) for name in author_names(email)]


FILE_ROWS = [
    ("git/a", "git", "git", repo_id("git"), "src/a.py", text_id("a"), author("Jane@x.org")),
    ("git/b", "git", "git", repo_id("git"), "keys/b.pem", text_id("b"), author("7+joe@users.noreply.github.com")),
    ("pkg/a", "pkg", "one.whl", repo_id("pkg"), "a.py", text_id("a"), None),
    ("pkg/c", "pkg", "two.whl", repo_id("pkg"), "c.py", text_id("c"), None),
    ("set/d", "set", "0.parquet", repo_id("set", "Org/Tool"), "d.py", text_id("d"), None),
    ("set/e", "set", "0.parquet", repo_id("set", "other/tool"), "e.py", text_id("e"), None),
    ("set/f", "set", "1.parquet", repo_id("set"), "f.py", text_id("f"), None),
]
REPOS = [
    ("git", "", "https://gitlab.com/Group/Sub/Lib", "git", "https://gitlab.com/group/sub/lib.git"),
    ("pkg", "", "declared/one", "archive", "/data/org/pkg"),
    ("set", "Org/Tool", "Org/Tool", "parquet", "s3://bucket/org/set"),
    ("set", "other/tool", "other/tool", "parquet", "s3://bucket/org/set"),
    ("set", "", "given/set", "parquet", "s3://bucket/org/set"),
]
FACTS = [
    ("pkg", "one.whl", "", "declared/one"),
    ("pkg", "two.whl", "", None),
    ("set", "0.parquet", "Org/Tool", None),
    ("set", "0.parquet", "other/tool", None),
]


def asked_for(spark: SparkSession, tmp_path: Path, *requests: Request) -> Asked:
    run = Run(Lake(spark, str(tmp_path)), "r", ())
    found = asked_by(run, [_row(1, "r", request, None, AT) for request in requests])
    assert found is not None
    return found


def taken(spark: SparkSession, tmp_path: Path, *requests: Request) -> tuple[set[str], list[str]]:
    """(files, sources as a whole) that the requests name."""
    asked = asked_for(spark, tmp_path, *requests)
    repos = [
        dict.fromkeys(REPOSITORIES.names)
        | {"repo_id": repo_id(s, said), "source_id": s, "repo": name, "source_kind": kind, "location": place}
        for s, said, name, kind, place in REPOS
    ]
    facts = [
        dict.fromkeys(UNIT_FACTS.names) | {"source_id": s, "unit": u, "said_repo": said, "declared_repo": declared}
        for s, u, said, declared in FACTS
    ]
    ddl = {t.name: ", ".join(f"{c.name} {c.type}" for c in t.columns) for t in (REPOSITORIES, UNIT_FACTS)}
    places = asked.places(
        spark.createDataFrame([tuple(r.values()) for r in repos], ddl["repositories"]),
        spark.createDataFrame([tuple(r.values()) for r in facts], ddl["unit_facts"]),
    )
    files = asked.files(spark.createDataFrame(FILE_ROWS, FILES), "file_id", places)
    return {row["file_id"] for row in files.collect()}, sources_of(places)


@pytest.mark.spark
@pytest.mark.parametrize(
    ("line", "files", "sources"),
    [
        ("gitlab.com/group/sub/lib", {"git/a", "git/b"}, ["git"]),
        ('{"owner": "group"}', {"git/a", "git/b"}, ["git"]),
        ("ORG/tool", {"set/d"}, []),
        ("declared/one", {"pkg/a"}, []),
        ('{"repo": "pkg"}', {"pkg/a", "pkg/c"}, ["pkg"]),
        ("joe: commits", {"git/b"}, []),
        ('{"path": "*.pem"}', {"git/b"}, []),
        ('{"repo": "gitlab.com/group/sub/lib", "path": "src/*"}', {"git/a"}, []),
    ],
)
def test_each_way_of_asking_names_its_files_alone(
    spark: SparkSession, tmp_path: Path, line: str, files: set[str], sources: list[str]
) -> None:
    assert taken(spark, tmp_path, *listed([line])) == (files, sources)


@pytest.mark.spark
def test_a_source_of_one_repository_is_not_read_and_a_set_of_many_is(spark: SparkSession, tmp_path: Path) -> None:
    asked = asked_for(spark, tmp_path, Request("owner", "org"), Request("repo", "x/y", "only/*"))
    whole = {
        ("archive", "data/a.tgz", "Org/Tool"): True,
        ("git", "git@github.com:org/other.git", None): True,
        ("archive", "/home/org/a.tgz", None): False,
        ("git", "/data/x", "x/y"): False,
        ("parquet", "https://host.org/org/set.parquet", "org/set"): False,
    }
    found = {key: asked.whole(_source(*key)) for key in whole}
    assert found == whole


def _source(kind: str, location: str, repo: str | None) -> Source:
    facts: dict[str, Any] = dict.fromkeys(Source.__dataclass_fields__)
    return Source(**facts | {"source_id": "s", "kind": kind, "location": location, "repo": repo})


@pytest.mark.spark
def test_another_salt_is_refused(spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked_for(spark, tmp_path, Request("repo", "a/b"))
    rows = [_row(1, "r", Request("repo", "a/b"), None, AT)]
    monkeypatch.setenv(SALT, "another")
    with pytest.raises(SaltError, match=SALT):
        asked_by(Run(Lake(spark, str(tmp_path)), "r", ()), rows)
