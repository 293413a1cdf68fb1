"""Transformation of pages: personal data is replaced, by the kernel that cleans code.

spark-submit jobs/web/web_cleaned_texts.py --warehouse DIR
"""

from __future__ import annotations

from pyspark.sql import DataFrame

from jobs.code import cleaned_texts
from jobs.runtime.stage import Measure
from jobs.web.as_files import files_of
from schemas.web import PAGE_TEXTS, WEB_CLEANED_TEXTS, WEB_NEAR_DUPLICATES, WEB_PAGES
from udfs.cleaning.clean import Cleaning


def required(near: DataFrame, pages: DataFrame, p: Cleaning) -> DataFrame:
    """Texts of the pages that are kept."""
    return cleaned_texts.required(near, files_of(pages), p)


def web_cleaned_texts(keys: DataFrame, texts: DataFrame, p: Cleaning) -> DataFrame:
    """One row per text."""
    return cleaned_texts.cleaned_texts(keys, texts, p)


STAGE = Measure(
    "web_cleaned_texts",
    web_cleaned_texts,
    required,
    reads=(WEB_NEAR_DUPLICATES, WEB_PAGES),
    texts=(PAGE_TEXTS,),
    writes=WEB_CLEANED_TEXTS,
    kernel_version=Cleaning.version,
    params=Cleaning(),
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
