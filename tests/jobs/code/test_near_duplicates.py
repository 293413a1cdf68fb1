"""Who stands for a group of near duplicates."""

from __future__ import annotations

from typing import Any

from pyspark.sql import SparkSession

from jobs.code import near_duplicates
from tests.jobs.rows import by_file, decide, rules_of

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
