"""Seeds that stand in several texts, in both corpora, in a grown corpus: nothing is lost, multiplied or paid again."""

from __future__ import annotations

import pytest
from pyspark.sql import functions as F

from jobs.instruct import costs
from jobs.instruct.asked_for import stored_versions
from jobs.instruct.parameters import Recipes
from jobs.instruct.published import homes
from jobs.runtime.accounting import append_rows
from jobs.runtime.tables import Lake
from schemas.code import CODE_CORPUS
from schemas.instruct import CALL_CHUNKS, LLM_RESPONSES, POPULATION, SEED_PARTS, TEXTBOOKS, THREADS, TRAILS
from schemas.web import WEB_CORPUS, WEB_PAGES
from tests.jobs.instruct.teaching import MODEL, corpora, document, function, run_instruct, settings, teacher
from tests.udfs.calls.endpoint import Endpoint


@pytest.mark.long
def test_a_seed_of_two_texts_stays_with_the_last_of_them(lake: Lake) -> None:
    twice = [document(f"org/copy{n}", f"{n}.py", f"{function(3)}\n\nLAST = {n}\n") for n in range(2)]
    corpora(lake, twice, [("https://docs.example.org/copy", twice[0]["text"])])
    recipes = Recipes(names=("textbooks",), texts=2)
    with Endpoint(teacher) as endpoint:
        calls = settings(endpoint.url, prices={MODEL: [1.0, 1.0]})
        run_instruct(lake, "r1", recipes, calls)
        assert len(endpoint.log) == 1 and lake.read(TEXTBOOKS).count() == 1

        # At each place once: a text that is a file and a page has two, rows of another kernel none of their own.
        parts = lake.read(SEED_PARTS)
        old = parts.withColumn("kernel_version", F.lit("before"))
        places = homes(
            parts.unionByName(old), lake.read(POPULATION), lake.read(CODE_CORPUS), lake.read(WEB_CORPUS)
        ).collect()
        assert len(places) == 3 == len({(r["seed_id"], r["recipe"], r["origin"]) for r in places})

        # A grown corpus draws other texts, once models are asked again: until then what was made stays.
        append_rows(lake, CODE_CORPUS, [document("org/new", f"{n}.py", function(100 + n)) for n in range(12)])
        run_instruct(lake, "r2", Recipes(names=("snippets",), texts=1), calls, stored=stored_versions(lake))
        assert lake.read(TEXTBOOKS).count() == lake.read(THREADS).count() == 1

        # The text that its trail names goes, the other stays: the answer is still the seed's.
        origin = lake.read(TRAILS).first()["origin"]
        for run, gone in (("r3", [origin]), ("r4", [d["clean_id"] for d in twice])):
            ids = lake.spark.createDataFrame([(g,) for g in gone], "clean_id string")
            lake.delete(CODE_CORPUS, ids, {})
            if run == "r4":  # as the page that it is too
                lake.delete(WEB_CORPUS, ids, {})
                lake.delete(WEB_PAGES, ids.withColumnRenamed("clean_id", "content_id"), {})
            run_instruct(lake, run, recipes, calls, stored=stored_versions(lake))
            left = 1 if run == "r3" else 0
            for table in (THREADS, TRAILS, LLM_RESPONSES, TEXTBOOKS, CALL_CHUNKS):
                assert lake.read(table).count() == left, (run, table.name)
        assert len(endpoint.log) == 1
    found = costs.of_run(lake)
    assert (found.calls, found.lost) == (0, 0), "what was forgotten is no killed run's"
