"""Which rows that threads made are kept: least scores, and of equal texts (white space aside) one.

    spark-submit jobs/instruct/made_decisions.py --warehouse DIR --set 'recipes.select={"educational.score"=4}'

A threshold is applied to stored scores: trying another one asks no model.
"""

from __future__ import annotations

from functools import reduce
from operator import and_, eq, ge, gt, le, lt, or_

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from jobs.code.ranking import decided, reason, reasons
from jobs.instruct.parameters import Recipes
from jobs.runtime.stage import Decide
from schemas.instruct import CONVERSATIONS, GIVEN_SEEDS, MADE_DECISIONS, THREADS
from udfs.instructions.views import View, view

_COMPARED = {">=": ge, "<=": le, ">": gt, "<": lt, "=": eq}
_OF_ROW = ("row_id", "target", "language", "stage", "licence", "squeezed", "question_bytes", "answer_bytes")


def made(threads: DataFrame, *_: object) -> DataFrame:
    """Every row that threads made for a table; seeds of other recipes aside."""
    zipped = F.explode(F.arrays_zip("made", "scores")).alias("r")
    rows = threads.select("seed_id", "recipe", zipped)
    columns = [F.col(f"r.made.{name}").alias(name) for name in _OF_ROW]
    rows = rows.select("seed_id", "recipe", *columns, F.col("r.scores").alias("scores"))
    return rows.where(~F.col("target").startswith("seeds:"))


def _licensed(rows: DataFrame, given: DataFrame) -> DataFrame:
    """Rows with the licences of the given tables that their seed stands in, where no row says one itself."""
    said = F.array_join(F.array_sort(F.collect_set("licence")), ", ").alias("_said")
    by = given.where("licence IS NOT NULL").groupBy("seed_id", "recipe").agg(said)
    return (
        rows.join(by, ["seed_id", "recipe"], "left").withColumn("licence", F.coalesce("licence", "_said")).drop("_said")
    )


def made_decisions(threads: DataFrame, given: DataFrame, p: Recipes) -> DataFrame:
    """One row per row that was made."""
    low = [_below(one) for one in sorted(p.select.items())]
    # Of equal rows one that passes stands for all, where there is one.
    passes = ~reduce(or_, (condition for condition, _ in low), F.lit(False))
    same = Window.partitionBy("target", "squeezed").orderBy(passes.desc(), "row_id", "recipe", "seed_id")
    first = F.struct("row_id", "recipe", "seed_id")
    rows = _licensed(made(threads), given).withColumn("_first", F.first(first).over(same))
    copy = (first != F.col("_first"), reason("duplicate", detail=F.col("_first.row_id")))
    rows = rows.withColumn("reasons", reasons(*low, copy))
    return decided(rows).withColumn("trained", _trained(p)).drop("_first", "squeezed")


def _trained(p: Recipes) -> Column:
    """Whether a conversation is in the view of its table; those without views all are."""
    conversation = F.col("target").isin(*CONVERSATIONS)
    outside = ((F.col("target") == table) & ~in_view(view(table, name)) for table, name in sorted(p.views.items()))
    return conversation & ~reduce(or_, outside, F.lit(False))


def in_view(asked: View) -> Column:
    """Whether a row (row_id, scores) is in a view: a row without a score that it asks for is not."""
    holds = [_COMPARED[c.op](score_of(c.score), F.lit(c.number)) for c in asked.conditions]
    drawn = F.conv(F.substring(F.sha2(F.concat(F.lit("view\0"), "row_id"), 256), 1, 8), 16, 10).cast("bigint")
    if asked.share < 1:
        holds.append(drawn < int(asked.share * (1 << 32)))
    return F.coalesce(reduce(and_, holds, F.lit(True)), F.lit(False))


def _below(asked: tuple[str, float]) -> tuple[Column, Column]:
    """A row of this recipe with a lower score, or without one."""
    name, least = asked
    recipe, _, score = name.partition(".")
    value = score_of(score)
    low = (F.col("recipe") == recipe) & F.coalesce(value < least, F.lit(True))
    return low, reason(f"low_{score}", value, F.lit(least))


def score_of(name: str) -> Column:
    """The score of a row by this name, null without one."""
    return F.get(F.filter("scores", lambda s: s["name"] == name), 0)["value"]


def views_in_force(p: Recipes) -> str:
    """What the named views say now: their file is data."""
    return "; ".join(f"{table}: {view(table, name)}" for table, name in sorted(p.views.items()))


STAGE = Decide(
    "made_decisions",
    made_decisions,
    reads=(THREADS, GIVEN_SEEDS),
    writes=MADE_DECISIONS,
    params=Recipes(),
    version=views_in_force,
    population=made,
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
