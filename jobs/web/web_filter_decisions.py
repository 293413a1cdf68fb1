"""The filter: the rules for documents that a page breaks, by the signals of its cleaned text.

spark-submit jobs/web/web_filter_decisions.py --warehouse DIR --set filter.rules=my_rules.toml
"""

from __future__ import annotations

from pyspark.sql import DataFrame

from jobs.code.filter_decisions import filter_decisions, rules_version
from jobs.code.parameters import Filter
from jobs.runtime.stage import Decide
from jobs.web.as_files import files_of
from jobs.web.web_signals import WEB_SIGNALS
from schemas.web import WEB_CLEANED_TEXTS, WEB_FILTER_DECISIONS, WEB_NEAR_DUPLICATES, WEB_PAGES


def web_filter_decisions(
    near: DataFrame, pages: DataFrame, cleaned: DataFrame, signals: DataFrame, p: Filter
) -> DataFrame:
    """One row per page that near deduplication kept."""
    return filter_decisions(near, files_of(pages), cleaned, signals, None, p)


STAGE = Decide(
    "web_filter_decisions",
    web_filter_decisions,
    reads=(WEB_NEAR_DUPLICATES, WEB_PAGES, WEB_CLEANED_TEXTS, WEB_SIGNALS),
    writes=WEB_FILTER_DECISIONS,
    params=Filter(),
    version=rules_version,
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
