"""Every active general rule (of any code, of documents and of paths) with a text just inside its threshold and one just
outside, built to the number.
"""

from __future__ import annotations

from itertools import islice, product
from string import ascii_lowercase

import pytest

from udfs.rules.load import load_rules
from udfs.signals import measure
from udfs.signals.paths import size_file_byte
from udfs.signals.registry import AUTHORS

_BOOK = load_rules()
_RULES = {
    (r.signal, r.op, r.threshold): name
    for name, rules in reversed(_BOOK.sets.items())
    for r in rules
    if r.signal.startswith(("qsc_code_", "qsc_doc_")) and not r.signal.endswith(AUTHORS)
}


def _words(first: str, length: int) -> list[str]:
    """As many different words of this length as a test needs, all with the same first letter."""
    letters = product(ascii_lowercase, repeat=length - 1)
    return [first + "".join(rest) for rest in islice(letters, 400)]


def _filler(chars: int) -> list[str]:
    """Different words that have so many characters together."""
    words = _words("z", 4)[: chars // 4]
    return words + (["y" * (chars % 4)] if chars % 4 else [])


def _joined(words: list[str], per_line: int = 8) -> str:
    return "\n".join(" ".join(words[i : i + per_line]) for i in range(0, len(words), per_line)) + "\n"


def _repeated(n: int, width: int, times: int, total: int) -> str:
    """Words of `total` characters in which one phrase of n words of that width stands so many times."""
    phrase, rest = _words("q", width)[:n], _filler(total - n * width * times)
    found: list[str] = []
    for i in range(times):
        found += [*phrase, rest[i]]
    return _joined(found + rest[times:])


def _pair_of_repeats(n: int, width: int, times: int, total: int) -> tuple[str, str]:
    return _repeated(n, width, times, total), _repeated(n, width, times, total - 1)


def _lines(most: int, bad: str, good: str, of: int = 100) -> tuple[str, str]:
    """`most` of `of` lines are of the bad kind, then one more; `#` stands for the line's number."""

    def text(bad_lines: int) -> str:
        lines = [bad] * bad_lines + [good] * (of - bad_lines)
        return "".join(line.replace("#", str(i)) + "\n" for i, line in enumerate(lines))

    return text(most), text(most + 1)


def _pad(text: str, size: int, with_: str = "a") -> str:
    return (text + with_ * size)[:size]


_BASE64 = "QmFzZTY0IGlzIG5vdCBhIGNpcGhlciBidXQgYW4gZW5jb2RpbmcuIEl0IHNwZW5k" * 16  # 1,024 characters
_CODE = "a = 1\n" * 400
_LONG_STRING = 'say("' + "many words " * 12 + '")'


def _comments(chars: int) -> str:
    return "--" + "c" * (chars - 2) + "\n" + _pad("local a = 1", 18, "1") + "\n"


def _in_string(chars: int, outside: int, letter: str) -> str:
    """So many characters between quotes and so many outside, quotes and line end included."""
    return "a = '" + letter * chars + "'" + " " * (outside - 7) + "\n"


# (part of the signal's name, comparison, threshold): (just inside, just outside). What both code and documents have
# under one name and threshold stands once.
_TEXTS: dict[tuple[str, str, float | bool], tuple[str, str]] = {
    ("num_words", "<", 30): ("word\n" * 30, "word\n" * 29),
    ("num_words", "<", 50): ("word\n" * 50, "word\n" * 49),
    ("num_chars", "<", 50): ("a" * 49 + "\n", "a" * 48 + "\n"),
    ("num_chars", ">", 5000): ("a" * 4999 + "\n", "a" * 5000 + "\n"),
    ("mean_word_length", "<", 2): ("ab " * 100, "ab " * 99 + "a"),
    ("mean_word_length", "<", 3): ("abc " * 100, "abc " * 99 + "ab"),
    ("mean_word_length", "<", 1.3): ("a " * 70 + "ab " * 30, "a " * 71 + "ab " * 29),
    ("mean_word_length", ">", 10): ("abcdefghij " * 100, "abcdefghij " * 99 + "abcdefghijk"),
    ("frac_words_unique", "<", 0.4): (
        _joined(_words("z", 3)[:39] + ["same"] * 61),
        _joined(_words("z", 3)[:38] + ["same"] * 62),
    ),
    ("frac_chars_top_2grams", ">", 0.2): _pair_of_repeats(2, 2, 5, 100),
    ("frac_chars_top_3grams", ">", 0.18): _pair_of_repeats(3, 2, 3, 100),
    ("frac_chars_top_4grams", ">", 0.16): _pair_of_repeats(4, 2, 2, 100),
    ("frac_chars_dupe_5grams", ">", 0.8): _pair_of_repeats(5, 8, 2, 100),
    ("frac_chars_dupe_5grams", ">", 0.6): _pair_of_repeats(5, 6, 2, 100),
    ("frac_chars_dupe_6grams", ">", 0.7): _pair_of_repeats(6, 7, 2, 120),
    ("frac_chars_dupe_6grams", ">", 0.6): _pair_of_repeats(6, 5, 2, 100),
    ("frac_chars_dupe_7grams", ">", 0.7): _pair_of_repeats(7, 5, 2, 100),
    ("frac_chars_dupe_7grams", ">", 0.6): _pair_of_repeats(7, 6, 2, 140),
    ("frac_chars_dupe_8grams", ">", 0.7): _pair_of_repeats(8, 7, 2, 160),
    ("frac_chars_dupe_8grams", ">", 0.6): _pair_of_repeats(8, 6, 2, 160),
    ("frac_chars_dupe_9grams", ">", 0.7): _pair_of_repeats(9, 7, 2, 180),
    ("frac_chars_dupe_9grams", ">", 0.6): _pair_of_repeats(9, 6, 2, 180),
    ("frac_chars_dupe_10grams", ">", 0.6): _pair_of_repeats(10, 3, 2, 100),
    ("frac_chars_replacement_symbols", ">", 0.01): ("a" * 99 + "\ufffd", "a" * 98 + "\ufffd" * 2),
    ("frac_chars_digital", ">", 0.2): ("a" * 80 + "1" * 20, "a" * 79 + "1" * 21),
    ("frac_chars_digital", ">", 0.3): ("a" * 70 + "1" * 30, "a" * 69 + "1" * 31),
    ("frac_chars_whitespace", ">", 0.5): ("a " * 50, "a " * 50 + "\n"),
    ("frac_chars_alphabet", "<", 0.5): ("a1" * 50, "a1" * 50 + "1"),
    ("frac_chars_hex_words", ">", 0.4): (
        _pad("0xFFFFFFFF " * 4, 99, "word ") + "\n",
        _pad("0xFFFFFFFF " * 3 + "0xFFFFFFFFF ", 99, "word ") + "\n",
    ),
    ("num_lines", "<", 10): ("a\n" * 10, "a\n" * 9),
    ("num_lines", ">", 100_000): ("a\n" * 100_000, "a\n" * 100_001),
    ("num_chars_line_max", ">", 1000): ("a" * 999 + "\n", "a" * 1000 + "\n"),
    ("num_chars_line_max", ">", 10_000): ("a" * 9999 + "\n", "a" * 10_000 + "\n"),
    ("num_chars_line_mean", "<", 5): ("aaaa\n" * 100, "aaaa\n" * 99 + "aaa\n"),
    ("num_chars_line_mean", ">", 100): (("a" * 99 + "\n") * 100, ("a" * 99 + "\n") * 99 + "a" * 100 + "\n"),
    ("frac_chars_comments", ">", 0.8): (_comments(80), _comments(81)),
    ("cate_xml_start", "is", True): (" " * 96 + "<?xml ?>", " " * 95 + "<?xml ?>"),
    ("frac_lines_dupe_lines", ">", 0.7): _lines(70, "total = 1", "row = #"),
    ("frac_lines_dupe_lines", ">", 0.6): _lines(60, "one and the same line", "line number #"),
    ("cate_autogen", "is", True): ("-- This file generates a report.\n", "-- This file was generated.\n"),
    ("frac_lines_long_string", ">", 0.2): _lines(20, _LONG_STRING, "say(#)"),
    ("frac_chars_string_length", ">", 0.6): (_in_string(60, 40, "b"), _in_string(61, 39, "b")),
    ("frac_chars_long_word_length", ">", 0.4): (_in_string(40, 60, "b"), _in_string(41, 59, "b")),
    ("cate_encoded_data", "is", True): (_CODE + _BASE64 + "\n", _CODE + _BASE64 + "Q\n"),
    ("frac_lines_prompt_comments", ">", 0.01): _lines(1, "a = # -- TODO", "a = #"),
    ("frac_lines_assert", ">", 0.4): _lines(40, "assert(a > #)", "a = #"),
    ("num_sentences", "==", 1): ("One sentence. And another.\n", "Only one sentence.\n"),
    ("frac_lines_end_with_readmore", ">", 0.1): _lines(10, "a teaser of item # ...", "a line about item #."),
    ("frac_lines_end_with_readmore", ">", 0.3): _lines(30, "a teaser of item # ...", "a line about item #."),
    ("frac_lines_start_with_bullet", ">", 0.9): _lines(90, "• item #", "a line about item #."),
    ("entropy_unigram", "<", 3): (_joined(_words("z", 3)[:21]), _joined(_words("z", 3)[:20])),  # ln 21, ln 20
    ("frac_words_all_caps", ">", 0.5): ("ABC " * 50 + "abc " * 50, "ABC " * 51 + "abc " * 49),
    ("frac_chars_dupe_lines", ">", 0.5): (
        "same line\n" * 50 + "".join(f"line {i:04}\n" for i in range(50)),
        "same line\n" * 51 + "".join(f"line {i:04}\n" for i in range(49)),
    ),
    ("frac_chars_hyperlink_html_tag", ">", 0.5): (
        "a" * 50 + "<b>" + "(https://example.org/" + "c" * 25 + ")",
        "a" * 49 + "<b>" + "(https://example.org/" + "c" * 26 + ")",
    ),
    ("frac_words_full_bracket", ">", 0.1): ("【 " * 10 + "word " * 90, "【 " * 11 + "word " * 89),
}
_PATHS: dict[tuple[str, str, float | bool], tuple[int, int]] = {
    ("qsc_code_size_file_byte", ">", 3_000_000): (3_000_000, 3_000_001)
}
_LANGUAGE = "lua"  # a language that has no rules of its own


def _key(rule: tuple[str, str, float | bool]) -> tuple[str, str, float | bool]:
    signal, op, threshold = rule
    return signal.split("_", 2)[2], op, threshold


def _hits(rule: tuple[str, str, float | bool], text: str) -> bool:
    name = _RULES[rule]
    kind = {"notebook": "notebook", "data": "data", "text/en": "text", "text/zh": "text"}.get(name, "code")
    spoken = "zh" if name == "text/zh" else "en"
    values, failures = measure(text, language=_LANGUAGE, kind=kind, natural_language=spoken)
    assert failures == {}
    return rule in [hit[:3] for hit in _BOOK.evaluate(name, values)]


_MEASURED = [rule for rule in _RULES if rule not in _PATHS]


@pytest.mark.parametrize("rule", _MEASURED, ids=["-".join(map(str, rule)) for rule in _MEASURED])
def test_a_text_just_inside_and_one_just_outside(rule: tuple[str, str, float | bool]) -> None:
    inside, outside = _TEXTS[_key(rule)]
    assert not _hits(rule, inside)
    assert _hits(rule, outside)


@pytest.mark.parametrize("rule", _PATHS)
def test_a_size_just_inside_and_one_just_outside(rule: tuple[str, str, float | bool]) -> None:
    inside, outside = _PATHS[rule]
    for size, expected in ((inside, False), (outside, True)):
        values = {rule[0]: size_file_byte("folder/name.lua", size)}
        assert (rule in [hit[:3] for hit in _BOOK.evaluate(_RULES[rule], values)]) is expected


def test_every_active_rule_has_a_pair_and_every_pair_a_rule() -> None:
    assert {_key(rule) for rule in _MEASURED} == set(_TEXTS)
    assert set(_PATHS) <= set(_RULES)
    for name in ("others", "data", "notebook", "text/en", "text/zh"):
        assert {(r.signal, r.op, r.threshold) for r in _BOOK.sets[name]} <= set(_RULES)


def test_inside_is_at_the_threshold_itself() -> None:
    """Where the number can be met exactly the inner text meets it: a rule hits only beyond it."""
    met = 0
    for rule in _MEASURED:
        if rule[1] in "<>":
            kind = "text" if rule[0].startswith("qsc_doc_") else "code"
            spoken = "zh" if _RULES[rule] == "text/zh" else "en"
            values, _ = measure(_TEXTS[_key(rule)][0], language=_LANGUAGE, kind=kind, natural_language=spoken)
            met += values[rule[0]] == rule[2]
    assert met >= len([rule for rule in _MEASURED if rule[1] in "<>"]) - 1  # all but the entropy
