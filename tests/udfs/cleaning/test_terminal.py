"""What of an output is left on the screen: last states, no control sequences, in time that follows the length."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from udfs.cleaning.terminal import shown

LINK = "\x1b]8;;https://x.test\x1b\\a link\x1b]8;;\x1b\\"


@pytest.mark.parametrize(
    ("output", "screen"),
    [
        ("plain\n\ttext\n", "plain\n\ttext\n"),
        ("a\r\nb\r\n", "a\nb\n"),
        ("\r 33%|#  | 1/3\r 66%|## | 2/3\r100%|###| 3/3\nresult 7\n", "100%|###| 3/3\nresult 7\n"),
        ("downloading the model 10%\rdone\n", "done\n"),
        ("50%\r100%\r", "100%"),
        ("50%\r100%\r\r\n", "100%\n"),
        ("busy |\b/\b-\b\\\b \n", "busy  \n"),
        ("1/2 [=>]" + "\b" * 8 + "\r2/2 [==] - loss: 0.1\n", "2/2 [==] - loss: 0.1\n"),
        ("teh\b\bhe", "the"),
        ("\b\b\bx", "x"),
        ("loading\x1b[2K\rready", "ready"),
        ("12345\x1b[3D\x1b[K", "12"),
        ("a long state\x1b[1G\x1b[Kb", "b"),
        ("outer 0%\n\rinner 50%\x1b[A\router 50%\n\rinner 100%\x1b[A\router 100%\n", "outer 100%\ninner 100%"),
        ("one\ntwo\nthree\x1b[2A\x1b[1Guno\x1b[2B", "uno\ntwo\nthree"),
        ("gone\ngone too\x1b[2J\x1b[Hkept", "kept"),
        (LINK + " and more", "a link and more"),
        ("\x1b]0;the window's title\x07text", "text"),
        ("\x1b]1337;File=inline=1:" + "QUJD" * 500 + "\x07text", "text"),
        ("\x1b]0;never ended\ntext", "\ntext"),
        ("\x1bPq#0;2;0;0;0\x1b\\text", "text"),
        ("\x1b[1;38;5;9mred\x1b[0m\x1b(B \x9b32mgreen\x9b0m", "red green"),
        ("\x1b7\x1b[?25lhidden cursor\x1b[?25h\x1b8\x07", "hidden cursor"),
        ("cut off \x1b[3", "cut off "),
        ("\x1b", ""),
        ("\x1b[999999999Cfar", " " * 1000 + "far"),
    ],
)
def test_the_screen_at_the_end(output: str, screen: str) -> None:
    assert shown(output) == screen


PIECES = st.sampled_from(
    [
        "a",
        "é ",
        "\n",
        "\r",
        "\b",
        "\x1b",
        "\x1b[",
        "\x1b[A",
        "\x1b[9B",
        "\x1b[K",
        "\x1b[2J",
        "\x1b[5G",
        "\x1b]",
        "\x07",
        "\x9b",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=30).map("".join))
def test_nothing_of_the_terminal_is_left(output: str) -> None:
    screen = shown(output)
    assert not set("\r\b\x1b\x07\x9b") & set(screen)
    assert shown(screen) == screen


@pytest.mark.parametrize(
    "unit", ["ab\b", "a\r", "\x1b[A\n", "\x1b]8;;", "\x1b[", "\x1b[1", "a\b\x1b[K", "x\x1b[1C\x1b[A", "\r"]
)
def test_no_output_takes_long(unit: str) -> None:
    start = time.perf_counter()
    shown(unit * (2_000_000 // len(unit)))
    assert time.perf_counter() - start < 8  # Under 2 s on a free core.
