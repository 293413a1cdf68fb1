"""Quality signals of the cleaned texts: every registered signal, one column each, or why there are none (paper, A).

spark-submit jobs/code/signals.py --warehouse DIR
"""

from __future__ import annotations

import hashlib

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.code.parameters import Signals
from jobs.code.texts import kept_files, with_text
from jobs.code.touched import MEASURED
from jobs.runtime.stage import Measure
from schemas.code import CLEANED_TEXTS, CONTENTS, NEAR_DUPLICATES, RAW_FILES, signals_table
from udfs.languages import natural_language
from udfs.signals import MEASURED_AUTHORS, VERSION, all_signals
from udfs.spark.code import signal_rows

_SQL = {"int": "bigint", "float": "double", "bool": "boolean"}
SIGNALS = signals_table((s.name, _SQL[s.type], s.doc) for s in all_signals())


def required(near: DataFrame, raw_files: DataFrame, cleaned: DataFrame, p: Signals) -> DataFrame:
    """Cleaned texts by language and kind; of equal ones the smallest content_id says where the text is."""
    files = kept_files(near, raw_files).select("content_id", "language", "kind")
    texts = cleaned.where("failure is null and text_bytes > 0").select("content_id", "language", "kind", "clean_id")
    found = files.distinct().join(texts, ["content_id", "language", "kind"])
    return found.groupBy("clean_id", "language", "kind").agg(F.min("content_id").alias("content_id"))


def signals(keys: DataFrame, contents: DataFrame, cleaned: DataFrame, p: Signals) -> DataFrame:
    """One row per cleaned text, language and kind."""
    return signal_rows(with_text(keys, contents, cleaned), SIGNALS, p.authors)


def kernel_version(p: Signals) -> str:
    """The signals' code, and that of the natural language which stands beside them."""
    both = hashlib.sha256(f"{VERSION} {natural_language.VERSION}".encode()).hexdigest()[:16]
    return both + (MEASURED_AUTHORS if p.authors else "")


STAGE = Measure(
    "signals",
    signals,
    required,
    reads=(NEAR_DUPLICATES, RAW_FILES, CLEANED_TEXTS),
    texts=(CONTENTS, CLEANED_TEXTS),
    writes=SIGNALS,
    kernel_version=kernel_version,
    params=Signals(),
    narrow=MEASURED,
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
