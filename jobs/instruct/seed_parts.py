"""Seeds of the texts that are drawn for each recipe: documented functions, pieces of code, paragraphs of pages.

    spark-submit jobs/instruct/seed_parts.py --warehouse DIR --set recipes.texts=1000

A draw is the order of a hash, salted by the recipe: a grown corpus moves few of them.
"""

from __future__ import annotations

from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.instruct.parameters import Synthesis
from jobs.runtime.stage import Measure
from schemas.code import CODE_CORPUS
from schemas.instruct import ALGORITHM_MARKS, SEED_PARTS
from schemas.web import PAGE_TEXTS, WEB_CORPUS, WEB_PAGES
from udfs.recipes.seeding import DRAWN, seeds_version
from udfs.spark.instruct import seed_rows


def required(code: DataFrame, web: DataFrame, pages: DataFrame, marks: DataFrame, p: Synthesis) -> DataFrame:
    """(clean_id, recipe, language) of the texts that are drawn."""
    texts = {"code": code.select("clean_id", "language")}
    texts["web"] = web.select("clean_id", F.coalesce("natural_language", F.lit("")).alias("language"))
    unknown = F.lit("").alias("language")
    texts["pages"] = pages.where("url IS NOT NULL").select(F.col("content_id").alias("clean_id"), unknown).distinct()
    found = [drawn(texts["code"], "", 0, ())]
    for recipe, draw in sorted(DRAWN.items()):
        if number := p.recipes.drawn(recipe):
            first = marks.where(F.size("keywords") > 0).select("clean_id") if draw.algorithmic else None
            for languages in [(name,) for name in draw.languages] if draw.each else [draw.languages]:
                found.append(drawn(texts[draw.corpus], recipe, number, languages, first))
    return reduce(DataFrame.unionByName, found)


def drawn(
    texts: DataFrame, recipe: str, number: int, languages: tuple[str, ...], first: DataFrame | None = None
) -> DataFrame:
    """So many texts of the languages, () for all, in the order of a hash, those that are among `first` before all."""
    asked = texts.where(F.col("language").isin(*languages)) if languages else texts
    before = F.lit(True)
    if first is not None:
        asked = asked.join(first.distinct().withColumn("_first", F.lit(True)), "clean_id", "left")
        before = F.col("_first").isNull()
    order = F.sha2(F.concat(F.lit(f"{recipe}\0"), "clean_id"), 256)
    found = asked.orderBy(before, order, "clean_id", "language").limit(number)
    return found.select("clean_id", "language", F.lit(recipe).alias("recipe"))


def seed_parts(
    keys: DataFrame, code: DataFrame, web: DataFrame, pages: DataFrame, page_texts: DataFrame, p: Synthesis
) -> DataFrame:
    """One row per text and recipe, with or without seeds."""
    texts = {"code": code, "web": web}
    of = {name: [r for r, draw in DRAWN.items() if draw.corpus == name] for name in ("code", "web", "pages")}
    mine = {name: keys.where(F.col("recipe").isin(*recipes)) for name, recipes in of.items()}
    # Each corpus is joined with what was drawn of it: all its texts are never moved about.
    none = F.lit(None).cast("string").alias("url")
    rows = [mine[name].join(rows.select("clean_id", "text", none), "clean_id") for name, rows in texts.items()]
    captures = pages.select(F.col("content_id").alias("clean_id"), "url")
    addresses = captures.join(mine["pages"].select("clean_id"), "clean_id", "left_semi")
    addresses = addresses.groupBy("clean_id").agg(F.min("url").alias("url"))
    captured = page_texts.select(F.col("content_id").alias("clean_id"), "text")
    rows.append(mine["pages"].join(captured, "clean_id").join(addresses, "clean_id"))
    return seed_rows(reduce(DataFrame.unionByName, rows))


STAGE = Measure(
    "seed_parts",
    seed_parts,
    required,
    reads=(CODE_CORPUS, WEB_CORPUS, WEB_PAGES, ALGORITHM_MARKS),
    texts=(CODE_CORPUS, WEB_CORPUS, WEB_PAGES, PAGE_TEXTS),
    writes=SEED_PARTS,
    kernel_version=lambda _: seeds_version(),
    params=Synthesis(),
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
