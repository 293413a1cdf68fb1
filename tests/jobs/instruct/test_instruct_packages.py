"""Questions about an installed package: its interface is walked, uses of the corpus are shown, examples are run."""

from __future__ import annotations

import pytest
from pyspark.sql import functions as F

from jobs.instruct.parameters import Recipes, Runs
from jobs.runtime.tables import Lake
from schemas.instruct import MADE_DECISIONS, PACKAGE_APIS, PACKAGE_USAGES, THREADS
from tests.jobs.instruct.teaching import by_stage, corpora, document, run_instruct, settings, teacher
from tests.udfs.calls.endpoint import Endpoint
from tests.udfs.recipes.conftest import library
from udfs.execution.levels import probed
from udfs.recipes.package_api import PackageApi

__all__ = ["library"]
USE = "import small\n\nHALF = 21\nprint(small.twice(HALF))  # as the corpus does\n"
NEED = next((level for level in ("bubblewrap", "landlock", "rlimits") if not probed()[level]), "rlimits")


def test_symbols_with_their_uses_become_questions_that_run(lake: Lake, library: str) -> None:
    corpora(lake, [document("org/uses", "use.py", USE), document("org/other", "x.py", "print(1)  # nothing\n" * 3)])
    recipes = Recipes(names=("package_api", "package"), packages=("python:small",))
    more = {Runs: Runs(need=NEED, libraries=(library,)), PackageApi: PackageApi(most_symbols=3)}
    with Endpoint(teacher) as endpoint:
        done = by_stage(run_instruct(lake, "r1", recipes, settings(endpoint.url), more=more))
        assert done["package_apis"].rows_kept == 1 and done["threads"].rows_read == 3
        shown = [a for a in endpoint.log if "as the corpus does" in str(a.body["messages"])]
        assert len(endpoint.log) == 3 and len(shown) == 1 and "twice" in str(shown[0].body["messages"])
        asked = len(endpoint.log)
        run_instruct(lake, "r2", recipes, settings(endpoint.url), more=more)
        assert len(endpoint.log) == asked
    symbols = lake.read(PACKAGE_APIS).select(F.explode("made.name")).collect()
    assert "python:small:twice" in {r[0] for r in symbols}
    uses = lake.read(PACKAGE_USAGES).select(F.explode("found.name")).collect()
    assert {r[0] for r in uses} == {"python:small:twice"}
    # The teacher always shows how twice is called: only where it was asked for is that an answer.
    kept = lake.read(MADE_DECISIONS).where("keep").collect()
    assert [(r["recipe"], r["target"], r["stage"]) for r in kept] == [("package", "instructions", 2)]
    why = lake.read(THREADS).where("not keep").select(F.explode("reasons.rule")).collect()
    assert {r[0] for r in why} == {"symbol_not_used"}


def test_a_package_that_is_not_there_is_said_before_anything_is_run(lake: Lake, library: str) -> None:
    recipes = Recipes(names=("package_api",), packages=("python:nobody",))
    with pytest.raises(ValueError, match=r"recipes\.packages: expected python:nobody in a folder of runs\.libraries"):
        run_instruct(lake, "r1", recipes, settings("http://localhost:1"), more={Runs: Runs(libraries=(library,))})
