"""Document signals: a value computed by hand for each, and Chinese words."""

from __future__ import annotations

import math
import time
from typing import Any

import pytest

from udfs.signals import all_signals, measure
from udfs.signals.words import _jieba, raw_words


def doc(text: str, name: str, natural_language: str = "en") -> Any:
    values, failures = measure(text, language="markdown", kind="text", natural_language=natural_language)
    assert failures == {}
    return values["qsc_doc_" + name]


_BY_HAND = [
    ("frac_chars_curly_bracket", "a{b}", 0.5),
    ("frac_words_redpajama_stop", "The cat and the dog", 0.6),
    ("num_sentences", "One. Two! Three? Four", 4),
    ("num_sentences", "一。二！三", 3),
    ("num_sentences", "... --- !!!", 0),
    ("num_words", "It's a_test.", 4),
    ("num_chars", "a\r\nb", 3),
    ("num_lines", "a\n\nb\n", 3),
    ("mean_word_length", "ab cde", 2.5),
    ("frac_words_full_bracket", "【a】 b", 0.5),  # 2 of 4 tokens
    ("frac_words_full_bracket", "【a】, b", 0.5),  # a bracket beside a comma is still one
    ("frac_lines_end_with_readmore", "a...\nb (…)\n更多\nc\n", 0.75),
    ("frac_lines_start_with_bullet", "• a\n ● b\n- c\n* d\n", 0.5),
    ("frac_words_unique", "a b a b", 0.5),
    ("entropy_unigram", "a b a b", round(math.log(2), 8)),
    ("entropy_unigram", "a a", 0.0),
    ("frac_words_all_caps", "THE end", 0.5),
    ("frac_words_all_caps", "A1 1 .", round(1 / 3, 8)),
    ("frac_lines_dupe_lines", "a\n\n a \nb\n\n", round(2 / 3, 8)),
    ("frac_chars_dupe_lines", "ab\n ab\ncdef\n", 0.5),
    ("frac_chars_top_2grams", "a b c a b", 0.8),
    ("frac_chars_top_3grams", "a b c x a b c y", 0.75),
    ("frac_chars_top_4grams", "a b c d x a b c d y", 0.8),
    ("frac_chars_dupe_5grams", "a b c d e x a b c d e y", round(10 / 12, 8)),
    ("frac_chars_dupe_6grams", "a b c d e f x a b c d e f", round(12 / 13, 8)),
    ("frac_chars_dupe_7grams", "a b c d e f g x a b c d e f g", round(14 / 15, 8)),
    ("frac_chars_dupe_8grams", "a b c d e f g h x a b c d e f g h", round(16 / 17, 8)),
    ("frac_chars_dupe_9grams", "a b c d e f g h i x a b c d e f g h i", round(18 / 19, 8)),
    ("frac_chars_dupe_10grams", "a b c d e f g h i j x a b c d e f g h i j", round(20 / 21, 8)),
    ("frac_chars_replacement_symbols", "ab\ufffdc", 0.25),
    ("num_chars_sentence_length_mean", "ab. cdef\n\n!", 3.0),
    ("frac_chars_hyperlink_html_tag", "<b>a (http://b)", round(13 / 15, 8)),  # 3 + 10 of 15
    ("frac_chars_alphabet", "a1", 0.5),
    ("frac_chars_digital", "a1", 0.5),
    ("frac_chars_whitespace", "a ", 0.5),
    ("frac_chars_hex_words", "0xAB is it", 0.4),
]


@pytest.mark.parametrize(("name", "text", "expected"), _BY_HAND)
def test_value_by_hand(name: str, text: str, expected: float) -> None:
    found = doc(text, name)
    assert found == expected
    assert type(found) is type(expected)


def test_every_signal_has_a_value_by_hand() -> None:
    ours = {s.name for s in all_signals() if s.family == "doc" and s.number < 300}
    assert {"qsc_doc_" + name for name, _, _ in _BY_HAND} == ours


def test_alphabet_is_defined_for_chinese() -> None:
    """The authors' value is null there, so that their rule on Chinese texts never fires."""
    assert doc("中文12", "frac_chars_alphabet", "zh") == 0.5


def test_stop_words_only_of_listed_languages() -> None:
    assert doc("le chat et la souris", "frac_words_redpajama_stop", "fr") == 0.6
    assert doc("the", "frac_words_redpajama_stop", "zh") is None


@pytest.mark.skipif(_jieba() is not None, reason="jieba is installed and cuts other words")
def test_chinese_words_are_pairs_without_jieba() -> None:
    assert raw_words("中文分词ab，好", "zh") == ["中文", "分词", "ab", "，", "好"]
    assert doc("中文分词。好", "num_words", "zh") == 3
    # Single characters as words would have a mean length of 1.0, and the authors drop below 1.3.
    assert doc("今天天气很好，我们去公园散步。", "mean_word_length", "zh") > 1.3


def test_empty_text_has_the_authors_defaults() -> None:
    values, failures = measure("", language="markdown", kind="text", natural_language="en")
    assert failures == {}
    assert values["qsc_doc_frac_chars_digital"] == 1.0
    assert values["qsc_doc_entropy_unigram"] is None


@pytest.mark.parametrize(
    "text",
    ["a" * 8_000_000, "a\n" * 1_000_000, "<" * 2_000_000, "(http://" * 300_000, "中" * 2_000_000, ". " * 1_000_000],
    ids=["one line", "short lines", "brackets", "links", "chinese", "terminators"],
)
def test_large_texts_end(text: str) -> None:
    begin = time.process_time()
    _, failures = measure(text, language="markdown", kind="text", natural_language="zh")
    assert failures == {}
    assert time.process_time() - begin < 10
