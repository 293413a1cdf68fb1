"""Play a recipe to its end: what it asks is answered by a script, what it runs is run."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from udfs.calls.requests import Answer, request_of
from udfs.execution.programs import Limits, Program
from udfs.execution.running import Runner
from udfs.recipes.replay import Asked, Known, Models, Played, play
from udfs.recipes.steps import Ran, Recipe, Seed, Test, Tested

MODELS = Models({"default": "scripted"}, {"scripted": ("json_schema", "logprobs", "seed")})
LIMITS = Limits(cpu_seconds=20)
Said = str | Answer | Sequence[str | Answer] | Callable[[str, int], str | Answer]
"""What a step is answered: a text, an answer, one by sample, or by prompt and sample."""


@cache
def runner(*libraries: str) -> Runner:
    return Runner(limits=LIMITS, libraries=libraries)


def run_body(body: str, libraries: Sequence[str] = ()) -> Ran:
    """Run the canonical form of a program, as a stage would."""
    said = json.loads(body)
    tests = tuple(Test(**test) for test in said["tests"])
    limits = replace(
        LIMITS,
        cpu_seconds=said["cpu_seconds"] or LIMITS.cpu_seconds,
        memory=said["memory"] or LIMITS.memory,
        shown=said["shown"] or LIMITS.shown,
    )
    result = runner(*libraries).run(Program(said["language"], said["code"], tests), limits)
    told = [Tested(v.name, v.status, v.detail, v.proof, v.stdout.text) for v in result.verdicts]
    return Ran(tuple(told), result.level, result.version)


@dataclass
class Driven:
    """How it ended, and every step that was asked or run, in order."""

    played: Played
    asked: list[Asked] = field(default_factory=list)
    known: dict[str, Answer | Ran] = field(default_factory=dict)

    @property
    def rows(self) -> tuple[Any, ...]:
        return self.played.rows

    @property
    def why(self) -> str:
        return self.played.dropped.rule if self.played.dropped else ""


def answer_of(said: Said, body: str) -> Answer:
    request = request_of(body)
    if callable(said):
        prompt = "\n".join(m["content"] for m in request.messages) or request.text
        said = said(prompt, request.sample)
    if not isinstance(said, (str, Answer)):
        said = said[min(request.sample, len(said) - 1)]
    return Answer(said) if isinstance(said, str) else said


def drive(
    recipe: Recipe,
    seed: Seed,
    script: Mapping[str, Said],
    settings: Any = None,
    known: Known | None = None,
    libraries: Sequence[str] = (),
    models: Models = MODELS,
    run: Callable[[str], Ran] | None = None,
) -> Driven:
    """To the end, each step once."""
    found = Driven(Played(()), known=dict(known or {}))
    while True:
        found.played = play(recipe, seed, settings or recipe.settings, models, found.known)
        if not found.played.waits:
            return found
        for asked in found.played.waits:
            if asked.key in found.known:
                continue
            found.asked.append(asked)
            if asked.kind == "run":
                found.known[asked.key] = run(asked.body) if run else run_body(asked.body, libraries)
            else:
                found.known[asked.key] = answer_of(script[asked.step], asked.body)
