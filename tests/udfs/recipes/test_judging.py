"""Rubrics as data, judges in both orders, and what their scores say of them."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.udfs.recipes.driving import Driven, Said, drive
from tests.udfs.recipes.scripts import judged
from udfs.calls.requests import Answer
from udfs.recipes.agreement import calibration, cohens_kappa, self_preference
from udfs.recipes.judging import Judging, compare, judge
from udfs.recipes.rubrics import RubricError, names, parse, rubric
from udfs.recipes.steps import Made, Recipe, Seed, Steps

SOLUTION = rubric("solution")
CRITERIA = [criterion.name for criterion in SOLUTION.criteria]


def judging(p: Judging, script: dict[str, Said]) -> Driven:
    def play(seed: Seed, _: Any) -> Steps:
        found = yield from judge("Add.", "a + b", SOLUTION, p)
        return [Made("judged", scores=found.as_scores(), parts=found.reasons)]

    return drive(Recipe("judged", "Judged.", play, None, "judged", ()), Seed("1", {}), script)


def comparing(said: Said) -> Driven:
    def play(seed: Seed, _: Any) -> Steps:
        found = yield from compare("Add.", "FIRST", "SECOND", SOLUTION)
        parts = {"winner": found.winner, "first": found.first, "swapped": found.swapped}
        return [Made("compared", scores={"by_place": float(found.by_place)}, parts=parts)]

    return drive(Recipe("compared", "Compared.", play, None, "compared", ()), Seed("1", {}), {"compare": said})


def test_a_judge_is_asked_by_the_rubric() -> None:
    found = judging(Judging(), {"judge": judged(4, *CRITERIA)})
    assert found.rows[0].scores == {"judge": 4.0} | {f"judge_{name}": 4.0 for name in CRITERIA}
    body = found.asked[0].body
    assert all(criterion.asks in json.loads(body)["messages"][1]["content"] for criterion in SOLUTION.criteria)


def test_reason_or_score_comes_first_as_is_set() -> None:
    said = {"judge": judged(4, *CRITERIA)}
    other = {"judge": said["judge"].replace("reason", "why")}
    for first, script, order in ((True, said, ["reason", "score"]), (False, other, ["score", "why"])):
        found = judging(Judging(reason_first=first), script)
        assert found.rows[0].parts == dict.fromkeys(CRITERIA, "because")
        # As it is stored and sent, with sorted keys: the order in which a model is held to write.
        schema = json.loads(found.asked[0].body)["parameters"]["response_format"]["json_schema"]["schema"]
        assert list(schema["properties"][CRITERIA[0]]["properties"]) == order
        assert json.loads(found.asked[0].body)["messages"][1]["content"].count(f'{{"{order[0]}": ') == 1


def test_a_second_judge_stands_beside_the_first() -> None:
    other = json.loads(judged(4, *CRITERIA)) | {CRITERIA[0]: {"reason": "no", "score": 1}}
    found = judging(Judging(second=True), {"judge": judged(4, *CRITERIA), "judge2": json.dumps(other)})
    scores = found.rows[0].scores
    assert scores["judge"] == 4.0 and scores["judge2"] == 3.0 and scores["judge_agree"] == pytest.approx(2 / 3)
    assert [a.step for a in found.asked] == ["judge", "judge2"]


CUT = Answer(judged(4, *CRITERIA), finish="length")


@pytest.mark.parametrize("said", ["Very good!", judged(9, *CRITERIA), judged(4, *CRITERIA[:2]), CUT])
def test_a_judgement_that_is_none_is_asked_again_and_then_a_reason(said: str | Answer) -> None:
    found = judging(Judging(most=2), {"judge": said})
    assert found.why in ("not_json", "answer_cut") and len(found.asked) == 2


def test_a_winner_wins_in_both_places() -> None:
    def likes_second(prompt: str, _: int) -> str:
        better = "b" if prompt.index("SECOND") > prompt.index("FIRST") else "a"
        return json.dumps({"because": "r", "better": better})

    assert comparing(likes_second).rows[0].parts == {"winner": "b", "first": "b", "swapped": "b"}
    by_place = comparing('{"because": "r", "better": "a"}').rows[0]
    assert by_place.parts == {"winner": "tie", "first": "a", "swapped": "b"} and by_place.scores["by_place"] == 1.0
    assert comparing('{"because": "r", "better": "tie"}').rows[0].parts["winner"] == "tie"


def test_all_rubrics_are_whole() -> None:
    assert set(names()) >= {"solution", "educational", "dialogue"}
    for name in names():
        found = rubric(name)
        assert found.criteria and all(criterion.asks.endswith("?") for criterion in found.criteria)
    with pytest.raises(RubricError, match=r"rubric none: expected one of .*solution"):
        rubric("none")


@pytest.mark.parametrize(
    "text",
    [
        "version = ",
        "version = 1",
        'version = 1\ntitle = "t"\nlowest = 1\nhighest = 5\ncriteria = []',
        'version = 1\ntitle = "t"\nlowest = 5\nhighest = 1\n[[criteria]]\nname = "a"\nasks = "?"',
        'version = 1\ntitle = "t"\nlowest = 1\nhighest = 5\n[[criteria]]\nname = "A b"\nasks = "?"',
        'version = 1\ntitle = "t"\nlowest = 1\nhighest = 5\n[[criteria]]\nname = "a"\nasks = "?"\nlevels = { 9 = "x" }',
    ],
)
def test_a_rubric_that_cannot_be_used_is_refused_by_name(text: str) -> None:
    with pytest.raises(RubricError, match=r"^rubric mine: expected .*, found "):
        parse("mine", text)


def test_kappa_of_known_tables() -> None:
    """Cohen 1960 by hand: 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no give 0.4."""
    counts = {("y", "y"): 20, ("y", "n"): 5, ("n", "y"): 10, ("n", "n"): 15}
    assert cohens_kappa(counts) == pytest.approx(0.4)
    # Squared distances seen: 1, 0, 4; of all nine pairs: 2, 1 and 6 for 1, 2 and 3 of the first.
    assert cohens_kappa(Counter([(1, 2), (2, 2), (3, 1)]), "quadratic") == pytest.approx(1 - (5 / 3) / (9 / 9))
    assert cohens_kappa({(1, 1): 1, (5, 5): 1}, "quadratic") == 1.0 and cohens_kappa({}) is None
    assert cohens_kappa({(1, 1): 2}) is None
    with pytest.raises(ValueError, match="expected numbers"):
        cohens_kappa({("a", "b"): 1, ("b", "a"): 1}, "quadratic")


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), max_size=30))
def test_kappa_is_symmetric_and_at_most_one(pairs: list[tuple[int, int]]) -> None:
    swapped, same = Counter((b, a) for a, b in pairs), Counter((a, a) for a, _ in pairs)
    for weights in ("", "quadratic"):
        one, other = cohens_kappa(Counter(pairs), weights), cohens_kappa(swapped, weights)  # type: ignore[arg-type]
        assert one == pytest.approx(other) and (one is None or one <= 1)
        itself = cohens_kappa(same, weights)  # type: ignore[arg-type]
        assert itself is None or itself == 1.0


def test_a_judge_that_favours_its_own_is_seen() -> None:
    rows = [("m", "m", 5.0), ("m", "o", 3.0), ("o", "m", 4.0), ("o", "o", 4.0), ("x", "m", 4.0), ("x", "o", 3.5)]
    found = {each.judge: each for each in self_preference({(j, a): (1, score) for j, a, score in rows})}
    assert (found["m"].own, found["m"].others, found["m"].count_own) == (5.0, 3.0, 1)
    assert found["m"].excess == pytest.approx(2.0 - (4.0 - 3.75))
    assert found["x"].own is None and found["x"].excess is None and self_preference({}) == []


def test_scores_are_worth_what_people_say() -> None:
    rows = [(5.0, True)] * 9 + [(5.0, False)] + [(2.0, False)] * 4
    low, high = calibration(rows)
    assert (low.score, low.count, low.yes) == (2.0, 4, 0.0) and high.yes == 0.9
    assert low.low == 0.0 and 0.4 < low.high < 0.6 and 0.59 < high.low < 0.61 and 0.97 < high.high < 0.99


def test_means_weigh_by_their_rows() -> None:
    (judge,) = self_preference({("m", "m"): (3, 5.0), ("m", "o"): (1, 1.0), ("m", "p"): (3, 3.0)})
    assert (judge.own, judge.others, judge.count_others) == (5.0, 2.5, 4) and judge.excess is None
