"""Curves of the report: means and bands from the log, joined where there are many, steps plain or by logs."""

from __future__ import annotations

import math
import re

import pytest

from schemas.pictures import style
from tests.browser import seen
from training.curves import Point, by_name, curve, joined, point, sparks
from training.metrics import Since


def xs(svg: str) -> list[float]:
    found = re.search(r'<polyline points="([^"]*)"', svg)
    assert found
    return [float(pair.split(",")[0]) for pair in found[1].split()]


def test_a_line_of_the_log_is_the_mean_of_the_steps_since_the_one_before() -> None:
    since = Since("loss")
    for value in (3.0, math.nan, 1.0, 5.0):
        since.note(value)
    row = {"step": 9, "loss": 5.0, **since.taken()}
    assert point(row, "loss") == Point(9, 3.0, 1.0, 5.0)
    assert since.taken() == {"loss_mean": None, "loss_least": None, "loss_most": None}


def test_lines_of_older_logs_and_single_numbers_are_points_without_a_band() -> None:
    assert point({"step": 3, "rate": 0.1}, "rate") == Point(3, 0.1, 0.1, 0.1)
    assert point({"step": 3, "loss": 2.0, "loss_mean": None}, "loss") == Point(3, 2.0, 2.0, 2.0)
    assert point({"step": 3, "norm": None}, "norm") is None and point({"step": 3}, "mfu_full") is None


def test_many_points_become_means_of_neighbours_and_keep_the_extremes() -> None:
    points = [Point(i, i % 2, i % 2 - 1, 9.0 if i == 1234 else i % 2) for i in range(2000)]
    found = joined(points, 100)
    assert len(found) == 100 and {p.y for p in found} == {0.5} and found[-1].x == 1999
    assert max(p.most for p in found) == 9.0 and min(p.least for p in found) == -1


@pytest.mark.parametrize("logarithmic", [False, True])
def test_steps_are_plain_or_by_logs(logarithmic: bool) -> None:
    """Of steps 0, 9, 99 and 999 those between lie a third apart on a scale of logs."""
    found = xs(curve([Point(x, x, x, x + 1) for x in (0, 9, 99, 999)], logarithmic))
    middle = [(x - found[0]) / (found[-1] - found[0]) for x in found[1:3]]
    assert middle == pytest.approx([1 / 3, 2 / 3] if logarithmic else [9 / 999, 99 / 999], abs=1e-3)


def test_a_band_is_drawn_where_there_is_one() -> None:
    assert "<polygon" in curve([Point(0, 1, 0, 2), Point(1, 1, 1, 1)])
    assert "<polygon" not in curve([Point(0, 1, 1, 1), Point(1, 2, 2, 2)])
    assert curve([Point(0, 1, 1, 1)]) == ""


def test_numbers_of_the_log_by_name_begin_with_all_and_leave_out_what_is_no_number() -> None:
    log = [
        {"step": 1, "held": {"go": 2.0, "all": 3.0, "c": None}, "by": {"web": {"loss": 4.0, "tokens": 9}}},
        {"step": 2},
        {"step": 3, "held": {"go": 1.0, "all": math.inf}, "by": {}},
    ]
    found = by_name(log, "held")
    assert list(found) == ["all", "go"]
    assert found["go"] == [Point(1, 2.0, 2.0, 2.0), Point(3, 1.0, 1.0, 1.0)] and len(found["all"]) == 1
    assert by_name(log, "by") == {"web": [Point(1, 4.0, 4.0, 4.0)]} and by_name(log, "none") == {}


def test_small_curves_share_a_scale_and_fit_whatever_their_names() -> None:
    names = ("all", "c++ & <b>", "a language of a very long name, which has no room at all", "中文" * 20)
    lines = {name: [Point(x, n + 100 / (x + 1), 0, 0) for x in range(300)] for n, name in enumerate(names)}
    svg = sparks({**lines, "once": [Point(4, 1.0, 1.0, 1.0)], "none": []}, "a title & more")
    heights = [[float(p.split(",")[1]) for p in line.split()] for line in re.findall(r'points="([^"]*)"', svg)]
    assert len(heights) == 5 and all(len(line) <= 100 for line in heights)
    # Row n begins 26 lower and n higher on the scale of all.
    apart = [row[0] - 26 * n for n, row in enumerate(heights[:4])]
    assert apart == sorted(apart, reverse=True) and apart[3] == 5 and apart[0] - apart[3] < 1
    assert sparks({"none": []}, "title") == ""
    assert seen(f'<!doctype html><html lang="en"><style>{style()}</style><body>{svg}</body></html>') == []
