"""Parquet columns with their inner ones: a column of structs, and one of lists of structs, whose items become rows.

An inner column is called `outer.inner`. The Stack v3 has a row a repository, its files as a list.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc


def names(schema: Any) -> list[str]:
    """Names of all columns and of what is one level inside of them."""
    found = list[str]()
    for field in schema:
        inner = field.type.value_type if _is_list(field.type) else field.type
        found.append(field.name)
        if pa.types.is_struct(inner):
            found += [f"{field.name}.{inner.field(i).name}" for i in range(inner.num_fields)]
    return found


def outer(wanted: list[str], schema: Any) -> list[str]:
    """The columns to read for the wanted ones."""
    return sorted({name if name in schema.names else name.partition(".")[0] for name in wanted})


def columns(batch: Any, wanted: list[str], most: int) -> Iterator[dict[str, Any]]:
    """The wanted columns by name, `most` rows at a time where the rows are items of a list; then what is outside of the
    list comes again for each item.
    """
    lists = {n.partition(".")[0] for n in wanted if n not in batch.schema.names}
    lists = {n for n in lists if _is_list(batch.schema.field(n).type)}
    if not lists:
        yield {name: _column(batch, name) for name in wanted}
        return
    (name,) = lists
    items, parents = pc.list_flatten(batch.column(name)), pc.list_parent_indices(batch.column(name))
    for start in range(0, len(items), most):
        part, of = items.slice(start, most), parents.slice(start, most)
        yield {
            each: pc.struct_field(part, each.removeprefix(f"{name}."))
            if each.startswith(f"{name}.")
            else _column(batch, each).take(of)
            for each in wanted
        }


def _column(batch: Any, name: str) -> Any:
    if name in batch.schema.names:
        return batch.column(name)
    outside, _, inside = name.partition(".")
    return pc.struct_field(batch.column(outside), inside)


def _is_list(kind: Any) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))
