"""Fill-in-the-middle: a document is cut twice, by character, and its middle is moved to the end.

PSM is prefix, suffix, middle and SPM suffix, prefix, middle, each with its markers (arXiv 2207.14255, section 3; the
SPM form is that of its appendix D, which opens like PSM). OpenCoder's recipe names no such objective, so it is off.
Both cuts, the draw whether a document is cut, and the order come from the content id: a rebuild cuts alike.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import NamedTuple

_KEY = b"refinelake fim 1"
_WORD = 2**64


@dataclass(frozen=True)
class Fim:
    """`rate` is the share of documents that are cut, `spm` the share of these in SPM form, `markers` the special tokens
    before prefix, suffix and middle. Held-out documents are never cut. Raises ValueError for a share outside of [0, 1].
    """

    rate: float = 0.0
    spm: float = 0.5
    markers: tuple[str, str, str] = ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>")

    def __post_init__(self) -> None:
        for name, share in (("rate", self.rate), ("spm", self.spm)):
            if not 0 <= share <= 1:
                raise ValueError(f"fim: expected {name} to be a share from 0 to 1, found {share}")

    def settings(self) -> str:
        """The identity of these settings in a token table."""
        if self.rate == 0:
            return "off"
        return f"rate={self.rate!r} spm={self.spm!r} markers={'|'.join(self.markers)} held_out=whole"


class Piece(NamedTuple):
    """A marker, empty where there is none, and the text that follows it, which may be empty too."""

    marker: str
    text: str


def cut(text: str, content_id: str, fim: Fim) -> list[Piece]:
    """Three pieces in the order of training, or the whole document without a marker."""
    digest = hashlib.blake2b(content_id.encode(), digest_size=32, key=_KEY).digest()
    drawn, order, one, other = (int.from_bytes(digest[n : n + 8], "big") for n in (0, 8, 16, 24))
    if drawn >= int(fim.rate * _WORD):
        return [Piece("", text)]
    # Cuts fall before, between or after characters; multiplied, not by remainder, so that none is favoured.
    first, second = sorted(place * (len(text) + 1) // _WORD for place in (one, other))
    prefix, middle, suffix = text[:first], text[first:second], text[second:]
    before, after, between = fim.markers
    if order < int(fim.spm * _WORD):
        # Appendix D: <PRE> <SUF> suffix <MID> prefix middle, so that prefix and middle stand together.
        return [Piece(before, ""), Piece(after, suffix), Piece(between, prefix + middle)]
    return [Piece(before, prefix), Piece(after, suffix), Piece(between, middle)]
