"""Rules on the names of text files as columns: what the first rule that fits a path says, as the kernel says it."""

from __future__ import annotations

from collections.abc import Iterable

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from udfs.rules.text_names import NameRules


def with_names(files: DataFrame, rules: NameRules) -> DataFrame:
    """Rows with a `path`, and `name_why`, `name_recall` and `name_decides` as NameRules.of gives them; null where no
    rule fits.
    """
    first = F.lit(None).cast("int")
    for number, rule in reversed(list(enumerate(rules.rules))):
        first = F.when(F.col("lower").rlike(rule.pattern), F.lit(number)).otherwise(first)
    said = {
        "name_why": _listed(rule.why for rule in rules.rules),
        "name_recall": _listed(rule.recall for rule in rules.rules),
        "name_decides": _listed(rule.decides for rule in rules.rules),
    }
    rows = files.withColumn("lower", F.lower("path")).withColumn("rule", first)
    return rows.withColumns({name: F.get(values, F.col("rule")) for name, values in said.items()}).drop("lower", "rule")


def _listed(values: Iterable[str | bool]) -> Column:
    return F.array(*map(F.lit, values))
