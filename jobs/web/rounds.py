"""What a round of recall reads and counts: labelled texts, and what a classifier recalls of all texts."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.code.draws import draw
from jobs.web.labels import page_verdicts, pattern_verdicts, url_key
from jobs.web.parameters import Recall
from jobs.web.web_decisions import RULE_TAG, has_code

LABEL, PATTERN, SAMPLE = "label", "pattern", "sample"


def seeds(pages: DataFrame, texts: DataFrame, labels: DataFrame, patterns: DataFrame, tag: str, p: Recall) -> DataFrame:
    """(content_id, url, domain, label, kind, said, held_out, by_rule): the verdict on each text that somebody, or a
    pattern, labelled, and of all others null. A word on the page holds before a pattern's; of several captures the one
    with the better word, then the smallest page_id, speaks. A domain with a held-out page is held out whole.
    """
    sound = pages.where("content_id is not null").select("page_id", "content_id", "url", "domain")
    said = page_verdicts(labels.where(F.col("tag") == tag)).drop("tag")
    by_pattern = pattern_verdicts(sound, patterns.where(F.col("tag") == tag)).drop("tag", "pattern")
    rows = sound.withColumn("url_key", url_key(F.col("url"))).join(said, "url_key", "left")
    rows = rows.join(by_pattern.withColumnRenamed("label", "of_pattern"), "page_id", "left")
    word = F.when(F.col("label").isNotNull(), 0).when(F.col("of_pattern").isNotNull(), 1).otherwise(2)
    facts = F.struct(
        word.alias("word"),
        F.coalesce("rank", F.lit(9)).alias("rank"),
        "page_id",
        "url",
        F.coalesce("domain", F.lit("")).alias("domain"),
        F.coalesce("label", "of_pattern").alias("label"),
        F.col("page_kind").alias("kind"),
    )
    held = rows.where("held_out").select(F.coalesce("domain", F.lit("")).alias("domain")).distinct()
    best = rows.groupBy("content_id").agg(F.min(facts).alias("r"))
    best = best.select("content_id", "r.url", "r.domain", "r.label", "r.kind", "r.word")
    best = best.join(F.broadcast(held.withColumn("held_out", F.lit(True))), "domain", "left")
    best = best.join(texts.select("content_id", "text_bytes", "code_bytes"), "content_id")
    by_rule = has_code(p) & F.lit(tag == RULE_TAG)
    named = {
        "said": F.when(F.col("word") == 0, LABEL).when(F.col("word") == 1, PATTERN),
        "held_out": F.coalesce("held_out", F.lit(False)),
        "by_rule": by_rule,
    }
    best = best.withColumn("score", F.lit(None).cast("double")).withColumns(named)
    return best.select("content_id", "url", "domain", "label", "kind", "said", "held_out", "by_rule")


def chosen(found: DataFrame, sampled: int, seed: str) -> DataFrame:
    """Of seeds those that were labelled, and so many texts drawn from the rest as not of the tag: without code by rule
    and of no held-out domain.
    """
    rest = found.where("label is null and not by_rule and not held_out")
    drawn = rest.orderBy(draw(F.col("content_id"), seed), "content_id").limit(sampled)
    drawn = drawn.withColumns({"label": F.lit(False), "said": F.lit(SAMPLE)})
    return found.where("label is not null").unionByName(drawn)


def recalled(found: DataFrame, scores: DataFrame, threshold: float, p: Recall) -> DataFrame:
    """(content_id, domain, score, why) of every text: why it is recalled, null where it is not."""
    rows = found.select("content_id", "domain", "by_rule", "label", "said").join(scores, "content_id")
    why = (
        F.when(F.col("label") & (F.col("said") == LABEL), F.lit(LABEL))
        .when(F.col("label") & (F.col("said") == PATTERN), F.lit(PATTERN))
        .when(F.col("by_rule") & (F.col("score") >= p.rule_score), F.lit("code_blocks"))
        .when(F.col("score") >= threshold, F.lit("classifier"))
    )
    return rows.select(
        "content_id", "domain", "score", F.when(F.coalesce(F.col("label"), F.lit(True)), why).alias("why")
    )
