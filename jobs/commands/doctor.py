"""refinelake doctor: start the session once, so that Delta's JARs are there, and say what this machine has."""

from __future__ import annotations

import argparse
import platform
import shutil


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "Start Spark once (this resolves Delta's JARs) and say what is in place."


def work(args: argparse.Namespace) -> int:
    import pyspark

    from jobs.runtime.session import session

    spark = session()
    packages = spark.conf.get("spark.jars.packages", "set by the cluster")
    spark.sql("SELECT 1").collect()
    print(f"Python {platform.python_version()}, Spark {pyspark.__version__}, Delta {packages}: a session starts")
    for tool, use in (("git", "git sources"), ("npm", "the npm part of the demo"), ("apt-get", "its Debian part")):
        if shutil.which(tool) is None:
            print(f"{tool} is not on this machine: {use} will be left out")
    spark.stop()
    return 0
