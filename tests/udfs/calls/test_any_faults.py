"""Over random faults and kills: no row lost, none answered with another's, no lie about cost."""

from __future__ import annotations

from collections import Counter

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.udfs.calls.asking import PRICES, chat, completion, quick
from tests.udfs.calls.endpoint import Arrived, Endpoint, Fault, Said, echo, reply_of
from udfs.calls.money import Budget
from udfs.calls.outcomes import ERRORS, STATUSES, Outcome
from udfs.calls.sending import send

broken = st.sampled_from(
    ["reset_headers", "cut_body", "early_end", "not_json", "html", "no_choices", "no_finish", "error_inside"]
)
odd = st.sampled_from(["ok", "no_usage", "no_done", "duplicate", "filtered"])
statuses = st.sampled_from([400, 408, 409, 413, 422, 429, 500, 502, 503, 504, 504])
gone = st.sampled_from([401, 403, 404])
MAY_BE_BILLED = {408, 502, 504}


@st.composite
def faults(draw: st.DrawFn) -> Fault:
    """Any, the slow ones seldom."""
    which = draw(st.integers(0, 19))
    if which < 6:
        return Fault(draw(odd))
    if which < 11:
        return Fault(draw(broken))
    if which < 13:
        return Fault("reset_before", billed=draw(st.booleans()))
    if which == 13:
        return Fault(draw(st.sampled_from(["hang", "stall"])))
    status = draw(gone if which == 19 else statuses)
    after = draw(st.sampled_from(["", "0", "0.02", "soon"]))
    return Fault("status", status=status, retry_after=after, billed=status in MAY_BE_BILLED and draw(st.booleans()))


def paid(call: Arrived) -> float:
    """What the endpoint would have written on its bill."""
    usage = reply_of(call, Said(echo(call.body)), usage=False)
    assert "usage" not in usage
    asked, told = len(call.said.encode()) // 4 + 1, len(echo(call.body).encode()) // 4 + 1
    return (asked * PRICES["m"][0] + min(told, call.body["max_tokens"]) * PRICES["m"][1]) / 1e6


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    script=st.lists(faults(), max_size=60),
    rows=st.integers(1, 25),
    stream=st.booleans(),
    most=st.one_of(st.none(), st.integers(0, 3000)),
    kill_after=st.one_of(st.none(), st.integers(1, 25)),
    concurrency=st.integers(1, 8),
)
def test_whatever_an_endpoint_does(
    script: list[Fault], rows: int, stream: bool, most: int | None, kill_after: int | None, concurrency: int
) -> None:
    requests = [chat(i) if i % 2 else completion(i) for i in range(rows)]
    budget = Budget(None if most is None else most / 1e6)
    found: list[Outcome] = []
    with Endpoint(script=script) as endpoint:
        asked = quick(endpoint, stream=stream, concurrency=concurrency, timeout_s=0.25, idle_s=0.2, tries=3)
        outcomes = send(requests, asked, budget)
        for outcome in outcomes:
            found.append(outcome)
            if kill_after == len(found):
                outcomes.close()  # type: ignore[attr-defined]
                break
        log, billed = list(endpoint.log), endpoint.billed
    whole = kill_after is None or len(found) < kill_after
    keys = Counter(o.key for o in found)
    assert max(keys.values()) == 1 and (not whole or keys.keys() == {r.key for r in requests})
    texts = {r.key: f"echo number {i}" for i, r in enumerate(requests)}
    answered = [o for o in found if o.status == "answered"]
    assert all(o.answer is not None and (o.answer.text, o.answer.finish) == (texts[o.key], "stop") for o in answered)
    for outcome in found:
        assert outcome.status in STATUSES and (outcome.error in ERRORS or outcome.status == "answered")
        assert outcome.attempts - outcome.retries == (1 if outcome.attempts else 0)
        assert outcome.uncertain <= outcome.attempts and (outcome.attempts or outcome.status != "answered")
    known = len(answered) + sum(o.status == "refused" and o.cost > 0 for o in found)
    money = sum(o.cost + o.uncertain_cost for o in found)
    assert budget.reserved == 0 and money <= budget.spent + 1e-12
    assert most is None or budget.spent <= most / 1e6 + 1e-12
    assert sum(paid(a) for a in log if a.billed) <= budget.spent + 1e-12
    if whole:
        assert known <= billed <= known + sum(o.uncertain for o in found)
        assert abs(money - budget.spent) < 1e-12 and budget.calls == len(log) == sum(o.attempts for o in found)
