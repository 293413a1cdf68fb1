"""The published sets, each by its own columns."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from udfs.reading.decoding import MAX_BYTES
from udfs.reading.parquet import Row, rows

TIME = datetime(2023, 1, 2, 3, 4, 5, tzinfo=UTC)


def read(table: pa.Table) -> list[Row]:
    out = io.BytesIO()
    pq.write_table(table, out)
    return list(rows(out, "set.parquet"))


def clean(content: pa.Array, **columns: Any) -> list[Row]:
    count = len(content)
    base = {"path": ["a.py"] * count, "repo_name": ["o/n"] * count, "license": ["mit"] * count}
    return read(pa.table(base | columns | {"content": content}))


def test_the_stack_v1() -> None:
    (row,) = read(
        pa.table(
            {
                "content": ["x = 1\n"],
                "size": [6],
                "lang": ["Python"],
                "max_stars_repo_path": ["src/a.py"],
                "max_stars_repo_name": ["o/n"],
                "max_stars_repo_head_hexsha": ["abc"],
                "max_stars_repo_licenses": [["MIT", "Apache-2.0"]],
                "max_stars_count": pa.array([7.0]),
                "max_stars_repo_stars_event_max_datetime": ["2020-01-01T00:00:00.000Z"],
            }
        )
    )
    assert (row.path, row.repo, row.revision, row.stars) == ("src/a.py", "o/n", "abc", 7)
    assert (row.licences, row.language_hint, row.text) == (("MIT", "Apache-2.0"), "Python", "x = 1\n")
    # The time at which a star was given is not the time of a commit.
    assert row.commit_time is None


@pytest.mark.parametrize("unit", ["s", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "+02:00"])
def test_the_stack_v2(unit: str, zone: str | None) -> None:
    local = TIME if zone is None else TIME.astimezone(timezone(timedelta(hours=2 * (zone != "UTC"))))
    time = pa.array([local.replace(tzinfo=None) if zone is None else local], pa.timestamp(unit, zone))
    (row,) = read(
        pa.table(
            {
                "content": ["x = 'é'\n"],
                "path": ["/src/a.py"],
                "repo_name": ["o/n"],
                "revision_id": ["abc"],
                "star_events_count": [3],
                "detected_licenses": [["MIT"]],
                "committer_date": time,
                "src_encoding": ["ISO-8859-1"],
                "language": ["Python"],
            }
        )
    )
    assert (row.path, row.repo, row.revision, row.stars) == ("src/a.py", "o/n", "abc", 3)
    assert (row.commit_time, row.licences, row.size_bytes) == (TIME, ("MIT",), 9)
    assert (row.encoding, row.converted) == ("iso-8859-1", True)


_FILE = pa.struct(
    [
        ("content_id", pa.string()),
        ("path", pa.string()),
        ("content", pa.string()),
        ("language", pa.string()),
        ("detected_licenses", pa.list_(pa.string())),
    ]
)


def _repositories(files: list[Any], kind: Any = None, **more: Any) -> pa.Table:
    count = len(files)
    facts = {
        "repo_path": [f"o/n{i}" for i in range(count)],
        "repo_id": list(range(count)),
        "commit_id": [f"c{i}" for i in range(count)],
        "github_metadata": [{"branch": "main", "stars": 10 + i, "is_fork": False} for i in range(count)],
        "num_files": [len(f or ()) for f in files],
    }
    return pa.table(facts | more | {"files": pa.array(files, kind or pa.list_(_FILE))})


def _file(path: str | None, content: str | None = "x = 1\n", licences: tuple[str, ...] = ("MIT",)) -> dict[str, Any]:
    return {"path": path, "content": content, "language": "Python", "detected_licenses": list(licences)}


@pytest.mark.parametrize("kind", [pa.list_(_FILE), pa.large_list(_FILE)])
def test_the_stack_v3_has_a_row_a_repository(kind: Any) -> None:
    found = read(_repositories([[_file("/a.py"), _file("b.py", "y = 2\n", ())], [], None, [_file("c.py")]], kind))
    assert [(r.repo, r.revision, r.stars, r.path, r.text, r.licences) for r in found] == [
        ("o/n0", "c0", 10, "a.py", "x = 1\n", ("MIT",)),
        ("o/n0", "c0", 10, "b.py", "y = 2\n", ()),
        ("o/n3", "c3", 13, "c.py", "x = 1\n", ("MIT",)),
    ]
    assert {(r.language_hint, r.commit_time, r.reason) for r in found} == {("Python", None, None)}


def test_what_a_repository_lacks_is_missing_in_its_files_alone() -> None:
    files = [[_file("a.py", None), _file(None), None, _file("b.py")]]
    assert [r.reason for r in read(_repositories(files))] == ["no_content", "no_path", "no_path", None]
    (row,) = read(
        _repositories([[_file("a.py")]], github_metadata=pa.array([None], pa.struct([("stars", pa.int64())])))
    )
    assert (row.stars, row.text) == (None, "x = 1\n")
    (row,) = read(_repositories([[_file("a.py")]], github_metadata=["odd"], commit_id=[None]))
    assert (row.stars, row.revision, row.text) == (None, None, "x = 1\n")


def test_a_repository_of_many_files_is_read_in_pieces() -> None:
    files = [[_file(f"{i}.py", f"x = {i}\n") for i in range(200)], [_file("last.py")]]
    found = read(_repositories(files))
    assert [r.text for r in found[:200]] == [f"x = {i}\n" for i in range(200)]
    assert (found[199].repo, found[200].repo, len(found)) == ("o/n0", "o/n1", 201)


def test_the_stack_v2_by_repositories() -> None:
    table = pa.table(
        {
            "repo_name": ["o/n"],
            "revision_id": ["abc"],
            "star_events_count": [3],
            "committer_date": [TIME],
            "files": [[{"path": "/a.py", "content": "x", "detected_licenses": ["MIT"], "src_encoding": "UTF-8"}]],
        }
    )
    (row,) = read(table)
    assert (row.path, row.repo, row.revision, row.stars, row.commit_time) == ("a.py", "o/n", "abc", 3, TIME)


def test_a_set_of_ids_without_texts_says_what_it_lacks() -> None:
    table = pa.table({"repo_name": ["o/n"], "files": [[{"blob_id": "1", "path": "a.py"}]]})
    with pytest.raises(
        ValueError, match=r"The Stack v3 \(files.content, .*found repo_name, files, files.blob_id, files.path"
    ):
        read(table)


def test_github_code() -> None:
    columns = {"code": ["x"], "repo_name": ["o/n"], "path": ["a.py"], "language": ["Python"], "license": ["mit"]}
    (row,) = read(pa.table(columns | {"size": [1]}))
    assert (row.text, row.repo, row.path, row.language_hint) == ("x", "o/n", "a.py", "Python")
    assert (row.licences, row.stars, row.revision, row.commit_time) == (("mit",), None, None, None)


def test_codeparrot_clean_in_every_kind_of_string_column() -> None:
    for kind in (pa.string(), pa.large_string(), pa.binary(), pa.dictionary(pa.int32(), pa.string())):
        values = pa.array([b"x" if kind == pa.binary() else "x"]).cast(kind)
        (row,) = clean(values)
        assert (row.text, row.encoding, row.converted, row.reason) == ("x", "utf-8", False, None)


def test_what_is_no_text_has_a_reason() -> None:
    large = "x" * (MAX_BYTES + 1)
    found = clean(pa.array(["", "a\0b", large, None, "\ufeffx", "x"]), path=["a", "b", "c", "d", "e", None])
    assert [row.reason for row in found] == ["empty", "binary", "too_large", "no_content", None, "no_path"]
    assert [row.text for row in found] == [None, None, None, None, "x", None]
    assert found[2].size_bytes == MAX_BYTES + 1


def test_a_column_that_only_claims_to_be_utf8() -> None:
    odd = pa.array([b"caf\xe9", b"ok"]).view(pa.string())
    assert [row.reason for row in clean(odd)] == ["undecodable", None]


def test_gaps_in_the_facts_are_none() -> None:
    table = {
        "content": ["a", "b"],
        "path": ["a", "b"],
        "repo_name": pa.array([None, ""], pa.string()),
        "revision_id": pa.array([None, None], pa.string()),
        "star_events_count": pa.array([None, 2], pa.float64()),
        "detected_licenses": pa.array([[], None], pa.list_(pa.string())),
        "committer_date": pa.array([None, None], pa.timestamp("us")),
    }
    found = read(pa.table(table))
    assert [(row.repo, row.revision, row.commit_time) for row in found] == [(None, None, None)] * 2
    assert [row.stars for row in found] == [None, 2]
    assert [row.licences for row in found] == [(), None]


WHEN = datetime(2020, 9, 13, 12, 26, 40, tzinfo=UTC)
SECONDS = 1_600_000_000
HUGE = 2**62


def v2(columns: dict[str, Any]) -> list[Row]:
    count = len(next(iter(columns.values())))
    base = {name: ["x"] * count for name in ("content", "path", "repo_name", "revision_id")}
    return read(pa.table(base | columns))


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        (pa.array([SECONDS * 10**6, -(10**17), None], pa.timestamp("us")), [WHEN, None, None]),
        (pa.array([SECONDS * 10**3, HUGE, -HUGE], pa.timestamp("ms", "UTC")), [WHEN, None, None]),
        (pa.array([SECONDS * 10**9 + 7, 0], pa.timestamp("ns")), [WHEN, datetime(1970, 1, 1, tzinfo=UTC)]),
        (pa.array([SECONDS, SECONDS, None, HUGE, 253402300800]), [WHEN, WHEN, None, None, None]),
        (pa.array([SECONDS * 10**3] * 2), [WHEN] * 2),
        (pa.array([SECONDS * 10**6] * 2), [WHEN] * 2),
        (pa.array([SECONDS * 10**9] * 2), [WHEN] * 2),
        (pa.array([float(SECONDS), float("nan"), float("inf"), -1e300]), [WHEN, None, None, None]),
        (pa.array(["2020-09-13T12:26:40Z", "2020-09-13 14:26:40+02:00", "2020-09-13 12:26:40 UTC"]), [WHEN] * 3),
        (pa.array([str(SECONDS), "", "yesterday", "-0001-01-01", None]), [WHEN, None, None, None, None]),
        (pa.array([18518, 2**31 - 1], pa.date32()), [datetime(2020, 9, 13, tzinfo=UTC), None]),
        (pa.array([[1], []]), [None, None]),
    ],
)
def test_a_date_that_is_none_is_missing_in_its_row_alone(dates: pa.Array, expected: list[datetime | None]) -> None:
    assert [row.commit_time for row in v2({"committer_date": dates})] == expected


@pytest.mark.parametrize(
    ("stars", "expected"),
    [
        (pa.array([7.0, float("inf"), float("-inf"), float("nan"), None, 1e300]), [7, None, None, None, None, None]),
        (pa.array(["7", "", "many", "7.0", None, "inf", " 7 "]), [7, None, None, 7, None, None, 7]),
        (pa.array([7, 2**64 - 1], pa.uint64()), [7, None]),
        (pa.array([b"7", b"\xff"]), [7, None]),
        (pa.array([None, None]), [None, None]),
        (pa.array([[7], []]), [None, None]),
        (pa.array(["7", ""]).dictionary_encode(), [7, None]),
    ],
)
def test_a_count_that_is_none_is_missing_in_its_row_alone(stars: pa.Array, expected: list[int | None]) -> None:
    assert [row.stars for row in v2({"star_events_count": stars})] == expected


@pytest.mark.parametrize(
    ("licences", "expected"),
    [
        (pa.array(["MIT", "", None]), [("MIT",), None, None]),
        (pa.array([["MIT", None, ""], []]), [("MIT",), ()]),
        (pa.array([[b"MIT", b"\xff"]]), [("MIT", "\\xff")]),
        (pa.array([1.5, float("nan")]), [("1.5",), None]),
        (pa.array([{"key": "MIT"}]), [None]),
    ],
)
def test_licences_in_any_kind_of_column(licences: pa.Array, expected: list[object]) -> None:
    assert [row.licences for row in v2({"detected_licenses": licences})] == expected


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (pa.array([b"o/n", b"\xff", b""]), ["o/n", "\\xff", None]),
        (pa.array([17, None]), ["17", None]),
        (pa.array([["o"], None]), [None, None]),
    ],
)
def test_names_in_any_kind_of_column(names: pa.Array, expected: list[str | None]) -> None:
    found = v2({"repo_name": names, "revision_id": names})
    assert [(row.repo, row.revision) for row in found] == [(name, name) for name in expected]


def test_rows_keep_their_order_across_row_groups(tmp_path: Path) -> None:
    table = pa.table({"code": [str(i) for i in range(500)], "path": ["p"] * 500, "repo_name": ["o/n"] * 500})
    pq.write_table(table, tmp_path / "x.parquet", row_group_size=130)
    assert [row.text for row in rows(str(tmp_path / "x.parquet"), "x")] == [str(i) for i in range(500)]


def test_other_columns_are_a_mistake_that_says_what_was_expected() -> None:
    with pytest.raises(ValueError, match=r"^set\.parquet: expected the columns of one of The Stack v1 .* found a, b: "):
        read(pa.table({"a": [1], "b": [2]}))
    with pytest.raises(ValueError, match=r"^set\.parquet: expected content as large_binary, found int64"):
        clean(pa.array([1]))
