"""The gate: row facts in one pass of our own, set-level expectations in Great Expectations, both before any write."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.runtime.stage import Stage
from schemas.contract import Expect, Table


class QualityError(RuntimeError):
    """A critical check failed: nothing of the stage was written."""


@dataclass(frozen=True)
class CheckResult:
    check_name: str
    severity: str
    passed: bool
    found: str


def check_rows(table: Table, candidate: DataFrame, population: DataFrame | None) -> list[CheckResult]:
    """Key present and unique, and one row for each row of the population: rows read = kept + dropped."""
    key = list(table.key)
    missing = F.count_if(F.greatest(*(F.col(k).isNull() for k in [*key, *key])))
    rows, distinct, nulls = candidate.agg(F.count(F.lit(1)), F.count_distinct(*key), missing).collect()[0]
    found = f"{rows} rows, {distinct} distinct keys, {nulls} null keys"
    results = [CheckResult(f"key({', '.join(key)})", "critical", rows == distinct and nulls == 0, found)]
    if population is not None:
        read = population.count()
        results.append(CheckResult("read_equals_decided", "critical", rows == read, f"{read} read, {rows} decided"))
    return results


def check_stored(expected: int, stored: int) -> CheckResult:
    """As many stored rows as decided ones: with distinct decided keys, no stored key is double."""
    return CheckResult("stored_equals_decided", "critical", expected == stored, f"{expected} decided, {stored} stored")


def expectations(table: Table, candidate: DataFrame) -> list[CheckResult]:
    """Run the contract's expectations over the narrow columns of what is about to be published."""
    if not table.expectations:
        return []
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import great_expectations as gx

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}  # type: ignore[assignment]
    suite = gx.ExpectationSuite(name=table.name, expectations=[translate(e) for e in table.expectations])
    source = context.data_sources.add_spark(name="candidate", persist=False)
    whole = source.add_dataframe_asset(name=table.name).add_batch_definition_whole_dataframe("whole")
    result = whole.get_batch(batch_parameters={"dataframe": candidate}).validate(suite)
    return [_result(e, r) for e, r in zip(table.expectations, _in_order(table, result), strict=True)]


def translate(expect: Expect) -> Any:
    """The Great Expectations form of one expectation of a contract."""
    import great_expectations.expectations as gxe

    column, args = expect.column, dict(expect.args)
    bounds = {"min_value": args.get("min"), "max_value": args.get("max")}
    common: dict[str, Any] = {"severity": expect.severity, "meta": {"label": expect.label()}}
    match expect.kind:
        case "not_null":
            return gxe.ExpectColumnValuesToNotBeNull(column=column, **common)
        case "unique":
            return gxe.ExpectColumnValuesToBeUnique(column=column, **common)
        case "in_set":
            return gxe.ExpectColumnValuesToBeInSet(column=column, value_set=list(args["values"]), **common)
        case "between":
            return gxe.ExpectColumnValuesToBeBetween(column=column, **bounds, **common)
        case "distinct_between":
            return gxe.ExpectColumnUniqueValueCountToBeBetween(column=column, **bounds, **common)
        case "mean_between":
            return gxe.ExpectColumnMeanToBeBetween(column=column, **bounds, **common)
        case "row_count":
            return gxe.ExpectTableRowCountToBeBetween(**bounds, **common)


def _in_order(table: Table, result: Any) -> list[Any]:
    """Results in the contract's order: Great Expectations may regroup them."""
    by_label = {r.expectation_config.meta["label"]: r for r in result.results}
    return [by_label[e.label()] for e in table.expectations]


def _result(expect: Expect, result: Any) -> CheckResult:
    shown = {k: v for k, v in result.result.items() if v not in (None, [], {}) and "partial_unexpected_c" not in k}
    error = result.exception_info.get("exception_message") if isinstance(result.exception_info, dict) else None
    return CheckResult(expect.label(), expect.severity, bool(result.success), str(error or shown)[:2000])


def _outcome(failed: list[CheckResult]) -> str:
    if any(r.check_name == "stored_equals_decided" for r in failed):
        return "no release is made: rows of the stored table are double; refinelake check --repair mends them"
    return "nothing was written"


def gate(kept: list[dict[str, Any]], run_id: str, stage: Stage, results: list[CheckResult]) -> None:
    """Keep every result for `checks`, which the runner writes at the end; raise QualityError on a critical one."""
    about = {"run_id": run_id, "stage": stage.name, "table_name": stage.writes.name, "checked_at": datetime.now(UTC)}
    kept.extend({**vars(r), **about} for r in results)
    failed = [r for r in results if not r.passed and r.severity == "critical"]
    if failed:
        listed = "\n".join(f"  expected {r.check_name}, found {r.found}" for r in failed)
        raise QualityError(
            f"{stage.writes.name}: {len(failed)} critical check(s) failed in stage {stage.name}, {_outcome(failed)}.\n"
            f"{listed}\n  All results are in the checks table under run {run_id}. Mend the input or the stage; "
            "change the contract in schemas/ only if it is wrong."
        )
