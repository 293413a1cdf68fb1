"""refinelake instruct run --dry-run: the first prompts as they would be sent, and what a run would take."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from jobs.instruct.parameters import Synthesis
    from jobs.runtime.runner import Run

_SHOWN = 1_500
"""For estimates: what BPE vocabularies take of English and code, about."""
_SECONDS = 10.0
"""Of an answer, where none was ever measured here."""


@dataclass(frozen=True)
class Took:
    """What calls of a step are known or expected to take: tokens of prompt and answer, seconds."""

    prompt: float
    answer: float
    seconds: float
    measured: bool


def show_estimate(args: argparse.Namespace) -> int:
    """Draw the seeds, play each thread as far as stored answers reach, and say what is left."""
    from jobs.commands.run import new_run_id, open_lake
    from jobs.flows import INSTRUCT
    from jobs.instruct.asked_for import stored_versions
    from jobs.instruct.parameters import Synthesis, synthesis
    from jobs.runtime.runner import Run
    from udfs.recipes.book import with_makers

    args.staging = args.staging or None
    lake, params = open_lake(args)
    params = synthesis(
        params, args.limit, stored_versions(lake) if args.recipe else None, with_makers(tuple(args.recipe))
    )
    run = Run(lake, f"reader-{new_run_id()}", INSTRUCT.stages, params)
    try:
        waits = _waiting(run, params[Synthesis])
        _show_prompts(waits)
        _show_numbers(run, params[Synthesis], waits)
    finally:
        run.held.let_go()
        lake.drop_staging(run.run_id)
    return 0


def _waiting(run: Run, p: Synthesis) -> DataFrame:
    """(seed_id, recipe, bytes, waits) of the threads that are not at their end."""
    from pyspark.sql import DataFrame
    from pyspark.sql import functions as F

    from jobs.instruct.dry import all_seeds, known, stored
    from jobs.instruct.rounds import THREAD, to_play
    from jobs.runtime.stage import Measure
    from udfs.spark.instruct import played_rows

    tables = all_seeds(run, p)
    texts = []
    for stage in (s for s in run.flow if isinstance(s, Measure) and s.passes):
        required = stage.required(*(tables[t.name] for t in stage.reads), p)
        missing = to_play(required.join(stored(run), [*THREAD, "recipe_version"], "left_anti"), p)
        texts.append(stage.transform(missing, *(tables[t.name] for t in stage.texts), p))
    columns = ("seed_id", "recipe", "recipe_version", "language", "fields")
    rows = reduce(DataFrame.unionByName, (each.select(*columns) for each in texts)).dropDuplicates(THREAD)
    rows = run.lake.stage(rows, run.run_id, "dry.seeds")
    sizes = rows.select(*THREAD, F.octet_length("fields").alias("bytes"))
    played = played_rows(rows.join(known(run, rows, p), THREAD, "left"), p.player())
    played = played.where("status = 'waiting'").join(sizes, THREAD)
    return run.lake.stage(played.select(*THREAD, "bytes", "waits"), run.run_id, "dry.played")


def _show_prompts(waits: DataFrame) -> None:
    """One prompt of each step that is asked first, as it would be sent."""
    from pyspark.sql import functions as F

    asked = waits.select("recipe", F.explode("waits").alias("w")).where("w.kind = 'call'")
    first = asked.groupBy("recipe", "w.step").agg(F.min(F.struct("w.prompt", "w.body")).alias("one"))
    for row in first.orderBy("recipe", "step").collect():  # one for each step
        said = json.loads(row["one"]["body"])
        print(f"== {row['recipe']}.{row['step']}: prompt {row['one']['prompt']}, to {said['model']}")
        for message in said.get("messages") or [{"role": "text", "content": said.get("text", "")}]:
            text = message["content"]
            cut = f"\n... ({len(text) - _SHOWN:,} characters more)" if len(text) > _SHOWN else ""
            print(f"-- {message['role']}\n{text[:_SHOWN]}{cut}")


def _show_numbers(run: Run, p: Synthesis, waits: DataFrame) -> None:
    from pyspark.sql import functions as F

    from jobs.runtime.progress import Console
    from udfs.recipes.book import RECIPES
    from udfs.recipes.prompts import expected_tokens

    by = waits.groupBy("recipe").agg(F.count(F.lit(1)).alias("n"), F.avg("bytes").alias("bytes")).collect()
    console = Console()
    if not by:
        console.say("nothing to do: every thread is at its end, or there is no seed")
        return
    took = _measured(run)
    rows: list[tuple[str, ...]] = []
    total = {"calls": 0.0, "money": 0.0, "seconds": 0.0}
    for row in sorted(by, key=lambda r: r["recipe"]):
        recipe = RECIPES[row["recipe"]]
        for step, prompt, times in (ask for ask in recipe.asked(p.settings_of(recipe.name)) if ask[2]):
            one = took.get((recipe.name, step)) or Took(*expected_tokens(prompt, row["bytes"]), _SECONDS, False)
            calls = row["n"] * times
            price = p.calls.prices.get(p.calls.as_models().of(recipe.name, step))
            money = calls * (one.prompt * price[0] + one.answer * price[1]) / 1e6 if price else 0.0
            total["calls"] += calls
            total["money"] += money
            total["seconds"] += calls * one.seconds / p.calls.concurrency
            tokens = (f"{calls * one.prompt:,.0f}", f"{calls * one.answer:,.0f}")
            shown = f"{money:,.4f}" if price else "no price"
            known = "measured" if one.measured else "expected"
            rows.append((recipe.name, step, f"{row['n']:,}", f"{calls:,.0f}", *tokens, shown, known))
    console.rows(("recipe", "step", "threads", "calls", "prompt tokens", "answer tokens", "cost", "tokens are"), rows)
    console.say(
        f"at most about {total['calls']:,.0f} calls, cost {total['money']:,.4f}, "
        f"{total['seconds'] / 60:,.1f} minutes at {p.calls.concurrency} calls at once; threads that end early ask "
        "less, answers that are not as they must be are asked for again; what starts from rows that these threads make "
        "(tasks of an evolution, dialogues of scored queries, symbols of packages) is not counted yet"
    )


def _measured(run: Run) -> dict[tuple[str, str], Took]:
    """What answers of each step took so far."""
    from jobs.instruct.costs import by_step
    from schemas.instruct import LLM_RESPONSES

    if run.lake.version(LLM_RESPONSES.name) is None:
        return {}
    found: dict[tuple[str, str], Took] = {}
    for row in _answered(by_step(run.lake).collect()):  # a row for each step of a recipe
        n = row["answered"]
        found[row["recipe"], row["step"]] = Took(
            row["prompt_tokens"] / n, row["completion_tokens"] / n, row["seconds"] / n, True
        )
    return found


def _answered(rows: Iterable[Any]) -> list[Any]:
    return [row for row in rows if row["answered"]]
