"""An endpoint that fails in every way, and runs that are killed: no thread is lost, no answer is paid for twice."""

from __future__ import annotations

import random
from typing import Any

import pytest

from jobs.instruct import costs
from jobs.instruct.parameters import Recipes
from jobs.runtime.tables import Lake
from schemas.contract import Table
from schemas.instruct import CALL_CHUNKS, LLM_RESPONSES, TEXTBOOKS
from tests.jobs.instruct.teaching import MODEL, by_stage, corpora, document, function, run_instruct, settings, teacher
from tests.udfs.calls.endpoint import Arrived, Endpoint, Fault

NUMBER = 6
FAULTS = ("status", "reset_before", "reset_headers", "cut_body", "not_json", "no_choices", "no_finish", *["ok"] * 3)


class Killed(Exception):
    """Stands for the end of the process: nothing after it is done."""


@pytest.mark.long
def test_over_faults_and_kills_nothing_is_lost_or_paid_twice(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    corpora(lake, [document(f"org/r{n}", f"{n}.py", function(n)) for n in range(NUMBER)])
    drawn = random.Random(7)
    refuse = [False]

    def script(arrived: Arrived) -> Fault:
        if refuse[0]:
            return Fault("status", status=500)
        return Fault(drawn.choice(FAULTS), status=drawn.choice((429, 500, 503)), retry_after="0")

    append, seen = Lake.append, [0]

    def append_or_die(self: Lake, table: Table, *rest: Any, **more: Any) -> None:
        seen[0] += table.name == LLM_RESPONSES.name
        if table.name == LLM_RESPONSES.name and seen[0] == 2:
            raise Killed  # the second chunk was sent and paid, and is not written down
        append(self, table, *rest, **more)

    with Endpoint(teacher, script=script) as endpoint:
        calls = settings(
            endpoint.url, chunk=2, tries=4, timeout=2.0, deadline=20.0, give_up=20, prices={MODEL: [1.0, 1.0]}
        )
        recipe = Recipes(names=("textbooks",))
        monkeypatch.setattr(Lake, "append", append_or_die)
        with pytest.raises(Killed):
            run_instruct(lake, "r1", recipe, calls)
        refuse[0] = True  # for a whole run: the endpoint is down, and the threads wait
        down = by_stage(run_instruct(lake, "r2", recipe, calls))
        assert down["threads"].waiting and lake.read(TEXTBOOKS).count() < NUMBER
        refuse[0] = False
        for number in range(3, 9):
            if lake.read(TEXTBOOKS).count() == NUMBER:
                break
            run_instruct(lake, f"r{number}", recipe, calls)
        billed = sum(a.billed for a in endpoint.log)
    assert lake.read(TEXTBOOKS).count() == NUMBER
    found = costs.of_run(lake)
    assert found.answered == NUMBER, "no answer was paid and written down twice"
    assert found.answered <= billed <= found.answered + found.uncertain + found.lost
    sent = {r["chunk_id"]: r["calls"] for r in lake.read(CALL_CHUNKS).collect()}
    assert found.lost == sent["r1.threads.2"] and found.lost_cost > 0, "the chunk of the killed run is counted"
    assert len(sent) == seen[0]
