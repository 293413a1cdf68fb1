"""Vectors of given queries by the encoder of packing.embeddings; none without one.

spark-submit jobs/instruct/query_embeddings.py --warehouse DIR --set packing.embeddings=FOLDER
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.instruct.pool import QUERIES, pool
from jobs.runtime.stage import Measure
from schemas.instruct import QUERY_EMBEDDINGS, QUESTIONS
from udfs.embeddings.encoder import version as encoder_version
from udfs.recipes.packing import Packing
from udfs.spark.embeddings import embedded_rows


def required(questions: DataFrame, p: Packing) -> DataFrame:
    """(unit_id) of each query that is complex enough, of none where no encoder is named."""
    rows = pool(questions).where((F.col("target") == QUERIES) & (F.col("complexity") >= p.least_complexity))
    return rows.where(F.lit(bool(p.embeddings))).select(F.col("seed_id").alias("unit_id"))


def query_embeddings(keys: DataFrame, questions: DataFrame, p: Packing) -> DataFrame:
    """One row per query."""
    texts = questions.select(F.explode("texts").alias("t")).select(F.col("t.row_id").alias("unit_id"), "t.text")
    return embedded_rows(keys.join(texts.dropDuplicates(["unit_id"]), "unit_id"), p.embeddings, version(p))


def version(p: Packing) -> str:
    """Of the encoder that is named. Raises EncoderError for a folder that is none."""
    return encoder_version(p.embeddings) if p.embeddings else "none"


STAGE = Measure(
    "query_embeddings",
    query_embeddings,
    required,
    reads=(QUESTIONS,),
    texts=(QUESTIONS,),
    writes=QUERY_EMBEDDINGS,
    kernel_version=version,
    params=Packing(),
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
