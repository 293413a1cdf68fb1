"""Play a recipe as far as what is known reaches: rows, a reason, or what is to be asked and run next.

Nothing of a thread is kept but the keys of its answers and of its runs: with them it is played again from its
beginning, so a recipe is plain code, and a killed run goes on where it stopped.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from udfs.calls.requests import Answer, Request
from udfs.recipes.prompts import prompt
from udfs.recipes.steps import Ask, Dropped, Made, Ran, Recipe, Run, Seed, Step

MOST_STEPS = 200
"""Of one thread: a recipe that never ends is a fault of the recipe."""
Known = Mapping[str, Answer | Ran]


@dataclass(frozen=True)
class Asked:
    """A step of a thread: `key` names its answer or run, `kind` is call or run; `body` is the canonical request, or the
    canonical program.
    """

    step: str
    prompt: str
    kind: str
    key: str
    body: str


@dataclass(frozen=True)
class Played:
    """How far a thread came: `rows` where it is done, `dropped` where it ended without, else what it waits for."""

    trail: tuple[Asked, ...]
    waits: tuple[Asked, ...] = ()
    rows: tuple[Made, ...] = ()
    dropped: Dropped | None = None

    @property
    def status(self) -> str:
        return "waiting" if self.waits else "dropped" if self.dropped else "done"


def program_body(run: Run) -> str:
    """A program in JSON with sorted keys and no spaces."""
    said = asdict(run)
    del said["step"]
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def program_key(body: str) -> str:
    """SHA-256 of a program's canonical form."""
    return hashlib.sha256(body.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True)
class Models:
    """Which model answers which step: `by_step` by `RECIPE.STEP`, RECIPE or `default`. `features` of each model: what
    it can beyond a plain chat (json_schema, logprobs, seed), `completion` where it only continues texts. `parameters`
    are over those of the prompts.
    """

    by_step: Mapping[str, str] = field(default_factory=dict)
    features: Mapping[str, Sequence[str]] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    seed: int | None = None

    def needed(self, recipe: Recipe, settings: Any) -> dict[str, str]:
        """By step its model. One that these settings never ask may have none. Raises ValueError."""
        times = {step: number for step, _, number in recipe.asked(settings)}
        steps = (step for step, _, _ in recipe.asks if times[step] or self.named(recipe.name, step))
        return {step: self.of(recipe.name, step) for step in steps}

    def named(self, recipe: str, step: str) -> bool:
        """Whether a step has a model."""
        return any(self.by_step.get(name) for name in (f"{recipe}.{step}", recipe, "default"))

    def of(self, recipe: str, step: str) -> str:
        """Raises ValueError where none is named."""
        for name in (f"{recipe}.{step}", recipe, "default"):
            if found := self.by_step.get(name):
                return found
        raise ValueError(
            f"calls.models: expected a model for {recipe}.{step}, for {recipe} or as default, found none; "
            'name one, as in calls.models={default="MODEL"}'
        )


def request_for(models: Models, recipe: str, ask: Ask) -> Request:
    """The request that a step makes. Raises PromptError and ValueError."""
    template = prompt(ask.prompt)
    model = models.of(recipe, ask.step)
    can = models.features.get(model, ())
    parameters = {"prompt": f"{ask.prompt}@{template.version}", **template.parameters, **models.parameters}
    if ask.schema is not None and "json_schema" in can:
        parameters |= _schema(ask, "completion" in can)
    if ask.logprobs and "logprobs" in can:
        parameters |= {"logprobs": True, "top_logprobs": ask.logprobs}
    if models.seed is not None and "seed" in can:
        parameters["seed"] = models.seed + ask.sample
    if "completion" in can:
        stop = {"stop": list(template.stop)} if template.stop else {}
        return Request(model, text=template.as_text(ask.fields), parameters=parameters | stop, sample=ask.sample)
    return Request(model, messages=template.fill(ask.fields), parameters=parameters, sample=ask.sample)


def _schema(ask: Ask, completion: bool) -> dict[str, Any]:
    """A JSON schema as the endpoint takes it: completions of llama.cpp know none of a chat's form."""
    schema = dict(ask.schema or {})
    if completion:
        return {"json_schema": schema}
    return {
        "response_format": {"type": "json_schema", "json_schema": {"name": ask.step, "schema": schema, "strict": True}}
    }


def play(
    recipe: Recipe, seed: Seed, settings: Any, models: Models, known: Known, limits: Mapping[str, Any] | None = None
) -> Played:
    """Play a thread. `limits` are those of programs that say none of their own (cpu_seconds, memory), a part of their
    identity. Raises ValueError and PromptError for what its user has to mend, and what a recipe raises.
    """
    trail: list[Asked] = []
    steps = recipe.play(seed, settings)
    sent: Any = None
    try:
        while len(trail) < MOST_STEPS:
            wanted = steps.send(sent)
            one = isinstance(wanted, (Ask, Run))
            asked = [_asked(models, recipe.name, step, limits or {}) for step in ([wanted] if one else wanted)]
            trail += asked
            if waits := tuple(a for a in asked if a.key not in known):
                return Played(tuple(trail), waits)
            found = [_found(s, known[a.key]) for s, a in zip([wanted] if one else wanted, asked, strict=True)]
            sent = found[0] if one else found
    except StopIteration as end:
        return Played(tuple(trail), rows=tuple(end.value or ()))
    except Dropped as why:
        return Played(tuple(trail), dropped=why)
    finally:
        steps.close()
    return Played(tuple(trail), dropped=Dropped("too_many_steps", len(trail), MOST_STEPS))


def _asked(models: Models, recipe: str, step: Step, limits: Mapping[str, Any]) -> Asked:
    if isinstance(step, Run):
        body = program_body(replace(step, **{name: getattr(step, name) or most for name, most in limits.items()}))
        return Asked(step.step, "", "run", program_key(body), body)
    request = request_for(models, recipe, step)
    return Asked(step.step, step.prompt, "call", request.key, request.canonical())


def _found(step: Step, known: Answer | Ran) -> Answer | Ran:
    """What the recipe is sent. Raises Dropped for an answer that is none."""
    if isinstance(known, Answer) and isinstance(step, Ask) and step.whole:
        if known.refused:
            raise Dropped("call_refused", detail=f"{step.step}: {known.refused}")
        if known.finish != "stop":
            raise Dropped("answer_cut", detail=f"{step.step}: {known.finish}")
    return known
