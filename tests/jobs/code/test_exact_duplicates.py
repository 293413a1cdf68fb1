"""Which of equal texts stands for them, before cleaning and after it."""

from __future__ import annotations

import random
from typing import Any

import pytest
from pyspark.sql import SparkSession

from jobs.code import clean_duplicates, exact_duplicates
from jobs.runtime.stage import Decide
from tests.jobs.rows import by_file, day, decide, rules_of

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
