"""Views of made conversations."""

from __future__ import annotations

import pytest

from udfs.instructions.views import named, tables, view


def test_every_view_of_the_papers_is_there_with_a_reason() -> None:
    assert set(tables()) == {"open_code_instruct", "code_feedback"}
    views = named("open_code_instruct")
    assert {"judge_5", "tests_pass", "judge_5_and_tests_pass", "failures", "generic", "algorithmic"} <= views.keys()
    assert {"self_instruct", "evol_instruct", "natural_language_to_code", "code_to_code"} <= views.keys()
    assert all(one.why.endswith(".") and 0 < one.share <= 1 for one in views.values())


def test_conditions_are_said_in_place() -> None:
    own = view("open_code_instruct", "judge >= 4, average_test_score>=0.5, share = 0.25")
    assert own.share == 0.25 and str(own.conditions[0]) == "judge >= 4"
    assert own.takes({"judge": 4.5, "average_test_score": 0.5})
    assert not own.takes({"judge": 4.5}) and not own.takes({"judge": 3.0, "average_test_score": 1.0})
    assert view("open_code_instruct", "tests_pass").takes({"average_test_score": 1.0})


@pytest.mark.parametrize(
    ("table", "text"),
    [("nothing", "all"), ("code_feedback", "judge_5"), ("open_code_instruct", "judge => 4"),
     ("open_code_instruct", "share = 2"), ("open_code_instruct", ""), ("open_code_instruct", "judge >= 4; drop")],
)  # fmt: skip
def test_what_is_no_view_is_refused(table: str, text: str) -> None:
    with pytest.raises(ValueError, match=r"recipes\.views: expected"):
        view(table, text)
