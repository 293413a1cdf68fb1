"""A table's contract: columns, key, clustering, invariants and expectations, declared once and rendered everywhere.

Standard library only, so that training and tests can read a contract without Spark; pyarrow is imported when an Arrow
schema is asked for.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import pyarrow as pa

RETENTION_DAYS = 30
"""For how long a version that was replaced stays readable, and its release with it."""
_LOG_FACTOR = 3  # a version is named by its log, which must outlive the files of one that was replaced late

Severity = Literal["critical", "warning", "info"]

REASONS = "array<struct<rule:string,value:double,threshold:double,detail:string>>"
"""Type of every `reasons` column: the rule, the value found, the limit in force, and what numbers cannot say."""


class ContractError(ValueError):
    """A frame or a stored table does not have the columns of its contract."""


@dataclass(frozen=True)
class Column:
    """One column. `type` is a Spark SQL type in lower case; `doc` becomes the Delta column comment."""

    name: str
    type: str
    doc: str
    nullable: bool = True


@dataclass(frozen=True)
class Expect:
    """One expectation on the set of rows, checked by Great Expectations before readers see the version.

    `kind` is one of not_null, unique, in_set, between, distinct_between (number of values), row_count, mean_between;
    `args` are its numbers or values.
    """

    kind: Literal["not_null", "unique", "in_set", "between", "distinct_between", "row_count", "mean_between"]
    column: str | None = None
    args: Mapping[str, Any] = field(default_factory=dict)
    severity: Severity = "critical"
    why: str = ""

    def label(self) -> str:
        shown = ", ".join(f"{k}={v}" for k, v in self.args.items())
        return f"{self.kind}({', '.join(x for x in (self.column, shown) if x)})"


@dataclass(frozen=True)
class Table:
    """A contract.

    `key` names the columns that identify a row; `constraints` are row invariants that Delta itself enforces;
    `volatile` columns (run ids) may differ between two equal tables; `text` names the wide columns that only measure
    and publish stages may read. With `feed` Delta can tell the rows that changed between two versions.
    """

    name: str
    doc: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    cluster_by: tuple[str, ...] = ()
    constraints: Mapping[str, str] = field(default_factory=dict)
    expectations: tuple[Expect, ...] = ()
    made_from: tuple[str, ...] = ()
    volatile: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    deletion_vectors: bool = True
    feed: bool = False

    def __post_init__(self) -> None:
        names = set(self.names)
        used = {*self.key, *self.cluster_by, *self.volatile, *self.text}
        used |= {e.column for e in self.expectations if e.column}
        if used - names:
            raise ValueError(
                f"{self.name}: key, clustering and expectations may name declared columns only, "
                f"found {sorted(used - names)}; declare them in its columns"
            )

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.columns)

    def column(self, name: str) -> Column:
        return next(c for c in self.columns if c.name == name)

    def narrow(self) -> tuple[str, ...]:
        """Names of the columns that may be shuffled: all but the text."""
        return tuple(n for n in self.names if n not in self.text)

    def compared(self) -> tuple[str, ...]:
        """Names of the columns that decide whether a stored row is still right."""
        return tuple(n for n in self.narrow() if n not in self.volatile)

    def ddl(self) -> str:
        """Columns in Spark SQL DDL, comments included; also a valid schema string for Arrow functions."""
        return ", ".join(_column_ddl(c) for c in self.columns)

    def arrow_schema(self, columns: Iterable[str] | None = None) -> pa.Schema:
        import pyarrow as pa

        wanted = self.names if columns is None else tuple(columns)
        chosen = (self.column(n) for n in wanted)
        return pa.schema([pa.field(c.name, arrow_type(c.type), c.nullable) for c in chosen])

    def identity(self) -> str:
        """Hash of all that a stored table must have; what it is called and why it is expected may change freely."""
        columns = [(c.name, c.type, c.nullable) for c in self.columns]
        said = json.dumps([columns, self.cluster_by, sorted(self.properties().items())])
        return hashlib.sha256(said.encode()).hexdigest()[:16]

    def properties(self, retention_days: int = RETENTION_DAYS) -> dict[str, str]:
        """Delta table properties. Statistics stop before the first text column: a minimum of a text is never used."""
        indexed = min((self.names.index(t) for t in self.text), default=len(self.names))
        props = {
            "delta.enableDeletionVectors": str(self.deletion_vectors).lower(),
            "delta.enableChangeDataFeed": str(self.feed).lower(),
            "delta.dataSkippingNumIndexedCols": str(min(indexed, 32)),
            "delta.deletedFileRetentionDuration": f"interval {retention_days} days",
            "delta.logRetentionDuration": f"interval {retention_days * _LOG_FACTOR} days",
        }
        return props | {f"delta.constraints.{name}": sql for name, sql in self.constraints.items()}

    def markdown(self) -> str:
        """The table's section of schemas/README.md."""
        lines = [f"## {self.name}", "", self.doc, ""]
        lines.append(f"Key: {', '.join(f'`{k}`' for k in self.key)}." + self._facts())
        lines += ["", "| column | type | meaning |", "| --- | --- | --- |"]
        lines += [f"| `{c.name}` | {c.type}{'' if c.nullable else ' not null'} | {c.doc} |" for c in self.columns]
        lines += [""] if self.constraints or self.expectations else []
        lines += [f"- invariant `{n}`: `{sql}`" for n, sql in self.constraints.items()]
        lines += [f"- expected ({e.severity}): {e.label()}. {e.why}".rstrip() for e in self.expectations]
        return "\n".join(lines) + "\n"

    def _facts(self) -> str:
        facts = ""
        if self.made_from:
            facts += f" Made from {', '.join(f'`{t}`' for t in self.made_from)}."
        if self.cluster_by:
            facts += f" Clustered by {', '.join(f'`{c}`' for c in self.cluster_by)}."
        if self.volatile:
            facts += f" May differ between equal tables: {', '.join(f'`{c}`' for c in self.volatile)}."
        return facts


def quote(text: str) -> str:
    """A string literal of SQL."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _column_ddl(c: Column) -> str:
    comment = c.doc.replace("\\", "\\\\").replace("'", "\\'")
    return f"`{c.name}` {c.type}{'' if c.nullable else ' NOT NULL'} COMMENT '{comment}'"


def arrow_type(sql: str) -> pa.DataType:
    """The Arrow type of a Spark SQL type used in contracts. Raises ValueError for a type no contract uses."""
    import pyarrow as pa

    simple = {
        "string": pa.string(),
        "bigint": pa.int64(),
        "int": pa.int32(),
        "double": pa.float64(),
        "boolean": pa.bool_(),
        "binary": pa.binary(),
        "timestamp": pa.timestamp("us", tz="UTC"),
    }
    if sql in simple:
        return simple[sql]
    if match := re.fullmatch(r"array<(.+)>", sql):
        return pa.list_(arrow_type(match[1]))
    if match := re.fullmatch(r"map<string,(.+)>", sql):
        return pa.map_(pa.string(), arrow_type(match[1]))
    if match := re.fullmatch(r"struct<([^<>]+)>", sql):
        parts = (p.split(":") for p in match[1].split(","))
        return pa.struct([pa.field(n, arrow_type(t)) for n, t in parts])
    raise ValueError(f"{sql}: expected one of {sorted(simple)}, array<>, map<string,> or a flat struct<>")
