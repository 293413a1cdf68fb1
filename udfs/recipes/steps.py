"""What a recipe is made of: a seed comes in, it asks and runs step by step, and gives rows, or the reason why not.

    def explained(seed: Seed, p: Explained) -> Steps:
        answer = yield Ask("explain", prompt="textbook", fields={"code": seed["code"]})
        ran = yield Run("check", "python", code_of(answer.text), (Test("one", seed["test"]),))
        if ran.status != "passed":
            raise Dropped("tests_failed", detail=ran.detail)
        return [Made("textbooks", text=answer.text, language="Python")]

A recipe is played again from its beginning whenever more is known: it may hang on nothing but the seed, its settings
and what its steps gave. Several steps that do not wait for each other are yielded as a list.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from string import digits
from typing import Any, TypeAlias

from udfs.calls.requests import Answer
from udfs.execution.programs import Test


@dataclass(frozen=True)
class Seed:
    """What a recipe starts from. `fields` are its texts by name; `language` of the code or of the page; `licence` and
    `source` go on to the rows.
    """

    seed_id: str
    fields: Mapping[str, str]
    language: str = ""
    source: str = ""
    licence: str = ""

    def __getitem__(self, name: str) -> str:
        return self.fields[name]


@dataclass(frozen=True)
class Ask:
    """Ask the model that `calls.models` names for this step. `prompt` is a file of udfs/data/prompts, `fields` fill it.

    `sample` numbers several answers. `schema` is a JSON schema that the answer has to meet. `logprobs` asks for so many
    alternatives of the first token. `whole`: an answer that was refused or cut drops the thread (`call_refused`,
    `answer_cut`); else the recipe is sent it and looks for itself.
    """

    step: str
    prompt: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    sample: int = 0
    schema: Mapping[str, Any] | None = None
    logprobs: int = 0
    whole: bool = True


@dataclass(frozen=True)
class Run:
    """Run a program with its tests; see udfs/execution/programs.py. `cpu_seconds` and `memory` (bytes) bound each test,
    0: as `runs.cpu_seconds` and `runs.memory` say. `shown` is how many bytes of an output come back, 0 as there.
    `need` is the least isolation, as `runs.need` says: a program of another one is another program.
    """

    step: str
    language: str
    code: str
    tests: tuple[Test, ...] = (Test("run"),)
    files: Mapping[str, str] = field(default_factory=dict)
    cpu_seconds: float = 0.0
    memory: int = 0
    shown: int = 0
    need: str = ""


@dataclass(frozen=True)
class Tested:
    """Of one test: `status` and `detail` as in udfs/execution/programs.py, and what it wrote, bounded."""

    __test__ = False  # for pytest: no class of tests

    name: str
    status: str
    detail: str = ""
    proof: str = ""
    stdout: str = ""


@dataclass(frozen=True)
class Ran:
    """What came of a program."""

    tests: tuple[Tested, ...]
    level: str = ""
    version: str = ""

    @property
    def status(self) -> str:
        return next((t.status for t in self.tests if t.status != "passed"), "passed")

    @property
    def passed(self) -> bool:
        return self.status == "passed"

    @property
    def detail(self) -> str:
        return next((t.detail for t in self.tests if t.status != "passed"), "")


@dataclass(frozen=True)
class Made:
    """A row that a recipe gives to a table: `messages` for instructions, else a `text`.

    `scores` are numbers that selection may use later (never a reason to drop here what a threshold could choose);
    `parts` are texts kept beside it (code, entry_point, tests as JSON).
    """

    target: str
    messages: tuple[Mapping[str, str], ...] = ()
    text: str = ""
    language: str = ""
    stage: int | None = None
    licence: str = ""
    scores: Mapping[str, float] = field(default_factory=dict)
    parts: Mapping[str, str] = field(default_factory=dict)


class Dropped(Exception):
    """A thread ends without rows: the rule, the value found, the limit in force, and what numbers cannot say."""

    def __init__(
        self, rule: str, value: float | None = None, threshold: float | None = None, detail: str | None = None
    ) -> None:
        super().__init__(rule)
        self.rule, self.value, self.threshold, self.detail = rule, value, threshold, detail


Step: TypeAlias = Ask | Run
Steps: TypeAlias = Generator[Any, Any, Sequence[Made]]
"""Yields a Step or a list of them, is sent an Answer or Ran or a list of them, and returns the rows."""


@dataclass(frozen=True)
class Recipe:
    """`play(seed, settings)` are the steps; `settings` a frozen dataclass, its section of the parameters is the name.

    `asks` are (step, prompt, times): every step with its prompt and how often it is asked of a seed that goes through,
    `runs` the programs of such a seed: what an estimate counts; `times(settings)` says it of steps where it hangs
    on the settings. `needs` are languages whose programs it runs, `languages(settings)` says them where they hang on
    the settings, `takes` the kinds of seeds that it starts from (udfs/recipes/seeds.py).
    `stage` plays it: rows of an earlier one than `threads` are seeds of other recipes.
    """

    name: str
    doc: str
    play: Callable[[Seed, Any], Steps]
    settings: Any
    target: str
    asks: tuple[tuple[str, str, float], ...]
    runs: float = 0.0
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    times: Callable[[Any], Mapping[str, float]] | None = None
    languages: Callable[[Any], tuple[str, ...]] | None = None
    stage: str = "threads"

    def runs_in(self, settings: Any) -> tuple[str, ...]:
        """The languages of programs that it may run under these settings."""
        return self.languages(settings) if self.languages else self.needs

    def asked(self, settings: Any) -> tuple[tuple[str, str, float], ...]:
        """(step, prompt, times) under these settings: second judges too, which have the prompt of the first."""
        found = {step: (prompt, times) for step, prompt, times in self.asks}
        prompts = {step.rstrip(digits): prompt for step, prompt, _ in self.asks}
        more = self.times(settings) if self.times else {}
        found |= {step: (prompts[step.rstrip(digits)], float(times)) for step, times in more.items()}
        return tuple((step, prompt, times) for step, (prompt, times) in found.items())


__all__ = ["Answer", "Ask", "Dropped", "Made", "Ran", "Recipe", "Run", "Seed", "Step", "Steps", "Test", "Tested"]
