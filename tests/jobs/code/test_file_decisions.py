"""Which files enter: by type, and by path, licence and stars where it is asked for."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession

from jobs.code import file_decisions
from jobs.code.parameters import FileRules
from tests.jobs.rows import by_file, decide, rules_of

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


def test_files_of_repositories_with_fewer_stars_go_and_unknown_ones_stay(spark: SparkSession) -> None:
    stars = {"none": 0, "four": 4, "five": 5, "silent": None}
    files = [{"file_id": name, "repo_id": name, "kind": "code"} for name in (*stars, "orphan")]
    repos = [{"repo_id": name, "stars": number} for name, number in stars.items()]
    found = by_file(decide(spark, file_decisions.STAGE, FileRules(min_stars=5), raw_files=files, repositories=repos))
    assert {i for i, r in found.items() if not r["keep"]} == {"none", "four"}
    why = found["four"]["reasons"][0]
    assert (why["rule"], why["value"], why["threshold"], why["detail"]) == ("stars <", 4.0, 5.0, None)
    off = by_file(decide(spark, file_decisions.STAGE, raw_files=files, repositories=repos))
    assert all(r["keep"] for r in off.values()), "0 drops nothing"
    with pytest.raises(ValueError, match=r"file_rules\.min_stars: expected 0 or more"):
        FileRules(min_stars=-1)
