"""Counts inside quoted strings, against their definitions."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from udfs.signals.quoted import Quoted, quoted

_PIECES = [
    "a",
    "1 ",
    ". ",
    "\n",
    "é",
    "\u3000",
    "/",
    ":",
    "http",
    "https://",
    "x" * 9,
    "\ud800",
    "'",
    '"',
    "a b.c " * 5,
]
_INNER = st.lists(st.sampled_from(_PIECES), max_size=25).map("".join)
_STRINGS = st.lists(st.tuples(st.sampled_from(["'", '"', "'''", '"""']), _INNER, st.booleans()), max_size=4)


@settings(deadline=None)  # the first example compiles
@given(_STRINGS)
def test_counts_are_those_of_the_definitions(made: list[tuple[str, str, bool]]) -> None:
    cut = [(quote, inner.replace(quote[0], "") + "a") for quote, inner, _ in made]  # a quote would end the string
    strings = [quote + inner + quote * closed for (quote, inner), (_, _, closed) in zip(cut, made, strict=True)]
    inners = [inner for _, inner in cut]
    lines = [line for inner in inners for line in inner.split("\n")]
    words = [word for inner in inners for word in inner.split() if len(word) > 20 and not re.search("https?://", word)]
    tokens = [len(re.findall(r"\w+|[^\w\s]+", line)) for line in lines]
    assert quoted("".join(strings), strings) == Quoted(
        sum(map(len, inners)), sum(n > 20 for n in tokens), sum(map(len, words))
    )


def test_a_quote_that_nothing_closes() -> None:
    strings = ['"', "'a", '"""', '""', "'''a'"]
    assert quoted("".join(strings), strings) == Quoted(1 + 2, 0, 0)
