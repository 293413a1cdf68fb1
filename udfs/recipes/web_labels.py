"""Labels of web pages: two yes-or-no questions, and the product of the probabilities of yes.

Autonomous Data Selection (arXiv 2402.07625) asks a base model two questions about a page and takes the softmax over the
logits of YES and NO; here P(yes) / (P(yes) + P(no)) of the first token, of each question, multiplied. OpenCoder labels
the seed pages of its code recall so. An endpoint without log-probabilities gives 0 or 1 by the word it writes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import exp

from udfs.recipes.asking import bounded, said
from udfs.recipes.steps import Answer, Ask, Dropped, Made, Recipe, Seed, Steps
from udfs.recipes.writing import at_least, text_of

QUESTIONS = (
    "Is this page about programming, software or computer science, with code or technical explanation in it?",
    "Would somebody who learns to write programs gain from reading it, more than from an average page of the web?",
)
_YES, _NO = ("yes", "是", "是的"), ("no", "否", "不是")
_WORD = re.compile(r"[\w]+")


@dataclass(frozen=True)
class WebLabels:
    """`questions`: two or more (the paper's are about mathematics). `alternatives` of the first token are asked for (20
    is the most that the API allows). `most_chars` of a page are shown.
    """

    questions: tuple[str, ...] = QUESTIONS
    alternatives: int = 20
    most_chars: int = 8_000

    def __post_init__(self) -> None:
        at_least("web_labels", 1, questions=len(self.questions), most_chars=self.most_chars)


def play(seed: Seed, p: WebLabels) -> Steps:
    """One label: `score`, and `q1`, `q2`, ... of the questions. Raises Dropped `no_yes_no` for another answer."""
    page = {"title": seed.fields.get("title", ""), "text": bounded(text_of(seed, "text"), p.most_chars)}
    answers: list[Answer] = yield [
        # One token is asked for, so each answer is a cut one.
        Ask(f"q{number}", "yes_no", page | {"question": question}, logprobs=p.alternatives, whole=False)
        for number, question in enumerate(p.questions, 1)
    ]
    scores: dict[str, float] = {}
    score = 1.0
    for number, answer in enumerate(answers, 1):
        if answer.refused:
            raise Dropped("call_refused", detail=f"q{number}: {answer.refused}")
        found = yes_of(answer)
        if found is None:
            raise Dropped("no_yes_no", detail=f"q{number}: {said(answer.text)[:80]}")
        scores[f"q{number}"] = found
        score *= found
    parts = {"url": seed.fields.get("url", "")}
    return [Made("page_labels", licence=seed.licence, scores={"score": score} | scores, parts=parts)]


def yes_of(answer: Answer) -> float | None:
    """P(yes) / (P(yes) + P(no)) by the first token's alternatives; else 1 or 0 by the first word; else None."""
    if answer.logprobs and (found := _by_probability(answer.logprobs[0])) is not None:
        return found
    word = _WORD.search(answer.text)
    first = word[0].casefold() if word else ""
    return 1.0 if first in _YES else 0.0 if first in _NO else None


def _by_probability(alternatives: Mapping[str, float]) -> float | None:
    """Tokens are counted whatever their case and the blanks or marks around them."""
    sums = {True: 0.0, False: 0.0}
    for token, logprob in alternatives.items():
        word = token.strip().strip("▁Ġ*\"'.,").casefold()
        if (word in _YES or word in _NO) and logprob <= 1e-6:
            sums[word in _YES] += exp(logprob)
    total = sums[True] + sums[False]
    return sums[True] / total if total else None


RECIPE = Recipe(
    "web_labels",
    "Labels of web pages by two questions and the probability of yes.",
    play,
    WebLabels(),
    "page_labels",
    asks=(("q1", "yes_no", 1.0), ("q2", "yes_no", 1.0)),
    takes=("page",),
    times=lambda p: {f"q{number}": number <= len(p.questions) for number in range(1, max(2, len(p.questions)) + 1)},
)
