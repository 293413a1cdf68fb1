"""Parameters that cannot be meant are told in one line, by their name, before anything is asked or recorded."""

from __future__ import annotations

from typing import Any

import pytest

from jobs.flows import SECTIONS
from jobs.instruct.asked_for import check_models
from jobs.instruct.parameters import Calls, Recipes, Runs, Synthesis, synthesis
from schemas.params import load_params

GOOD = 'calls.endpoints={m="http://host:8000/v1"}'


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (['calls.endpoints={m=["http://host"]}'], "calls.endpoints: expected a text for m, found list"),
        (['calls.endpoints={m="host:8000"}'], "calls.endpoints: expected base URLs like http"),
        (['calls.endpoints={m="http://u:hunter2@host/v1"}'], "calls.endpoints: expected no credentials"),
        (['calls.endpoints={m="http://host/v1?api-key=hunter2"}'], "expected no key in the URL of host, found api-key"),
        ([GOOD, 'calls.models={default=["m"]}'], "calls.models: expected a text for default"),
        ([GOOD, 'calls.models={"educational.scor"="m"}'], r"expected a step of educational \(problem, score, solve\)"),
        ([GOOD, 'calls.models={snipets="m"}'], "calls.models: expected default, RECIPE or RECIPE.STEP, found snipets"),
        ([GOOD, "calls.prices={m=0.5}"], r"calls.prices: expected \[prompt, answer\]"),
        ([GOOD, "calls.prices={m=[nan, 1.0]}"], r"calls.prices: expected \[prompt, answer\]"),
        ([GOOD, "calls.prices={n=[1.0, 1.0]}"], "calls.prices: expected models of calls.endpoints, found n"),
        ([GOOD, 'calls.features={m="json-schema"}'], "calls.features: expected words out of json_schema"),
        ([GOOD, 'calls.features={m=["json_schema"]}'], "calls.features: expected a text for m, found list"),
        ([GOOD, "calls.parameters={stream=true}"], "calls.parameters: expected none that is set elsewhere"),
        (["calls.max_cost=nan"], "calls.max_cost: expected a number from 0"),
        (["calls.max_cost=-1.0"], "calls.max_cost: expected a number from 0"),
        (["calls.timeout=nan"], "calls: expected concurrency, tasks"),
        (["calls.per_minute=-1"], "calls.per_minute: expected a number from 0"),
        (["recipes.names=[1]"], "recipes.names: expected a text for 1, found int"),
        (['recipes.texts_of={snippets="many"}'], "recipes.texts_of.snippets: expected a number from 0"),
        (["recipes.texts_of={evol=5}"], "recipes.texts_of: expected recipes that draw texts"),
        (['recipes.tables={"a.jsonl"="snippets"}'], "recipes.tables: expected recipes of given rows"),
        (['recipes.tables={"a.jsonl"=1}'], "recipes.tables: expected a text for a.jsonl, found int"),
        (["recipes.select={educational=4}"], "recipes.select: expected RECIPE.SCORE, found educational"),
        (['recipes.select={"educational.educational"="high"}'], "expected a number"),
        (["runs.libraries=[1]"], "runs.libraries: expected a text for 1"),
    ],
)
def test_what_cannot_be_meant_is_told_by_its_name(settings: list[str], told: str) -> None:
    with pytest.raises(ValueError, match=told) as error:
        load_params(SECTIONS, None, settings)
    assert "hunter2" not in str(error.value) and "\n" not in str(error.value)


def test_symbols_of_packages_are_walked_where_questions_about_them_are_asked_for() -> None:
    assert set(Recipes(names=("package",)).asked()) == {"package", "package_api"}
    assert Recipes(names=("evol",)).asked() == ("evol",)


def test_other_limits_of_programs_are_other_programs_where_a_recipe_runs_some() -> None:
    calls = Calls(endpoints={"m": "http://host/v1"}, models={"default": "m"})

    def versions(**limits: Any) -> dict[str, str]:
        params = synthesis({Calls: calls, Runs: Runs(**limits)})
        player = next(p for p in params.values() if hasattr(p, "player")).player()
        return {name: player.version(name) for name in ("snippets", "textbooks")}

    usual, longer = versions(), versions(cpu_seconds=60.0)
    assert usual["snippets"] != longer["snippets"] and usual["textbooks"] == longer["textbooks"]
    assert versions(at_once=1) == usual
    assert versions(need="rlimits")["snippets"] != usual["snippets"], "what ran with less isolation is run again"


def test_a_recipe_that_asks_nobody_needs_no_model() -> None:
    settings = ['recipes.names=["commits"]', "recipes.histories=3"]
    with pytest.raises(ValueError, match=r"found none for commits.code, commits.message"):
        check_models(load_params(SECTIONS, None, settings))
    params = load_params(SECTIONS, None, [*settings, "commits.judge=false"])
    check_models(params)
    assert set(synthesis(params)[Synthesis].versions()) == {"commits"}
