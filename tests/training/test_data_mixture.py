"""Mixtures: quotas at every prefix, seeks that agree with counting, sources that end, parts that are missing."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.data.mixture import ANNEALING, PERIOD, Plan, cycle, whole_weights, without

NAMES = ("a", "b", "c", "d", "e", "f")
MANY = 10**12


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=12))
def test_every_prefix_is_within_one_sequence_of_its_shares(weights: list[int]) -> None:
    total, counts = sum(weights), [0] * len(weights)
    table = cycle(tuple(weights))
    for place in range(total):
        source = int(table.who[place])
        assert table.rank[place] == counts[source] and table.places[source][counts[source]] == place
        counts[source] += 1
        for weight, count in zip(weights, counts, strict=True):
            assert abs(count * total - weight * (place + 1)) < total
    assert counts == weights


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(st.sampled_from(NAMES), st.tuples(st.integers(1, 9), st.integers(2, 25)), min_size=1),
    st.sampled_from([0.5, 1, 1.75, 3]),
)
def test_seeks_counts_and_places_agree_with_counting(parts: dict[str, tuple[int, int]], epochs: float) -> None:
    available = {name: sequences for name, (_, sequences) in parts.items()}
    plan = Plan({n: w for n, (w, _) in parts.items()}, available, dict.fromkeys(parts, epochs))
    counts = dict.fromkeys(plan.names, 0)
    for number in range(plan.total):
        assert plan.counts(number) == counts
        name, local = plan.find(number)
        assert local == counts[name] and plan.place(name, local) == number
        counts[name] += 1
    assert counts == {name: int(epochs * available[name]) for name in counts} == plan.counts(plan.total)
    for segment in plan.segments:
        base, share = sum(segment.weights), dict(zip(segment.sources, segment.weights, strict=True))
        for upto in range(segment.start, segment.stop + 1):
            now = list(plan.counts(upto).values())
            for source, weight in share.items():
                exact = Fraction(weight * (upto - segment.start), base)
                assert abs(now[source] - segment.before[source] - exact) < 1
    with pytest.raises(IndexError, match="allow more epochs"):
        plan.find(plan.total)


def test_the_papers_annealing_mixture_holds_at_every_checkpoint() -> None:
    plan = Plan(ANNEALING, dict.fromkeys(ANNEALING, MANY))
    assert dict(zip(plan.names, plan.weights, strict=True)) == {
        "original": 8394,
        "algorithmic": 1244,
        "snippets": 271,
        "textbooks": 91,
    }
    for upto in (1, 7, 1024, 999_983, 24_414_062):
        for name, count in plan.counts(upto).items():
            assert abs(count - Fraction(str(ANNEALING[name])) * upto / 100) < 1


def test_seeking_is_as_fast_at_the_end_as_at_the_beginning() -> None:
    plan = Plan(ANNEALING, dict.fromkeys(ANNEALING, MANY))
    name, local = plan.find(10**11)
    assert plan.place(name, local) == 10**11 and plan.counts(10**11)[name] == local


def test_an_ablation_leaves_a_part_out_and_the_rest_in_proportion() -> None:
    left = without(ANNEALING, "algorithmic", "textbooks")
    assert left == {"original": "83.94", "snippets": "2.71"}
    plan = Plan(left, dict.fromkeys(left, MANY))
    assert plan.counts(8665) == {"original": 8394, "snippets": 271}
    for names in (("wikipedia",), tuple(ANNEALING)):
        with pytest.raises(ValueError, match="mixture: expected to leave out some of"):
            without(ANNEALING, *names)


def test_a_source_that_ends_stops_and_the_others_go_on_in_proportion() -> None:
    plan = Plan({"a": 2, "b": 1, "c": 1}, {"a": 100, "b": 5, "c": 100})
    at_end = plan.segments[0].stop
    assert plan.counts(at_end)["b"] == 5 and 19 <= at_end <= 24
    later = plan.counts(at_end + 30)
    assert later["b"] == 5 and later["a"] - plan.counts(at_end)["a"] == 20
    assert plan.total == 205


def test_a_source_repeats_up_to_its_cap_and_epochs_are_recorded() -> None:
    plan = Plan({"a": 1, "b": 1}, {"a": 10, "b": 100}, {"a": 2.5})
    assert plan.epochs(40) == {"a": 2.0, "b": 0.2}
    assert plan.epochs(plan.total) == {"a": 2.5, "b": 1.0}


def test_a_missing_part_fails_or_is_shared_out_and_said() -> None:
    there = {"original": MANY, "algorithmic": MANY, "snippets": 0}
    with pytest.raises(ValueError, match="found none of snippets, textbooks"):
        Plan(ANNEALING, there)
    plan = Plan(ANNEALING, there, missing="renormalise")
    assert plan.names == ("algorithmic", "original") and "snippets, textbooks missing" in plan.notices[0]
    with pytest.raises(ValueError, match="found none of"):
        Plan(ANNEALING, {}, missing="renormalise")


def test_a_cap_that_leaves_nothing_of_a_part_is_a_missing_part() -> None:
    weights, there, caps = {"a": 1, "b": 1}, {"a": 100, "b": 3}, {"b": 0.3}
    with pytest.raises(ValueError, match=r"found none of b; add the part or allow more epochs of it"):
        Plan(weights, there, caps)
    assert "b missing" in Plan(weights, there, caps, missing="renormalise").notices[0]


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ({"a": 0.1, "b": 0.2}, {"a": 1, "b": 2}),
        ({"a": "1/3", "b": "1/6"}, {"a": 2, "b": 1}),
        ({"a": 10**12, "b": 3 * 10**12}, {"a": 1, "b": 3}),
    ],
)
def test_weights_count_as_they_are_written(weights: dict[str, Any], expected: dict[str, int]) -> None:
    assert whole_weights(weights) == (expected, False)


def test_weights_that_are_too_fine_are_rounded_and_said() -> None:
    weights = {"a": 123_456_789_012, "b": 987_654_321_098, "c": 1}
    whole, rounded = whole_weights(weights)
    assert rounded and sum(whole.values()) == PERIOD and whole["c"] == 1  # none below one
    assert whole["a"] / PERIOD == pytest.approx(123_456_789_012 / sum(weights.values()), abs=1 / PERIOD)
    assert "rounded" in Plan(weights, dict.fromkeys(weights, 5)).notices[0]


@pytest.mark.parametrize("weights", [{}, {"a": 0}, {"a": 1, "b": -1}])
def test_weights_of_nothing_are_refused(weights: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="mixture: expected weights above 0"):
        whole_weights(weights)
