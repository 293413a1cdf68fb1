"""Each stage's transform on a handful of rows: what it reads, how it is wired, and which row stands for which case."""

from __future__ import annotations

import hashlib
import itertools
import random
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import DataFrame, SparkSession

from jobs.code import (
    clean_duplicates,
    cleaned_texts,
    code_corpus,
    exact_duplicates,
    file_decisions,
    filter_decisions,
    near_duplicates,
    near_pairs,
    rejects,
    sample_decisions,
    signals,
)
from jobs.code.components import components
from jobs.code.parameters import Dedup, FileRules, Filter, Sampling
from jobs.runtime.stage import Decide, Publish
from schemas.code import CLEANED_TEXTS, CONTENTS, EXACT_DUPLICATES, FINGERPRINTS, NEAR_DUPLICATES, RAW_FILES
from schemas.contract import Column, Table
from udfs.cleaning.clean import Cleaning
from udfs.duplicates.fingerprint import fingerprint_texts
from udfs.rules.load import RuleBook, load_rules
from udfs.signals import path_signals
from udfs.signals.paths import NULL_FOR_HEADERS

Values = dict[str, Any]
_EMPTY = {"string": "", "bigint": 0, "int": 0, "double": 0.0, "boolean": False, "binary": b""}


def frame(spark: SparkSession, table: Table, rows: Iterable[Values] = ()) -> DataFrame:
    """Rows of a table by contract; what a row leaves out is null, or empty where null is not allowed."""
    full = [{c.name: row.get(c.name, _default(c)) for c in table.columns} for row in rows]
    assert all(set(row) <= set(table.names) for row in rows), f"{table.name} has no such column"
    return spark.createDataFrame(pa.Table.from_pylist(full, table.arrow_schema()))


def _default(column: Column) -> Any:
    return None if column.nullable else _EMPTY.get(column.type, [])


def fixpoint(step: Callable[[DataFrame], DataFrame], rows: DataFrame) -> DataFrame:
    """What the runner hands an iterative transform, for rows of strings that fit in memory."""
    before: list[tuple] = []
    for _ in range(50):
        now = sorted(tuple(r) for r in rows.collect())
        assert len(now) == len(set(now)), "the rows of a round are a set"
        found = pa.table([pa.array(c, pa.string()) for c in zip(*now, strict=True)] or [[], []], rows.columns)
        rows = rows.sparkSession.createDataFrame(found.cast(pa.schema([(n, pa.string()) for n in rows.columns])))
        if now == before:
            return rows
        rows, before = step(rows), now
    raise AssertionError("no fixpoint")


def decide(spark: SparkSession, stage: Decide | Publish, params: Any = None, **tables: list[Values]) -> DataFrame:
    """A stage's transform over rows by table name; tables that are not given are empty."""
    assert set(tables) <= {t.name for t in stage.reads}, f"{stage.name} reads {[t.name for t in stage.reads]}"
    extra = {"fixpoint": fixpoint} if getattr(stage, "iterative", False) else {}
    reads = [frame(spark, t, tables.get(t.name, [])) for t in stage.reads]
    return stage.transform(*reads, params or stage.params, **extra)


def by_file(found: DataFrame) -> dict[str, Any]:
    rows = found.collect()
    keyed = {r["file_id"]: r for r in rows}
    assert len(keyed) == len(rows), "one row per file"
    return keyed


def rules_of(row: Any) -> list[str]:
    assert row["keep"] == (not row["reasons"])
    return [r["rule"] for r in row["reasons"]]


def day(number: int) -> datetime:
    return datetime(2024, 1, number, tzinfo=UTC)


def kept(*ids: str, **more: Any) -> list[Values]:
    """Rows of a decision table that kept these files; each file's content is called as the file."""
    return [{"file_id": i, "content_id": i, "keep": True} | more for i in ids]


# --- size and type -------------------------------------------------------------------------------------------------

_FILES = [
    {"file_id": "code", "repo_id": "mit", "kind": "code"},
    {"file_id": "notebook", "repo_id": "mit", "kind": "notebook"},
    {"file_id": "unknown", "repo_id": "mit", "kind": "unknown"},  # no language fits
    {"file_id": "excluded", "repo_id": "mit", "kind": "excluded", "language": "svg"},  # a known type that never enters
    {"file_id": "vendored", "repo_id": "mit", "kind": "code", "vendored": True},
    {"file_id": "generated", "repo_id": "mit", "kind": "code", "generated": True},
    {"file_id": "own_licence", "repo_id": "mit", "kind": "code", "licences": ["GPL-3.0"]},  # beats the repository's
    {"file_id": "one_of_two", "repo_id": "gpl", "kind": "code", "licences": ["GPL-3.0", "MIT"]},
    {"file_id": "of_gpl", "repo_id": "gpl", "kind": "data"},
    {"file_id": "undeclared", "repo_id": "silent", "kind": "code"},  # nobody said
    {"file_id": "orphan", "repo_id": "nowhere", "kind": "code"},  # no such repository: still decided about
]
_REPOS = [
    {"repo_id": "mit", "licences": ["MIT"]},
    {"repo_id": "gpl", "licences": ["GPL-3.0"]},
    {"repo_id": "silent", "licences": None},
]


def test_files_enter_by_type_alone_by_default(spark: SparkSession) -> None:
    found = by_file(decide(spark, file_decisions.STAGE, raw_files=_FILES, repositories=_REPOS))
    assert {i: rules_of(r) for i, r in found.items() if not r["keep"]} == {
        "unknown": ["unknown_type"],
        "excluded": ["excluded_type"],
    }
    assert len(found) == len(_FILES) and found["excluded"]["reasons"][0]["detail"] == "svg"


def test_path_and_licence_rules_apply_where_they_are_asked_for(spark: SparkSession) -> None:
    p = FileRules(drop_vendored=True, drop_generated=True, licences=("MIT", "BSD-3-Clause"))
    found = by_file(decide(spark, file_decisions.STAGE, p, raw_files=_FILES, repositories=_REPOS))
    assert {i: rules_of(r) for i, r in found.items() if not r["keep"]} == {
        "unknown": ["unknown_type"],
        "excluded": ["excluded_type"],
        "vendored": ["vendored"],
        "generated": ["generated"],
        "own_licence": ["licence"],
        "of_gpl": ["licence"],
        "undeclared": ["licence"],  # an allow-list lets nothing in that it does not name
        "orphan": ["licence"],
    }
    assert found["own_licence"]["reasons"][0]["detail"] == "GPL-3.0"


# --- exact duplicates ----------------------------------------------------------------------------------------------

_RANKED_REPOS = [
    {"repo_id": "famous", "stars": 900, "commit_time": day(1)},
    {"repo_id": "small", "stars": 3, "commit_time": day(9)},
    {"repo_id": "none", "stars": 0},
    {"repo_id": "unsaid", "stars": None, "commit_time": day(20)},
]
_COPIES = [  # (file, group, repository, commit time of the file): the first of a group stands for it
    ("s2", "stars", "famous", None),  # stars count before all
    ("s1", "stars", "small", day(30)),  # the latest commit and the smallest id do not
    ("s0", "stars", "unsaid", day(31)),  # unknown stars rank last
    ("s3", "stars", "lost", day(31)),  # a repository that is not there ranks with the unknown
    ("t2", "time", "small", day(12)),  # as many stars, so the latest commit
    ("t1", "time", "small", None),  # its repository's time, day 9, counts where its own is unknown
    ("t0", "time", "small", day(8)),
    ("n2", "zero", "none", day(2)),  # zero stars are more than unknown ones
    ("n1", "zero", "none", None),  # neither time is known: last of its kind
    ("n0", "zero", "unsaid", None),
    ("i0", "id", "small", day(5)),  # all else equal, the smallest id
    ("i1", "id", "small", day(5)),
    ("i2", "id", "small", day(5)),
    ("alone", "alone", "unsaid", None),
]


def _representatives(found: dict[str, Any]) -> dict[str, set[str]]:
    return {
        r["representative"]: {i for i, o in found.items() if o["representative"] == r["representative"]}
        for r in found.values()
    }


_BEST = {"s2": {"s0", "s1", "s2", "s3"}, "t2": {"t0", "t1", "t2"}, "n2": {"n0", "n1", "n2"}, "i0": {"i0", "i1", "i2"}}
_BEST |= {"alone": {"alone"}}


@pytest.mark.parametrize(
    ("stage", "before", "group", "rule"),
    [
        (exact_duplicates.STAGE, "file_decisions", "content_id", "exact_duplicate"),
        (clean_duplicates.STAGE, "filter_decisions", "clean_id", "clean_duplicate"),
    ],
)
def test_the_best_ranked_copy_stands_for_its_group(
    spark: SparkSession, stage: Decide, before: str, group: str, rule: str
) -> None:
    rows = [{"file_id": f, group: g, "keep": True} for f, g, _, _ in _COPIES]
    rows.append({"file_id": "dropped", group: "id", "keep": False})  # has no say any more
    files = [
        {"file_id": f, "repo_id": r, "commit_time": t} for f, _, r, t in [*_COPIES, ("dropped", "", "famous", None)]
    ]
    random.Random(7).shuffle(rows)
    found = by_file(decide(spark, stage, **{before: rows}, raw_files=files, repositories=_RANKED_REPOS))
    assert _representatives(found) == _BEST
    for file, row in found.items():
        stands = row["representative"]
        assert row["group_size"] == len(_BEST[stands])
        assert rules_of(row) == ([] if file == stands else [rule])
        assert all(why["detail"] == stands for why in row["reasons"])


# --- near duplicates -----------------------------------------------------------------------------------------------


def groups_of(edges: Iterable[tuple[str, str]]) -> set[frozenset[str]]:
    """Connected components by plain union-find."""
    parent: dict[str, str] = {}

    def root(node: str) -> str:
        parent.setdefault(node, node)
        while parent[node] != node:
            node = parent[node]
        return node

    for u, v in edges:
        parent[root(u)] = root(v)
    return {frozenset(n for n in parent if root(n) == r) for r in map(root, list(parent))}


_BUCKETS = {"single": 1, "pair": 2, "six": 6, "seven": 7, "large": 200}


def _units(spark: SparkSession, order: int) -> DataFrame:
    """A bucket of each size; every unit has its bucket's band and one of its own."""
    rows = [
        (f"{name}{n:03}", [number, 10_000 + 1_000 * number + n])
        for number, (name, size) in enumerate(_BUCKETS.items())
        for n in range(size)
    ]
    random.Random(order).shuffle(rows)
    return spark.createDataFrame(rows, "unit_id string, bands array<bigint>").repartition(3)


def test_candidates_connect_every_bucket_with_a_linear_number_of_pairs(spark: SparkSession) -> None:
    p = Dedup(neighbours=4, pivots=2)
    pairs = [tuple(r) for r in near_pairs.candidates(_units(spark, 1), p).collect()]
    assert len(set(pairs)) == len(pairs) and all(a < b for a, b in pairs)
    of = {name: {pair for pair in pairs if pair[0].startswith(name)} for name in _BUCKETS}
    assert all(a[:-3] == b[:-3] for a, b in pairs), "no pair across buckets"
    assert not of["single"] and of["pair"] == {("pair000", "pair001")}
    assert len(of["six"]) == 15 and len(of["seven"]) == 21, "a small bucket is compared completely"
    assert 199 <= len(of["large"]) <= 200 * (p.neighbours + p.pivots) < 200 * 199 / 2
    assert groups_of(of["large"]) == {frozenset(f"large{n:03}" for n in range(200))}
    again = {tuple(r) for r in near_pairs.candidates(_units(spark, 2), p).collect()}
    assert again == set(pairs), "the order of arrival does not matter"


def test_units_that_share_two_bands_make_one_pair(spark: SparkSession) -> None:
    rows = [("b", [1, 2, 3]), ("a", [1, 2, 4]), ("c", [5, 6, 3]), ("d", [])]
    units = spark.createDataFrame(rows, "unit_id string, bands array<bigint>")
    found = sorted(tuple(r) for r in near_pairs.candidates(units, Dedup()).collect())
    assert found == [("a", "b"), ("b", "c")]


def _text(changed: int = 0, seed: int = 1) -> str:
    draw = random.Random(seed)
    words = [f"word{draw.randrange(10_000)}" for _ in range(600)]
    return " ".join([*(f"other{n}" for n in range(changed)), *words[changed:]])


def test_pairs_are_verified_on_their_sketches(spark: SparkSession) -> None:
    p = Dedup(bands=256, rows=8)  # finds pairs from a similarity of about 0.5
    texts = {
        "a": _text(),
        "near": _text(changed=10),  # a few words differ: over the threshold
        "far": _text(changed=120),  # a fifth differs: a candidate that is not verified
        "other": _text(seed=2),  # nothing in common: no candidate
        "gone": _text(),  # equal, but no longer live
        "short": "x = 1",  # no shingle, so no pair
    }
    counts, bands, sketches = (c.to_pylist() for c in fingerprint_texts(pa.array(texts.values()), p))
    rows = [
        {"unit_id": i, "kernel_version": "1", "shingles": n, "bands": b, "sketch": s}
        for i, n, b, s in zip(texts, counts, bands, sketches, strict=True)
    ]
    live = kept(*(t for t in texts if t != "gone"))
    live += [{"file_id": "gone", "content_id": "gone", "keep": False}]
    found = decide(spark, near_pairs.STAGE, p, exact_duplicates=live, fingerprints=rows).collect()
    pairs = {(r["unit_a"], r["unit_b"]): r for r in found}
    assert pairs["a", "near"]["verified"] and pairs["a", "near"]["similarity"] > 0.9
    assert not pairs["a", "far"]["verified"] and 0.4 < pairs["a", "far"]["similarity"] < 0.9
    assert {u for pair in pairs for u in pair} == {"a", "near", "far"}


def _graphs() -> list[tuple[str, str]]:
    """Edges of graphs that share no node, shapes on which a wrong iteration would stop too early."""
    chain = [(f"chain{n:02}", f"chain{n + 1:02}") for n in range(24)]
    star = [("star99", f"star{n:02}") for n in range(9)]  # the centre has the largest name
    zigzag = [(f"zig{n % 2}{n // 2}", f"zig{(n + 1) % 2}{(n + 1) // 2}") for n in range(9)]
    two = [("two_a", "two_b"), ("two_b", "two_c"), ("too_d", "too_e")]
    joined = [
        ("joined1", "joined2"),
        ("joined3", "joined4"),
        ("joined2", "joined_bridge"),
        ("joined_bridge", "joined3"),
    ]
    parted = [("parted1", "parted2"), ("parted3", "parted4")]  # the same after the bridge was removed
    circle = [("ring1", "ring2"), ("ring2", "ring3"), ("ring3", "ring1"), ("ring1", "ring2")]  # and an edge twice
    draw = random.Random(11)
    loose = [(f"r{draw.randrange(40):02}", f"r{draw.randrange(40):02}") for _ in range(36)]
    return [*chain, *star, *zigzag, *two, *joined, *parted, *circle, *((u, v) for u, v in loose if u != v)]


def test_components_are_those_of_union_find_and_named_by_their_smallest_node(spark: SparkSession) -> None:
    edges = [(v, u) if n % 3 else (u, v) for n, (u, v) in enumerate(_graphs())]  # direction says nothing
    random.Random(3).shuffle(edges)
    found = components(spark.createDataFrame(edges, "u string, v string"), fixpoint).collect()
    root = {r["node"]: r["root"] for r in found}
    assert len(root) == len(found), "one root per node"
    groups = {frozenset(n for n in root if root[n] == r) for r in set(root.values())}
    assert groups == groups_of(edges)
    assert all(min(n for n in root if root[n] == r) == r for r in set(root.values()))
    assert root["joined4"] == "joined1" and root["parted4"] == "parted3"


def test_no_edges_make_no_components(spark: SparkSession) -> None:
    assert components(spark.createDataFrame([], "u string, v string"), fixpoint).isEmpty()


_NEAR_FILES = [  # (content, stars); files are called f-content
    ("m1", 1),
    ("z9", 9),  # most stars of its group, and not the smallest name
    ("p1", 1),
    ("p2", 2),
    ("p3", 3),
    ("u1", 1),
    ("u2", 2),
    ("alone", 0),
    ("a0", 0),  # arrives later: a smaller name, no better rank
]
_PAIRS = [
    ("m1", "z9", 0.95, True),
    ("p1", "p2", 0.97, True),  # a chain: p1 and p3 were never compared
    ("p2", "p3", 0.93, True),
    ("u1", "u2", 0.85, False),  # a candidate that is not similar enough
    ("a0", "m1", 0.91, True),
]


def _near(spark: SparkSession, *arrived: str) -> dict[str, Any]:
    files = [(c, s) for c, s in _NEAR_FILES if c in arrived]
    pairs = [p for p in _PAIRS if p[0] in arrived and p[1] in arrived]
    return by_file(
        decide(
            spark,
            near_duplicates.STAGE,
            exact_duplicates=[{"file_id": f"f-{c}", "content_id": c, "keep": True} for c, _ in files]
            + [{"file_id": "f-copy", "content_id": "m1", "keep": False}],
            near_pairs=[dict(zip(("unit_a", "unit_b", "similarity", "verified"), p, strict=True)) for p in pairs],
            raw_files=[{"file_id": f"f-{c}", "content_id": c, "repo_id": c} for c, _ in files],
            repositories=[{"repo_id": c, "stars": s} for c, s in files],
        )
    )


def test_a_group_of_near_duplicates_is_represented_by_its_best_ranked_file(spark: SparkSession) -> None:
    found = _near(spark, "m1", "z9", "p1", "p2", "p3", "u1", "u2", "alone")
    assert {i: (r["representative"], r["group_id"], r["group_size"]) for i, r in found.items()} == {
        "f-m1": ("f-z9", "m1", 2),
        "f-z9": ("f-z9", "m1", 2),
        "f-p1": ("f-p3", "p1", 3),
        "f-p2": ("f-p3", "p1", 3),
        "f-p3": ("f-p3", "p1", 3),
        "f-u1": ("f-u1", "u1", 1),
        "f-u2": ("f-u2", "u2", 1),
        "f-alone": ("f-alone", "alone", 1),
    }
    assert {i for i, r in found.items() if rules_of(r) == ["near_duplicate"]} == {"f-m1", "f-p1", "f-p2"}
    said = {i: [tuple(w) for w in r["reasons"]] for i, r in found.items()}
    assert said["f-m1"] == [("near_duplicate", 0.95, 0.9, "f-z9")]
    assert said["f-p2"] == [("near_duplicate", 0.93, 0.9, "f-p3")]
    assert said["f-p1"] == [("near_duplicate", None, 0.9, "f-p3")], "a similarity only where the two were compared"


def test_a_smaller_name_that_arrives_later_names_the_group_and_decides_nothing(spark: SparkSession) -> None:
    found = _near(spark, "m1", "z9", "a0")
    assert {r["group_id"] for r in found.values()} == {"a0"}
    assert {i: r["representative"] for i, r in found.items() if r["keep"]} == {"f-z9": "f-z9"}


# --- cleaning ------------------------------------------------------------------------------------------------------


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


_PLAIN = "def add(a, b):\n    return a + b\n"
_HEADED = "# Copyright 2020 Somebody\n# Licensed under the MIT License\n\n" + _PLAIN
_BROKEN = "{ not a notebook"


def test_a_text_is_cleaned_once_for_each_language_it_is_kept_in(spark: SparkSession) -> None:
    near = frame(spark, NEAR_DUPLICATES, [*kept("a", "b", "c"), {"file_id": "d", "keep": False}])
    files = [("a", "x", "python"), ("b", "x", "python"), ("c", "x", "shell"), ("d", "y", "python")]
    raw = frame(spark, RAW_FILES, [{"file_id": f, "content_id": c, "language": w, "kind": "code"} for f, c, w in files])
    found = cleaned_texts.required(near, raw, Cleaning()).distinct().collect()
    assert {tuple(r) for r in found} == {("x", "python", "code", None), ("x", "shell", "code", None)}


def test_cleaned_texts_hold_only_what_cleaning_changed(spark: SparkSession) -> None:
    texts = {sha(t): t for t in (_PLAIN, _HEADED, _BROKEN)}
    kinds = {sha(_BROKEN): ("jupyternotebook", "notebook")}
    keys = spark.createDataFrame(
        [(i, *kinds.get(i, ("python", "code")), None) for i in texts],
        "content_id string, language string, kind string, "
        "cut struct<content_id: string, tokens: int, chunks: array<int>>",
    )
    contents = frame(spark, CONTENTS, [{"content_id": i, "text": t} for i, t in texts.items()])
    found = {r["content_id"]: r for r in cleaned_texts.cleaned_texts(keys, contents, Cleaning()).collect()}
    plain, headed, broken = (found[sha(t)] for t in (_PLAIN, _HEADED, _BROKEN))
    assert (plain["clean_id"], plain["text"], plain["failure"]) == (sha(_PLAIN), None, None)
    assert headed["header_bytes"] > 0 and headed["clean_id"] == sha(headed["text"]) != sha(_HEADED)
    assert headed["text"].endswith(_PLAIN) and "Copyright" not in headed["text"]
    assert headed["text_bytes"] == len(headed["text"].encode())
    assert broken["failure"] and (broken["clean_id"], broken["text_bytes"], broken["text"]) == (None, None, None)


def test_a_text_that_cannot_be_cleaned_is_one_reject_for_each_of_its_files(spark: SparkSession) -> None:
    files = [
        {"file_id": "a", "source_id": "s", "path": "a.ipynb", "content_id": "x", "language": "n", "kind": "notebook"},
        {"file_id": "b", "source_id": "s", "path": "b.ipynb", "content_id": "x", "language": "n", "kind": "notebook"},
        # the same text under another kind was cleaned
        {"file_id": "c", "source_id": "s", "path": "c.json", "content_id": "x", "language": "j", "kind": "data"},
        # near deduplication dropped it: not refused by this stage
        {"file_id": "d", "source_id": "s", "path": "d.ipynb", "content_id": "x", "language": "n", "kind": "notebook"},
    ]
    done = [
        {"content_id": "x", "language": "n", "kind": "notebook", "failure": "invalid_notebook: no cells"},
        {"content_id": "x", "language": "j", "kind": "data", "clean_id": "x", "text_bytes": 3},
    ]
    near = [*kept("a", "b", "c"), {"file_id": "d", "keep": False}]
    found = decide(spark, rejects.STAGE, near_duplicates=near, raw_files=files, cleaned_texts=done).collect()
    assert {(r["path"], r["reason"], r["detail"]) for r in found} == {
        ("a.ipynb", "invalid_notebook", "invalid_notebook: no cells"),
        ("b.ipynb", "invalid_notebook", "invalid_notebook: no cells"),
    }
    assert len({r["reject_id"] for r in found}) == 2 and {r["stage"] for r in found} == {"cleaned_texts"}


# --- signals -------------------------------------------------------------------------------------------------------


def test_signals_are_measured_once_per_cleaned_text_language_and_kind(spark: SparkSession) -> None:
    cleaned_id = sha(_PLAIN)
    cleaned = [  # (content, clean text or None for a failure, whether it was changed)
        (sha(_PLAIN), _PLAIN, False),
        (sha(_HEADED), _PLAIN, True),  # the same text once the header is gone
        (sha("empty"), "", True),  # nothing left to measure
        (sha(_BROKEN), None, False),  # failed: nothing to measure
        (sha("dropped"), "dropped", False),  # not kept by near deduplication
    ]
    about = {"language": "python", "kind": "code"}
    rows = [
        {"content_id": c, **about, "text": t if changed else None}
        | ({"failure": "broken"} if t is None else {"clean_id": sha(t), "text_bytes": len(t)})
        for c, t, changed in cleaned
    ]
    raw = frame(spark, RAW_FILES, [{"file_id": c, "content_id": c, **about} for c, _, _ in cleaned])
    near = frame(spark, NEAR_DUPLICATES, kept(*(c for c, _, _ in cleaned[:4])))
    stored = frame(spark, CLEANED_TEXTS, rows)
    keys = signals.required(near, raw, stored, signals.STAGE.params)
    assert [tuple(k) for k in keys.select("clean_id", "language", "kind", "content_id").collect()] == [
        (cleaned_id, "python", "code", min(sha(_PLAIN), sha(_HEADED)))
    ]
    both = spark.createDataFrame(
        [(cleaned_id, sha(_PLAIN), "python", "code"), (cleaned_id, sha(_HEADED), "python", "code")],
        "clean_id string, content_id string, language string, kind string",
    )
    contents = frame(spark, CONTENTS, [{"content_id": sha(t), "text": t} for t in (_PLAIN, _HEADED)])
    found = signals.signals(both, contents, stored, signals.STAGE.params).collect()
    assert [r["qsc_code_num_chars"] for r in found] == [len(_PLAIN)] * 2, "the cleaned text, wherever it is stored"
    assert found[0] == found[1] and found[0]["failures"] == {} and found[0]["natural_language"] == "en"
    assert {"kernel_version", *found[0].asDict()} == set(signals.SIGNALS.names)


# --- filter --------------------------------------------------------------------------------------------------------

_OVERRIDE = """
[sets.go.rules]
qsc_code_num_words = { "<" = 31, severity = "flag", why = "said, not dropped" }
[sets."text/en".rules]
qsc_doc_cate_code_related_file_name = { "is" = true, severity = "flag", why = "a rule on a path" }
"""
_SIGNAL_TYPES = {c.name: c.type for c in signals.SIGNALS.columns}


def _about(name: str) -> tuple[str, str, str]:
    """(kind, language, natural language) of a file that a rule set is for."""
    special = {
        "others": ("code", "haskell", "en"),
        "data": ("data", "toml", "en"),
        "notebook": ("notebook", "jupyternotebook", "en"),
        "text/en": ("text", "markdown", "en"),
        "text/zh": ("text", "markdown", "zh"),
    }
    return special.get(name, ("code", name, "en"))


_DIRECTIVES = "qsc_codec_frac_lines_preprocessor_directives"
_DRAWN = "qsc_codepython_score_lines_no_logic"  # a rule with a chance
_ON_PATH = ("qsc_doc_cate_code_related_file_name", "qsc_codego_cate_testfile")


def _path(file: str, values: Values) -> str:
    if file.startswith("preprocessed"):
        return f"src/{file.rpartition(' ')[2]}"
    if values.get("qsc_codego_cate_testfile"):
        return "src/a_test.go"
    return "docs/README.md" if values.get("qsc_doc_cate_code_related_file_name") else "docs/intro.md"


def _values(book: RuleBook, name: str, draw: random.Random | None) -> Values:
    """A value of every signal the set reads: below, at and above a limit, or none; without a draw, one that passes."""
    values: Values = {}
    for rule in book.sets[name]:
        if rule.op == "is":
            values[rule.signal] = draw.choice([True, False, None]) if draw else not rule.threshold
            continue
        whole = _SIGNAL_TYPES.get(rule.signal, "bigint") == "bigint"
        step = 1 if whole else 0.001
        near = [rule.threshold, rule.threshold - step, rule.threshold + step, None]
        passing = rule.threshold + {"<": step, "==": 1, ">": -step}[rule.op]
        values[rule.signal] = draw.choice(near) if draw else passing
        if whole and values[rule.signal] is not None:
            values[rule.signal] = int(values[rule.signal])
    return values


def _filter_cases(book: RuleBook) -> dict[str, tuple[str, Values, dict[str, str]]]:
    """file_id -> (rule set, values, failures): one file that passes and four at random near the limits, per set."""
    draw = random.Random(5)
    cases = {}
    for name in book.sets:
        cases[f"{name} good"] = (name, _values(book, name, None), {})
        for n in range(4):
            cases[f"{name} {n}"] = (name, _values(book, name, draw), {})
    needed, other = "qsc_code_num_words", "qsc_code_num_chars"
    good = _values(book, "python", None)
    cases["one failed"] = ("python", good | {needed: None}, {needed: "boom"})
    cases["two failed"] = ("python", good | {needed: None, other: None}, {other: "a", needed: "b"})
    cases["unneeded failed"] = ("text/en", _values(book, "text/en", None), {needed: "boom"})
    cases["flag failed"] = ("go", _values(book, "go", None) | {needed: None}, {needed: "boom"})
    cases["flagged"] = ("go", _values(book, "go", None) | {needed: 30}, {})
    for file in ("a.c", "a.h"):
        cases[f"preprocessed {file}"] = ("c", _values(book, "c", None) | {_DIRECTIVES: 0.9}, {})
    for n in range(40):
        cases[f"drawn {n}"] = ("python", good | {_DRAWN: 0.9}, {})
    return cases


_BAD = {  # file -> its row of cleaned_texts: what stands in the way of any signal
    "not cleaned": {"failure": "invalid_notebook: no cells"},
    "nothing left": {"clean_id": "nothing left", "text_bytes": 0},
    "not measured": {"clean_id": "not measured", "text_bytes": 9},
}
_SIZE = "qsc_code_size_file_byte"


@pytest.fixture(scope="module")
def filtered(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> tuple[RuleBook, dict[str, Any]]:
    """The rules in force and Spark's decision about every case."""
    override = tmp_path_factory.mktemp("rules") / "mine.toml"
    override.write_text(_OVERRIDE)
    book = load_rules(override)
    files, done, measured = [], [], []
    for file, (name, values, failures) in _filter_cases(book).items():
        kind, language, spoken = _about(name)
        key = {"content_id": file, "language": language, "kind": kind}
        files.append({"file_id": file, **key, "path": _path(file, values), "size_bytes": values.get(_SIZE) or 1})
        done.append({**key, "clean_id": f"clean {file}", "text_bytes": 9})
        row = {k: v for k, v in values.items() if k in _SIGNAL_TYPES}
        about = {"clean_id": f"clean {file}", "language": language, "kind": kind, "natural_language": spoken}
        measured.append({**row, **about, "failures": list(failures.items())})
    for file in ("dropped", "no cleaned row", *_BAD):
        key = {"content_id": file, "language": "python", "kind": "code"}
        files.append({"file_id": file, **key, "path": "a.py", "size_bytes": 9})
        done += [{**key, **_BAD[file]}] if file in _BAD else []
    near = [{"file_id": f["file_id"], "keep": f["file_id"] != "dropped"} for f in files]
    found = decide(
        spark,
        filter_decisions.STAGE,
        Filter(str(override)),
        near_duplicates=near,
        raw_files=files,
        cleaned_texts=done,
        signals=measured,
    )
    return book, by_file(found)


def test_the_filter_decides_as_the_rule_book_for_every_set(filtered: tuple[RuleBook, dict[str, Any]]) -> None:
    book, found = filtered
    hits = 0
    for file, (name, values, failures) in _filter_cases(book).items():
        row, severity = found[file], {(r.signal, r.op): r.severity for r in book.sets[name]}
        values = values | ({_SIZE: values.get(_SIZE) or 1} if _SIZE in values else {})  # a file always has a size
        values |= {signal: bool(values[signal]) for signal in _ON_PATH if signal in values}
        if _path(file, values).endswith(".h"):
            values |= dict.fromkeys(NULL_FOR_HEADERS)
        assert row["rule_set"] == name == book.set_for(*_about(name))
        expected = book.evaluate(name, values, f"clean {file}")
        drops = [(f"{s} {op}", float(v), float(t)) for s, op, t, v in expected if severity[s, op] == "drop"]
        reasons = [(r["rule"], r["value"], r["threshold"]) for r in row["reasons"] if r["rule"] != "signal_failed"]
        assert sorted(reasons) == sorted(drops), file
        assert sorted(row["flags"]) == sorted(f"{s} {op}" for s, op, *_ in expected if severity[s, op] == "flag"), file
        assert row["keep"] == (not row["reasons"]) and (failures or row["keep"] == (not drops))
        hits += len(drops)
    assert hits > 200, "the cases touch the limits"
    assert all(found[f"{name} good"]["keep"] for name in book.sets)
    assert found["preprocessed a.h"]["keep"] and not found["preprocessed a.c"]["keep"]
    assert 0 < sum(found[f"drawn {n}"]["keep"] for n in range(40)) < 20, "one in five is spared by its draw"


def test_a_signal_that_failed_is_never_a_pass(filtered: tuple[RuleBook, dict[str, Any]]) -> None:
    _, found = filtered
    for file, names in {
        "one failed": "qsc_code_num_words",
        "two failed": "qsc_code_num_chars, qsc_code_num_words",
    }.items():
        assert [(r["rule"], r["detail"]) for r in found[file]["reasons"]] == [("signal_failed", names)]
    assert found["unneeded failed"]["keep"], "no drop rule of its set reads the signal"
    assert found["flag failed"]["keep"], "a flag drops nothing, measured or not"


def test_flags_are_said_and_drop_nothing(filtered: tuple[RuleBook, dict[str, Any]]) -> None:
    _, found = filtered
    assert (found["flagged"]["keep"], found["flagged"]["flags"]) == (True, ["qsc_code_num_words <"])
    assert found["go good"]["flags"] == []


def test_what_could_not_be_measured_has_its_own_reason(filtered: tuple[RuleBook, dict[str, Any]]) -> None:
    _, found = filtered
    assert {file: rules_of(found[file]) for file in _BAD} == {
        "not cleaned": ["cleaning_failed"],
        "nothing left": ["empty_after_cleaning"],
        "not measured": ["signals_missing"],
    }
    assert "dropped" not in found, "near deduplication did not keep it"
    assert len(found) == len(_filter_cases(load_rules())) + len(_BAD) + 1


def test_a_file_without_a_cleaned_text_is_not_kept(filtered: tuple[RuleBook, dict[str, Any]]) -> None:
    assert not filtered[1]["no cleaned row"]["keep"]


def test_path_signals_in_spark_are_those_of_the_registry(spark: SparkSession) -> None:
    paths = ["README.md", "a/readme", "a.readme/b.md", "docs/Read.Me.first", "x/requirements-dev.txt", "CMakeLists.txt"]
    paths += ["notes/a.md", "TODO", "a/todo.list.md", "myreadme.md", "a/.readme", "description.rst", "a/b/c"]
    rows = spark.createDataFrame([(p, 5) for p in paths], "path string, file_bytes bigint")
    for row in rows.withColumns(filter_decisions.path_columns()).collect():
        for signal in path_signals():
            assert row[signal.name] == signal.function(row["path"], 5), (signal.name, row["path"])


# --- sampling ------------------------------------------------------------------------------------------------------


def drawn(text_id: str, seed: str) -> float:
    """The draw, written out a second time."""
    return int(hashlib.sha256(f"{seed}:sample:{text_id}".encode()).hexdigest()[:13], 16) / 16**13


def test_sampling_draws_by_the_text_at_the_rate_of_its_language(spark: SparkSession) -> None:
    ids = {sha(str(n)): "java" if n < 2000 else "python" for n in range(2050)}
    p = Sampling({"java": 0.4}, "seed")
    found = by_file(
        decide(
            spark,
            sample_decisions.STAGE,
            p,
            clean_duplicates=[{"file_id": i, "clean_id": i, "keep": True} for i in ids]
            + [{"file_id": "copy", "clean_id": "copy", "keep": False}],
            raw_files=[{"file_id": i, "content_id": i, "language": w, "kind": "code"} for i, w in ids.items()],
            cleaned_texts=[
                {"content_id": i, "language": w, "kind": "code", "clean_id": i, "text_bytes": 7} for i, w in ids.items()
            ],
        )
    )
    assert set(found) == set(ids)
    for i, row in found.items():
        rate = 0.4 if ids[i] == "java" else 1.0
        assert (row["rate"], row["text_bytes"], row["keep"]) == (rate, 7, drawn(i, "seed") < rate)
        assert [tuple(w) for w in row["reasons"]] == [("sampled_out", drawn(i, "seed"), 0.4, None)] * (not row["keep"])
    share = sum(found[i]["keep"] for i in ids if ids[i] == "java") / 2000
    assert abs(share - 0.4) < 4 * (0.4 * 0.6 / 2000) ** 0.5
    other = {i for i in ids if drawn(i, "other") < 0.4}
    assert other != {i for i in ids if drawn(i, "seed") < 0.4}, "another seed is another sample"


# --- publication ---------------------------------------------------------------------------------------------------


def test_the_corpus_joins_a_kept_file_with_its_facts_and_its_text(spark: SparkSession) -> None:
    changed, same = sha(_HEADED), sha(_PLAIN)
    about = {"language": "python", "kind": "code", "size_bytes": 99}
    files = [
        # its own licence and time, a text that cleaning changed
        {
            "file_id": "own",
            "content_id": changed,
            "repo_id": "r",
            "path": "a.py",
            "licences": ["BSD"],
            "commit_time": day(2),
        },
        # those of its repository, a text as it was found
        {"file_id": "repo", "content_id": same, "repo_id": "r", "path": "b.py"},
        # not sampled
        {"file_id": "out", "content_id": "x", "repo_id": "r", "path": "c.py"},
    ]
    rows = decide(
        spark,
        code_corpus.STAGE,
        sample_decisions=[
            {"file_id": "own", "clean_id": "clean", "keep": True, "text_bytes": 5},
            {"file_id": "repo", "clean_id": same, "keep": True, "text_bytes": 6},
            {"file_id": "out", "clean_id": "x", "keep": False, "text_bytes": 7},
        ],
        raw_files=[f | about for f in files],
        repositories=[{"repo_id": "r", "repo": "org/r", "licences": ["MIT"], "commit_time": day(1)}],
    )
    narrow = [n for n in code_corpus.CODE_CORPUS.narrow() if n != "run_id"]
    assert sorted(rows.columns) == sorted(narrow), "every column but the text and the run"
    contents = [{"content_id": same, "text": _PLAIN}, {"content_id": changed, "text": _HEADED}]
    cleaned = [
        {"content_id": changed, "language": "python", "kind": "code", "text": "cleaned as Python"},
        {"content_id": changed, "language": "shell", "kind": "code", "text": "cleaned as shell"},
        {"content_id": same, "language": "python", "kind": "code", "text": None},
    ]
    full = code_corpus.STAGE.with_text(
        rows, frame(spark, CONTENTS, contents), frame(spark, CLEANED_TEXTS, cleaned), Dedup()
    )
    found = by_file(full)
    assert set(found) == {"own", "repo"}
    assert [found[f]["licences"] for f in ("own", "repo")] == [["BSD"], ["MIT"]]
    assert [found[f]["commit_time"].day for f in ("own", "repo")] == [2, 1]
    assert [found[f]["text"] for f in ("own", "repo")] == ["cleaned as Python", _PLAIN]
    assert (found["own"]["raw_bytes"], found["own"]["text_bytes"], found["own"]["repo"]) == (99, 5, "org/r")


def test_every_table_of_a_stage_can_be_built_from_its_contract(spark: SparkSession) -> None:
    for table in (EXACT_DUPLICATES, FINGERPRINTS, signals.SIGNALS):
        row = frame(spark, table, [{}]).collect()[0]
        assert [c.name for c in table.columns if row[c.name] is None] == [c.name for c in table.columns if c.nullable]
    assert list(itertools.chain(frame(spark, EXACT_DUPLICATES).collect())) == []
