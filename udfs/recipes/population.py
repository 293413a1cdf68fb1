"""What an individual of the evolution is: a task with its lineage, as a seed of recipe `open_code_instruct`.

Its identity hangs on its text and its lineage, so that a child falls with its parents.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from udfs.recipes.steps import Made

SOLVED_BY = "open_code_instruct"
"""Recipe that solves, tests and judges an individual."""
DOMAINS = ("generic", "algorithmic")
CROSSOVER = "crossover"
LINEAGE = ("domain", "operator", "parents", "generation", "colony")
"""What an individual says of itself beside its task."""


def founder(question: str, domain: str, licence: str = "") -> Made:
    """An individual of generation 0."""
    return individual(question, domain, "", (), 0, "", licence)


def individual(
    question: str, domain: str, operator: str, parents: Sequence[str], generation: int, colony: str, licence: str = ""
) -> Made:
    """`parents` are the ids of the individuals that it was made of, `operator` the way."""
    parts = {
        "question": question,
        "domain": domain,
        "operator": operator,
        "parents": json.dumps(sorted(parents)),
        "generation": str(generation),
        "colony": colony,
    }
    return Made(f"seeds:{SOLVED_BY}", text=question, language="python", licence=licence, parts=parts)


def algorithm_of(operator: str) -> str:
    """The published set's word for how a task came about (column generation_algorithm)."""
    if not operator:
        return "oss-instruct"
    return "self-instruct" if operator == CROSSOVER else "evol-instruct"


def plain(text: str) -> str:
    """A task without what does not make it another one: case, punctuation, white space."""
    return re.sub(r"\W+", "", text).casefold()
