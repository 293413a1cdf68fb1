"""A token table by its place: a Delta table, or a list of files that was exported from one."""

from __future__ import annotations

from training.data.tables import HeldOut, TokenTable, check_held_out


def open_table(place: str, version: int | None = None, held_out: HeldOut = "refuse") -> TokenTable:
    """A token table at a pinned version: a Delta table, or an exported list (a .json file), which has its version.

    `held_out` says what becomes of held-out rows: refuse the table, leave them out, or read them only (for
    evaluation). Raises ValueError.
    """
    check_held_out(held_out)
    if place.endswith(".json"):
        from training.data.exported import read_list

        return read_list(place, version, held_out)
    from training.data.delta import open_delta

    if version is None:
        raise ValueError(f"{place}: expected a pinned version, found none; name one, since the newest one moves")
    return open_delta(place, version, held_out)
