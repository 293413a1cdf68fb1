"""RealUser-Instruct: what people asked a model about code, their personal data out, poor answers written anew.

OpenCoder, stage 1: code-related turns of WildChat and Code-290k-ShareGPT, English and Chinese, picked by a model and
cleaned; low-quality answers regenerated (676 thousand rows published). Personal data is replaced before anything is
sent to a model, and in what it writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from udfs.cleaning import personal_data
from udfs.languages.natural_language import natural_language
from udfs.recipes.asking import ask_json, said
from udfs.recipes.dialogues import messages_of, pairs_of
from udfs.recipes.judging import Judging, judge
from udfs.recipes.rubrics import closed, rubric
from udfs.recipes.steps import Answer, Ask, Dropped, Made, Recipe, Seed, Steps
from udfs.recipes.writing import at_least, says_who_it_is, tongue


@dataclass(frozen=True)
class RealUser:
    """`tongues`: natural languages that stay (paper: English and Chinese). `most_turns`: questions of one dialogue.

    An answer below the mean of `regenerate_below` (of 1 to 5, by the rubric `dialogue`) is written anew (6: all).
    `reason_first` and `second` as in udfs/recipes/judging.py. `most`: answers asked for until one is JSON.
    """

    tongues: tuple[str, ...] = ("en", "zh")
    most_turns: int = 4
    regenerate_below: float = 3.5
    reason_first: bool = True
    second: bool = False
    most: int = 3

    def __post_init__(self) -> None:
        at_least("realuser", 1, most_turns=self.most_turns, tongues=len(self.tongues))


def play(seed: Seed, p: RealUser) -> Steps:
    """The dialogue's turns about code as one row. Raises Dropped `tongue`, `not_code` and what asking raises."""
    pairs, replaced = _without_personal_data(pairs_of(seed)[: p.most_turns])
    spoken = natural_language("\n".join(question for question, _ in pairs))
    if spoken not in p.tongues:
        raise Dropped("tongue", detail=spoken)
    wanted = yield from ask_json(Ask("turns", "code_turns", {"pairs": pairs}), _schema(len(pairs)), p.most)
    numbers = sorted({number for number in wanted["turns"] if 1 <= number <= len(pairs)})
    if not numbers:
        raise Dropped("not_code", detail=said(wanted["reason"])[:200])
    kept: list[tuple[str, str]] = []
    means: list[float] = []
    written = 0
    for question, old in (pairs[number - 1] for number in numbers):
        found = yield from judge(question, old, rubric("dialogue"), Judging(p.reason_first, p.second, p.most))
        answer = old
        if found.mean < p.regenerate_below or says_who_it_is(old):
            fields = {"pairs": list(kept), "question": question, "tongue": tongue(question)}
            new: Answer = yield Ask("regenerate", "answer", fields)
            (_, answer), *_ = _without_personal_data([("", said(new.text))])[0]
            written += 1
        if says_who_it_is(answer) or not answer:
            raise Dropped("says_who_it_is" if answer else "empty")
        means.append(found.mean)
        kept.append((question, answer))
    scores = {"quality": min(means), "regenerated": float(written), "replaced": float(replaced)}
    parts = {"tongue": spoken}
    return [Made("instructions", messages_of(kept), stage=1, licence=seed.licence, scores=scores, parts=parts)]


def _schema(count: int) -> dict[str, Any]:
    number = {"type": "integer", "minimum": 1, "maximum": count}
    numbers = {"type": "array", "items": number, "maxItems": count}
    return closed({"reason": {"type": "string"}, "turns": numbers})


def _without_personal_data(pairs: Sequence[tuple[str, str]]) -> tuple[list[tuple[str, str]], int]:
    """The turns with placeholders, and how many were put in."""
    found, count = [], 0
    for pair in pairs:
        texts = []
        for text in pair:
            clean, counts = personal_data.replace(text, None, "text")
            texts.append(clean)
            count += sum(counts.values())
        found.append((texts[0], texts[1]))
    return found, count


RECIPE = Recipe(
    "realuser",
    "Dialogues of people with a model, about code, in English and Chinese.",
    play,
    RealUser(),
    "instructions",
    asks=(("turns", "code_turns", 1.0), ("judge", "judge", 2.0), ("regenerate", "answer", 1.0)),
    takes=("dialogue",),
    times=lambda p: {"judge2": 2} if p.second else {},
)
