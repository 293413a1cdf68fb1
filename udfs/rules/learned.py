"""The learned signals by name: rules read them like any other, and no code of a kernel hangs on them."""

from __future__ import annotations

from dataclasses import dataclass

SCORE, RANK = "qsc_learned_score", "qsc_learned_rank"


@dataclass(frozen=True)
class LearnedSignal:
    """A measure by the scorer that is in force; null without one, and in a language that it has no head for."""

    name: str
    number: int
    doc: str
    type: str = "float"
    family: str = "learned"


LEARNED = (
    LearnedSignal(
        SCORE,
        401,
        "Quality of the text as the pinned scorer of its language predicts it, on the scale of the labels (1 to 5); "
        "null without a scorer.",
    ),
    LearnedSignal(
        RANK,
        402,
        "Share of the tokens of its language, in the sample that the scorer was made with, that stand in texts of no "
        "higher score: below 0.25 is the worst quarter by tokens; null without a scorer.",
    ),
)


def is_learned(signal: str) -> bool:
    """Whether a signal is measured by a scorer, beside the table of signals."""
    return any(each.name == signal for each in LEARNED)
