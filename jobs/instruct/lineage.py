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
_SAID = "domain string, operator string, parents string, generation string, colony string"
"""What `made.name` of a task holds, as JSON: udfs/recipes/population.py."""
_WHOLE = 1 << 32


def members(questions: DataFrame, given: DataFrame, generations: tuple[DataFrame, ...]) -> DataFrame:
    """(seed_id, generation, colony, operator, domain, parents, thread_id, squeezed) of every task that is alive: those
    that threads made, by what they say of themselves, and given ones.
    """
    ours = reduce(DataFrame.unionByName, map(made_tasks, (questions, *generations)))
    theirs = given.where(F.col("recipe") == SOLVED_BY).select("seed_id").distinct()
    nothing = {"generation": F.lit(0), "colony": F.lit(None).cast("int"), "operator": F.lit("")}
    nothing |= {"domain": F.lit("algorithmic"), "parents": F.array().cast("array<string>")}
    nothing |= {"thread_id": F.lit(None).cast("string"), "squeezed": F.col("seed_id")}
    return ours.unionByName(theirs.withColumns(nothing).select(*ours.columns))


def made_tasks(threads: DataFrame) -> DataFrame:
    """The tasks that threads made, each once."""
    rows = threads.select(F.col("seed_id").alias("thread_id"), F.explode("made").alias("m"))
    rows = rows.where(F.col("m.target") == TARGET).select("thread_id", "m.*")
    one = rows.groupBy(F.col("row_id").alias("seed_id")).agg(
        *(F.min(name).alias(name) for name in ("thread_id", "name", "squeezed"))
    )
    said = one.withColumn("_s", F.from_json("name", _SAID))
    return said.select(
        "seed_id",
        F.col("_s.generation").cast("int").alias("generation"),
        F.nullif("_s.colony", F.lit("")).cast("int").alias("colony"),
        F.col("_s.operator").alias("operator"),
        F.col("_s.domain").alias("domain"),
        F.from_json("_s.parents", "array<string>").alias("parents"),
        "thread_id",
        "squeezed",
    )


def with_first(rows: DataFrame) -> DataFrame:
    """Tasks and, of several with one text, the one of the earliest generation."""
    same = Window.partitionBy("squeezed").orderBy("generation", "seed_id")
    return rows.withColumn("first", F.first("seed_id").over(same))


def draws(rows: DataFrame, p: Evolution, generation: int) -> DataFrame:
    """Who has a child in a generation, how, and with whom: (thread_id, generation, colony, operator, domain, mates).
    `thread_id` is the seed of its thread, `mates` its parents, the one that is changed first.
    """
    alive = with_first(rows).where("first = seed_id").select("seed_id", "domain")
    digest = F.sha2(F.concat(F.lit(f"generation {generation}\0"), "seed_id"), 256)
    alive = alive.withColumn("_h", digest).withColumn("colony", (_part("_h", 2) % p.colonies).cast("int"))
    order = Window.partitionBy("colony").orderBy("_h", "seed_id")
    near = [F.coalesce(F.lead("seed_id", n).over(order), F.lag("seed_id", n).over(order)) for n in range(1, p.parents)]
    alive = alive.withColumn("_near", F.array_distinct(F.array_compact(F.array(*near))))
    crossed = (_part("_h", 3) < int(p.crossover * _WHOLE)) & (F.size("_near") > 0)
    names = F.array(*map(F.lit, p.mutations()))
    mutation = F.get(names, (_part("_h", 4) % len(p.mutations())).cast("int"))
    chosen = alive.where(_part("_h", 1) < int(p.reproduce * _WHOLE)).select(
        "colony",
        "domain",
        F.lit(generation).alias("generation"),
        F.when(crossed, F.lit(CROSSOVER)).otherwise(mutation).alias("operator"),
        F.when(crossed, F.concat(F.array("seed_id"), "_near")).otherwise(F.array("seed_id")).alias("mates"),
    )
    named = F.concat_ws("\0", F.lit(EVOLUTION), F.lit(str(generation)), "operator", F.array_join("mates", " "))
    return chosen.withColumn("thread_id", F.sha2(named, 256))


def with_origins(
    rows: DataFrame, key: str, begin: Column, everybody: DataFrame, parts: DataFrame, steps: int
) -> DataFrame:
    """Rows with `origins`, the texts and given rows of all founders that are up to `steps` generations above the tasks
    of the list `begin`. `everybody` are the members, founders among them.

    A founder is above itself, so that each step is one join: with a branch for each generation the plan would double
    with every one.
    """
    above = F.when(F.size("parents") > 0, F.col("parents")).otherwise(F.array("seed_id"))
    edges = everybody.select(F.col("seed_id").alias("_at"), F.explode(above).alias("_above"))
    found = rows.select(key, F.explode(begin).alias("_at"))
    for _ in range(steps):
        found = found.join(edges, "_at").select(key, F.col("_above").alias("_at"))
    homes = parts.where("recipe = 'oss_questions'").select("clean_id", F.explode("found.seed_id").alias("thread_id"))
    homes = homes.groupBy("thread_id").agg(F.min("clean_id").alias("_home"))
    founders = everybody.where("generation = 0").join(homes, "thread_id", "left")
    founders = founders.select(F.col("seed_id").alias("_at"), F.coalesce("_home", "seed_id").alias("_one"))
    each = found.join(founders, "_at").groupBy(key)
    return rows.join(each.agg(F.array_sort(F.collect_set("_one")).alias("origins")), key)


def _part(name: str, number: int) -> Column:
    """The number-th 32 bits of a hash, as a whole number."""
    return F.conv(F.substring(name, 8 * number - 7, 8), 16, 10).cast("bigint")


def tasks(given: DataFrame, *threads: DataFrame) -> DataFrame:
    """(seed_id, fields) of every task that there may be, once: its texts and lineage as JSON."""
    theirs = given.where(F.col("recipe") == SOLVED_BY).select("seed_id", "fields")
    texts = reduce(DataFrame.unionByName, (rows.select("texts", "made") for rows in threads))
    zipped = texts.select(F.explode(F.arrays_zip("made", "texts")).alias("r"))
    ours = zipped.where(F.col("r.made.target") == TARGET)
    ours = ours.select(F.col("r.made.row_id").alias("seed_id"), F.col("r.texts.parts").alias("fields"))
    return ours.unionByName(theirs).groupBy("seed_id").agg(F.min("fields").alias("fields"))


def with_tasks(drawn: DataFrame, found: DataFrame) -> DataFrame:
    """(seed_id, recipe, origin, language, fields) of the threads of a generation, with the texts of their parents."""
    question = F.get_json_object("fields", "$.question").alias("question")
    each = drawn.select("thread_id", F.posexplode("mates").alias("_at", "seed_id"))
    each = each.join(found.select("seed_id", question), "seed_id")
    ordered = F.array_sort(F.collect_list(F.struct("_at", "question")))
    asked = each.groupBy("thread_id").agg(F.to_json(F.transform(ordered, lambda x: x["question"])).alias("questions"))
    rows = drawn.join(asked, "thread_id")
    fields = F.struct(
        "questions",
        "operator",
        F.to_json("mates").alias("parents"),
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
