"""OSS-Instruct: a function or a piece of code of the corpus inspires a programming task.

OpenCodeInstruct (2504.04030, section 2): 1.43 million generic seeds are Python functions of public repositories that
were turned into tasks so. The tasks are the first population of the evolution; nothing is solved here.
"""

from __future__ import annotations

from dataclasses import dataclass

from udfs.recipes.asking import said, whole
from udfs.recipes.population import founder
from udfs.recipes.steps import Answer, Ask, Dropped, Recipe, Seed, Steps
from udfs.recipes.writing import at_least, says_who_it_is, text_of, tongue


@dataclass(frozen=True)
class OssQuestions:
    """`per_seed` tasks are asked for of a piece (paper: one). Shorter ones than `least_chars` say too little."""

    per_seed: int = 1
    least_chars: int = 40
    most_chars: int = 6_000

    def __post_init__(self) -> None:
        at_least("oss_questions", 1, per_seed=self.per_seed, least_chars=self.least_chars)


def play(seed: Seed, p: OssQuestions) -> Steps:
    """A seed of recipe `open_code_instruct` for each task. Raises Dropped where none is one."""
    code = text_of(seed, "code")
    fields = {"code": code, "given": seed.language, "tongue": tongue(code)}
    asks = [
        Ask("question", "oss_question", fields, sample=number, whole=p.per_seed == 1) for number in range(p.per_seed)
    ]
    answers: list[Answer] = yield asks
    texts = [said(answer.text) for answer in answers if not answer.refused and answer.finish == "stop"]
    fit = [t for t in texts if p.least_chars <= len(t) <= p.most_chars and not says_who_it_is(t)]
    if not fit:
        whole("question", answers[0])  # says why not
        longest = max(map(len, texts), default=0)
        raise Dropped("no_task", longest, p.least_chars if longest < p.least_chars else p.most_chars)
    return [founder(text, "generic", seed.licence) for text in dict.fromkeys(fit)]


RECIPE = Recipe(
    "oss_questions",
    "Programming tasks that pieces of code inspire: the first population of an evolution.",
    play,
    OssQuestions(),
    "seeds:open_code_instruct",
    asks=(("question", "oss_question", 1.0),),
    takes=("function", "snippet"),
    times=lambda p: {"question": p.per_seed},
    stage="questions",
)
