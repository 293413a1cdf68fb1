"""The reader's part of a checkpoint: what it stores, and the comparison that refuses to go on with other data."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from typing import Any

FORMAT = 1


def state(sequence: int, settings: Mapping[str, Any], parts: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The stored form: the next global sequence, the configuration, its hash."""
    config = {"settings": dict(settings), "parts": {name: dict(part) for name, part in parts.items()}}
    return {"format": FORMAT, "sequence": sequence, "hash": config_hash(config), **config}


def config_hash(config: Mapping[str, Any]) -> str:
    """SHA-256 of settings and parts."""
    return hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()


def check(stored: Mapping[str, Any], own: Mapping[str, Any], allow: Collection[str] = ()) -> int:
    """The global sequence to go on with. Raises ValueError that lists every difference by name.

    Names are those of settings (`seed`, `length`, ...), `parts` for another set of parts, and `PART.field` such as
    `code.version`; allowing a part's version allows the rows to differ with it. After a change of `length` the number
    is converted, so that as many tokens lie before it; each part then repeats or skips at most two sequences.
    """
    for name in ("format", "sequence", "settings", "parts"):
        if name not in stored:
            raise ValueError(f"checkpoint: expected the data reader's state with {name}, found none; name another one")
    if stored["format"] != FORMAT:
        raise ValueError(f"checkpoint: expected a reader's state of format {FORMAT}, found {stored['format']}")
    refused = {name: why for name, why in _differences(stored, own).items() if name not in allow}
    if refused:
        listed = "; ".join(refused.values())
        raise ValueError(
            f"checkpoint: expected the data it was trained on, found other: {listed}. Go back to that, or allow it by "
            f"name: {', '.join(refused)}"
        )
    old, new = stored["settings"].get("length"), own["settings"].get("length")
    sequence = int(stored["sequence"])
    return sequence if old == new else -(-sequence * int(old) // int(new))


def _differences(stored: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, str]:
    """What differs, by the name under which it can be allowed."""
    found = {}
    for name in sorted({*stored["settings"], *own["settings"]}):
        old, new = stored["settings"].get(name), own["settings"].get(name)
        if old != new:
            found[name] = f"{name} was {old}, is {new}"
    ours, theirs = own["parts"], stored["parts"]
    if set(ours) != set(theirs):
        found["parts"] = f"parts were {', '.join(sorted(theirs))}, are {', '.join(sorted(ours))}"
    for name in sorted(set(ours) & set(theirs)):
        found |= _part_differences(name, theirs[name], ours[name])
    return found


def _part_differences(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, str]:
    differing = [key for key in sorted({*old, *new}) if old.get(key) != new.get(key)]
    rows = {"documents", "tokens", "rows"}
    found = {}
    for key in differing:
        if key == "version":
            same = "the rows are the same" if not rows & set(differing) else "the rows differ"
            found[f"{name}.version"] = f"{name}.version was {old.get(key)}, is {new.get(key)} ({same})"
        elif key not in rows:
            found[f"{name}.{key}"] = f"{name}.{key} was {old.get(key)}, is {new.get(key)}"
    if rows & set(differing) and not {"version", "table", "sources", "languages", "held_out"} & set(differing):
        found[f"{name}.rows"] = f"{name}.rows differ though the version does not; was the table written again?"
    return found
