"""refinelake instruct judge: rows for people to label blindly, and what their labels say of the judges."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jobs.commands.arguments import add_lake_arguments

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jobs.runtime.tables import Lake
    from udfs.recipes.blind import Judged

_SALT = "refinelake"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_lake_arguments(parser)
    parser.add_argument("--recipe", required=True, metavar="NAME", help="whose rows")
    parser.add_argument("--score", required=True, metavar="NAME", help="which score of the rows, as the judge gave it")
    parser.add_argument("--second", metavar="NAME", help="the score of another judge of the same rows, to compare with")
    parser.add_argument("--models", action="store_true", help="mean score by judging and by answering model")
    parser.add_argument("--export", metavar="FILE", help="write rows for people, without scores and models: JSON lines")
    parser.add_argument("--rows", type=int, default=100, metavar="N", help="how many, of all scores (default: 100)")
    parser.add_argument("--labels", metavar="FILE", help="the same file with labels: calibrate the judge")


def work(args: argparse.Namespace) -> int:
    from jobs.commands.run import open_lake
    from schemas.instruct import MADE_DECISIONS

    if not (args.export or args.labels or args.second or args.models):
        raise ValueError("instruct judge: expected --export, --labels, --second or --models, found none; say one")
    if args.rows < 1:
        raise ValueError(f"--rows: expected a number from 1, found {args.rows}")
    text = _read(args.labels) if args.labels else ""
    args.staging = None
    lake, _ = open_lake(args)
    if lake.version(MADE_DECISIONS.name) is None:
        raise ValueError(f"{lake.warehouse}: expected rows of recipes, found none; run refinelake instruct run first")
    if args.second:
        _agreement(lake, args.recipe, args.score, args.second)
    if args.models:
        _by_model(lake, args.recipe, (args.score, *filter(None, [args.second])))
    if args.export:
        _export(lake, args)
    if args.labels:
        _calibrate(lake, args, text)
    return 0


def _read(place: str) -> str:
    try:
        return Path(place).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "no UTF-8"
        raise ValueError(f"{place}: expected a file of labels, found {why}; --export writes one") from None


def judged(lake: Lake, recipe: str, score: str, most: int) -> list[Judged]:
    """At most so many rows of each score, by a hash. Raises ValueError where the recipe gives no such score."""
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    from jobs.instruct.made_decisions import score_of
    from schemas.corpus import INSTRUCTIONS
    from schemas.instruct import MADE_DECISIONS, THREADS
    from udfs.recipes.blind import Judged

    rows = lake.read(MADE_DECISIONS).where(F.col("recipe") == recipe)
    rows = rows.select("seed_id", "row_id", score_of(score).alias("score")).where("score IS NOT NULL")
    order = Window.partitionBy("score").orderBy(F.sha2(F.concat(F.lit(_SALT), "row_id"), 256))
    some = rows.withColumn("n", F.row_number().over(order)).where(F.col("n") <= most).drop("n")
    texts = lake.read(THREADS).where(F.col("recipe") == recipe).select("seed_id", F.explode("texts").alias("t"))
    messages = F.from_json("t.messages", INSTRUCTIONS.column("messages").type)
    said = texts.select(
        "seed_id", F.col("t.row_id").alias("row_id"), messages.alias("m"), F.col("t.text").alias("text")
    )
    found = some.join(said, ["seed_id", "row_id"]).dropDuplicates(["row_id"]).collect()
    if not found:
        raise _no_such_score(lake, recipe, score)
    return [Judged(r["row_id"], *_parts(r["m"], r["text"]), r["score"]) for r in found]


def _labelled(lake: Lake, recipe: str, score: str, labels: Mapping[str, bool]) -> list[Judged]:
    """The rows that a person has labelled, without their texts."""
    from pyspark.sql import functions as F

    from jobs.instruct.made_decisions import score_of
    from schemas.instruct import MADE_DECISIONS
    from udfs.recipes.blind import Judged

    if not labels:
        return []
    name = F.substring(F.sha2(F.concat_ws("\0", F.lit(_SALT), "row_id"), 256), 1, 16)
    known = lake.spark.createDataFrame([(each,) for each in sorted(labels)], "_name string")
    rows = lake.read(MADE_DECISIONS).where(F.col("recipe") == recipe)
    rows = rows.select("row_id", score_of(score).alias("score"), name.alias("_name")).where("score IS NOT NULL")
    found = rows.join(F.broadcast(known), "_name", "left_semi").dropDuplicates(["row_id", "score"]).collect()
    return [Judged(r["row_id"], "", "", r["score"]) for r in found]


def _no_such_score(lake: Lake, recipe: str, score: str) -> ValueError:
    """With the scores that there are."""
    from pyspark.sql import functions as F

    from schemas.instruct import MADE_DECISIONS

    known = lake.read(MADE_DECISIONS).select("recipe", F.explode("scores.name").alias("name")).distinct().collect()
    names = ", ".join(sorted(f"{r['recipe']}.{r['name']}" for r in known)) or "none"
    return ValueError(f"instruct judge: expected rows with the score {recipe}.{score}, found none; there are {names}")


def _parts(messages: list | None, text: str | None) -> tuple[str, str]:
    """(question, answer) of a row; of a text all of it is the answer."""
    if not messages:
        return "", text or ""
    return "\n\n".join(m["content"] for m in messages[:-1]), messages[-1]["content"]


def _export(lake: Lake, args: argparse.Namespace) -> None:
    from jobs.commands.reports import LABELS, note
    from jobs.runtime.places import absolute
    from udfs.recipes.blind import exported

    note(lake, LABELS, absolute(args.export))
    rows = judged(lake, args.recipe, args.score, args.rows)
    try:
        Path(args.export).write_text(exported(rows, args.rows, _SALT), encoding="utf-8")
    except OSError as error:
        raise ValueError(f"{args.export}: expected a place to write to, found {error.strerror}") from None
    print(f"{args.export}: {min(len(rows), args.rows):,} rows to label; write true or false for null, then --labels")


def _calibrate(lake: Lake, args: argparse.Namespace, text: str) -> None:
    from jobs.runtime.progress import Console
    from udfs.recipes.agreement import calibration
    from udfs.recipes.blind import matched, read_labels

    labels = read_labels(args.labels, text)
    rows = matched(_labelled(lake, args.recipe, args.score, labels), labels, _SALT)
    if not rows:
        raise ValueError(f"{args.labels}: expected labels of rows of {args.recipe}, found none that is known here")
    console = Console()
    shown = [
        (f"{c.score:g}", f"{c.count:,}", f"{c.yes:.0%}", f"{c.low:.0%} to {c.high:.0%}") for c in calibration(rows)
    ]
    console.rows((f"{args.recipe}.{args.score}", "labelled", "yes", "95 % interval"), shown)


def _agreement(lake: Lake, recipe: str, first: str, second: str) -> None:
    """Kappa of two judges over the rows that both scored."""
    from pyspark.sql import functions as F

    from jobs.instruct.made_decisions import score_of
    from schemas.instruct import MADE_DECISIONS
    from udfs.recipes.agreement import cohens_kappa

    rows = lake.read(MADE_DECISIONS).where(F.col("recipe") == recipe)
    both = rows.select(score_of(first).alias("a"), score_of(second).alias("b")).where("a IS NOT NULL AND b IS NOT NULL")
    counts = both.groupBy("a", "b").count().collect()  # a row for each pair of scores
    table = {(r["a"], r["b"]): r["count"] for r in counts}
    number = sum(table.values())
    if not number:
        raise ValueError(f"instruct judge: expected rows that {first} and {second} both scored, found none")
    plain, weighted = cohens_kappa(table), cohens_kappa(table, "quadratic")
    same = sum(n for (a, b), n in table.items() if a == b) / number
    shown = ["not defined" if k is None else f"{k:.3f}" for k in (plain, weighted)]
    print(f"{number:,} rows, the same score for {same:.1%}; kappa {shown[0]}, quadratic {shown[1]}")


def _by_model(lake: Lake, recipe: str, scores: tuple[str, ...]) -> None:
    """Whether a judge prefers its own: the mean score by the model that judged and the one that answered, and how much
    more it favours its own answers than the other judges do.
    """
    from jobs.runtime.progress import Console
    from udfs.recipes.agreement import self_preference

    means: dict[tuple[str, str], tuple[int, float]] = {}
    for score in scores:
        for row in _means(lake, recipe, score):  # a row for each pair of models
            means[row["judge"] or "none", row["answered"] or "none"] = (row["n"], row["mean"])
    if not means:
        raise _no_such_score(lake, recipe, scores[0])
    shown = [(judge, answered, f"{n:,}", f"{mean:.2f}") for (judge, answered), (n, mean) in sorted(means.items())]
    console = Console()
    console.rows(("judge", "answers of", "rows", "mean score"), shown)
    for judge in self_preference(means):
        if judge.excess is not None:
            console.say(f"{judge.judge} favours its own answers by {judge.excess:+.2f} more than the other judges do")


def _means(lake: Lake, recipe: str, score: str) -> list[Any]:
    """(judge, answered, n, mean) of a score, by the models; names of a second judge's scores and steps end in 2."""
    from pyspark.sql import functions as F

    from jobs.instruct.made_decisions import score_of
    from schemas.instruct import LLM_RESPONSES, MADE_DECISIONS, TRAILS

    second = score.split("_")[0].endswith("2")
    asked = lake.read(TRAILS).where((F.col("recipe") == recipe) & (F.col("kind") == "call"))
    models = lake.read(LLM_RESPONSES).where("status = 'answered'").select(F.col("request_id").alias("key"), "model")
    judges = F.col("prompt").startswith("judge@")
    mine = judges & (F.col("step").endswith("2") if second else ~F.col("step").endswith("2"))
    facts = {"judge": mine, "answered": ~judges}
    by = asked.join(models, "key").groupBy("seed_id")
    by = by.agg(*(F.max(F.when(which, F.col("model"))).alias(name) for name, which in facts.items()))
    rows = lake.read(MADE_DECISIONS).where(F.col("recipe") == recipe).select("seed_id", score_of(score).alias("score"))
    grouped = rows.where("score IS NOT NULL").join(by, "seed_id").groupBy("judge", "answered")
    return grouped.agg(F.count(F.lit(1)).alias("n"), F.avg("score").alias("mean")).collect()
