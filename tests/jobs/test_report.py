"""What the report's pictures are made of: bins about a rule's limit, the rules shown, and sentences."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from jobs.report_pictures import cost_bars, group_bars, language_bars, replaced_bars
from jobs.report_signals import Judged, top_rules
from jobs.runtime.accounting import StageResult
from udfs.rules.load import Rule, load_rules

LINES = Rule("qsc_code_num_lines", "<", 10, "drop", "", "")
DIGITS = Rule("qsc_code_frac_chars_digital", ">", 0.2, "drop", "", "")


def judged(rule: Rule) -> Judged:
    return Judged(rule, ("others",))


@pytest.mark.parametrize(
    ("rule", "values", "bins"),
    [
        (LINES, (0, 1, 4.9, 5, 9.999, 10, 19, 20, 100_000), (-40, -4, -2, -1, -1, 0, 0, 1, 13)),
        (DIGITS, (0.0, 0.199, 0.2, 0.2000001, 0.22, 0.2201, 1.0), (-11, -1, -1, 0, 0, 1, 39)),
    ],
)
def test_the_limit_is_an_edge_and_a_value_is_on_the_side_that_the_rule_says(
    spark: SparkSession, rule: Rule, values: tuple[float, ...], bins: tuple[int, ...]
) -> None:
    rows = spark.createDataFrame([(float(v),) for v in values], f"`{rule.signal}` double")
    found = {r[0]: r[1] for r in rows.select(F.col(rule.signal), judged(rule).bin()).collect()}
    assert tuple(found[float(v)] for v in values) == bins


def test_the_rules_shown_are_those_that_drop_most_one_a_signal() -> None:
    reasons = {
        "qsc_code_num_lines <": 9,
        "a_reason_of_a_stage": 8,
        "qsc_code_cate_autogen is": 7,
        "qsc_code_size_file_byte >": 6,
        "qsc_code_frac_chars_dupe_6grams >": 5,
        "qsc_code_num_lines >": 4,
    }
    shown = top_rules(reasons, load_rules())
    assert [(j.rule.signal, j.rule.op, j.rule.threshold) for j in shown] == [
        ("qsc_code_num_lines", "<", 10),
        ("qsc_code_frac_chars_dupe_6grams", ">", 0.7),
    ]
    assert "others" in shown[0].sets and "text/en" not in shown[0].sets


def test_nothing_to_show_is_said_or_left_out() -> None:
    assert language_bars([]).svg == cost_bars([]).svg == group_bars("near", []).svg == replaced_bars([]).svg == ""
    assert replaced_bars([]).say == "No personal data were replaced."


def test_a_cost_is_told_against_the_floor_of_its_text() -> None:
    read = StageResult("signals", "signals", bytes_read=162_000_000, cpu_seconds=80.0)
    decided = StageResult("near_pairs", "near_pairs", cpu_seconds=20.0)
    unseen = StageResult("rejects", "rejects", cpu_seconds=None)
    shown = cost_bars([read, decided, unseen])
    assert "took 100 CPU seconds, signals most of them (80 %)" in shown.say
    assert "2.0 CPU seconds for 162.0 MB" in shown.say
    assert "80.0 s, 40 x floor" in shown.svg and "20.0 s" in shown.svg and "rejects" not in shown.svg
    assert shown.svg.count('class="limit"') == 1
