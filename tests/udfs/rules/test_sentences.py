"""Reasons read like sentences."""

from __future__ import annotations

import re

import pytest

from udfs.rules.load import load_rules
from udfs.rules.sentences import label, number, sentence


@pytest.mark.parametrize(
    ("rule", "value", "threshold", "expected"),
    [
        ("qsc_code_num_words <", 29.0, 30.0, "29 words, fewer than 30"),
        ("qsc_code_num_words <", 1.0, 30.0, "1 word, fewer than 30"),
        ("qsc_code_num_words <", 0.0, 30.0, "0 words, fewer than 30"),
        ("stars <", 1.0, 5.0, "1 star, fewer than 5"),
        ("qsc_code_size_file_byte >", 4_526_000.0, 3_000_000.0, "4,526,000 bytes, more than 3,000,000"),
        ("qsc_code_num_chars_line_max >", 1_001.0, 1_000.0, "1,001 characters in the longest line, more than 1,000"),
        ("qsc_code_mean_word_length <", 1.5, 2.0, "1.5 characters a word on average, less than 2"),
        ("qsc_code_frac_chars_digital >", 0.4521, 0.2, "45.2 % of the visible characters are digits, more than 20 %"),
        (
            "qsc_code_frac_chars_replacement_symbols >",
            0.0100004,
            0.01,
            "1.00004 % of the characters are replacement characters, more than 1 %",
        ),
        (
            "qsc_learned_rank <",
            0.203,
            0.25,
            "20.3 % of the tokens of its language stand in texts of no higher learned score, less than 25 %",
        ),
        ("qsc_doc_num_sentences ==", 1.0, 1.0, "1 sentence, which is refused"),
        ("qsc_codepython_cate_ast is", 0.0, 0.0, "does not parse"),
        ("qsc_code_cate_autogen is", 1.0, 1.0, "says at its top that a program wrote it"),
        (
            "qsc_codepython_frac_lines_print_authors >",
            0.5,
            0.4,
            "50 % of the code lines print, more than 40 % (as the authors count)",
        ),
        ("near_duplicate", 0.95, 0.9, "nearly a copy of another file, similarity 0.95, at least 0.9"),
        ("sampled_out", 0.5, 0.25, "left out by the sample of its language, drawn 0.5, kept below 0.25"),
        ("exact_duplicate", None, None, "a copy of another file"),
        ("a_reason_of_tomorrow", None, None, "a reason of tomorrow"),
        ("qsc_my_own >", 0.5, 0.25, "qsc_my_own is 0.5, more than 0.25"),
        ("qsc_my_own is", 1.0, 1.0, "qsc_my_own is true"),
    ],
)
def test_a_reason_is_a_sentence(rule: str, value: float | None, threshold: float | None, expected: str) -> None:
    assert sentence(rule, value, threshold) == expected


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("qsc_code_num_words <", "too few words"),
        ("qsc_code_frac_chars_digital >", "too many visible characters that are digits"),
        ("qsc_codego_mean_word_length >", "too many characters a word"),
        ("qsc_codepython_cate_ast is", "does not parse"),
        ("vendored", "a copy of somebody else's code by its path"),
    ],
)
def test_a_rule_has_a_label(rule: str, expected: str) -> None:
    assert label(rule) == expected


def test_every_built_in_rule_has_words() -> None:
    for book in (load_rules(), load_rules("compat")):
        for rule in {rule for rules in book.sets.values() for rule in rules}:
            said = f"{rule.signal} {rule.op}"
            for text in (label(said), sentence(said, float(rule.threshold) + (0.01 if rule.op == ">" else 0.0), 0.5)):
                assert not re.search(r"qsc_|_|[<>]|\bLC\b", text), (said, text)


def test_numbers_are_those_of_a_reader() -> None:
    assert [number(x) for x in (0.0, 5.0, 5230.0, 0.123456, 12.34, 3e6, 12.04)] == [
        "0",
        "5",
        "5,230",
        "0.123",
        "12.3",
        "3,000,000",
        "12",
    ]
    assert number(0.000012, exact=True) == "1.2e-05"
