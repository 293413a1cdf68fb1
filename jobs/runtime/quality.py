"""The gate: row facts in one pass of our own, set-level expectations in Great Expectations, both before any write."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pyspark.sql import DataFrame

from schemas.contract import Expect, Table


class QualityError(RuntimeError):
    """A critical check failed: nothing of the stage was written."""


@dataclass(frozen=True)
class CheckResult:
    check_name: str
    severity: str
    passed: bool
    found: str


def check_population(rows: int, population: int) -> CheckResult:
    """One decision for each row of the population: rows read = kept + dropped."""
    found = f"{population} read, {rows} decided"
    return CheckResult("read_equals_decided", "critical", rows == population, found)


def check_key(table: Table, rows: int, keys: int, no_key: int, stored_twice: int) -> CheckResult:
    """The key is present and unique, in the candidate and in what is stored: a second writer's rows would stand in the
    table for ever.
    """
    found = f"{rows} rows, {keys} distinct keys, {no_key} null keys"
    if stored_twice:
        found += f", and {stored_twice} keys that are stored more than once (refinelake check --repair mends them)"
    right = rows == keys and no_key == 0 and stored_twice == 0
    return CheckResult(f"key({', '.join(table.key)})", "critical", right, found)


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


def gate(kept: list[dict[str, Any]], run_id: str, stage: str, table: Table, results: list[CheckResult]) -> None:
    """Keep every result for `checks`, which the runner writes at the end; raise QualityError on a critical one."""
    about = {"run_id": run_id, "stage": stage, "table_name": table.name, "checked_at": datetime.now(UTC)}
    kept.extend({**vars(r), **about} for r in results)
    failed = [r for r in results if not r.passed and r.severity == "critical"]
    if failed:
        listed = "\n".join(f"  expected {r.check_name}, found {r.found}" for r in failed)
        raise QualityError(
            f"{table.name}: {len(failed)} critical check(s) failed in stage {stage}, nothing was written.\n"
            f"{listed}\n  All results are in the checks table under run {run_id}. Mend the input or the stage; "
            "change the contract in schemas/ only if it is wrong."
        )
