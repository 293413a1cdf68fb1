"""A receipt as a person reads it."""

from __future__ import annotations

from typing import Any


def receipt_lines(receipt: dict[str, Any]) -> list[str]:
    """What was removed, from where, and the two dates: out of all releases, and out of storage."""
    number, names = receipt["removal_id"], receipt["names"]
    if receipt["files"] is None:
        return [f"removal {number}: {names} names, asked on {_day(receipt['asked_at'])}; not carried out yet"]
    lines = [
        f"removal {number}: {names} name{'s' * (names != 1)}, asked on {_day(receipt['asked_at'])}",
        f"  {receipt['files']:,} files taken out, {receipt['texts']:,} texts that stand nowhere any more",
        *_tables(receipt["tables"] or ()),
    ]
    held = receipt["holding"] or ()
    said = ", ".join(map(str, held)) if held else "none held them"
    lines.append(f"  out of all releases since {_day(receipt['out_of_releases_at'])}; withdrawn: {said}")
    if receipt["out_of_storage_at"]:
        lines.append(f"  out of storage since {_day(receipt['out_of_storage_at'])}")
    else:
        lines.append(f"  out of storage by the first refinelake maintain after {_day(receipt['storage_due_at'])}")
    lines += [f"  copied before: {e}" for e in receipt["exports"] or ()] or ["  no copy is known that holds them"]
    lines += [f"  trained on: {t}" for t in receipt["trainings"] or ()] or ["  no training run has said it read them"]
    lines += [f"  report not written anew: {r}" for r in receipt["reports"] or ()]
    return lines


def _tables(tables: Any) -> list[str]:
    """Every table at its version: rows before and after of those that lost some, then the others."""
    moved = [t for t in tables if t["rows_before"] != t["rows_after"]]
    same = [t for t in tables if t["rows_before"] == t["rows_after"]]
    said = "; ".join(f"{_at(t)} {t['rows_before']:,} to {t['rows_after']:,}" for t in moved)
    lines = [f"  rows: {said or 'no table had any of them'}"]
    listed = "; ".join(f"{_at(t)} {t['rows_after']:,}" for t in same)
    return [*lines, f"  as before: {listed}"] if same else lines


def _at(table: dict[str, Any]) -> str:
    return f"{table['name']}@{table['version']}"


def _day(value: Any) -> str:
    return "?" if value is None else f"{value:%Y-%m-%d %H:%M}"
