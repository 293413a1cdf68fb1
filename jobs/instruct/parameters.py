"""Every number of the synthetic half, once; those of a recipe stand beside it (udfs/recipes/)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

from jobs.instruct import parameter_checks as checks
from udfs.execution.programs import LEVELS, MB
from udfs.instructions.views import view
from udfs.recipes.batches import Player
from udfs.recipes.book import RECIPES, with_makers
from udfs.recipes.replay import Models
from udfs.recipes.seeding import DRAWN


@dataclass(frozen=True)
class Recipes:
    """What is made of how much. `names` are the recipes to play, all by default. Of the texts of a corpus `texts` are
    drawn for each recipe, by a hash, or as many as `texts_of` says of it: every seed that they give is played.

    `tables` are locations of given tables (JSON lines, Parquet, Delta) with the recipe that their rows are seeds of
    (infinity, realuser, evol). `packages` are those whose interface package_api walks, as ECOSYSTEM:NAME
    ("python:numpy"). `histories` changes are drawn from the history of each git source (0: none), for recipe `commits`.
    `select` are least scores of rows by RECIPE.SCORE: changing one costs no call.

    `views` say which rows of open_code_instruct and code_feedback go into training (all, without one): a name of
    udfs/data/views.toml, or conditions ("judge >= 4, average_test_score >= 0.5").
    """

    names: tuple[str, ...] = ()
    texts: int = 1_000
    texts_of: dict[str, int] = field(default_factory=dict)
    tables: dict[str, str] = field(default_factory=dict)
    packages: tuple[str, ...] = ()
    histories: int = 0
    select: dict[str, float] = field(default_factory=dict)
    views: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(self.names))
        object.__setattr__(self, "packages", tuple(self.packages))
        checks.texts("recipes", names=self.names, packages=self.packages, tables=self.tables)
        checks.numbers("recipes.texts_of", 0, **self.texts_of)
        known = ", ".join(RECIPES)
        named = (*self.names, *self.texts_of, *self.tables.values(), *(n.partition(".")[0] for n in self.select))
        if unknown := sorted(set(named) - RECIPES.keys()):
            raise ValueError(f"recipes: expected names of recipes ({known}), found {', '.join(unknown)}")
        checks.numbers("recipes", 0, texts=self.texts, histories=self.histories)
        if lost := sorted(self.texts_of.keys() - DRAWN.keys()):
            raise ValueError(f"recipes.texts_of: expected recipes that draw texts ({', '.join(DRAWN)}), found {lost}")
        takes = [name for name, recipe in RECIPES.items() if {"dialogue", "row"} & set(recipe.takes)]
        if lost := sorted(set(self.tables.values()) - set(takes)):
            raise ValueError(f"recipes.tables: expected recipes of given rows ({', '.join(takes)}), found {lost}")
        checks.numbers("recipes.select", -math.inf, **self.select)
        if lost := sorted(name for name in self.select if not name.partition(".")[2]):
            raise ValueError(f"recipes.select: expected RECIPE.SCORE, found {', '.join(lost)}; name a score")
        checks.texts("recipes", views=self.views)
        for table, text in self.views.items():
            view(table, text)
        if wrong := [p for p in self.packages if p.partition(":")[0] not in ("python", "npm") or ":" not in p]:
            raise ValueError(f"recipes.packages: expected python:NAME or npm:NAME, found {', '.join(wrong)}")

    def given(self) -> bool:
        """Whether seeds come from elsewhere than the corpora."""
        return bool(self.tables or self.packages or self.histories)

    def asked(self) -> tuple[str, ...]:
        """The recipes to play, with those that make their seeds."""
        return with_makers(self.names) or tuple(RECIPES)

    def drawn(self, recipe: str) -> int:
        """How many texts are drawn for a recipe."""
        return self.texts_of.get(recipe, self.texts) if recipe in self.asked() else 0


@dataclass(frozen=True)
class Calls:
    """Which model answers what, where, and how fast it may be asked. `endpoints` are base URLs by model, several with
    spaces between; `models` name the model by RECIPE.STEP, RECIPE or default; `features` say what a model can, with
    spaces between: json_schema, logprobs, seed, completion (it only continues a text). `served_as` is a model's name at
    its endpoint. Keys are read from the environment on the driver: REFINELAKE_KEY, or REFINELAKE_KEY_<MODEL> in upper
    case with _ for what is no letter or digit.

    Limits hold for all tasks together: `concurrency` calls at once, `per_minute` calls and `tokens_per_minute` tokens
    (0: no limit), shared out to `tasks` tasks. `timeout` is for one try,
    `deadline` for all tries of a call, in seconds. Answers are committed in chunks of `chunk` calls: what a killed run
    may have to pay twice. A call that failed in `give_up` runs is not sent again. `prices` by model are those of a
    million tokens of prompt and of answer; `max_cost` stops a run before it costs more (0: no bound).
    """

    endpoints: dict[str, str] = field(default_factory=dict)
    models: dict[str, str] = field(default_factory=dict)
    features: dict[str, str] = field(default_factory=dict)
    served_as: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)
    seed: int = 0
    concurrency: int = 64
    per_minute: int = 0
    tokens_per_minute: int = 0
    tasks: int = 4
    chunk: int = 1_000
    tries: int = 5
    timeout: float = 120.0
    deadline: float = 600.0
    stream: bool = False
    give_up: int = 3
    prices: dict[str, list[float]] = field(default_factory=dict)
    max_cost: float = 0.0

    def __post_init__(self) -> None:
        if (
            min(self.concurrency, self.tasks, self.chunk, self.tries, self.give_up) < 1
            or not min(self.timeout, self.deadline) > 0
        ):
            raise ValueError("calls: expected concurrency, tasks, chunk, tries, give_up, timeout and deadline above 0")
        checks.numbers("calls", 0, per_minute=self.per_minute, tokens_per_minute=self.tokens_per_minute)
        checks.numbers("calls", 0, max_cost=self.max_cost)
        checks.texts("calls", endpoints=self.endpoints, models=self.models, served_as=self.served_as)
        checks.endpoints(self.endpoints)
        checks.prices(self.prices)
        checks.models(self.models)
        checks.parameters(self.parameters)
        if self.max_cost and (free := sorted(set(self.models.values()) - self.prices.keys())):
            raise ValueError(f"calls.max_cost: expected calls.prices of every model, found none of {', '.join(free)}")
        if lost := sorted(set(self.models.values()) - self.endpoints.keys()):
            raise ValueError(f"calls.endpoints: expected a URL of every model, found none of {', '.join(lost)}")
        checks.of_models(self.endpoints, prices=self.prices, features=self.features, served_as=self.served_as)
        checks.texts("calls", features={m: words for m, words in self.features.items() if words != ""})
        checks.features(self.features)

    def as_models(self) -> Models:
        """What a recipe must know of them."""
        features = {model: tuple(words.split()) for model, words in self.features.items()}
        return Models(self.models, features, self.parameters, self.seed)


@dataclass(frozen=True)
class Runs:
    """How programs of models are run: at `need` or a better level of isolation (rlimits, landlock, bubblewrap), or not
    at all. `cpu_seconds` and `memory` (bytes) bound each test that says nothing else. `at_once` programs run side by
    side in a task. `libraries` are folders of installed packages, on every worker, that programs may import: as
    pip with --target or npm (node_modules) makes them.
    """

    need: str = "landlock"
    cpu_seconds: float = 10.0
    memory: int = 1024 * MB
    at_once: int = 2
    libraries: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "libraries", tuple(self.libraries))
        checks.texts("runs", libraries=self.libraries)
        if self.need not in LEVELS:
            raise ValueError(f"runs.need: expected one of {', '.join(LEVELS)}, found {self.need}")
        if min(self.cpu_seconds, self.memory, self.at_once) <= 0:
            raise ValueError("runs: expected cpu_seconds, memory and at_once above 0")


@dataclass(frozen=True)
class ModelLabels:
    """What a page that recipe web_labels scored is labelled: of `tag` from a score of `least` on, else not of it."""

    tag: str = "Code"
    least: float = 0.5

    def __post_init__(self) -> None:
        if not 0 <= self.least <= 1 or not self.tag:
            raise ValueError("model_labels: expected a tag, and least from 0 to 1")


@dataclass(frozen=True)
class Synthesis:
    """All of them, and the settings of each recipe by its name: what the stages that play recipes take. Not more than
    `limit` new threads of each recipe are played (0: all); the others wait for another run.

    With `stored`, versions of recipes as threads are stored of, nothing is played but the recipes that are among
    `only`: rows of seeds that are gone go, and all others stay, whatever the settings say now.
    """

    recipes: Recipes = Recipes()
    calls: Calls = Calls()
    runs: Runs = Runs()
    settings: dict[str, Any] = field(default_factory=dict)
    limit: int = 0
    stored: dict[str, str] | None = None
    only: tuple[str, ...] = ()

    def versions(self) -> dict[str, str]:
        """The version of each recipe that has threads. Raises ValueError where a step has no model."""
        played = self.recipes.asked() if self.stored is None else self.only
        return {**(self.stored or {}), **{recipe: self.player().version(recipe) for recipe in played}}

    def settings_of(self, recipe: str) -> Any:
        return self.settings.get(recipe, RECIPES[recipe].settings)

    def player(self) -> Player:
        """What plays the threads."""
        limits = {"cpu_seconds": self.runs.cpu_seconds, "memory": self.runs.memory, "need": self.runs.need}
        return Player({name: self.settings_of(name) for name in RECIPES}, self.calls.as_models(), limits)


def synthesis(
    params: dict[type, Any], limit: int = 0, stored: dict[str, str] | None = None, only: tuple[str, ...] = ()
) -> dict[type, Any]:
    """The parameters with `Synthesis`, put together from the sections."""
    of = {name: params.get(type(r.settings), r.settings) for name, r in RECIPES.items()}
    recipes = params.get(Recipes, Recipes())
    if only:  # what is asked for by name draws its texts whatever `names` says
        recipes = replace(recipes, names=only)
    whole = Synthesis(recipes, params.get(Calls, Calls()), params.get(Runs, Runs()), of, limit, stored, only)
    return params | {Synthesis: whole}


def of_lake(lake: Any, params: dict[type, Any]) -> dict[type, Any]:
    """As `synthesis`, unless the caller has put it together already."""
    return params if Synthesis in params else synthesis(params)


SECTIONS: dict[str, type] = {
    "recipes": Recipes,
    "calls": Calls,
    "runs": Runs,
    "model_labels": ModelLabels,
    **{name: type(recipe.settings) for name, recipe in RECIPES.items()},
}
