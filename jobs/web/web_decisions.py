"""Which captures are of a tag: by a label, a labelled pattern, the code in them, or the classifier (paper 2.1).

    spark-submit jobs/web/web_decisions.py --warehouse DIR

A person's word on a page outranks all; a pattern that says no outranks what a rule or a classifier finds.
"""

from __future__ import annotations

import json
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.code.ranking import decided, reason, reasons
from jobs.runtime.stage import Decide
from jobs.web.labels import page_verdicts, pattern_verdicts, url_key
from jobs.web.parameters import Recall
from schemas.recall import PAGE_LABELS, RECALL_SCORES, TEXT_TAG, URL_PATTERNS
from schemas.web import PAGE_TEXTS, WEB_DECISIONS, WEB_PAGES

RULE_TAG = "Code"


def web_decisions(
    pages: DataFrame, texts: DataFrame, scores: DataFrame, labels: DataFrame, patterns: DataFrame, p: Recall
) -> DataFrame:
    """One row per capture with a text and tag in use."""
    thresholds, rounds = _of_models(p)
    rows = _facts(pages, texts, scores, labels, patterns)
    by_person = (F.col("rank") == 0) & F.col("label")
    denied = (F.col("rank") == 0) & ~F.col("label")
    by_code = (F.col("tag") == RULE_TAG) & has_code(p)
    at = _by_tag(thresholds, "double")
    why = (
        F.when(by_person, F.lit("label"))
        .when(denied | ~F.coalesce("pattern_label", F.lit(True)), F.lit(None))
        .when(F.col("pattern_label"), F.concat(F.lit("pattern:"), "pattern"))
        .when(by_code, F.lit("code_blocks"))
        .when(F.col("score") >= at, F.lit("classifier"))
    )
    rows = rows.withColumn("why", why)
    unsaid = ~denied & F.coalesce("pattern_label", F.lit(True))
    found = reasons(
        (denied, reason("labelled_not")),
        (~denied & ~by_person & ~F.col("pattern_label"), reason("pattern_not", detail=F.col("pattern"))),
        (unsaid & F.col("why").isNull(), reason("not_recalled", F.col("score"), at)),
        *((F.lit(asked) & F.col(flag), reason(flag)) for flag, asked in _rights(p)),
    )
    by_model = F.col("why") == "classifier"
    shown = F.when(by_model, F.coalesce(_by_tag(rounds, "int"), F.lit(0))).when(F.col("why").isNotNull(), 0)
    rows = rows.withColumns({"reasons": found, "round": shown})
    return decided(rows.select("page_id", "tag", "content_id", "reasons", "score", "why", "round"))


def _rights(p: Recall) -> tuple[tuple[str, bool], ...]:
    return ("no_index", p.drop_no_index), ("no_ai", p.drop_no_ai), ("tdm_reserved", p.drop_tdm_reserved)


def everyone(
    pages: DataFrame, texts: DataFrame, scores: DataFrame, labels: DataFrame, patterns: DataFrame, *_: object
) -> DataFrame:
    """Every capture with a text under every tag in use."""
    return _with_text(pages).select("page_id").crossJoin(tags_in_use(scores, labels, patterns))


def tags_in_use(*tables: DataFrame) -> DataFrame:
    """(tag) of all rows of tables that have tags, but for that of text files of repositories."""
    found = reduce(DataFrame.union, (t.select("tag") for t in tables)).where(F.col("tag") != TEXT_TAG)
    return F.broadcast(found.distinct())


def _with_text(pages: DataFrame) -> DataFrame:
    return pages.where("content_id is not null")


def _facts(pages: DataFrame, texts: DataFrame, scores: DataFrame, labels: DataFrame, patterns: DataFrame) -> DataFrame:
    """Captures under each tag with their score, the code in their text and what labels say of them."""
    sound = _with_text(pages)
    rows = sound.select("page_id", "url", "content_id", "no_index", "no_ai", "tdm_reserved")
    rows = rows.withColumn("url_key", url_key(F.col("url"))).crossJoin(tags_in_use(scores, labels, patterns))
    rows = rows.join(texts.select("content_id", "text_bytes", "code_bytes"), "content_id")
    rows = rows.join(scores.select("content_id", "tag", "score"), ["content_id", "tag"], "left")
    rows = rows.join(page_verdicts(labels).select("url_key", "tag", "label", "rank"), ["url_key", "tag"], "left")
    matched = pattern_verdicts(sound, patterns).withColumnRenamed("label", "pattern_label")
    rows = rows.join(matched, ["page_id", "tag"], "left")
    return rows.withColumns({"rank": F.coalesce("rank", F.lit(9)), "label": F.coalesce("label", F.lit(False))})


def has_code(p: Recall) -> Column:
    """Whether a row (code_bytes, text_bytes, score) has enough code in blocks: udfs.web.seeds.by_rule."""
    least = F.greatest(F.lit(1), F.lit(p.code_bytes), F.lit(p.code_share) * F.col("text_bytes"))
    return (F.col("code_bytes") >= least) & (F.coalesce("score", F.lit(1.0)) >= p.rule_score)


def _by_tag(values: dict[str, float | int], kind: str) -> Column:
    """The value of a row's tag; null where it has none."""
    found = F.lit(None).cast(kind)
    for tag, value in sorted(values.items()):
        found = F.when(F.col("tag") == tag, F.lit(value).cast(kind)).otherwise(found)
    return found


def _of_models(p: Recall) -> tuple[dict[str, float], dict[str, int]]:
    """(threshold, round) of each tag that has a classifier."""
    if not p.models:
        return {}, {}
    from udfs.web.model_place import recall_model
    from udfs.web.training import said_of

    said = {tag: said_of(recall_model(place)) for tag, place in p.models.items()}
    return {tag: p.thresholds.get(tag, s.threshold) for tag, s in said.items()}, {t: s.round for t, s in said.items()}


def version(p: Recall) -> str:
    """The thresholds and rounds in force, wherever the classifiers lie."""
    return json.dumps(_of_models(p), sort_keys=True)


STAGE = Decide(
    "web_decisions",
    web_decisions,
    reads=(WEB_PAGES, PAGE_TEXTS, RECALL_SCORES, PAGE_LABELS, URL_PATTERNS),
    writes=WEB_DECISIONS,
    params=Recall(),
    version=version,
    population=everyone,
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
