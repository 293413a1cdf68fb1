"""Who descends from whom: the population of tasks, generation by generation, from narrow facts of threads.

Every draw is a hash of one individual and the generation, and neighbours are those next to it in the order of such a
hash: an individual that comes or goes moves its own children, and those of its neighbours, and no others.
"""

from __future__ import annotations

from functools import reduce

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from udfs.recipes.evolution import Evolution
from udfs.recipes.population import CROSSOVER, SOLVED_BY

EVOLUTION = "evolution"
TARGET = f"seeds:{SOLVED_BY}"
COLUMNS = ("seed_id", "generation", "colony", "operator", "domain", "parents", "origins", "thread_id", "squeezed")
_WHOLE = 1 << 32


def founders(questions: DataFrame, given: DataFrame, parts: DataFrame) -> DataFrame:
    """Tasks that pieces of the corpus inspired, and given ones."""
    homes = parts.where("recipe = 'oss_questions'").select("clean_id", F.explode("found.seed_id").alias("thread_id"))
    homes = homes.groupBy("thread_id").agg(F.min("clean_id").alias("_home"))
    ours = made(questions).join(homes, "thread_id").withColumn("origins", F.array("_home")).drop("_home")
    theirs = given.where(F.col("recipe") == SOLVED_BY).select("seed_id").distinct()
    theirs = theirs.select(
        "seed_id",
        F.lit("algorithmic").alias("domain"),
        F.array("seed_id").alias("origins"),
        F.lit(None).cast("string").alias("thread_id"),
        F.col("seed_id").alias("squeezed"),
    )
    nothing = {"generation": F.lit(0), "colony": F.lit(None).cast("int"), "operator": F.lit("")}
    nothing["parents"] = F.array().cast("array<string>")
    return ours.unionByName(theirs).withColumns(nothing).select(*COLUMNS)


def made(threads: DataFrame) -> DataFrame:
    """(seed_id, thread_id, domain, squeezed) of the tasks that threads made, each once."""
    rows = threads.select(F.col("seed_id").alias("thread_id"), F.explode("made").alias("m"))
    rows = rows.where(F.col("m.target") == TARGET)
    facts = (F.min(name).alias(name) for name in ("thread_id", "domain", "squeezed"))
    named = rows.select(F.col("m.row_id").alias("seed_id"), "thread_id", F.col("m.name").alias("domain"), "m.squeezed")
    return named.groupBy("seed_id").agg(*facts)


def population(
    questions: DataFrame, given: DataFrame, parts: DataFrame, generations: tuple[DataFrame, ...], p: Evolution
) -> DataFrame:
    """The founders and the children of so many generations, with `first`: the one that stands for all of its text."""
    rows = founders(questions, given, parts)
    for number, threads in enumerate(generations[: p.generations], 1):
        rows = rows.unionByName(children(draws(rows, p, number), threads))
    return with_first(rows)


def with_first(rows: DataFrame) -> DataFrame:
    """Individuals and, of several with one text, the one of the earliest generation."""
    same = Window.partitionBy("squeezed").orderBy("generation", "seed_id")
    return rows.withColumn("first", F.first("seed_id").over(same))


def children(drawn: DataFrame, threads: DataFrame) -> DataFrame:
    """The individuals that threads made of draws: a child that was none, or waits, is no individual."""
    return drawn.join(made(threads).drop("domain"), "thread_id").select(*COLUMNS)


def draws(rows: DataFrame, p: Evolution, generation: int) -> DataFrame:
    """Who has a child in a generation, how, and with whom: (thread_id, generation, colony, operator, domain, parents,
    origins). `thread_id` is the seed of its thread.
    """
    alive = with_first(rows).where("first = seed_id")
    digest = F.sha2(F.concat(F.lit(f"generation {generation}\0"), "seed_id"), 256)
    alive = alive.withColumn("_h", digest).withColumn("_colony", (_part("_h", 2) % p.colonies).cast("int"))
    order = Window.partitionBy("_colony").orderBy("_h", "seed_id")
    mates = [F.coalesce(F.lead("seed_id", n).over(order), F.lag("seed_id", n).over(order)) for n in range(1, p.parents)]
    alive = alive.withColumn("_mates", F.array_distinct(F.array_compact(F.array(*mates))))
    crossed = (_part("_h", 3) < int(p.crossover * _WHOLE)) & (F.size("_mates") > 0)
    names = F.array(*map(F.lit, p.mutations()))
    mutation = F.get(names, (_part("_h", 4) % len(p.mutations())).cast("int"))
    chosen = alive.where(_part("_h", 1) < int(p.reproduce * _WHOLE)).select(
        F.col("seed_id").alias("_anchor"),
        F.col("_colony").alias("colony"),
        "domain",
        F.when(crossed, F.lit(CROSSOVER)).otherwise(mutation).alias("operator"),
        F.when(crossed, F.concat(F.array("seed_id"), "_mates")).otherwise(F.array("seed_id")).alias("_order"),
    )
    named = F.concat_ws("\0", F.lit(EVOLUTION), F.lit(str(generation)), "operator", F.array_join("_order", " "))
    chosen = chosen.withColumns({"thread_id": F.sha2(named, 256), "generation": F.lit(generation)})
    return _with_origins(chosen.withColumn("parents", F.array_sort("_order")), rows)


def _with_origins(chosen: DataFrame, rows: DataFrame) -> DataFrame:
    """Draws with the origins of all their parents."""
    pairs = chosen.select("thread_id", F.explode("parents").alias("seed_id"))
    origins = pairs.join(rows.select("seed_id", "origins"), "seed_id")
    origins = origins.select("thread_id", F.explode("origins").alias("_one")).groupBy("thread_id")
    return chosen.join(origins.agg(F.array_sort(F.collect_set("_one")).alias("origins")), "thread_id")


def _part(name: str, number: int) -> Column:
    """The number-th 32 bits of a hash, as a whole number."""
    return F.conv(F.substring(name, 8 * number - 7, 8), 16, 10).cast("bigint")


def tasks(given: DataFrame, *threads: DataFrame) -> DataFrame:
    """(seed_id, question) of every individual that there may be, once."""
    theirs = given.where(F.col("recipe") == SOLVED_BY)
    theirs = theirs.select("seed_id", F.get_json_object("fields", "$.question").alias("question"))
    texts = reduce(DataFrame.unionByName, (rows.select("texts", "made") for rows in threads))
    zipped = texts.select(F.explode(F.arrays_zip("made", "texts")).alias("r"))
    ours = zipped.where(F.col("r.made.target") == TARGET)
    ours = ours.select(F.col("r.made.row_id").alias("seed_id"), F.col("r.texts.text").alias("question"))
    return ours.unionByName(theirs).groupBy("seed_id").agg(F.min("question").alias("question"))


def with_tasks(drawn: DataFrame, questions: DataFrame) -> DataFrame:
    """(seed_id, recipe, origin, language, fields) of the threads of a generation, with the texts of their parents."""
    each = drawn.select("thread_id", F.posexplode("_order").alias("_at", "seed_id")).join(questions, "seed_id")
    ordered = F.array_sort(F.collect_list(F.struct("_at", "question")))
    asked = each.groupBy("thread_id").agg(F.to_json(F.transform(ordered, lambda x: x["question"])).alias("questions"))
    rows = drawn.join(asked, "thread_id")
    fields = F.struct(
        "questions",
        "operator",
        F.to_json("parents").alias("parents"),
        F.col("generation").cast("string").alias("generation"),
        F.col("colony").cast("string").alias("colony"),
        "domain",
    )
    return rows.select(
        F.col("thread_id").alias("seed_id"),
        F.lit(EVOLUTION).alias("recipe"),
        F.array_join("origins", "|").alias("origin"),
        F.lit("python").alias("language"),
        F.to_json(fields).alias("fields"),
    )
