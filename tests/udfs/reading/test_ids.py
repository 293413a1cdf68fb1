"""Lists of ids in the forms that they are published in, their parts, and what is wrong with some."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.udfs.reading.id_sources import lines, parquet, records, source
from udfs.reading import kinds
from udfs.reading.ids import lists
from udfs.reading.ids.lists import Id

ROWS = [{"repo": f"o/{n}", "commit": "abc1234", "path": f"{n}.py", "stars": n, "license": "MIT"} for n in range(23)]


def ids_of(place: Path, **named: str) -> list[Id]:
    of = lists.found(str(place), named)
    number = lists.parts(str(place))
    found = [i for part in range(number) for some in lists.rows(str(place), of, part, number) for i in some.ids()]
    return sorted(found, key=lambda i: i.row)


def written(folder: Path, ending: str) -> Path:
    place = folder / f"ids{ending}"
    if ending == ".parquet":
        return parquet(place, ROWS, group=4)
    bare = ending.removesuffix(".gz")
    mark = "\t" if bare == ".tsv" else ","
    table = [mark.join(ROWS[0]), *(mark.join(str(v) for v in row.values()) for row in ROWS)]
    text = "\n".join([json.dumps(row) for row in ROWS] if bare.endswith(("json", "jsonl")) else table) + "\n"
    data = b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()
    place.write_bytes(gzip.compress(data) if ending.endswith(".gz") else data)
    return place


@pytest.mark.parametrize("parts", [1, 3])
@pytest.mark.parametrize("ending", [".parquet", ".jsonl", ".json.gz", ".csv", ".csv.gz", ".tsv"])
def test_a_list_is_read_in_any_form_and_in_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str, parts: int
) -> None:
    """The parts of a list have all of its rows, each once, under the numbers that they have in it."""
    if parts > 1:
        monkeypatch.setattr(lists, "ROWS", 3)
        monkeypatch.setattr(lists, "_PART_ROWS", 8)
        monkeypatch.setattr(lists, "_PART_BYTES", 1)
        monkeypatch.setattr(lists, "_MOST_PARTS", 3)
    place = written(tmp_path, ending)
    assert lists.parts(str(place)) == parts
    expected = [
        Id(n + 1, None, r["repo"], r["path"], "abc1234", None, ("MIT",), r["stars"], None, ())  # type: ignore[arg-type]
        for n, r in enumerate(ROWS)
    ]
    assert ids_of(place) == expected


def test_facts_of_other_columns_are_read_as_what_they_are(tmp_path: Path) -> None:
    row = {"max_stars_repo_name": "o/n", "max_stars_repo_path": "a.py", "hexsha": bytes(range(20))}
    row |= {
        "committer_date": datetime(2024, 5, 1, tzinfo=UTC),
        "src_encoding": "UTF-16",
        "detected_licenses": ["X", "Y"],
    }
    (found,) = ids_of(parquet(tmp_path / "ids.parquet", [row]))
    assert (found.repo, found.path, found.hashes) == ("o/n", "a.py", (bytes(range(20)).hex(),))
    assert (found.commit_time, found.encoding, found.licences) == (row["committer_date"], "UTF-16", ("X", "Y"))


def test_names_in_bytes_that_are_no_utf8_are_spelt_out(tmp_path: Path) -> None:
    raw = pa.array([b"a\xe9.py"]).view(pa.string())
    pq.write_table(pa.table({"repo": pa.array(["o/n"]), "path": raw}), tmp_path / "ids.parquet")
    assert [i.path for i in ids_of(tmp_path / "ids.parquet")] == ["a\\xe9.py"]


def test_rows_that_are_no_ids_are_told_and_the_others_are_read(tmp_path: Path) -> None:
    long = json.dumps({"repo": "o/n", "path": "x" * (1 << 20)})
    rows = [{"repo": "o/n", "path": "a"}, "{", '["x"]', {"repo": "o/n"}, long, {"repo": "o/n", "path": "b", "more": {}}]
    found = ids_of(lines(tmp_path / "ids.jsonl", rows))
    assert [(i.path, i.problem is None) for i in found] == [
        ("a", True),
        ("row 2", False),
        ("row 3", False),
        ("row 4", False),
        ("row 5", False),
        ("b", True),
    ]
    said = [i.problem for i in found if i.problem]
    assert said[0].startswith("expected a JSON object, found an error: Expecting property name")
    assert said[1] == 'expected a JSON object, found ["x"]'
    assert said[2] == "expected a hash, or a repository and a path, found o/n, no path"
    assert said[3] == "expected a line of at most 1048576 bytes, found a longer one"
    table = 'repo,path\no/n,a\no/n\n"' + "x" * 200_000 + '",y\no/n,"b, c"\n'
    (tmp_path / "ids.csv").write_text(table)
    assert [i.path for i in ids_of(tmp_path / "ids.csv")] == ["a", "row 2", "row 3", "b, c"]


@pytest.mark.parametrize("name", ["..", "a/../b", "/a", "a\\b", "a\0b", "x" * 5000])
def test_names_that_lead_out_of_the_mirrors_are_refused(tmp_path: Path, name: str) -> None:
    (found,) = ids_of(lines(tmp_path / "ids.jsonl", [{"repo": name, "path": "a"}]))
    assert (
        found.problem is None if name == "/a" else str(found.problem).startswith("expected a repository as owner/name")
    )


def test_columns_are_named_by_the_manifest_and_errors_name_the_file(tmp_path: Path) -> None:
    place = lines(tmp_path / "ids.jsonl", [{"full": "o/n", "file": "a.py", "at": "main"}])
    (found,) = ids_of(place, repo="full", path="file", commit="at")
    assert (found.repo, found.path, found.commit) == ("o/n", "a.py", "main")
    with pytest.raises(
        ValueError, match=r"ids\.jsonl: expected a column of hashes .*, found full, file, at: name them"
    ):
        lists.found(str(place), {})
    with pytest.raises(ValueError, match=r"ids\.jsonl: expected the column 'x' for repo, found full, file, at: mend"):
        lists.found(str(place), {"repo": "x"})


def test_a_list_that_cannot_be_read_is_refused_as_a_whole(tmp_path: Path) -> None:
    (tmp_path / "texts").mkdir()
    good = gzip.compress("".join(json.dumps(row) + "\n" for row in ROWS * 99).encode())
    places = {
        "cut.jsonl.gz": (good[:-20], "corrupt_ids"),
        "bad.parquet": (b"PAR1 no footer", "corrupt_ids"),
        "layout.csv": (b"a,b\n1,2\n", "unknown_layout"),
        "array.json": (b'[{"repo": "o/n"}]\n', "unknown_layout"),
        "empty.jsonl": (b"", "unknown_layout"),
    }
    for name, (data, reason) in places.items():
        (tmp_path / name).write_bytes(data)
        unit = source(tmp_path / name, "objects", tmp_path / "texts")
        last = records(unit)[-1]
        assert (last.path, last.reason) == (None, reason) and str(tmp_path / name) in str(last.detail)
    none = kinds.probe(source(tmp_path / "no", "objects", tmp_path / "texts")).error
    assert none is not None and str(tmp_path / "no") in none
    (tmp_path / "no").mkdir()
    assert kinds.probe(source(tmp_path / "no", "objects", tmp_path / "texts")).error == (
        f"{tmp_path / 'no'}: expected lists of ids, found none: check the path"
    )
