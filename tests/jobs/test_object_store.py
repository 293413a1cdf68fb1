"""What is done without Spark in an object store, against a real server: clean-up, reports, doctor, reading tables."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyspark
import pytest
from deltalake import write_deltalake
from pyspark.errors import AnalysisException

from jobs.cli import exit_code
from jobs.commands import doctor
from jobs.commands.run import write_report
from jobs.runtime import places
from jobs.runtime.endings import last_words
from jobs.runtime.progress import Console
from jobs.runtime.session import read_settings
from jobs.runtime.snapshot import Snapshot
from jobs.runtime.staging import RUN_TIME, Staging
from jobs.runtime.store_errors import cause
from schemas.ops import RELEASES
from tests.jobs.store import client, keys, new_bucket, s3_server
from udfs.reading.delta import opened

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with s3_server() as address:
        yield address


@pytest.fixture
def bucket(server: str) -> str:
    return new_bucket(server)


@pytest.fixture
def no_spark(monkeypatch: pytest.MonkeyPatch) -> None:
    """doctor and run up to the point where they would start Spark."""

    def never(*places: str) -> None:
        raise AssertionError("a session was started")

    monkeypatch.setattr(doctor, "_session", lambda places, wrong: None)
    monkeypatch.setattr("jobs.runtime.session.session", never)


@pytest.mark.parametrize("kind", ["s3", "s3a"])
def test_a_report_is_written_to_the_store_and_found_again(server: str, bucket: str, kind: str) -> None:
    target = f"{kind}://{bucket}/warehouse/report.html"
    assert not places.exists(target)
    places.write_text(target, "é")
    assert places.exists(target) and places.read_text(target) == "é"
    assert keys(server, bucket) == ["warehouse/report.html"]
    with pytest.raises(FileNotFoundError, match="bucket does not exist"):
        places.write_text("s3://no-such-bucket/report.html", "made by nobody")


def test_what_dead_runs_set_aside_is_swept_and_what_is_ours_stays(server: str, bucket: str) -> None:
    lately, long_ago = (f"{datetime.now(UTC) - timedelta(days=d):{RUN_TIME}}" for d in (0, 2))
    staging = Staging(None, f"s3a://{bucket}/warehouse")  # type: ignore[arg-type]
    folders = {f"{lately}-mine", f"{lately}-dead", f"reader-{lately}-reads", f"reader-{long_ago}-read", "notes"}
    for name in folders:
        places.write_text(f"{staging.staging(name)}/rows/part-0.parquet", name)
        client(server).put_object(Bucket=bucket, Key=f"warehouse/_staging/{name}/")  # as Hadoop marks a folder
    staging.sweep_staging(f"{lately}-mine")
    left = {f"{lately}-mine", f"reader-{lately}-reads", "notes"}
    assert set(places.names(staging.staging(""))) == left
    assert staging.drop_staging(f"{lately}-mine") is None and staging.drop_staging("never-was") is None
    assert not [key for key in keys(server, bucket) if "mine" in key or "dead" in key or "read/" in key]


def test_a_failed_clean_up_is_a_warning_and_raises_nothing(server: str) -> None:
    said = Staging(None, "gs://bucket/warehouse").drop_staging("a")  # type: ignore[arg-type]
    assert said and "refinelake[gcs]" in said and said.endswith("remove it by hand")


@pytest.mark.parametrize("kind", ["s3", "s3a"])
def test_a_table_in_the_store_is_read_without_spark(server: str, bucket: str, kind: str) -> None:
    place = f"{kind}://{bucket}/warehouse/{RELEASES.name}"
    rows = {"release_id": [1, 2], "tables": [[("a", 1)], [("a", 3)]]}
    stored = pa.table(rows, pa.schema({"release_id": pa.int64(), "tables": pa.map_(pa.string(), pa.int64())}))
    write_deltalake(place, stored, storage_options={"allow_http": "true", "aws_conditional_put": "etag"})
    assert opened(place).version() == 0
    snapshot = Snapshot.newest(f"{kind}://{bucket}/warehouse")
    assert snapshot.versions == {"a": 3}
    assert [r["release_id"] for r in snapshot.rows(RELEASES, pc.field("release_id") > 1)] == [2]
    with pytest.raises(ValueError, match=r"expected a warehouse with a release, found none"):
        Snapshot.newest(f"{kind}://{bucket}/elsewhere")


def test_explain_tells_a_store_that_is_not_there(
    server: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert exit_code(["explain", "a.py", "--warehouse", "s3://no-such-bucket/w"]) == 2
    assert "no such bucket; make the bucket" in capsys.readouterr().err
    assert exit_code(["explain", "a.py", "--warehouse", "s3:/typo"]) == 2
    assert "found no two slashes after s3:" in capsys.readouterr().err


def test_doctor_writes_lists_reads_and_deletes_in_both_places(
    server: str, bucket: str, no_spark: None, capsys: pytest.CaptureFixture[str]
) -> None:
    places_named = ("--warehouse", f"s3a://{bucket}/warehouse", "--staging", f"s3://{bucket}/aside/")
    assert exit_code(["doctor", *places_named]) == 0
    said = capsys.readouterr().out
    assert said.count("written, listed, read and deleted without Spark, by S3FileSystem") == 2
    assert keys(server, bucket) == [], "nothing is left behind"


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("s3://no-such-bucket/w", "found no such bucket; make the bucket, or mend its name"),
        ("gs://bucket/w", "pip install 'refinelake[gcs]'"),
        ("abfss://box@account.example/w", "pip install 'refinelake[azure]'"),
        ("nope://x/w", "expected a scheme that fsspec knows, as s3, s3a, abfss, gs, found nope; mend the URL"),
    ],
)
def test_doctor_says_what_to_do_and_ends_with_1(
    server: str, no_spark: None, capsys: pytest.CaptureFixture[str], place: str, said: str
) -> None:
    assert exit_code(["doctor", "--warehouse", place]) == 1
    (line, *_) = capsys.readouterr().out.splitlines()
    assert line.startswith(f"--warehouse: {place}: expected ") and said in line


def test_doctor_tells_a_store_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch, no_spark: None, capsys: pytest.CaptureFixture[str], server: str
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setattr("s3fs.S3FileSystem.cachable", False)
    assert exit_code(["doctor", "--warehouse", "s3://lake/w"]) == 1
    assert "found no store at that address; mend AWS_ENDPOINT_URL" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--warehouse", "s3:/typo"), "refinelake: s3:/typo: expected a folder, or a URL as s3://bucket/folder, "),
        (
            ("--warehouse", "s3://"),
            "refinelake: s3://: expected a folder, or a URL as s3://bucket/folder, found no place",
        ),
        (("--warehouse", "gs://bucket/w"), "pip install 'refinelake[gcs]', or keep what is done without Spark"),
        (("--warehouse", "w", "--staging", "abfss://box@account.example/w"), "pip install 'refinelake[azure]'"),
        (("--warehouse", "w", "--report", "nope://x/report.html"), "expected a scheme that fsspec knows"),
    ],
)
def test_a_run_is_refused_in_one_line_before_any_work(
    no_spark: None, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: Any, arguments: Any, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    manifest = tmp_path / "sources.jsonl"
    manifest.write_text('{"kind": "folder", "location": "."}\n')
    assert exit_code(["run", "--sources", str(manifest), *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
    assert [p.name for p in tmp_path.iterdir()] == ["sources.jsonl"]


@pytest.mark.parametrize(
    ("place", "kind"), [("w", ""), ("/a/b", ""), ("C:/w", ""), ("s3a://b/w", "s3a"), ("FILE:///w", "file")]
)
def test_a_place_is_a_folder_or_has_a_scheme(place: str, kind: str) -> None:
    assert places.scheme(place) == kind
    assert places.absolute(place) == (place if kind else str(Path(place).absolute()))


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ('No FileSystem for scheme "gs"', "no Hadoop class for gs://"),
        ("ClassNotFoundException: Class org.apache.hadoop.fs.s3a.S3AFileSystem not found", "no Hadoop class for s3a"),
        ("org.apache.hadoop.fs.s3a.UnknownStoreException: `s3a://no/w': Bucket does not exist", "no such bucket"),
        ("AccessDeniedException: s3a://b/w: (Service: S3, Status Code: 403, Request ID: x)", "these keys may not"),
        ("The AWS Access Key Id you provided does not exist in our records.", "keys that the store does not know"),
    ],
)
def test_what_a_store_refuses_is_told_with_the_remedy(said: str, found: str) -> None:
    known = cause(said)
    assert known and found in known[0] and known[1]


def test_a_run_that_a_store_refuses_ends_with_one_line() -> None:
    error = AnalysisException("`s3a://no/w': listObjects(): NoSuchBucketException: The specified bucket does not exist")
    assert last_words(error) == (
        "Spark: expected to reach the tables, found no such bucket: make the bucket, or mend its name. "
        "What is written stays."
    )
    assert last_words(AnalysisException("PermissionError: a worker may not read /etc/shadow")) is None


def test_the_settings_for_s3_name_the_same_delta_and_the_hadoop_that_spark_brings() -> None:
    ours, defaults = (read_settings(ROOT / f"spark-{name}.conf") for name in ("s3", "defaults"))
    packages = ours["spark.jars.packages"].split(",")
    assert defaults["spark.jars.packages"] in packages
    (client_jar,) = (Path(pyspark.__file__).parent / "jars").glob("hadoop-client-api-*.jar")
    assert f"org.apache.hadoop:hadoop-aws:{client_jar.stem.rpartition('-')[2]}" in packages


def test_doctor_takes_a_folder_too(no_spark: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    args = argparse.Namespace(warehouse=str(tmp_path / "w"), staging=None, languages=False)
    assert doctor.work(args) == 0
    assert "by LocalFileSystem" in capsys.readouterr().out


def test_a_report_that_cannot_be_written_is_a_warning_after_the_work(
    server: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("jobs.report.report_page", lambda run: "a page")
    monkeypatch.setattr("jobs.commands.reports.note", lambda *about: None)
    finished: Any = argparse.Namespace(results=[], lake=argparse.Namespace(version=lambda name: 1, warehouse="w"))
    write_report("s3://no-such-bucket/report.html", finished, Console())
    said = " ".join(capsys.readouterr().out.split())
    assert said.startswith("warning: s3://no-such-bucket/report.html: expected to write the report, found no such ")
    assert said.endswith("and refinelake report writes it")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")  # boto has a class of its own for this
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setattr("s3fs.S3FileSystem.cachable", False)
    write_report("s3://lake/report.html", finished, Console())
    assert "found no store at that address" in " ".join(capsys.readouterr().out.split())
