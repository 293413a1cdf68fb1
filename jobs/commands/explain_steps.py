"""What explain says of one stage's decision, of a file and of a page alike."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pyarrow.compute as pc

from jobs.runtime.snapshot import Snapshot
from schemas.code import TEXT_DECISIONS
from schemas.contamination import CONTAMINATION
from schemas.contract import Table
from udfs.cleaning.placeholders import PLACEHOLDERS
from udfs.rules.sentences import sentence

_REPLACED = {"email": "e-mail address", "ipv4": "IPv4 address", "ipv6": "IPv6 address"}
_REPLACED |= {kind: kind for kind in ("key", "token", "password")}


def named(what: str) -> pc.Expression:
    """The source or its unit is called so, or ends in it."""
    names = (pc.field("source_id"), pc.field("unit"))
    same = [(name == what) | pc.ends_with(name, "/" + what.lstrip("/")) for name in names]
    return same[0] | same[1]


def cleaned_lines(
    snapshot: Snapshot, table: Table, content_id: str, clean_id: str | None, kind: tuple[str, str] | None = None
) -> list[str]:
    """What cleaning took out of the text that the filter saw: a program may have been damaged by it. `kind` is its
    language and kind where a text may have several.
    """
    same = pc.scalar(True)
    if kind is not None:
        same = (pc.field("language") == kind[0]) & (pc.field("kind") == kind[1])
    if clean_id is not None:
        same = same & (pc.field("clean_id") == clean_id)
    columns = ["content_id", "header_bytes", "replaced", "cells_cut", "failure"]
    rows = snapshot.rows(table, same, columns)
    # Another text may have become the same; a text with chunks cut has an id of its own.
    rows = [row for row in rows if row["content_id"] == content_id] or (rows[:1] if clean_id else [])
    return [f"  {table.name}: {_cleaned(rows[0])}"] if rows else []


def _cleaned(row: dict[str, Any]) -> str:
    if row["failure"]:
        return f"not cleaned, {row['failure']}"
    said = [f"{row['header_bytes']:,} bytes of licence header removed"] if row["header_bytes"] else []
    for kind, number in sorted(dict(row["replaced"]).items()):
        said.append(f"{number} {_REPLACED[kind]}{_plural(kind, number)} replaced by {PLACEHOLDERS[kind]}")
    if row["cells_cut"]:
        said.append(f"{row['cells_cut']} notebook outputs cut")
    return ", ".join(said) or "unchanged"


def _plural(kind: str, number: int) -> str:
    return "" if number == 1 else "es" if kind in ("email", "ipv4", "ipv6") else "s"


def recalled_lines(snapshot: Snapshot, mine: pc.Expression) -> list[str]:
    """What recalled a text file that was kept; nothing where nobody asked, or the warehouse is of before."""
    if TEXT_DECISIONS.name not in snapshot.versions:
        return []
    rows = [row for row in snapshot.rows(TEXT_DECISIONS, mine, ["why", "score"]) if row["why"]]
    if not rows:
        return []
    kind, _, word = rows[0]["why"].partition(":")
    if kind == "classifier":
        said = f"by the classifier, score {rows[0]['score']:.3g}"
    else:
        said = f"by its name, {word}" if kind == "name" else "its name does not say"
    return [f"  {TEXT_DECISIONS.name}: kept, {said}"]


def step_lines(stage: str, row: dict[str, Any], other: Callable[[str], str]) -> list[str]:
    """A decision in a line a reason; `other` names the row that a reason points at by its id."""
    if row["keep"]:
        size = row.get("group_size") or 1
        note = f", stands for a group of {size}" if size > 1 else ""
        note += f", rule set {row['rule_set']}" if row.get("rule_set") else ""
        return [f"  {stage}: kept{note}"]
    lines = []
    for why in row["reasons"]:
        said = sentence(why["rule"], why["value"], why["threshold"])
        signal, _, compared = why["rule"].partition(" ")
        rule = f" [{signal}]" if compared else ""
        lines.append(f"  {stage}: dropped, {said}{_detail(why['detail'], other)}{rule}")
    return lines


def copied_lines(snapshot: Snapshot, text_id: str) -> list[str]:
    """Whether a text may be trained on, for copies of benchmarks; nothing where nobody has searched it yet."""
    if CONTAMINATION.name not in snapshot.versions:
        return []
    rows = snapshot.rows(CONTAMINATION, pc.field("text_id") == text_id, ["keep", "reasons"])
    return [line for row in rows for line in step_lines(CONTAMINATION.name, row, str)]


def _detail(detail: str | None, other: Callable[[str], str]) -> str:
    """The other's name where the detail is an id, else the detail itself."""
    if not detail:
        return ""
    return f": {other(detail)}" if re.fullmatch(r"[0-9a-f]{64}", detail) else f" ({detail})"
