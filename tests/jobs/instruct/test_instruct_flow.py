"""Seeds, calls, runs and tables of the synthetic half, with an endpoint that answers and fails as it is told."""

from __future__ import annotations

from jobs.instruct.parameters import Recipes
from jobs.runtime.tables import Lake
from schemas.instruct import LLM_RESPONSES, SYNTHETIC_SNIPPETS, TEXTBOOKS, THREADS, TRAILS
from tests.jobs.instruct.teaching import by_stage, corpora, document, function, run_instruct, settings, teacher
from tests.udfs.calls.endpoint import Endpoint
from udfs.recipes.snippets import Snippets

PYTHON = {Snippets: Snippets(languages=("python",))}
BOTH = Recipes(names=("snippets", "textbooks"))


def test_what_is_answered_is_never_asked_again(lake: Lake) -> None:
    corpora(lake, [document(f"org/r{n}", f"{n}.py", function(n)) for n in range(3)])
    with Endpoint(teacher) as endpoint:
        first = by_stage(run_instruct(lake, "r1", BOTH, settings(endpoint.url), more=PYTHON))
        asked = len(endpoint.log)
        assert asked == 6, [a.said[:80] for a in endpoint.log]
        assert first["threads"].rows_kept == 6, first["threads"]
        assert lake.read(SYNTHETIC_SNIPPETS).count() == 3 and lake.read(TEXTBOOKS).count() == 3
        again = run_instruct(lake, "r2", BOTH, settings(endpoint.url), more=PYTHON)
        assert len(endpoint.log) == asked
        assert all(r.skipped or r.rows_written == 0 for r in again), [r for r in again if not r.skipped]
    assert lake.read(LLM_RESPONSES).count() == 6 and lake.read(TRAILS).count() == 9
    assert lake.read(THREADS).count() == 6
