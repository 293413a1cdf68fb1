"""Pictures of made conversations: how a population grew, how tests ended, what views take, kinds of dialogues."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.instruct.made_decisions import in_view, score_of
from jobs.report_pictures import Picture
from jobs.runtime.tables import Lake
from schemas.instruct import CODE_FEEDBACK, MADE_DECISIONS, OPEN_CODE_INSTRUCT, POPULATION
from schemas.pictures import Bar, Bin, bars, histogram
from udfs.instructions.views import named

_BINS = 10
_KINDS = {
    "packing": "packed, near or of the same tags",
    "interaction": "simulated with runs",
    "correction": "a bug and its repair",
    "follow_up": "several solutions",
}


def conversation_pictures(lake: Lake) -> list[tuple[str, Picture]]:
    """(heading, picture) of what is there; none where nothing of it was made."""
    if any(lake.version(t.name) is None for t in (POPULATION, MADE_DECISIONS)):
        return []
    made = lake.read(MADE_DECISIONS).where("keep")
    tasks = made.where(F.col("target") == OPEN_CODE_INSTRUCT.name)
    found = [
        ("Tasks, generation by generation", _population(lake)),
        ("How their tests ended", _tests(tasks)),
        ("What each view takes", _views(tasks)),
        ("Dialogues by kind", _dialogues(made.where(F.col("target") == CODE_FEEDBACK.name))),
    ]
    return [(heading, picture) for heading, picture in found if picture.svg]


def _population(lake: Lake) -> Picture:
    how = F.when(F.col("operator") == "", "founders").when(F.col("operator") == "crossover", "crossed")
    by = lake.read(POPULATION).groupBy("generation", how.otherwise("mutated").alias("how"))
    rows = by.agg(F.count(F.lit(1)).alias("n"), F.count_if("keep").alias("kept")).orderBy("generation", "how").collect()
    if not rows:
        return Picture("", "")
    shown = [
        Bar(f"{r['generation']}: {r['how']}", r["n"], f"{r['n']:,} tasks, {r['kept']:,} of a text of their own")
        for r in rows
    ]
    whole, founders = sum(r["n"] for r in rows), sum(r["n"] for r in rows if not r["generation"])
    begun = f"{founders:,} founder{'s' * (founders != 1)}"
    said = f"{begun} became {whole:,} tasks." if whole > founders else f"{begun}, no children."
    return Picture(said, bars(shown, "Tasks of the evolution by generation and operator"))


def _tests(tasks: DataFrame) -> Picture:
    score = score_of("average_test_score")
    place = F.least(F.floor(score * _BINS), F.lit(_BINS - 1))
    counts = {r["p"]: r["n"] for r in tasks.groupBy(place.alias("p")).agg(F.count(F.lit(1)).alias("n")).collect()}
    without = counts.pop(None, 0)
    if not counts:
        return Picture("", "")
    bins = [Bin(f"{n / _BINS:.1f}", counts.get(n, 0), False) for n in range(_BINS)]
    total = sum(counts.values())
    said = f"Share of the tests that pass, of {total:,} tasks; {without:,} more have no test."
    return Picture(said, histogram(bins, (), "share of tests", "Tasks by the share of their tests that pass"))


def _views(tasks: DataFrame) -> Picture:
    views = list(named(OPEN_CODE_INSTRUCT.name).values())
    row = tasks.agg(*(F.count_if(in_view(one)).alias(f"v{n}") for n, one in enumerate(views))).collect()[0]
    whole = row["v0"]
    if not whole:
        return Picture("", "")
    shown = [Bar(one.name.replace("_", " "), row[f"v{n}"], f"{row[f'v{n}']:,} rows") for n, one in enumerate(views)]
    return Picture(f"Of {whole:,} rows; a view is a choice by scores.", bars(shown, "Rows of each view"))


def _dialogues(rows: DataFrame) -> Picture:
    turns, mixed = F.avg(score_of("turns")).alias("turns"), F.avg(score_of("mixed")).alias("mixed")
    by = rows.groupBy("recipe").agg(F.count(F.lit(1)).alias("n"), turns, mixed).orderBy("recipe").collect()
    if not by:
        return Picture("", "")
    shown = [
        Bar(_KINDS.get(r["recipe"], r["recipe"]), r["n"], f"{r['n']:,}, {r['turns'] or 0:.1f} answers each") for r in by
    ]
    whole = sum(r["n"] for r in by)
    share = sum(r["n"] * (r["mixed"] or 0) for r in by) / whole
    said = f"{whole:,} dialogues; {share:.0%} of their answers hold code and text beside it."
    return Picture(said, bars(shown, "Dialogues by kind"))
