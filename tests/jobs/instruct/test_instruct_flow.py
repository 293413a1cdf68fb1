"""Seeds, calls, runs and tables of the synthetic half: what is answered is paid once, and follows its seed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.instruct.asked_for import stored_versions
from jobs.instruct.parameters import Recipes, Runs
from jobs.runtime.accounting import append_rows
from jobs.runtime.tables import Lake
from schemas.code import CODE_CORPUS
from schemas.instruct import (
    ALGORITHMIC,
    EXECUTIONS,
    GIVEN_SEEDS,
    LLM_RESPONSES,
    MADE_DECISIONS,
    SYNTHETIC_SNIPPETS,
    TEXTBOOKS,
    THREADS,
    TRAILS,
)
from tests.jobs.instruct.teaching import PYTHON, by_stage, corpora, document, function, run_instruct, settings, teacher
from tests.jobs.pipeline import contents_of
from tests.udfs.calls.endpoint import Endpoint
from udfs.recipes.batches import PLAYED, Player, played_batch
from udfs.recipes.textbooks import Textbooks
from udfs.spark.batches import mapped

BOTH = Recipes(names=("snippets", "textbooks"))
FILES = [document(f"org/r{n}", f"{n}.py", function(n)) for n in range(3)]
COMPARED = (THREADS, TRAILS, MADE_DECISIONS, SYNTHETIC_SNIPPETS, TEXTBOOKS, ALGORITHMIC, EXECUTIONS)


def test_an_answer_is_paid_once_and_follows_its_seed(lake: Lake, tmp_path: Path) -> None:
    corpora(lake, [*FILES, document("org/leet", "s.py", "1 = 2  # leetcode\n")])
    with Endpoint(teacher) as endpoint:
        calls = settings(endpoint.url)
        first = by_stage(run_instruct(lake, "r1", BOTH, calls, more=PYTHON))
        assert len(endpoint.log) == 7 and first["threads"].rows_kept == 7
        assert lake.read(SYNTHETIC_SNIPPETS).count() == 4 and lake.read(TEXTBOOKS).count() == 3
        assert [r["keywords"] for r in lake.read(ALGORITHMIC).collect()] == [["leetcode"]]

        again = run_instruct(lake, "r2", BOTH, calls, more=PYTHON)
        assert len(endpoint.log) == 7
        assert all(r.skipped or r.rows_written == 0 for r in again), [r for r in again if not r.skipped]

        # Another setting of one recipe asks that one's prompts anew, and nobody else's.
        more = PYTHON | {Textbooks: Textbooks(per_seed=2)}
        run_instruct(lake, "r3", BOTH, calls, more=more)
        assert len(endpoint.log) == 10 and all("textbook" in str(a.body["messages"]) for a in endpoint.log[7:])
        # Taken back, it is there still.
        run_instruct(lake, "r4", BOTH, calls, more=PYTHON)
        assert len(endpoint.log) == 10

        # A refresh equals a rebuild that reuses the recorded answers.
        other = Lake(lake.spark, str(tmp_path / "rebuilt"))
        corpora(other, lake.read(CODE_CORPUS).toArrow().to_pylist())
        other.ensure(LLM_RESPONSES)
        other.append(LLM_RESPONSES, lake.read(LLM_RESPONSES), {})
        run_instruct(other, "r1", BOTH, calls, more=PYTHON)
        assert len(endpoint.log) == 10
        for table in COMPARED:
            if table is not TRAILS:  # the answers of a setting that was taken back are still known to be its seed's
                assert contents_of(lake, table) == contents_of(other, table), table.name

        # A text that is gone takes along what was made of it, its answers too, and nothing is asked.
        gone = lake.read(CODE_CORPUS).where("repo = 'org/r1'").select("clean_id")
        lake.delete(CODE_CORPUS, gone, {})
        run_instruct(lake, "r5", BOTH, calls, stored=stored_versions(lake), more=PYTHON)
        assert len(endpoint.log) == 10
    assert lake.read(SYNTHETIC_SNIPPETS).count() == 3 and lake.read(TEXTBOOKS).count() == 2
    assert lake.read(THREADS).count() == 5 and lake.read(EXECUTIONS).count() == 3
    assert lake.read(LLM_RESPONSES).where(F.col("text").contains("plus_1")).count() == 0
    assert lake.read(LLM_RESPONSES).count() == 7


@pytest.mark.long
def test_a_recipe_that_is_played_alone_leaves_the_others(lake: Lake, tmp_path: Path) -> None:
    corpora(lake, FILES)
    dialogues = tmp_path / "asked.jsonl"
    dialogues.write_text('{"instruction": "Sort a list of numbers in Python.", "output": "Call sorted."}\n')
    recipes = Recipes(names=("snippets", "textbooks", "infinity"), tables={str(dialogues): "infinity"})
    others = F.col("recipe") != "textbooks"
    with Endpoint(teacher) as endpoint:
        calls = settings(endpoint.url)
        run_instruct(lake, "r1", recipes, calls, more=PYTHON)
        before = {t.name: sorted(map(str, lake.read(t).where(others).collect())) for t in (THREADS, GIVEN_SEEDS)}
        assert all(before.values()) and lake.read(SYNTHETIC_SNIPPETS).count() == 3
        asked = len(endpoint.log)

        # Its settings are new, the corpus is grown, and no other is named: neither its draw, nor its table.
        append_rows(lake, CODE_CORPUS, [document("org/new", "n.py", function(7))])
        more = PYTHON | {Textbooks: Textbooks(per_seed=2)}
        alone = Recipes(names=("snippets",), texts_of={"snippets": 0})
        kept = stored_versions(lake)
        result = run_instruct(lake, "r2", alone, calls, stored=kept, more=more, only=("textbooks",))
        assert by_stage(result)["threads"].rows_kept == 4 == len(endpoint.log) - asked
    for table in (THREADS, GIVEN_SEEDS):
        assert sorted(map(str, lake.read(table).where(others).collect())) == before[table.name], table.name
    assert lake.read(SYNTHETIC_SNIPPETS).count() == 3 and lake.read(TEXTBOOKS).select("seed_id").distinct().count() == 4


def test_what_cannot_be_run_is_known_before_anything_is_paid(lake: Lake, tmp_path: Path) -> None:
    corpora(lake, FILES)
    nowhere = PYTHON | {Runs: Runs(need="rlimits", libraries=(str(tmp_path / "nowhere"),))}
    with Endpoint(teacher) as endpoint:
        with pytest.raises(ValueError, match=r"runs: .*nowhere"):
            run_instruct(lake, "r1", Recipes(names=("snippets",)), settings(endpoint.url), more=nowhere)
        assert not endpoint.log
        # A recipe that runs nothing has no need of it.
        run_instruct(lake, "r2", Recipes(names=("textbooks",)), settings(endpoint.url), more=nowhere)
        assert len(endpoint.log) == 3


@pytest.mark.long
def test_a_thread_that_kills_its_worker_ends_and_the_others_go_on(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """One answer holds what the kernel dies of: its thread is played in a child process, and has that as its reason."""
    corpora(lake, FILES)
    monkeypatch.setattr("jobs.instruct.rounds.played_rows", deadly_rows)
    with Endpoint(teacher) as endpoint:
        result = run_instruct(lake, "r1", Recipes(names=("textbooks",)), settings(endpoint.url))
        (dead,) = lake.read(THREADS).where("not keep").collect()
        assert (
            dead["reasons"][0]["rule"] == "killed_worker" and "SIGABRT, 2 times alone" in dead["reasons"][0]["detail"]
        )
        assert by_stage(result)["threads"].reasons == {"killed_worker": 1} and lake.read(TEXTBOOKS).count() == 2
        # It is at its end: nothing is tried again.
        asked = len(endpoint.log)
        assert by_stage(run_instruct(lake, "r2", Recipes(names=("textbooks",)), settings(endpoint.url)))[
            "threads"
        ].skipped
        assert len(endpoint.log) == asked == 3


def deadly_rows(rows: DataFrame, player: Player) -> DataFrame:
    names = ("seed_id", "recipe", "recipe_version", "language", "fields", "known")
    return mapped(rows.select(*names), partial(_deadly, player), PLAYED)


def _deadly(player: Player, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    if any(row["known"] and "add_1(" in row["fields"] for row in batch.to_pylist()):
        os.abort()
    yield from played_batch(player, batch)
