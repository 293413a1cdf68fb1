"""One step of the evolution: an individual is changed by an operator, or several are crossed, and a new task comes out.

Genetic-Instruct (2407.21077), OpenCodeInstruct (2504.04030, section 2): mutation as Evol-Instruct does it, crossover as
Self-Instruct does. Which individuals are parents in which colony of which generation is decided by hashes over the
whole population (jobs/instruct/population.py); here is what one child costs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from udfs.recipes.asking import said
from udfs.recipes.evol import operators
from udfs.recipes.judging import Judging, judge
from udfs.recipes.population import CROSSOVER, individual, plain
from udfs.recipes.rubrics import rubric
from udfs.recipes.steps import Answer, Ask, Dropped, Recipe, Seed, Steps
from udfs.recipes.writing import at_least, says_who_it_is, text_of, tongue

GENERATIONS = 3
"""Most generations of one warehouse: each is a table. What they made may be given to another one."""


@dataclass(frozen=True)
class Evolution:
    """`generations` of children, 0 to 3. In each, a share `reproduce` of the individuals of all generations before has
    a child: by `crossover` of them with `parents` - 1 neighbours of its colony, else by mutation with one of
    `operators` (() of all; udfs/data/evolution.toml). The population is dealt anew to `colonies` in each generation.
    None of these numbers is published.

    `least_fitness`: mean of the rubric `task` (1 to 5) that a child needs; 0 asks no judge. `least_chars`,
    `most_chars` bound the task.
    """

    generations: int = 3
    colonies: int = 64
    reproduce: float = 1.0
    crossover: float = 0.5
    parents: int = 3
    operators: tuple[str, ...] = ()
    least_fitness: float = 0.0
    least_chars: int = 40
    most_chars: int = 6_000
    reason_first: bool = True
    second: bool = False
    most: int = 3

    def __post_init__(self) -> None:
        object.__setattr__(self, "operators", tuple(self.operators))
        if unknown := sorted(set(self.operators) - set(operators())):
            known = ", ".join(operators())
            raise ValueError(f"evolution.operators: expected names out of {known}, found {', '.join(unknown)}")
        at_least("evolution", 1, colonies=self.colonies, least_chars=self.least_chars)
        if not 0 <= self.generations <= GENERATIONS:
            raise ValueError(f"evolution.generations: expected 0 to {GENERATIONS}, found {self.generations}")
        if not 2 <= self.parents <= 10:
            raise ValueError(f"evolution.parents: expected 2 to 10, found {self.parents}")
        for name in ("reproduce", "crossover"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"evolution.{name}: expected a share from 0 to 1, found {getattr(self, name)}")

    def mutations(self) -> tuple[str, ...]:
        """Names of the operators in force, in their order."""
        return self.operators or tuple(operators())


def play(seed: Seed, p: Evolution) -> Steps:
    """A child. Raises Dropped `not_evolved` for a task that is none, or one of its parents; `unfit`."""
    questions: list[str] = json.loads(text_of(seed, "questions"))
    operator = text_of(seed, "operator")
    if operator == CROSSOVER:
        ask = Ask("cross", "crossover", {"tasks": questions, "tongue": tongue(questions[0])})
    else:
        fields = {"task": questions[0], "change": operators()[operator], "tongue": tongue(questions[0])}
        ask = Ask("mutate", "evolve", fields)
    answer: Answer = yield ask
    child = said(answer.text)
    if not p.least_chars <= len(child) <= p.most_chars or says_who_it_is(child):
        raise Dropped("not_evolved", len(child), p.least_chars if len(child) < p.least_chars else p.most_chars)
    if plain(child) in {plain(question) for question in questions}:
        raise Dropped("not_evolved", detail=f"{operator}: the task of a parent")
    if p.least_fitness:
        found = yield from judge("", child, rubric("task"), Judging(p.reason_first, p.second, p.most), step="fitness")
        if found.mean < p.least_fitness:
            raise Dropped("unfit", found.mean, p.least_fitness)
    parents = json.loads(text_of(seed, "parents"))
    generation, colony = int(text_of(seed, "generation")), text_of(seed, "colony")
    return [individual(child, text_of(seed, "domain"), operator, parents, generation, colony, seed.licence)]


def _times(p: Evolution) -> Mapping[str, float]:
    judged = 1.0 if p.least_fitness else 0.0
    second = {"fitness2": judged} if p.second else {}
    return {"mutate": 1 - p.crossover, "cross": p.crossover, "fitness": judged} | second


RECIPE = Recipe(
    "evolution",
    "New tasks out of a population: mutated by an operator, or crossed with others of their colony.",
    play,
    Evolution(),
    "seeds:open_code_instruct",
    asks=(("mutate", "evolve", 1.0), ("cross", "crossover", 1.0), ("fitness", "judge", 0.0)),
    takes=("individuals",),
    times=_times,
    stage="generations",
)
