"""Quality signals of the cleaned texts of pages, by the kernels that measure documents of repositories.

spark-submit jobs/web/web_signals.py --warehouse DIR
"""

from __future__ import annotations

from pyspark.sql import DataFrame

from jobs.code import signals
from jobs.code.parameters import Signals
from jobs.runtime.stage import Measure
from jobs.web.as_files import files_of
from schemas.web import PAGE_TEXTS, WEB_CLEANED_TEXTS, WEB_NEAR_DUPLICATES, WEB_PAGES, web_signals_table

WEB_SIGNALS = web_signals_table(signals.SIGNALS)


def required(near: DataFrame, pages: DataFrame, cleaned: DataFrame, p: Signals) -> DataFrame:
    """Cleaned texts of the pages that are kept."""
    return signals.required(near, files_of(pages), cleaned, p)


def web_signals(keys: DataFrame, texts: DataFrame, cleaned: DataFrame, p: Signals) -> DataFrame:
    """One row per cleaned text."""
    return signals.signals(keys, texts, cleaned, p)


STAGE = Measure(
    "web_signals",
    web_signals,
    required,
    reads=(WEB_NEAR_DUPLICATES, WEB_PAGES, WEB_CLEANED_TEXTS),
    texts=(PAGE_TEXTS, WEB_CLEANED_TEXTS),
    writes=WEB_SIGNALS,
    kernel_version=signals.kernel_version,
    params=Signals(),
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
