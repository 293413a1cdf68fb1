"""The pinned tiny set through the command line, against counts made here in plain Python from the same archives."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import tarfile
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pytest
from deltalake import DeltaTable

from jobs.code.signals import SIGNALS
from schemas import code, ops
from schemas.lettering import amount
from tests.browser import seen
from tests.jobs.conftest import README_RUN, Said, TinyRun
from udfs.duplicates.fingerprint import shingles
from udfs.languages.detect import detect
from udfs.reading.delta import matching_rows

EVERY = pc.scalar(True)


@dataclass
class Counted:
    """What is in the archives, found with tarfile, zipfile and dpkg-deb."""

    texts: dict[tuple[str, str], str] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)


def members(archive: Path) -> Iterator[tuple[str, bytes | None]]:
    """(name, bytes) of each file, None for a link."""
    if archive.suffix == ".deb":
        if shutil.which("dpkg-deb") is None:
            pytest.skip("dpkg-deb is needed to count Debian packages independently")
        data = subprocess.run(["dpkg-deb", "--fsys-tarfile", archive], check=True, capture_output=True).stdout
    else:
        data = archive.read_bytes()
    if zipfile.is_zipfile(BytesIO(data)):
        with zipfile.ZipFile(BytesIO(data)) as z:
            yield from ((i.filename, z.read(i)) for i in z.infolist() if not i.is_dir())
        return
    with tarfile.open(fileobj=BytesIO(data)) as tar:
        for member in tar:
            if member.isfile():
                file = tar.extractfile(member)
                yield member.name.removeprefix("./"), file.read() if file else b""
            elif not member.isdir():
                yield member.name.removeprefix("./"), None


@pytest.fixture(scope="module")
def counted(tiny: TinyRun) -> Counted:
    found = Counted()
    for line in tiny.manifest.read_text().splitlines():
        row = json.loads(line)
        files = list(members(Path(row["location"])))
        tops = {name.split("/", 1)[0] for name, _ in files}
        strip = len(tops) == 1 and not row["location"].endswith(".deb") and all("/" in n for n, _ in files)
        for name, data in files:
            path = name.split("/", 1)[1] if strip else name
            if data is None:
                found.refused["link"] += 1
            elif not data:
                found.refused["empty"] += 1
            elif b"\0" in data:
                found.refused["binary"] += 1
            else:
                try:
                    found.texts[row["source_id"], path] = data.decode("utf-8-sig")
                except UnicodeDecodeError:
                    found.texts[row["source_id"], path] = "(another encoding)"
    return found


def rows(tiny: TinyRun, table: Any, columns: list[str] | None = None) -> list[dict[str, Any]]:
    place = str(tiny.warehouse / table.name)
    return matching_rows(DeltaTable(place), place, columns, pc.scalar(True)).to_pylist()


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_every_file_is_read_or_refused_with_its_reason(tiny: TinyRun, counted: Counted) -> None:
    raw = rows(tiny, code.RAW_FILES)
    assert {(r["source_id"], r["path"]) for r in raw} == set(counted.texts)
    refused = Counter(r["reason"] for r in rows(tiny, ops.REJECTS) if r["stage"] == "ingest")
    assert refused == counted.refused
    plain = {k: sha(t) for k, t in counted.texts.items() if t != "(another encoding)"}
    assert {(r["source_id"], r["path"]): r["content_id"] for r in raw if not r["converted"]} == plain
    ids = {sha("\0".join(key)) for key in counted.texts}
    assert {r["file_id"] for r in raw} == ids


def test_exact_duplicates_leave_one_file_of_each_text(tiny: TinyRun, counted: Counted) -> None:
    raw = {r["file_id"]: r for r in rows(tiny, code.RAW_FILES)}
    kinds = {
        i: detect(r["path"], counted.texts[r["source_id"], r["path"]]).kind
        for i, r in raw.items()
        if not r["converted"]
    }
    assert all(raw[i]["kind"] == kind for i, kind in kinds.items())
    entering = [r for r in raw.values() if r["kind"] in code.KEPT_KINDS]
    decided = rows(tiny, code.EXACT_DUPLICATES)
    assert len(decided) == len(entering)
    kept = [r["content_id"] for r in decided if r["keep"]]
    assert sorted(kept) == sorted({r["content_id"] for r in entering})
    smallest = {}
    for r in entering:  # no stars and no times in this set: the smallest file_id stands for the text
        smallest[r["content_id"]] = min(smallest.get(r["content_id"], "g"), r["file_id"])
    assert {r["file_id"] for r in decided if r["keep"]} == set(smallest.values())


def test_near_duplicates_are_near_by_the_exact_jaccard_index(tiny: TinyRun, counted: Counted) -> None:
    text = {sha(t): t.encode() for t in counted.texts.values()}
    pairs = [r for r in rows(tiny, code.NEAR_PAIRS) if r["unit_a"] in text and r["unit_b"] in text]
    assert len(pairs) > 10
    for pair in pairs:
        a, b = (shingles(text[pair[u]], 5) for u in ("unit_a", "unit_b"))
        assert len(a & b) / len(a | b) == pytest.approx(pair["similarity"], abs=0.02)
    dropped = [r for r in rows(tiny, code.NEAR_DUPLICATES) if not r["keep"]]
    assert {r["content_id"] for r in dropped} <= {p[u] for p in pairs if p["verified"] for u in ("unit_a", "unit_b")}


def test_each_stage_accounts_for_what_the_one_before_kept(tiny: TinyRun) -> None:
    chain = (
        code.FILE_DECISIONS,
        code.EXACT_DUPLICATES,
        code.NEAR_DUPLICATES,
        code.FILTER_DECISIONS,
        code.CLEAN_DUPLICATES,
        code.SAMPLE_DECISIONS,
    )
    expected = {r["file_id"] for r in rows(tiny, code.RAW_FILES, ["file_id"])}
    for table in chain:
        decided = rows(tiny, table, ["file_id", "keep", "reasons"])
        assert {r["file_id"] for r in decided} == expected, table.name
        assert all(bool(r["reasons"]) != r["keep"] for r in decided)
        expected = {r["file_id"] for r in decided if r["keep"]}
    assert {r["file_id"] for r in rows(tiny, code.CODE_CORPUS, ["file_id"])} == expected


def test_the_corpus_holds_distinct_texts_under_their_own_hash(tiny: TinyRun) -> None:
    corpus = rows(tiny, code.CODE_CORPUS)
    assert len(corpus) > 300
    assert len({r["text"] for r in corpus}) == len(corpus)
    assert all(sha(r["text"]) == r["clean_id"] and len(r["text"].encode()) == r["text_bytes"] for r in corpus)


def test_a_second_run_writes_nothing(tiny: TinyRun, here: Callable[..., Said]) -> None:
    versions = {t.name: DeltaTable(str(t)).version() for t in tiny.warehouse.iterdir() if (t / "_delta_log").exists()}
    again = here(*README_RUN.split(), "--report", "report.html")
    assert again.code == 0, again.out + again.err
    assert "nothing has changed" in again.out
    assert {name: DeltaTable(str(tiny.warehouse / name)).version() for name in versions} == versions


def test_the_printed_table_and_the_report_agree_with_the_tables(tiny: TinyRun) -> None:
    kept = sum(r["keep"] for r in rows(tiny, code.NEAR_DUPLICATES, ["keep"]))
    decided = len(rows(tiny, code.NEAR_DUPLICATES, ["keep"]))
    assert re.search(rf"near_duplicates\s+{decided:,}\s+{kept:,}\s+{decided - kept:,}", tiny.output)
    page = (tiny.folder / "report.html").read_text()
    for heading in (
        "Funnel",
        "Languages before and after",
        "Top reasons",
        "Deduplication: strategy file",
        "Duplicate groups",
        "Cost",
        "five files each",
    ):
        assert heading in page
    assert "<polyline" in page
    assert f'<td>near_duplicates</td><td class="n">{decided:,}</td><td class="n">{kept:,}</td>' in page
    assert f'<td>after exact copies</td><td class="n">{decided:,}</td>' in page
    assert f"The fuzzy step removed {100 * (1 - kept / decided):.1f} % of the files" in page


def test_the_pictures_of_the_report_agree_with_the_tables(tiny: TinyRun) -> None:
    page = (tiny.folder / "report.html").read_text()
    files = {r["file_id"]: r["size_bytes"] for r in rows(tiny, code.RAW_FILES, ["file_id", "size_bytes"])}
    corpus = [files[r["file_id"]] for r in rows(tiny, code.CODE_CORPUS, ["file_id"])]
    exact = [r["file_id"] for r in rows(tiny, code.EXACT_DUPLICATES, ["file_id", "keep"]) if r["keep"]]
    assert f"{len(corpus):,} are in the corpus" in page and f"which were {amount(sum(corpus))} of " in page
    for text in (f"{len(exact):,} files", amount(sum(files[f] for f in exact)), amount(sum(corpus))):
        assert f">{text}</text>" in page
    lines = [r["qsc_code_num_lines"] for r in rows(tiny, SIGNALS) if r["kind"] != "text"]
    short = sum(n < 10 for n in lines)
    assert re.search(rf"Too few lines: {short:,} of {len(lines):,} texts lie below the limit of 10\.", page)


def test_a_browser_sees_no_fault_in_the_report(tiny: TinyRun) -> None:
    assert seen((tiny.folder / "report.html").read_text()) == []


def test_explain_names_stage_rule_value_limit_and_the_file_duplicated(tiny: TinyRun, here: Callable[..., Said]) -> None:
    def explained(file: str) -> Said:
        return here("refinelake", "explain", file, "--warehouse", "warehouse")

    said = explained("requests/models.py").out
    assert "exact_duplicates: dropped, a copy of another file: pypi-sdist:requests:" in said
    assert "in code_corpus as" in said
    filtered = next(r for r in rows(tiny, code.FILTER_DECISIONS) if any(w["value"] is not None for w in r["reasons"]))
    said = explained(filtered["file_id"][:12]).out
    assert re.search(
        r"filter_decisions: dropped, [\d,.]+ [^_<>=]+, (?:fewer|less|more) than [\d,.]+.* \[qsc_\w+\]", said
    )
    unknown = explained("no/such/file.xyz")
    assert unknown.code == 2 and "no/such/file.xyz: expected" in unknown.err
