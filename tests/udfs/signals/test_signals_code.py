"""General code signals: a value computed by hand for each, what was corrected, and the limits of the kernels."""

from __future__ import annotations

import itertools
import random
import re
import time
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.udfs.languages.test_generated import PROSE
from udfs.signals import VERSION, all_signals, applicable, encoded, measure, path_signals
from udfs.signals.ngrams import count_spaced, count_words, ngram_chars
from udfs.signals.paths import code_related_file_name, size_file_byte
from udfs.signals.registry import Signal
from udfs.signals.views import View
from udfs.signals.words import normalised


def code(text: str, name: str, language: str = "python") -> Any:
    values, failures = measure(text, language=language, kind="code", natural_language="en")
    assert failures == {}
    return values["qsc_code_" + name]


_TEXT = "ab = 12\n\nab_c(ab)\n"  # 18 characters; words: ab 12 ab c ab

_BY_HAND = [
    ("num_words", _TEXT, 5),
    ("num_words", "snake_case", 2),
    ("num_chars", "a\r\nb\rc", 5),
    ("mean_word_length", _TEXT, 1.8),
    ("frac_words_unique", _TEXT, 0.6),
    # "a b" is 2 of 5 characters and stands twice: a b c a b
    ("frac_chars_top_2grams", "a b c a b", 0.8),
    ("frac_chars_top_2grams", "a b c d", 0.0),
    # "aa b" and "c d" both twice; the first one counts: 3 * 2 of 12
    ("frac_chars_top_2grams", "aa b x c d y aa b c d", round(6 / 12, 8)),
    ("frac_chars_top_2grams", "a a a a", 1.0),
    ("frac_chars_top_3grams", "a b c x a b c y", round(6 / 8, 8)),
    ("frac_chars_top_4grams", "a b c d x a b c d y", 0.8),
    ("frac_chars_dupe_5grams", "a b c d e x a b c d e y", round(10 / 12, 8)),
    ("frac_chars_dupe_6grams", "a b c d e x a b c d e y", 0.0),
    ("frac_chars_dupe_6grams", "a b c d e f x a b c d e f", round(12 / 13, 8)),
    ("frac_chars_dupe_7grams", "a b c d e f g x a b c d e f g", round(14 / 15, 8)),
    ("frac_chars_dupe_8grams", "a b c d e f g h x a b c d e f g h", round(16 / 17, 8)),
    ("frac_chars_dupe_9grams", "a b c d e f g h i x a b c d e f g h i", round(18 / 19, 8)),
    ("frac_chars_dupe_10grams", "a b c d e f g h i j x a b c d e f g h i j", round(20 / 21, 8)),
    ("frac_chars_dupe_10grams", "a b c d e f g h i x a b c d e f g h i", 0.0),
    ("frac_chars_replacement_symbols", "ab\ufffdc", 0.25),
    ("frac_chars_digital", "a1 2\n", round(2 / 3, 8)),
    ("frac_chars_digital", "٣ a", 0.5),
    ("frac_chars_whitespace", "a b\n", 0.5),
    ("frac_chars_whitespace", "a\u00a0", 0.5),
    ("num_lines", "a\n\nb", 3),
    ("num_lines", "a\n\nb\n", 3),
    ("num_chars_line_max", "abc\nde\n", 4),
    ("num_chars_line_max", "a\nbcd", 3),
    ("num_chars_line_mean", "abc\n\n", 2.5),
    ("frac_chars_alphabet", "aé1 中", 0.75),
    ("frac_chars_comments", "a = 1 # b\n", 0.3),
    ("frac_lines_dupe_lines", "a = 1\n a=1\nb\nb\nc\n", 0.4),  # one-character lines are no duplicates
    ("frac_lines_long_string", 'a = "' + "x " * 20 + 'x"\nb = "c"\n', 0.5),
    ("frac_lines_long_string", 'a = "' + "x " * 17 + 'x"\nb = "c"\n', 0.0),  # 18 words and 2 quotes
    ("frac_chars_string_length", "a = 'bcde'\n", round(4 / 11, 8)),
    ("frac_chars_string_length", "a = '''bc'''\n", round(2 / 13, 8)),
    ("frac_chars_long_word_length", "a = 'b " + "c" * 21 + "'\n", round(21 / 30, 8)),
    ("frac_chars_long_word_length", "a = 'b " + "c" * 20 + "'\n", 0.0),
    ("frac_chars_long_word_length", "a = 'see https://example.org/a/long/path'\n", 0.0),
    ("frac_lines_string_concat", "a = 'b' + 'c' + 'd'\ne = 'f' + g\n", 0.5),
    ("frac_chars_hex_words", "a = 0xFF\n", round(4 / 9, 8)),
    ("frac_chars_hex_words", "a = b0xFF + 0xFG\n", 0.0),
    ("frac_lines_prompt_comments", "# TODO a\n# FIXME b\n# fine\nc\n", 0.5),
    ("frac_lines_assert", "assert a\nb = 1\n", 0.5),
]


@pytest.mark.parametrize(("name", "text", "expected"), _BY_HAND)
def test_value_by_hand(name: str, text: str, expected: float) -> None:
    found = code(text, name)
    assert found == expected
    assert type(found) is type(expected)


def test_every_signal_has_a_value_by_hand() -> None:
    tested = {"qsc_code_" + name for name, _, _ in _BY_HAND}
    booleans = {"qsc_code_cate_xml_start", "qsc_code_cate_autogen", "qsc_code_cate_encoded_data"}
    assert tested | booleans == {s.name for s in all_signals() if s.family == "code" and s.number < 300}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<?xml version='1.0'?>\n<a/>", True),
        (" " * 95 + "<?xml ?>", True),  # the mark ends at character 100
        (" " * 96 + "<?xml ?>", False),
        ("<svg/>", False),
    ],
)
def test_xml_start(text: str, expected: bool) -> None:
    assert code(text, "cate_xml_start") is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# Auto-generated file\n", True),
        ("# AUTOMATICALLY GENERATED\n", True),
        ("// Code generated by protoc. DO NOT EDIT.\n", True),
        ("/* Generated by Bison 3.8 */\n", True),
        ("# @generated\n", True),
        ("# Do not edit\n", True),
        ('"""This module generates reports from tables."""\n', False),  # B6: the authors drop it for "generate"
        ("def generate():\n", False),
        ("regenerated by hand\n", False),
        ("# Generated by Django 3.2 on 2021-01-01 10:00\n", True),
        ("// this is an autogenerated file - do not edit\n", True),
        ("# This file is automatically @generated by Cargo.\n", True),
        ("((= Auto-generated template file, DO NOT edit directly!\n", True),
        ("// generated during release, do not modify\n", True),
        ("<!-- README.md is generated from README.Rmd. -->\n", True),
        ("/* THIS FILE MUST NOT BE EDITED BY HAND */\n# This file must not be edited by hand\n", True),
        *((text, False) for text in PROSE),
        ("x" * 200 + "\n# auto-generated\n", False),
    ],
)
def test_autogen(text: str, expected: bool) -> None:
    assert code(text, "cate_autogen") is expected


_B64 = "QmFzZTY0IGlzIG5vdCBhIGNpcGhlciBidXQgYW4gZW5jb2RpbmcuIEl0IHNwZW5k"  # 64 characters


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (_B64 + "\n", True),
        (_B64[:63] + "\n", False),
        ("a = 1\n" * 400 + _B64 * 16 + "\n", False),  # 1,024 characters and less than half
        ("a = 1\n" * 400 + _B64 * 16 + "Q\n", True),  # 1,025
        ("a = 1\n" * 400 + (_B64 + "\n") * 16, True),  # lines of 64 with a line feed between are one run of 1,039
        ("word\n" * 500, False),  # a list of words is no base64
        ("/" * 80 + "\n", False),  # a ruler is no data
        ("DE AD BE EF 00 11 22 33\n", True),
        ("DE AD BE EF 00 11 22\n", False),  # seven pairs
        ("0xDE, 0xAD, 0xBE, 0xEF, 0x00, 0x11, 0x22, 0x33\n", True),
        ("0xDE, 0xAD, 0xBE, 0xEF,\n    0x00, 0x11, 0x22, 0x33\n", True),  # over a line's end
        ("\\xDE\\xAD\\xBE\\xEF\\x00\\x11\\x22\\x33", True),
        ("\\u0041" * 8, True),
        ("\\u0041" * 7, False),
        ("be ad fa ce de ca do it is me\n", False),
        ("", False),
    ],
)
def test_encoded_data(text: str, expected: bool) -> None:
    assert code(text, "cate_encoded_data") is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# todo: a\n", 1.0),
        ("# Fixme(me) a\n", 1.0),
        ("# YOUR CODE HERE\n", 1.0),
        ("# sobre todo esto\n", 0.0),  # B14: Spanish "all", a substring for the authors
        ("# mastodon TODOS\n", 0.0),
        ("TODO = 1\n", 0.0),  # not a comment
        ("# TODO and FIXME\n", 1.0),  # one line, once
    ],
)
def test_prompt_comments(text: str, expected: float) -> None:
    assert code(text, "frac_lines_prompt_comments") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("self.assertEqual(a, b)\n", 1.0),
        ("ASSERT_EQ(a, b)\n", 1.0),
        ("static_assert(a)\n", 1.0),
        ("reassert(a)\n", 0.0),  # B14
        ("a = 'assert'\n", 0.0),
        ("# assert a\n", None),  # no code lines at all
    ],
)
def test_assert(text: str, expected: float | None) -> None:
    assert code(text, "frac_lines_assert") == expected


def test_empty_text_has_the_authors_defaults() -> None:
    values, failures = measure("", language="python", kind="code", natural_language="en")
    assert failures == {}
    assert values["qsc_code_frac_chars_digital"] == values["qsc_code_frac_chars_whitespace"] == 1.0
    assert values["qsc_code_frac_chars_alphabet"] == values["qsc_code_frac_chars_top_2grams"] == 0.0
    for name in ("mean_word_length", "frac_chars_replacement_symbols", "frac_chars_comments", "frac_lines_dupe_lines"):
        assert values["qsc_code_" + name] is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Foo_bar.BAZ(1)", ["foo", "bar", "baz", "1"]),
        ("Ａｂｃ，ＤＥＦ", ["abc", "def"]),  # full width: the comma to a space, the letters by NFKC
        ("a\u200bb\ufeffc", ["abc"]),  # invisible characters join
        ("a→b", ["a", "→", "b"]),
        ("Straße \udc80", ["straße", "\udc80"]),  # a lone surrogate is no failure
        ("a\x00b\x1cc", ["ab", "c"]),
    ],
)
def test_normalised_words(text: str, expected: list[str]) -> None:
    assert _words(text) == expected


def test_ascii_and_other_texts_are_tokenised_alike() -> None:
    text = 'def f(a_b, *args):\n\treturn "x-y" + str(1.5e3)  # Why?\n'
    assert [*_words(text), "é"] == _words(text + "é")


def test_a_line_of_other_characters_leaves_the_next_as_it_is() -> None:
    assert _words("A\u0301B Ⅷ\nC\u030cD\n\nE_F\n») x") == ["áb", "viii", "čd", "e", "f", "»", "x"]


def _words(text: str) -> list[str]:
    spaced, cut = normalised(text.encode("utf-8", "surrogatepass"), "en")
    assert cut is None
    return spaced.decode("utf-8", "surrogatepass").split()


def _slow_ngrams(words: list[str]) -> tuple[dict[int, int], dict[int, int]]:
    """The definition, word by word."""
    top, dupe = {}, {}
    for n in range(2, 11):
        grams = [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]
        counts = Counter(grams)
        if n <= 4:
            gram, count = counts.most_common(1)[0] if counts else ((), 0)
            top[n] = sum(map(len, gram)) * count if count > 1 else 0
        else:
            covered = {i + k for i, gram in enumerate(grams) if counts[gram] > 1 for k in range(n)}
            dupe[n] = sum(len(words[i]) for i in covered)
    return top, dupe


def test_ngrams_equal_the_slow_definition() -> None:
    draw = random.Random(7)
    for size, letters in itertools.product((0, 1, 2, 5, 11, 60, 400), (1, 2, 3, 8)):
        words = ["abcdefgh"[: draw.randint(1, letters)] for _ in range(size)]
        assert ngram_chars(count_words(words)) == _slow_ngrams(words), words
        assert ngram_chars(count_spaced(" ".join(words).encode())) == _slow_ngrams(words), words


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("0afx\\u ,g9A+"), max_size=400).map(lambda text: text * 3))
def test_runs_of_encoded_data_are_found_whether_or_not_the_count_lets_the_patterns_run(text: str) -> None:
    raw, classes = text.encode(), text.encode().translate(encoded._CLASSES)
    patterns = (encoded._ESCAPES, raw), (encoded._PREFIXED_PAIRS, classes), (encoded._BARE_PAIRS, classes)
    expected = [len(run) for pattern, where in patterns for run in pattern.findall(where)]
    runs = [len(run) for run in re.findall(rb"[A-Za-z0-9+/]{64,}", raw) if len(set(run[:64])) > 2]
    found = encoded.encoded_lengths(raw)
    assert found[len(found) - len(expected) :] == expected
    assert sum(found[: len(found) - len(expected)]) == sum(runs)


@settings(max_examples=80, deadline=None)
@given(
    st.text(st.characters(), max_size=200)
    | st.lists(st.sampled_from(["a", " ", "\n", "'", '"', "#", "0x1", "é"])).map("".join),
    st.sampled_from(["python", "c", "html", "no such language"]),
    st.sampled_from(["en", "zh", "ja"]),
)
def test_no_text_fails_and_shares_are_shares(text: str, language: str, natural_language: str) -> None:
    for kind in ("code", "text"):
        values, failures = measure(text, language=language, kind=kind, natural_language=natural_language)
        assert failures == {}
        for name, value in values.items():
            assert value is None or "_frac_" not in name or 0 <= value <= 1, name


def test_a_failing_signal_is_recorded_and_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(view: View) -> float:
        raise RuntimeError("x" * 500)

    good, bad = all_signals()[0], Signal("bad", 0, "code", "float", "", broken)
    both = tuple((s.name, s.function) for s in (bad, good))
    monkeypatch.setattr("udfs.signals.registry._functions", lambda kind, language, authors: both)
    values, failures = measure("a", language="c", kind="code", natural_language="en")
    assert values == {"qsc_code_num_words": 1}
    assert failures["bad"].startswith("RuntimeError: xxx") and len(failures["bad"]) == 200


def test_registry() -> None:
    assert {s.number for s in all_signals()} >= set(range(1, 66)) - {17, 59}
    assert [s.number for s in path_signals()] == [17, 59, 94]
    assert {s.family for s in applicable("text", "markdown")} == {"doc"}
    assert {s.family for s in applicable("data", "json")} == {"code"}
    assert {s.family for s in applicable("code", "doc")} == {"code"}  # a language called as a family is not one
    assert all(s.doc and s.type in ("int", "float", "bool") for s in all_signals())
    assert len(VERSION) == 16
    with pytest.raises(ValueError, match="expected a kind of code, data"):
        applicable("excluded", "csv")


def test_path_signals() -> None:
    assert code_related_file_name("a/README.md") and code_related_file_name("CMakeLists.txt")
    assert code_related_file_name("dev-requirements.txt") and code_related_file_name("read.me")
    assert not code_related_file_name("readme/a.py") and not code_related_file_name("unread.me")
    assert size_file_byte("a", 12) == 12


@pytest.mark.parametrize(
    "text",
    ["a" * 8_000_000, "a\n" * 1_000_000, "x = 1;" * 1_300_000, "[" * 2_000_000, "é\u0301\u0315" * 700_000],
    ids=["one line", "short lines", "one line of code", "deep nesting", "combining marks"],
)
def test_large_texts_end(text: str) -> None:
    begin = time.process_time()
    _, failures = measure(text, language="javascript", kind="code", natural_language="en")
    assert {name.split("_")[1] for name in failures} <= {"codejavascript"}, "a tree is not made of more than a megabyte"
    assert time.process_time() - begin < 10
