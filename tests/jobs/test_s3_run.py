"""A whole run whose warehouse is a bucket of a real S3 server, by Hadoop's own client, as a user starts it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow.compute as pc
import pytest

from jobs.cli import exit_code
from jobs.runtime.places import read_text
from jobs.runtime.snapshot import Snapshot
from schemas.code import CODE_CORPUS
from schemas.ops import RUNS
from tests.jobs.conftest import command
from tests.jobs.store import keys, new_bucket, s3_server

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.long  # three sessions and a run of minutes; test_object_store.py has the rest


@dataclass(frozen=True)
class Store:
    """A server, a bucket and the manifest of a folder of real files."""

    address: str
    bucket: str
    sources: Path

    def run(self, warehouse: str, *more: str) -> str:
        """What a run into the bucket prints."""
        done = command(
            *("refinelake", "run", "--sources", str(self.sources), "--warehouse", warehouse, *more),
            cwd=self.sources.parent,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def held(self) -> list[str]:
        return keys(self.address, self.bucket)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    here = tmp_path_factory.mktemp("s3")
    shutil.copytree(ROOT / "udfs" / "rules", here / "some")
    manifest = here / "sources.jsonl"
    manifest.write_text(json.dumps({"kind": "folder", "location": str(here / "some"), "source_id": "some"}) + "\n")
    with s3_server() as address:
        yield Store(address, new_bucket(address), manifest)


def test_a_run_into_a_bucket_its_repeat_and_its_release(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    warehouse = f"s3a://{store.bucket}/warehouse"
    said = store.run(warehouse)
    assert "release 1 is what readers see now" in said and "warning" not in said
    assert f"report: {warehouse}/report.html" in said
    assert "<html" in read_text(f"{warehouse}/report.html")
    before = store.held()
    assert not [key for key in before if "/_staging/" in key and not key.endswith("/")]
    assert "nothing has changed: no table was written" in store.run(f"s3://{store.bucket}/warehouse")
    assert store.held() == before, "s3:// is the same place, and a repeat writes nothing"
    released = Snapshot.newest(warehouse)
    assert released.rows(CODE_CORPUS, pc.scalar(True)) and released.rows(RUNS, pc.scalar(True))
    capsys.readouterr()
    assert exit_code(["explain", "book.py", "--warehouse", warehouse]) == 0
    assert "in code_corpus as" in capsys.readouterr().out


def test_doctor_tries_the_bucket_by_spark_too(store: Store) -> None:
    done = command("refinelake", "doctor", "--warehouse", f"s3://{store.bucket}/w", cwd=store.sources.parent)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "written and read by Spark" in done.stdout
    assert not [key for key in store.held() if "_doctor" in key]


def test_a_bucket_that_is_not_there_is_told_in_one_line(store: Store) -> None:
    arguments = ("--sources", str(store.sources), "--warehouse", "s3a://no-such-bucket/warehouse")
    done = command("refinelake", "run", *arguments, cwd=store.sources.parent)
    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("refinelake: Spark: expected to reach the tables, found no such bucket: make the bucket")
