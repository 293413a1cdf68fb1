"""What threads start from: each seed once, with the version of its recipe, and its texts.

Apart from the stages that play them, so that no thread hangs on the code that sends and writes.
"""

from __future__ import annotations

from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.instruct.lineage import tasks
from jobs.instruct.parameters import Synthesis
from jobs.instruct.pool import with_texts
from jobs.instruct.versions import with_version
from udfs.recipes.book import RECIPES
from udfs.recipes.population import SOLVED_BY

PACKAGES = "package_api"
_SEEDS = "seeds:"
_TEXTS = ("seed_id", "recipe", "origin", "language", "fields")
_MAP = "map<string,string>"
_DIALOGUES = {"packing", "interaction", "follow_up"}
"""Recipes whose seeds are rows of query_packs."""


def packages_required(given: DataFrame, p: Synthesis) -> DataFrame:
    """(seed_id, recipe, recipe_version) of each package."""
    return with_version(given.where(F.col("recipe") == PACKAGES).select("seed_id", "recipe"), p)


def package_apis(keys: DataFrame, given: DataFrame, p: Synthesis) -> DataFrame:
    """The threads to be played, with the texts of their seeds."""
    texts = given.where(F.col("recipe") == PACKAGES).select(*_TEXTS)
    return keys.join(texts.dropDuplicates(["seed_id"]), ["seed_id", "recipe"])


def drawn_and_given(parts: DataFrame, given: DataFrame, stage: str, p: Synthesis) -> DataFrame:
    """(seed_id, recipe, recipe_version) of the seeds of a stage that texts and given tables gave."""
    ours = parts.select(F.explode("found.seed_id").alias("seed_id"), "recipe")
    rows = ours.union(given.select("seed_id", "recipe"))
    return with_version(rows.where(F.col("recipe").isin(*recipes_of(stage))), p)


def recipes_of(stage: str) -> list[str]:
    """The recipes that a stage plays for what texts and given tables gave: tasks of the population are solved by their
    lineage.
    """
    return [name for name, recipe in RECIPES.items() if recipe.stage == stage and name != SOLVED_BY]


def questions_required(parts: DataFrame, given: DataFrame, p: Synthesis) -> DataFrame:
    """(seed_id, recipe, recipe_version) of what is asked about texts and given rows before anything is made of them."""
    return drawn_and_given(parts, given, "questions", p)


def questions(keys: DataFrame, parts: DataFrame, given: DataFrame, p: Synthesis) -> DataFrame:
    """The threads to be played, with the texts of their seeds."""
    return _joined(keys, _drawn_texts(parts).union(given.select(*_TEXTS)))


def required(
    parts: DataFrame,
    given: DataFrame,
    apis: DataFrame,
    uses: DataFrame,
    population: DataFrame,
    packs: DataFrame,
    p: Synthesis,
) -> DataFrame:
    """(seed_id, recipe, recipe_version) of each seed, wherever it is from."""
    rows = []
    asked = p.versions()
    if "package" in asked:
        rows.append(_with_usage(_symbols(apis.drop("texts")), uses).select("seed_id", "recipe"))
    if SOLVED_BY in asked:
        rows.append(population.where("keep").select("seed_id", F.lit(SOLVED_BY).alias("recipe")))
    if _DIALOGUES & asked.keys():
        rows.append(_dialogues(packs).select("seed_id", "recipe"))
    drawn = drawn_and_given(parts, given, "threads", p)
    # A branch that nobody asks for is no part of the plan: each costs seconds even where it comes to nothing.
    return reduce(DataFrame.unionByName, (with_version(each, p) for each in rows), drawn)


def threads(
    keys: DataFrame,
    parts: DataFrame,
    given: DataFrame,
    apis: DataFrame,
    uses: DataFrame,
    population: DataFrame,
    packs: DataFrame,
    asked: DataFrame,
    first: DataFrame,
    second: DataFrame,
    third: DataFrame,
    p: Synthesis,
) -> DataFrame:
    """The threads to be played, with the texts of their seeds: equal ids have equal texts."""
    wanted = p.versions()
    every = _drawn_texts(parts).union(given.where(F.col("recipe").isin(*recipes_of("threads"))).select(*_TEXTS))
    if "package" in wanted:
        every = every.union(_shown(_with_usage(_symbols(apis), uses), uses).select(*_TEXTS))
    if SOLVED_BY in wanted:
        every = every.union(_task_texts(keys, population, given, (asked, first, second, third)))
    if _DIALOGUES & wanted.keys():
        every = every.union(_dialogue_texts(keys, packs, asked))
    return _joined(keys, every)


def _joined(keys: DataFrame, every: DataFrame) -> DataFrame:
    # The texts of all other seeds stay where they are.
    every = every.join(keys.select("seed_id", "recipe").distinct(), ["seed_id", "recipe"], "left_semi")
    texts = (F.min(name).alias(name) for name in ("origin", "language", "fields"))
    return keys.join(every.groupBy("seed_id", "recipe").agg(*texts), ["seed_id", "recipe"])


def _drawn_texts(parts: DataFrame) -> DataFrame:
    ours = parts.select(F.col("clean_id").alias("origin"), "recipe", "language", F.explode("texts").alias("t"))
    return ours.select(F.col("t.seed_id"), "recipe", "origin", "language", "t.fields")


def _task_texts(keys: DataFrame, population: DataFrame, given: DataFrame, played: tuple[DataFrame, ...]) -> DataFrame:
    """Tasks of the population: made by threads, or given. Their origins are those of all their founders."""
    mine = keys.where(F.col("recipe") == SOLVED_BY).select("seed_id").distinct()
    rows = population.join(mine, "seed_id", "left_semi")
    rows = rows.select("seed_id", F.array_join("origins", "|").alias("origin"))
    found = rows.join(tasks(given, *played), "seed_id")
    return found.withColumns({"recipe": F.lit(SOLVED_BY), "language": F.lit("python")}).select(*_TEXTS)


def _dialogues(packs: DataFrame) -> DataFrame:
    """(seed_id, recipe, member, position, kind, thread_id) of dialogues: a pack has a row for each of its members."""
    packed = F.col("becomes") == "packing"
    return packs.where("keep").select(
        F.when(packed, F.col("pack_id")).otherwise(F.col("seed_id")).alias("seed_id"),
        F.col("becomes").alias("recipe"),
        F.col("seed_id").alias("member"),
        F.when(packed, F.col("position")).otherwise(F.lit(1)).alias("position"),
        "kind",
        "thread_id",
    )


def _dialogue_texts(keys: DataFrame, packs: DataFrame, questions: DataFrame) -> DataFrame:
    """Dialogues with the texts of their members; origins are the given rows that these were read from."""
    wanted = keys.select("seed_id", "recipe").distinct()
    rows = _dialogues(packs).join(wanted, ["seed_id", "recipe"], "left_semi")
    made = questions.select(F.explode("made").alias("m")).select(F.col("m.row_id").alias("member"), "m.language")
    rows = rows.join(made.dropDuplicates(["member"]), "member")
    texts = with_texts(rows.withColumnsRenamed({"seed_id": "_dialogue", "member": "seed_id"}), questions)
    members = F.array_sort(F.collect_list(F.struct("position", "parts", "thread_id", "language")))
    whole = texts.groupBy(F.col("_dialogue").alias("seed_id"), "recipe").agg(
        members.alias("_m"), F.min("kind").alias("kind")
    )
    read = F.to_json(F.transform("_m", lambda m: F.from_json(m["parts"], _MAP)))
    packed = F.to_json(F.struct("kind", read.alias("members")))
    fields = F.when(F.col("recipe") == "packing", packed).otherwise(F.get("_m", 0)["parts"])
    origins = F.array_sort(F.array_distinct(F.transform("_m", lambda m: m["thread_id"])))
    return whole.select(
        "seed_id",
        "recipe",
        F.array_join(origins, "|").alias("origin"),
        F.get("_m", 0)["language"].alias("language"),
        fields.alias("fields"),
    )


def _with_usage(symbols: DataFrame, uses: DataFrame) -> DataFrame:
    """Symbols with one use in the corpus, of several always the same; it is a part of the seed's identity, and the text
    that it stands in is then the origin: when that is removed, the answers that were shown it go.
    """
    found = uses.select("clean_id", F.explode("found").alias("u")).groupBy(F.col("u.name").alias("name"))
    one = found.agg(F.min(F.struct("clean_id", "u.usage_id")).alias("_use"))
    one = one.select("name", F.col("_use.clean_id").alias("_text"), F.col("_use.usage_id").alias("usage_id"))
    rows = symbols.join(one, "name", "left").withColumn("origin", F.coalesce("_text", "origin")).drop("_text")
    whole = F.sha2(F.concat_ws("\0", "seed_id", "usage_id"), 256)
    return rows.withColumn("seed_id", F.when(F.col("usage_id").isNull(), F.col("seed_id")).otherwise(whole))


def _recipe_of(target: Column) -> Column:
    """The recipe that a row for `seeds:RECIPE` is a seed of."""
    return F.substring_index(target, ":", -1)


def _symbols(apis: DataFrame) -> DataFrame:
    """The seeds that interfaces of packages gave; their origin is the package's own seed."""
    with_texts = "texts" in apis.columns
    zipped = F.explode(F.arrays_zip("made", "texts") if with_texts else F.arrays_zip("made")).alias("r")
    made = apis.select(F.col("seed_id").alias("origin"), zipped).where(F.col("r.made.target").startswith(_SEEDS))
    return made.select(
        F.col("r.made.row_id").alias("seed_id"),
        _recipe_of(F.col("r.made.target")).alias("recipe"),
        "origin",
        F.col("r.made.language").alias("language"),
        F.col("r.made.name").alias("name"),
        (F.col("r.texts.parts") if with_texts else F.lit(None).cast("string")).alias("fields"),
    )


def _shown(symbols: DataFrame, uses: DataFrame) -> DataFrame:
    """Symbols with the lines of their use among their texts."""
    lines = uses.select(F.explode("texts").alias("t")).select("t.usage_id", "t.lines").dropDuplicates(["usage_id"])
    kind = "map<string,string>"
    told = F.create_map(F.lit("usage"), F.coalesce("lines", F.lit("")))
    others = F.map_filter(F.from_json("fields", kind), lambda name, _: name != "usage")
    rows = symbols.join(lines, "usage_id", "left")
    return rows.withColumn("fields", F.to_json(F.map_concat(others, told)))
