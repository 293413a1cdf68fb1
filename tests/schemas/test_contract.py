"""A contract and what is rendered from it: DDL, Arrow schema, Delta properties, Markdown, refusals."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pyarrow as pa
import pytest

from schemas import ops
from schemas.code import CODE_CORPUS, CONTENTS, FILE_DECISIONS, signals_table
from schemas.contract import REASONS, Column, Expect, Table, arrow_type

COLUMNS = (
    Column("id", "string", "Who it is.", nullable=False),
    Column("size", "bigint", "It's big: a\\b."),
    Column("why", REASONS, "Why."),
    Column("run", "string", "Run that wrote it."),
    Column("text", "string", "The text."),
)


def table(**over: Any) -> Table:
    given: dict[str, Any] = {"name": "things", "doc": "One row per thing.", "columns": COLUMNS, "key": ("id",)}
    return Table(**(given | over))


def test_ddl_has_every_column_in_order_with_its_comment_quoted() -> None:
    assert table().ddl() == (
        "`id` string NOT NULL COMMENT 'Who it is.', "
        "`size` bigint COMMENT 'It\\'s big: a\\\\b.', "
        f"`why` {REASONS} COMMENT 'Why.', "
        "`run` string COMMENT 'Run that wrote it.', "
        "`text` string COMMENT 'The text.'"
    )


def test_arrow_schema_has_the_types_and_nullability_of_the_columns() -> None:
    schema = table().arrow_schema()
    assert schema.names == ["id", "size", "why", "run", "text"]
    assert schema.field("id") == pa.field("id", pa.string(), nullable=False)
    assert schema.field("size") == pa.field("size", pa.int64())
    assert schema.field("why").type.value_type == pa.struct(
        [("rule", pa.string()), ("value", pa.float64()), ("threshold", pa.float64()), ("detail", pa.string())]
    )


def test_arrow_schema_of_some_columns_keeps_the_order_asked_for() -> None:
    assert table().arrow_schema(["text", "id"]).names == ["text", "id"]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("string", pa.string()),
        ("bigint", pa.int64()),
        ("int", pa.int32()),
        ("double", pa.float64()),
        ("boolean", pa.bool_()),
        ("binary", pa.binary()),
        ("timestamp", pa.timestamp("us", tz="UTC")),
        ("array<bigint>", pa.list_(pa.int64())),
        ("array<array<string>>", pa.list_(pa.list_(pa.string()))),
        ("map<string,bigint>", pa.map_(pa.string(), pa.int64())),
        ("map<string,array<double>>", pa.map_(pa.string(), pa.list_(pa.float64()))),
        ("struct<a:string,b:int>", pa.struct([("a", pa.string()), ("b", pa.int32())])),
    ],
)
def test_arrow_type_of_each_type_a_contract_may_use(sql: str, expected: pa.DataType) -> None:
    assert arrow_type(sql) == expected


@pytest.mark.parametrize(
    "sql", ["float", "STRING", "decimal(10,2)", "map<bigint,string>", "struct<a:struct<b:int>>", ""]
)
def test_a_type_no_contract_uses_is_refused_by_name(sql: str) -> None:
    with pytest.raises(ValueError, match="expected one of") as error:
        arrow_type(sql)
    assert str(error.value).startswith(f"{sql}: ")


@pytest.mark.parametrize(
    "over",
    [
        {"key": ("id", "nobody")},
        {"cluster_by": ("nobody",)},
        {"volatile": ("nobody",)},
        {"text": ("nobody",)},
        {"expectations": (Expect("unique", "nobody"),)},
    ],
)
def test_a_name_that_is_no_column_is_refused(over: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"^things: .*declared columns only, found \['nobody'\]; declare them"):
        table(**over)


def test_an_expectation_about_the_whole_table_needs_no_column() -> None:
    assert table(expectations=(Expect("row_count", args={"min": 1}),)).expectations[0].label() == "row_count(min=1)"


def test_label_names_kind_column_and_arguments() -> None:
    assert Expect("unique", "id").label() == "unique(id)"
    assert Expect("between", "size", {"min": 1, "max": 9}).label() == "between(size, min=1, max=9)"


def test_text_and_volatile_columns_are_neither_narrow_nor_compared() -> None:
    things = table(text=("text",), volatile=("run",))
    assert things.narrow() == ("id", "size", "why", "run")
    assert things.compared() == ("id", "size", "why")
    assert table().compared() == table().names


def test_statistics_stop_before_the_first_text_column() -> None:
    assert table(text=("text",)).properties()["delta.dataSkippingNumIndexedCols"] == "4"
    assert table().properties()["delta.dataSkippingNumIndexedCols"] == "5"
    wide = signals_table((f"signal_{n}", "double", "A number.") for n in range(100))
    assert wide.properties()["delta.dataSkippingNumIndexedCols"] == "32"


def test_properties_carry_invariants_deletion_vectors_and_retention() -> None:
    found = table(constraints={"natural": "size >= 0"}).properties()
    assert found["delta.constraints.natural"] == "size >= 0"
    assert found["delta.enableDeletionVectors"] == "true"
    assert table(deletion_vectors=False).properties()["delta.enableDeletionVectors"] == "false"
    assert found["delta.deletedFileRetentionDuration"] == "interval 30 days"
    assert table().properties(90)["delta.deletedFileRetentionDuration"] == "interval 90 days"
    assert table().properties(90)["delta.logRetentionDuration"] == "interval 270 days", "a version is named by its log"


def test_the_identity_is_of_what_a_stored_table_must_have() -> None:
    same = table().identity()
    assert table(doc="Said better.", expectations=(Expect("unique", "id"),)).identity() == same
    others = (
        table(constraints={"natural": "size >= 0"}),
        table(cluster_by=("id",)),
        table(deletion_vectors=False),
        table(columns=(*table().columns, Column("more", "string", "More."))),
        table(columns=(Column("id", "binary", "Who it is.", nullable=False), *table().columns[1:])),
    )
    assert len({same, *(t.identity() for t in others)}) == 6


def test_only_tables_of_records_have_no_deletion_vectors() -> None:
    """They are small, never merged, and read and written without Spark."""
    without = {t.name for t in (*ops.TABLES, CODE_CORPUS, CONTENTS) if not t.deletion_vectors}
    removals = {"removals", "removal_receipts", "exports", "trainings", "reports"}
    assert without == {"runs", "checks", "releases", "leases"} | removals


def test_markdown_says_everything_a_reader_asks() -> None:
    said = table(
        cluster_by=("id",),
        made_from=("a", "b"),
        volatile=("run",),
        constraints={"natural": "size >= 0"},
        expectations=(Expect("unique", "id", why="One row each."), Expect("not_null", "why", severity="info")),
    ).markdown()
    assert said == (
        "## things\n\nOne row per thing.\n\n"
        "Key: `id`. Made from `a`, `b`. Clustered by `id`. May differ between equal tables: `run`.\n\n"
        "| column | type | meaning |\n| --- | --- | --- |\n"
        "| `id` | string not null | Who it is. |\n"
        "| `size` | bigint | It's big: a\\b. |\n"
        f"| `why` | {REASONS} | Why. |\n"
        "| `run` | string | Run that wrote it. |\n"
        "| `text` | string | The text. |\n\n"
        "- invariant `natural`: `size >= 0`\n"
        "- expected (critical): unique(id). One row each.\n"
        "- expected (info): not_null(why).\n"
    )


def test_a_contract_cannot_be_changed_in_place() -> None:
    with pytest.raises(AttributeError, match="cannot assign"):
        FILE_DECISIONS.name = "other"  # type: ignore[misc]


def test_contracts_load_without_pyarrow_and_spark() -> None:
    program = "import sys, schemas.code, schemas.ops; print(sorted({'pyarrow', 'pyspark', 'numpy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
