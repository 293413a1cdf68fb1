"""Classes of characters are Python's own, for all of Unicode, and the compiled passes count as expressions do."""

from __future__ import annotations

import re
import sys

from hypothesis import example, given, settings
from hypothesis import strategies as st

from udfs.signals.characters import (
    DIGIT,
    LETTER,
    LOWER,
    SPACE,
    TERMINATOR,
    TERMINATORS,
    UPPER,
    VOTES,
    WORD,
    Counts,
    classes,
)
from udfs.signals.document_text import counted, document_text

_TEXTS = st.text(st.characters(), max_size=60) | st.lists(
    st.sampled_from([*"aBß 1_.?!\n【】。؟\u3000ǅ中の\ud800\U000e0041"])
).map("".join)


def test_a_class_is_what_python_says() -> None:
    every = [*map(chr, range(sys.maxunicode + 1))]
    table = classes().tolist() + [0] * (len(every) - len(classes()))

    def of(bit: int) -> set[str]:
        return {c for c, kind in zip(every, table, strict=True) if kind & bit}

    assert of(SPACE) == set(filter(str.isspace, every)) == set(re.findall(r"\s", "".join(every)))
    assert of(DIGIT) == set(filter(str.isdigit, every))
    assert of(LETTER) == set(filter(str.isalpha, every))
    assert of(WORD) == set(re.findall(r"\w", "".join(every)))
    assert of(VOTES) == set(re.findall(r"[^\W\d_]", "".join(every)))
    assert of(UPPER) == set(filter(str.isupper, every))
    assert of(LOWER) == {c for c in every if c.islower() or (c.istitle() and not c.isupper())}
    assert of(TERMINATOR) == set(TERMINATORS)


@settings(deadline=None)  # the first example compiles
@given(_TEXTS)
@example("\U0002fa1e")
def test_counts(text: str) -> None:
    found = Counts(text.encode("utf-8", "surrogatepass"))
    expected = [sum(map(test, text)) for test in (str.isspace, str.isdigit, str.isalpha)]
    assert [found.spaces, found.digits, found.letters] == expected
    # Letters only: in the blocks of Han stand characters that Unicode has not assigned.
    han = r"(?=[^\W\d_])[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]"
    assert found.scripts["han"] == len(re.findall(han, text))


@settings(deadline=None)  # the first example compiles
@given(_TEXTS)
def test_a_document_is_read_as_by_expressions(text: str) -> None:
    found = document_text(text.encode("utf-8", "surrogatepass"))
    pieces = [piece for piece in map(str.strip, re.split(r"[.?!\n]+", text)) if piece]
    assert found.words == counted(re.findall(r"\w+|[^\w\s]+", text))
    assert found.sentences == len(re.findall(r"\w[^.!?…。！？؟۔｡]*", text))
    assert (found.pieces, found.piece_chars) == (len(pieces), sum(map(len, pieces)))
