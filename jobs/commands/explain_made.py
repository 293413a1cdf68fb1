"""What explain says of a seed, or of a row that a recipe made: the seed's origin, each step, what became of it."""

from __future__ import annotations

import re
from typing import Any

import pyarrow.compute as pc

from jobs.commands.explain_steps import copied_lines, step_lines
from jobs.runtime.snapshot import NoTableError, Snapshot
from schemas.code import CODE_CORPUS
from schemas.contract import Table
from schemas.corpus import INSTRUCTION_DECISIONS
from schemas.instruct import (
    ANSWERED,
    EXECUTIONS,
    LLM_RESPONSES,
    MADE_DECISIONS,
    PLAYED,
    POPULATION,
    REWRITTEN,
    TRAILS,
)

_SHOWN = 12
"""Lines of a text."""
_THREAD = ("seed_id", "recipe", "keep", "reasons", "steps", "made")
_OF_CALL = ("request_id", "status", "model", "finish", "error", "prompt_tokens", "completion_tokens", "cost")


def find_threads(snapshot: Snapshot, what: str) -> list[dict[str, Any]]:
    """Threads of that seed_id, or that made a row of that id; of the recipes' versions that are stored."""
    if not re.fullmatch(r"[0-9a-f]{8,64}", what):
        return []
    made = _rows(snapshot, MADE_DECISIONS, pc.starts_with(pc.field("row_id"), what), ["seed_id", "recipe"])
    seeds = {(row["seed_id"], row["recipe"]) for row in made}
    mine = pc.starts_with(pc.field("seed_id"), what)
    if seeds:
        mine = mine | pc.field("seed_id").isin(sorted({seed for seed, _ in seeds}))
    found = [row for t in PLAYED for row in _rows(snapshot, t, mine, list(_THREAD))]
    waiting = _rows(snapshot, TRAILS, mine, ["seed_id", "recipe"])
    known = {(row["seed_id"], row["recipe"]) for row in found}
    for row in waiting:
        if (row["seed_id"], row["recipe"]) not in known:
            known.add((row["seed_id"], row["recipe"]))
            found.append({**row, "keep": None, "reasons": [], "steps": 0, "made": []})
    found = [r for r in found if r["seed_id"].startswith(what) or (r["seed_id"], r["recipe"]) in seeds]
    return sorted(found, key=lambda row: (row["recipe"], row["seed_id"]))


def explain_thread(snapshot: Snapshot, thread: dict[str, Any]) -> list[str]:
    """Lines about a thread: where its seed is from, what was asked and run, and what became of its rows."""
    mine = (pc.field("seed_id") == thread["seed_id"]) & (pc.field("recipe") == thread["recipe"])
    trail = sorted(_rows(snapshot, TRAILS, mine), key=lambda r: (r["step"], r["key"]))
    lines = [f"{thread['recipe']}  seed {thread['seed_id']}"]
    lines += [f"  from {origin}" for origin in sorted({row["origin"] for row in trail})]
    lines += _descends(snapshot, thread["seed_id"])
    lines += [_step(snapshot, row) for row in trail]
    if thread["keep"] is None:
        return [*lines, "  waits for what it asked: refinelake instruct run goes on with it"]
    if not thread["keep"]:
        return lines + step_lines("threads", thread, str)
    for row in _rows(snapshot, MADE_DECISIONS, mine):
        lines.append(f"  made {row['row_id']} for {row['target']}")
        lines += ["  " + line for line in step_lines(MADE_DECISIONS.name, row, str)]
        for place in _rows(snapshot, INSTRUCTION_DECISIONS, pc.field("instruction_id") == row["row_id"]):
            lines += ["  " + line for line in step_lines(INSTRUCTION_DECISIONS.name, place, str)]
        lines += ["  " + line for line in copied_lines(snapshot, row["row_id"])]
        lines += _both(snapshot, row["row_id"]) if row["target"] == REWRITTEN.name else []
    return lines


def _both(snapshot: Snapshot, row_id: str) -> list[str]:
    """Of a rewritten file the first lines of its original and its own."""
    lines = []
    for new in _rows(snapshot, REWRITTEN, pc.field("row_id") == row_id, ["original", "text"]):
        wanted = pc.field("clean_id") == new["original"]
        for old in _rows(snapshot, CODE_CORPUS, wanted, ["repo", "path", "text"])[:1]:
            lines.append(f"    original: {old['repo']} {old['path']} ({new['original'][:12]})")
            lines += _head(old["text"])
        lines += ["    rewritten:", *_head(new["text"])]
    return lines


def _head(text: str) -> list[str]:
    shown = text.splitlines()
    left = len(shown) - _SHOWN
    return [
        *(f"      | {line[:100]}" for line in shown[:_SHOWN]),
        *([f"      | ({left} lines more)"] if left > 0 else []),
    ]


def _descends(snapshot: Snapshot, seed_id: str) -> list[str]:
    """Of a task of the evolution: how it was made, and of which others."""
    rows = _rows(snapshot, POPULATION, pc.field("seed_id") == seed_id)
    if not rows:
        return []
    row = rows[0]
    if not row["generation"]:
        said = "a founder"
    else:
        parents = ", ".join(parent[:12] for parent in row["parents"])
        said = f"generation {row['generation']}, colony {row['colony']}, by {row['operator']} of {parents}"
    return [f"  {said}", *("  " + line for line in step_lines(POPULATION.name, row, str) if not row["keep"])]


def _step(snapshot: Snapshot, row: dict[str, Any]) -> str:
    """One call or run of a trail."""
    if row["kind"] == "run":
        ran = _rows(snapshot, EXECUTIONS, pc.field("program_id") == row["key"], ["language", "status", "level"])
        said = [f"{r['language']}, {r['status']} (isolation {r['level']})" for r in ran]
        return f"  {row['step']}: ran a program, {said[0] if said else 'not yet'}"
    calls = _rows(snapshot, LLM_RESPONSES, pc.field("request_id") == row["key"], list(_OF_CALL))
    done = [c for c in calls if c["status"] in ANSWERED]
    if not done:
        failed = f"failed {len(calls)} times, last as {calls[-1]['error']}" if calls else "not asked yet"
        return f"  {row['step']}: prompt {row['prompt']}, {failed}"
    one = done[0]
    what = f"refused: {one['error']}" if one["status"] == "refused" else f"answered, {one['finish']}"
    tokens = f"{one['prompt_tokens']:,} and {one['completion_tokens']:,} tokens"
    return f"  {row['step']}: prompt {row['prompt']} to {one['model']}, {what}, {tokens}, cost {one['cost']:.6f}"


def _rows(snapshot: Snapshot, table: Table, *asked: Any) -> list[dict[str, Any]]:
    """None where nobody played a recipe."""
    try:
        return snapshot.rows(table, *asked)
    except NoTableError:
        return []
