"""What threads start from: each seed once, with the version of its recipe, and its texts.

Apart from the stages that play them, so that no thread hangs on the code that sends and writes.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.instruct.parameters import Synthesis
from jobs.instruct.versions import with_version

PACKAGES = "package_api"
_SEEDS = "seeds:"
_TEXTS = ("seed_id", "recipe", "origin", "language", "fields")


def packages_required(given: DataFrame, p: Synthesis) -> DataFrame:
    """(seed_id, recipe, recipe_version) of each package."""
    return with_version(given.where(F.col("recipe") == PACKAGES).select("seed_id", "recipe"), p)


def package_apis(keys: DataFrame, given: DataFrame, p: Synthesis) -> DataFrame:
    """The threads to be played, with the texts of their seeds."""
    texts = given.where(F.col("recipe") == PACKAGES).select(*_TEXTS)
    return keys.join(texts.dropDuplicates(["seed_id"]), ["seed_id", "recipe"])


def required(parts: DataFrame, given: DataFrame, apis: DataFrame, uses: DataFrame, p: Synthesis) -> DataFrame:
    """(seed_id, recipe, recipe_version) of each seed, wherever it is from."""
    ours = parts.select(F.explode("found.seed_id").alias("seed_id"), "recipe")
    theirs = given.where(F.col("recipe") != PACKAGES).select("seed_id", "recipe")
    symbols = _with_usage(_symbols(apis.drop("texts")), uses)
    return with_version(ours.union(theirs).union(symbols.select("seed_id", "recipe")), p)


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


def threads(
    keys: DataFrame, parts: DataFrame, given: DataFrame, apis: DataFrame, uses: DataFrame, p: Synthesis
) -> DataFrame:
    """The threads to be played, with the texts of their seeds: equal ids have equal texts."""
    ours = parts.select(F.col("clean_id").alias("origin"), "recipe", "language", F.explode("texts").alias("t"))
    ours = ours.select(F.col("t.seed_id"), "recipe", "origin", "language", "t.fields")
    every = ours.union(given.select(*_TEXTS)).union(_shown(_with_usage(_symbols(apis), uses), uses).select(*_TEXTS))
    # The texts of all other seeds stay where they are.
    every = every.join(keys.select("seed_id", "recipe").distinct(), ["seed_id", "recipe"], "left_semi")
    texts = (F.min(name).alias(name) for name in ("origin", "language", "fields"))
    return keys.join(every.groupBy("seed_id", "recipe").agg(*texts), ["seed_id", "recipe"])


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
