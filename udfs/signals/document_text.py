"""What the document signals count in the raw text, in one compiled pass: raw words, sentences, pieces."""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np

from udfs.signals.characters import LOWER, SPACE, TERMINATOR, UPPER, WORD, classes, code_point

_LEFT, _RIGHT = ord("【"), ord("】")
_END_OF_PIECE = np.zeros(128, bool)
_END_OF_PIECE[list(b".?!\n")] = True


@dataclass(frozen=True, slots=True)
class RawWords:
    """WR: how many, how many of them in capitals (str.isupper), how many with a lenticular bracket."""

    total: int
    capitals: int
    brackets: int


@dataclass(frozen=True, slots=True)
class DocumentText:
    """Raw words by runs of word characters and of others; sentences; pieces between . ? ! and line feeds that are not
    blank, and their characters without the blanks around them.
    """

    words: RawWords
    sentences: int
    pieces: int
    piece_chars: int


def document_text(utf8: bytes) -> DocumentText:
    found = _pass(np.frombuffer(utf8, np.uint8), classes(), _END_OF_PIECE).tolist()
    return DocumentText(RawWords(*found[:3]), *found[3:])


def counted(words: list[str]) -> RawWords:
    """The same of words that are cut already."""
    brackets = sum("【" in word or "】" in word for word in words)
    return RawWords(len(words), sum(map(str.isupper, words)), brackets)


@numba.njit(cache=True, nogil=True)
def _pass(text, classes, end_of_piece):  # type: ignore[no-untyped-def]
    """[words, capitals, brackets, sentences, pieces, characters of pieces]."""
    found = np.zeros(6, np.int64)
    at = place = 0  # in bytes, in characters
    word, in_sentence, first, last = 0, False, -1, -1  # kind of the word: none, word characters, others
    upper = lower = bracket = False
    while at < len(text):
        point, width = code_point(text, at)
        kind = classes[point] if point < len(classes) else 0
        now = 0 if kind & SPACE else 1 if kind & WORD else 2
        if now != word:
            found[1] += upper and not lower
            found[2] += bracket
            upper = lower = bracket = False
            found[0] += now != 0
            word = now
        upper |= kind & UPPER != 0
        lower |= kind & LOWER != 0
        bracket |= point in (_LEFT, _RIGHT)
        if in_sentence:
            in_sentence = kind & TERMINATOR == 0
        elif now == 1:
            in_sentence = True
            found[3] += 1
        if point < 128 and end_of_piece[point]:
            found[4] += first >= 0
            found[5] += last - first + 1 if first >= 0 else 0
            first = -1
        elif now != 0:
            first, last = place if first < 0 else first, place
        at += width
        place += 1
    found[1] += upper and not lower
    found[2] += bracket
    found[4] += first >= 0
    found[5] += last - first + 1 if first >= 0 else 0
    return found
