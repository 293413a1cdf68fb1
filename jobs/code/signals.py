"""Quality signals of the cleaned texts: every registered signal, one column each (paper, appendix A).

spark-submit jobs/code/signals.py --warehouse DIR
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.code.parameters import Signals
from jobs.code.texts import with_text
from jobs.runtime.cli import stage_main
from jobs.runtime.stage import Measure
from schemas.code import CLEANED_TEXTS, CONTENTS, NEAR_DUPLICATES, RAW_FILES, signals_table
from udfs.signals import MEASURED_AUTHORS, VERSION, all_signals
from udfs.spark import signal_rows

_SQL = {"int": "bigint", "float": "double", "bool": "boolean"}
SIGNALS = signals_table((s.name, _SQL[s.type], s.doc) for s in all_signals())


def required(near: DataFrame, raw_files: DataFrame, cleaned: DataFrame, p: Signals) -> DataFrame:
    """Cleaned texts by language and kind; of equal ones the smallest content_id says where the text is."""
    files = near.where("keep").select("file_id").join(raw_files, "file_id").select("content_id", "language", "kind")
    texts = cleaned.where("failure is null and text_bytes > 0").select("content_id", "language", "kind", "clean_id")
    found = files.distinct().join(texts, ["content_id", "language", "kind"])
    return found.groupBy("clean_id", "language", "kind").agg(F.min("content_id").alias("content_id"))


def signals(keys: DataFrame, contents: DataFrame, cleaned: DataFrame, p: Signals) -> DataFrame:
    """One row per cleaned text, language and kind."""
    return signal_rows(with_text(keys, contents, cleaned), SIGNALS, p.authors)


STAGE = Measure(
    "signals",
    signals,
    required,
    reads=(NEAR_DUPLICATES, RAW_FILES, CLEANED_TEXTS),
    texts=(CONTENTS, CLEANED_TEXTS),
    writes=SIGNALS,
    kernel_version=lambda p: VERSION + (MEASURED_AUTHORS if p.authors else ""),
    params=Signals(),
)

if __name__ == "__main__":
    stage_main(STAGE)
