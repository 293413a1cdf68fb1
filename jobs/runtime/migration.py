"""A stored table brought to its contract: columns, types, constraints, clustering and properties.

What can be changed is changed; rows that a new constraint refuses are listed first, and nothing is altered then; what
cannot be changed is refused by name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from schemas.contract import Column, ContractError, Table, quote

if TYPE_CHECKING:
    from jobs.runtime.tables import Lake

WIDER = {
    "int": ("bigint", "double"),
    "smallint": ("int", "bigint", "double"),
    "tinyint": ("smallint", "int", "bigint", "double"),
    "float": ("double",),
}
"""Types that hold every value of another."""
_SHOWN = 5
_CONSTRAINT = "delta.constraints."


@dataclass(frozen=True)
class Stored:
    """What a table's metadata say."""

    types: dict[str, str]
    not_null: frozenset[str]
    properties: dict[str, str]
    clustering: tuple[str, ...]


def migrate(lake: Lake, table: Table) -> list[str]:
    """Apply what the contract has and the table has not. Returns the statements. Raises ContractError."""
    stored = _stored(lake, table)
    _refuse_impossible(table, stored)
    added = [c for c in table.columns if c.name not in stored.types]
    _refuse_violations(lake, table, stored, {c.name for c in added})
    first, last = _constraints(table, stored)
    columns = _add_columns(table, added) + _widen_types(table, stored) + _allow_nulls(table, stored)
    statements = [*first, *columns, *last, *_clustering(table, stored), *_properties(lake, table, stored)]
    for statement in statements:
        lake.alter(table, statement)
    if statements:
        lake.alter(table, f"SET TBLPROPERTIES ('refinelake.contract' = '{table.identity()}')", last=True)
    return statements


def _stored(lake: Lake, table: Table) -> Stored:
    detail = lake.spark.sql(f"DESCRIBE DETAIL {lake.ref(table.name)}").collect()[0].asDict()
    schema = lake.spark.sql(f"SELECT * FROM {lake.ref(table.name)} LIMIT 0").schema
    return Stored(
        {f.name: f.dataType.simpleString() for f in schema},
        frozenset(f.name for f in schema if not f.nullable),
        dict(detail["properties"] or {}),
        tuple(detail.get("clusteringColumns") or ()),
    )


def _refuse_impossible(table: Table, stored: Stored) -> None:
    """Columns that are gone, and types that do not hold the old values, are not ours to throw away."""
    extra = sorted(set(stored.types) - set(table.names))
    if extra:
        raise ContractError(
            f"{table.name}: the stored rows do not have the contract's columns: missing [], unexpected {extra[:6]}. "
            "The table was written by a later release of refinelake, or by hand: drop the columns, or use that release"
        )
    for column in table.columns:
        found = stored.types.get(column.name)
        if found and found != _plain(column.type) and column.type not in WIDER.get(found, ()):
            raise ContractError(
                f"{table.name}.{column.name}: expected the stored type to be {column.type} or one that it can hold, "
                f"found {found}; build the table anew in another warehouse, or keep the old release of refinelake"
            )
        if not column.nullable and column.name not in stored.not_null:
            how = "one that may hold nulls" if found else "none"
            raise ContractError(
                f"{table.name}.{column.name}: expected a stored column without nulls, found {how}, and Delta forbids "
                "none afterwards; use a constraint, or build the table anew in another warehouse"
            )


def _plain(sql: str) -> str:
    return sql.replace(" ", "")


def _add_columns(table: Table, added: list[Column]) -> list[str]:
    if not added:
        return []
    return ["ADD COLUMNS (" + ", ".join(f"`{c.name}` {c.type} COMMENT {quote(c.doc)}" for c in added) + ")"]


def _allow_nulls(table: Table, stored: Stored) -> list[str]:
    return [f"ALTER COLUMN `{c.name}` DROP NOT NULL" for c in table.columns if c.nullable and c.name in stored.not_null]


def _wider(table: Table, stored: Stored) -> list[Column]:
    return [c for c in table.columns if c.name in stored.types and stored.types[c.name] != _plain(c.type)]


def _widen_types(table: Table, stored: Stored) -> list[str]:
    """No row is written anew: Delta's type widening lets a file of the narrower type stand."""
    wider = _wider(table, stored)
    if not wider:
        return []
    changes = [f"ALTER COLUMN `{c.name}` TYPE {c.type}" for c in wider]
    return ["SET TBLPROPERTIES ('delta.enableTypeWidening' = 'true')", *changes]


def _refuse_violations(lake: Lake, table: Table, stored: Stored, added: set[str]) -> None:
    """Raises ContractError with the rows that a new constraint would refuse. New columns are not tried."""
    wanted = {
        name: sql
        for name, sql in table.constraints.items()
        if stored.properties.get(f"{_CONSTRAINT}{name.lower()}") != sql and not added & set(_words(sql))
    }
    key = ", ".join(f"`{k}`" for k in table.key)
    for name, sql in wanted.items():
        # Unlike SQL, Delta takes a condition that is null for one that is not met.
        bad = lake.spark.sql(f"SELECT {key} FROM {lake.ref(table.name)} WHERE NOT coalesce(({sql}), false)")
        rows = bad.limit(_SHOWN).collect()
        if rows:
            listed = "; ".join(", ".join(map(str, r)) for r in rows)
            raise ContractError(
                f"{table.name}: expected every stored row to meet the contract's {name} ({sql}), found "
                f"{bad.count()} that do not, of key ({key}): {listed}. Nothing was altered: mend or remove these rows, "
                "or take back the change of the contract"
            )


def _words(sql: str) -> list[str]:
    return "".join(ch if ch.isalnum() or ch == "_" else " " for ch in sql).split()


def _constraints(table: Table, stored: Stored) -> tuple[list[str], list[str]]:
    """(what to drop first, what to add last). Delta alters no column that a constraint names."""
    wanted = {name.lower(): sql for name, sql in table.constraints.items()}
    found = {k.removeprefix(_CONSTRAINT): v for k, v in stored.properties.items() if k.startswith(_CONSTRAINT)}
    altered = {c.name for c in _wider(table, stored)}
    kept = {n for n, sql in found.items() if wanted.get(n) == sql and not altered & set(_words(sql))}
    dropped = [f"DROP CONSTRAINT {name}" for name in sorted(set(found) - kept)]
    return dropped, [f"ADD CONSTRAINT {n} CHECK ({wanted[n]})" for n in sorted(set(wanted) - kept)]


def _clustering(table: Table, stored: Stored) -> list[str]:
    if table.cluster_by == stored.clustering:
        return []
    return [f"CLUSTER BY ({', '.join(table.cluster_by)})" if table.cluster_by else "CLUSTER BY NONE"]


def _properties(lake: Lake, table: Table, stored: Stored) -> list[str]:
    wanted = {k: v for k, v in lake.properties(table).items() if not k.startswith(_CONSTRAINT)}
    different = {k: v for k, v in wanted.items() if stored.properties.get(k) != v}
    if not different:
        return []
    return ["SET TBLPROPERTIES (" + ", ".join(f"{quote(k)} = {quote(v)}" for k, v in different.items()) + ")"]
