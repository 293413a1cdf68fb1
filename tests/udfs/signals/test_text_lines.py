"""Lines counted eight bytes at a time equal lines counted one by one."""

from __future__ import annotations

import sys
from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from udfs.signals.hashing import EIGHT, characters, same_bytes
from udfs.signals.text_lines import CodeLines, TextLines, code_lines, text_lines

_PARTS = [
    "\n",
    "\n\n",
    " ",
    "\t",
    "a",
    "},",
    "}",
    ",",
    "é",
    "中",
    "\U0001f600",
    "\u2003",
    "\u00a0",
    "\x1c",
    "return x",
    "b" * 9,
]
_TEXTS = st.lists(st.sampled_from(_PARTS), max_size=60).map("".join)


def slow_lines(text: str) -> TextLines:
    *whole, rest = text.split("\n")
    lines = [line + "\n" for line in whole] + ([rest] if rest else [])
    return TextLines(len(lines), max(map(len, lines), default=0))


def slow_code_lines(code: str) -> CodeLines:
    lines = [dense for line in code.split("\n") if (dense := "".join(line.split()))]
    copies = sum(n for line, n in Counter(lines).items() if n > 1 and len(line) > 1 and line != "},")
    return CodeLines(len(lines), copies)


@settings(deadline=None)  # the first call compiles
@given(_TEXTS)
def test_lines_are_those_counted_one_by_one(text: str) -> None:
    assert text_lines(text.encode()) == slow_lines(text)
    assert code_lines(text.encode("utf-8", "surrogatepass")) == slow_code_lines(text)


def test_every_white_space_of_unicode_is_left_out() -> None:
    spaces = [chr(c) for c in range(sys.maxunicode + 1) if chr(c).isspace() and chr(c) != "\n"]
    assert len(spaces) > 25
    for space in spaces:
        assert code_lines(f"a{space}b\nab\n{space}\n".encode()) == CodeLines(2, 2), hex(ord(space))


def test_many_distinct_lines_and_lines_of_equal_ends() -> None:
    """More lines than the first tables have room for, and long ones that differ in one byte."""
    lines = [f"{'x' * 40}{n}" for n in range(5000)]
    assert code_lines("\n".join(lines + lines[:7]).encode()) == CodeLines(5007, 14)


def test_bytes_compared_eight_at_a_time() -> None:
    text = np.frombuffer("aé\nbcdefgh aé\nbcdefgX".encode() + b"\n" * EIGHT, np.uint8)
    assert characters(text, 0, 3) == 2
    assert same_bytes(text, 0, 12, 10) and not same_bytes(text, 0, 12, 11)
