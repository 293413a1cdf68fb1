"""A small piece of every kind of work that a run gives to Spark, for class_archive.py: what it loads is archived.

python -m jobs.runtime.typical_work FOLDER
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F

_PROPERTIES = (
    "'delta.enableChangeDataFeed' = 'true', 'delta.enableDeletionVectors' = 'true', "
    "'delta.checkpointPolicy' = 'classic'"
)


def work(spark: SparkSession, folder: str) -> None:
    """Tables made, written in every way, read, joined, and asked for their changes."""
    table = f"delta.`{folder}/table`"
    spark.sql(
        f"CREATE TABLE {table} (id STRING NOT NULL, n BIGINT, words ARRAY<STRING>) USING delta CLUSTER BY (id) "
        f"TBLPROPERTIES ({_PROPERTIES})"
    )
    spark.sql(f"ALTER TABLE {table} ADD CONSTRAINT positive CHECK (n >= 0)")
    rows = _set_aside(spark, _rows(spark), f"{folder}/staged")
    for _ in range(2):
        rows.write.format("delta").mode("append").save(f"{folder}/table")
    few = rows.where("id IN ('1', '2')").write.format("delta").mode("overwrite")
    few.option("replaceWhere", "id IN ('1', '2')").save(f"{folder}/table")
    spark.sql(f"DELETE FROM {table} WHERE id IN ('3', '4')")
    spark.sql(f"UPDATE {table} SET n = n + 1 WHERE id = '5'").collect()
    rows.createOrReplaceTempView("found")
    spark.sql(
        f"MERGE INTO {table} t USING (SELECT DISTINCT * FROM found) s ON t.id = s.id AND t.n < 0 "
        "WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *"
    ).collect()
    feed = spark.read.format("delta").option("readChangeFeed", "true").option("startingVersion", "2")
    feed.load(f"{folder}/table").groupBy("_change_type").count().collect()
    _asked(spark.sql(f"SELECT * FROM {table} VERSION AS OF 3"), rows)
    spark.sql(f"DESCRIBE HISTORY {table} LIMIT 1").collect()
    spark.sql(f"DESCRIBE DETAIL {table}").collect()
    logs = f"{folder}/*/_delta_log/*.json"
    spark.read.format("binaryFile").load(logs).select("path").collect()
    spark.read.text(logs).where(F.col("value").startswith("{")).select("_metadata.file_path", "value").collect()


def _rows(spark: SparkSession) -> DataFrame:
    """Through Arrow to the JVM, to Python and back."""
    given = spark.createDataFrame(pa.table({"id": [str(n) for n in range(100)], "n": list(range(100))}))

    def same(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        yield from batches

    return given.mapInArrow(same, "id string, n bigint").withColumn("words", F.array("id", F.lit("word")))


def _set_aside(spark: SparkSession, rows: DataFrame, place: str) -> DataFrame:
    rows.repartition(2, "id").write.parquet(place)
    return spark.read.parquet(place)


def _asked(stored: DataFrame, rows: DataFrame) -> None:
    """The shapes of decide and of compare: joins of three kinds, windows, maxima of structs, explode."""
    first = Window.partitionBy("n").orderBy(F.desc("id"))
    ranked = stored.withColumn("rank", F.row_number().over(first)).where("rank = 1")
    joined = rows.alias("a").join(ranked.alias("b"), "id", "full_outer").join(F.broadcast(rows), "id", "left_anti")
    joined.select(F.coalesce("a.n", "b.n")).distinct().count()
    counts = (
        stored.select(F.explode("words").alias("word"), "*")
        .groupBy("word")
        .agg(
            F.max_by(F.struct("*"), "n").alias("most"),
            F.collect_list("id").alias("ids"),
            F.count_if("n > 3").alias("k"),
        )
    )
    counts.join(stored.select("id"), F.col("most.id") == F.col("id"), "left_semi").orderBy("word").limit(5).collect()
    stored.persist().count()
    stored.toArrow()
    stored.unpersist()


if __name__ == "__main__":
    from jobs.runtime.session import session

    started = session(sys.argv[1])
    try:
        work(started, sys.argv[1])
    finally:
        gateway = started.sparkContext._gateway
        started.stop()
        gateway.jvm.System.exit(0)  # the JVM writes the archive when it ends by itself
