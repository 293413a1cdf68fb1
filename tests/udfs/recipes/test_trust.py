"""Several answers on the inputs of the same tests: who agrees, which test is suspect."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.udfs.recipes.driving import run_body
from udfs.recipes import trust
from udfs.recipes.replay import program_body
from udfs.recipes.steps import Ran, Run, Test, Tested

TESTS = """import math
base = [3, 1]
assert total([1, 2]) == 3
assert math.isclose(total(base), 4)
assert total([]) == 9
assert all(total([n]) == n for n in range(3))
def test_more():
    assert total([5]) == 5
"""


def ran(code: str, tests: tuple[Test, ...] = (Test("run"),)) -> Ran:
    return run_body(program_body(Run("r", "python", code, tests)))


def test_each_assertion_is_a_test_with_what_stands_before_it() -> None:
    found = trust.assertions(TESTS, 10)
    assert len(found) == 5 and found[1].startswith("import math\nbase = [3, 1]\nassert math.isclose")
    assert found[-1].endswith("test_more()")
    assert trust.assertions(TESTS, 2) == found[:2]
    assert trust.assertions("assert (", 5) == [] == trust.assertions("x = '\ud800'\nassert x", 5)
    result = ran("def total(values):\n    return sum(values)", trust.numbered(found))
    assert [t.status for t in result.tests] == ["passed", "passed", "failed", "passed", "passed"]


def test_calls_are_taken_out_of_assertions() -> None:
    calls = [trust.call_of(text, "total") for text in trust.assertions(TESTS, 10)]
    assert [call is not None for call in calls] == [True, True, True, False, False]
    assert calls[2] is not None and calls[2].endswith("_refinelake_found = [total([])]")
    assert trust.call_of("assert f(f(1)) == f(2)", "f") == "_refinelake_found = [f(f(1)), f(2)]"
    assert trust.call_of("assert other(1)", "f") is None is trust.call_of("f(1)", "f")


def test_a_test_that_all_fail_alike_is_suspect() -> None:
    tests = trust.assertions(TESTS, 3)
    calls = [trust.call_of(text, "total") for text in tests]
    codes = [
        "def total(values):\n    return sum(values)",
        "def total(values):\n    print('noise')\n    return float(sum(values))",
        "def total(values):\n    return 0 if not values else values[0]",
    ]
    rans = [ran(code, trust.numbered(tests)) for code in codes]
    found = [trust.outcomes(ran(trust.comparing(code, calls)), 3) for code in codes]
    assert found[0] == ["value list(3)", "value list(4)", "value list(0)"]
    assert found[1] == found[0]  # 3.0 is 3, as for the tests
    assert trust.suspects(rans, found) == [False, False, True]
    assert trust.tests_trust(rans, found) == pytest.approx(2 / 3) and trust.answers_agree(found) == 1.0
    apart = [["value 1"], ["value 2"], [None]]
    assert trust.suspects([Ran(r.tests[2:]) for r in rans], apart) == [False]
    assert trust.answers_agree(apart) == 0.0 and trust.answers_agree(apart[:1]) is None


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ("return {2: 'b', 1: 'a'}", "value list({1: 'a', 2: 'b'})"),
        ("return {3, 1, 2}", "value list(set(1, 2, 3))"),
        ("return 0.1 + 0.2", "value list(0.3)"),
        ("return object()", "value list(<object object at 0x>)"),
        ("raise KeyError(x)", "raised KeyError"),
        ("return 'x' * 999", None),
        ("import os; os._exit(0)", None),
    ],
)
def test_outcomes_do_not_hang_on_order_addresses_or_the_last_bit(body: str, outcome: str | None) -> None:
    (found,) = trust.outcomes(ran(trust.comparing(f"def f(x):\n    {body}", ["_refinelake_found = [f(1)]"])), 1)
    if "999" in body:
        assert found is not None and len(found) == len("value ") + 64
    else:
        assert found == outcome


def test_future_imports_and_main_blocks_do_not_hinder() -> None:
    code = "from __future__ import annotations\ndef f(x):\n    return x\n"
    code += "if __name__ == '__main__':\n    print('a' * 90000)"
    found = trust.outcomes(ran(trust.comparing(code, [None, "_refinelake_found = [f(1)]"])), 2)
    assert found == [None, "value list(1)"]


def test_lines_that_a_program_makes_up_are_read_or_left() -> None:
    text = f'{trust.MARK}[0, "value 1"]\n{trust.MARK}[9, "x"]\n{trust.MARK}nonsense\n{trust.MARK}[1, 2]\n{trust.MARK}1'
    assert trust.outcomes(Ran((Tested("run", "passed", stdout=text),)), 2) == ["value 1", None]


OUTCOME = st.none() | st.sampled_from(["a", "b"])


@settings(deadline=None)
@given(st.integers(0, 4).flatmap(lambda n: st.lists(st.lists(OUTCOME, min_size=n, max_size=n), max_size=5)))
def test_shares_are_shares(found: list[list[str | None]]) -> None:
    rans = [Ran(tuple(Tested(str(i), "failed") for i, _ in enumerate(each))) for each in found]
    for share in (trust.answers_agree(found), trust.tests_trust(rans, found)):
        assert share is None or 0 <= share <= 1
    if len(found) > 1 and found[0]:
        agree = trust.answers_agree(found)
        assert agree is None or (agree == 1.0) == all(trust.agreed(c) for c in zip(*found, strict=True) if any(c))


@settings(deadline=None)
@given(st.text(alphabet=st.characters(codec=None), max_size=200))
def test_no_text_raises(text: str) -> None:
    for each in trust.assertions(text, 5):
        trust.call_of(each, "f")
    trust.call_of(text, "f")


DEEP = ["f" + ".x" * 2000, "f(1)" + " + 1" * 700, "not " * 700 + "f(1)", "(" * 199 + "f(1)", "f" + "[0]" * 5000]


@pytest.mark.parametrize("shape", DEEP, ids=range(len(DEEP)))
def test_no_depth_raises(shape: str) -> None:
    for test in (*trust.assertions(f"assert {shape}", 5), f"assert {shape}"):
        trust.call_of(test, "f")
