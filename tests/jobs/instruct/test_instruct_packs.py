"""What becomes of given queries and problems, on rows made by hand; and of a population that grows."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs.instruct.lineage import draws, members, with_origins
from jobs.instruct.query_packs import query_packs
from schemas.instruct import GIVEN_SEEDS, QUERY_EMBEDDINGS, QUESTIONS, SEED_PARTS
from tests.jobs.rows import frame
from udfs.recipes.evolution import Evolution
from udfs.recipes.packing import Packing

PACKED = Packing(embeddings="somewhere", nearest=0.99, farthest=0.6, turns=3)


def thread(name: str, target: str, text: str, tags: str | None = None, **scores: float) -> dict[str, Any]:
    """A row of questions that made one seed."""
    squeezed = hashlib.sha256(text.encode()).hexdigest()
    made = {"row_id": name, "target": target, "name": tags, "language": "python", "squeezed": squeezed}
    said = [{"name": key, "value": value} for key, value in sorted(scores.items())]
    return {"seed_id": f"given-{name}", "recipe": "queries", "made": [made], "scores": [said], "texts": []}


def query(name: str, complexity: float = 5.0, text: str = "") -> dict[str, Any]:
    return thread(name, "seeds:interaction", text or name, complexity=complexity)


def problem(name: str, tags: str, solutions: int) -> dict[str, Any]:
    return thread(name, "seeds:follow_up", name, tags, solutions=float(solutions))


def vectors(spark: SparkSession, **angles: float) -> DataFrame:
    """Unit vectors in a plane, by their angle in degrees."""
    rows = []
    for name, angle in angles.items():
        at = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))], np.float16)
        rows.append({"unit_id": name, "sketch": at.tobytes()})
    return frame(spark, QUERY_EMBEDDINGS, rows)


def becomes(spark: SparkSession, rows: list[dict[str, Any]], p: Packing, **angles: float) -> dict[str, Any]:
    found = query_packs(frame(spark, QUESTIONS, rows), vectors(spark, **angles), p)
    return {row["seed_id"]: row for row in found.collect()}


def test_near_queries_are_packed_once_and_the_rest_is_simulated(spark: SparkSession) -> None:
    names = [f"q{n}" for n in range(5)]
    rows = [query(name) for name in names] + [query("far"), query("easy", 2.0), query("copy", text="far")]
    found = becomes(spark, rows, PACKED, **{n: 10.0 * i for i, n in enumerate(names)}, far=180.0)
    packed = {name: found[name]["pack_id"] for name in names if found[name]["becomes"] == "packing"}
    assert packed and all(packed.values())
    sizes = {pack: sorted(found[n]["position"] for n in packed if packed[n] == pack) for pack in packed.values()}
    assert all(2 <= len(size) <= 3 and size == list(range(1, len(size) + 1)) for size in sizes.values())
    assert {found[n]["becomes"] for n in names} <= {"packing", "interaction"}
    single = {"far": found["far"], "copy": found["copy"]}
    assert sorted(str(row["becomes"]) for row in single.values()) == ["None", "interaction"]
    assert found["easy"]["reasons"][0]["rule"] == "too_simple" and not found["easy"]["keep"]
    # The order in which rows come changes nothing, nor does a query that is near to none.
    again = becomes(
        spark, [*rows[::-1], query("new")], PACKED, new=90.0, far=180.0, **{n: 10.0 * i for i, n in enumerate(names)}
    )
    assert {n: again[n] for n in found} == found
    assert again["new"]["becomes"] == "interaction"


def test_without_an_encoder_nothing_is_packed_by_meaning_and_tags_pack_problems(spark: SparkSession) -> None:
    rows = [query("q0"), query("q1"), problem("two", "sorting", 2)]
    rows += [problem(f"p{n}", "graphs|search", 1) for n in range(4)] + [problem("lone", "geometry", 1)]
    found = becomes(spark, rows, Packing(turns=4), q0=0.0, q1=5.0)
    assert {found[n]["becomes"] for n in ("q0", "q1")} == {"interaction"} and found["two"]["becomes"] == "follow_up"
    packs = {found[f"p{n}"]["pack_id"] for n in range(4)}
    assert len(packs) == 1 and {found[f"p{n}"]["kind"] for n in range(4)} == {"similar"}
    assert found["lone"]["reasons"][0]["rule"] == "no_neighbour"


def task(name: str) -> dict[str, Any]:
    """A founder, as the thread that made it keeps it."""
    said = {"domain": "generic", "operator": "", "parents": "[]", "generation": "0", "colony": ""}
    row = thread(name, "seeds:open_code_instruct", name, json.dumps(said))
    return row | {"seed_id": f"t-{name}", "recipe": "oss_questions"}


def population_of(spark: SparkSession, names: list[str]) -> DataFrame:
    """Founders by these names."""
    return members(frame(spark, QUESTIONS, [task(name) for name in names]), frame(spark, GIVEN_SEEDS, []), ())


def test_an_individual_that_goes_moves_its_own_children_and_those_of_its_neighbours(spark: SparkSession) -> None:
    names = [f"n{number:02}" for number in range(40)]
    p = Evolution(generations=1, colonies=4, crossover=0.5, parents=3, reproduce=0.75)
    before = {r["thread_id"]: r for r in draws(population_of(spark, names), p, 1).collect()}
    after = {r["thread_id"]: r for r in draws(population_of(spark, names[1:]), p, 1).collect()}
    assert 20 <= len(before) <= 38 and {len(r["mates"]) for r in before.values()} == {1, 3}
    lost = [r for thread, r in before.items() if thread not in after]
    assert len(lost) <= 3 and all("n00" in r["mates"] for r in lost)
    # A neighbour that lost a mate takes another one; nobody else is another child.
    assert len(after.keys() - before.keys()) <= len(lost)
    other = {r["thread_id"] for r in draws(population_of(spark, names), p, 2).collect()}
    assert not other & before.keys(), "another generation draws anew"


def test_a_child_has_the_origins_of_all_its_founders(spark: SparkSession) -> None:
    names = [f"n{number:02}" for number in range(6)]
    found = [
        {"clean_id": f"c-{n}", "recipe": "oss_questions", "found": [{"seed_id": f"t-{n}", "bytes": 1}], "texts": []}
        for n in names
    ]
    parts = frame(spark, SEED_PARTS, found)
    rows = population_of(spark, names)
    children = draws(rows, Evolution(generations=1, colonies=1), 1)
    for row in with_origins(children, "thread_id", F.col("mates"), rows, parts, 0).collect():
        assert row["origins"] == sorted(f"c-{parent}" for parent in row["mates"])
