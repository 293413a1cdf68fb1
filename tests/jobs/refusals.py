"""What the stand-in for serverless compute refuses, a line each: `python -m tests.jobs.refusals`, for a test."""

from __future__ import annotations

import pytest
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from tests.jobs.serverless import guard


def _reach(_: int) -> int:
    import socket

    socket.create_connection(("192.0.2.1", 80), 1)  # an address that is nobody's
    return 1


def main() -> None:
    guard(pytest.MonkeyPatch())
    spark = SparkSession.builder.getOrCreate()
    tries = {
        "set": lambda: spark.conf.set("spark.sql.adaptive.enabled", "true"),
        "get": lambda: spark.conf.get("spark.master", ""),
        "sql": lambda: spark.sql("SET spark.sql.adaptive.enabled = true"),
        "persist": lambda: spark.range(1).persist(),
        "context": lambda: spark.sparkContext,
        "no network": lambda: spark.range(1).select(F.udf(_reach, "int")("id")).collect(),
    }
    for name, work in tries.items():
        try:
            work()
            print(name, "passes")
        except PySparkException as e:
            print(name, "refused" if name != "no network" or name in str(e) else e)
    print("shuffle", spark.conf.get("spark.sql.shuffle.partitions"))


if __name__ == "__main__":
    main()
