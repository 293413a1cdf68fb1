"""refinelake run --canaries: plant files of which it is known what must become of them, count, take them out again."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jobs import canaries
from jobs.canaries import Canary
from schemas.ops import CANARIES

if TYPE_CHECKING:
    from jobs.runtime.manifest import Source
    from jobs.runtime.progress import Console
    from jobs.runtime.runner import Run
    from udfs.contamination.batches import Find

RunSources = Callable[..., int]
"""`(sources, after, release=True)`: ingest, the stages, and `after`; its exit code."""


def run_with_canaries(args: argparse.Namespace, sources: list[Source], beside: str, carry_out: RunSources) -> int:
    """Run with the canaries, without a release; count what became of them; run again without, and release.

    A run that is killed in between leaves them in tables that no release names: the next run takes them out, for no
    manifest lists them.
    """
    from jobs.runtime.manifest import Source
    from jobs.runtime.places import check_folder, remove

    if args.canaries < 1:
        raise ValueError(f"--canaries: expected a number above 0, found {args.canaries}; 10 tell something")
    if args.only:
        raise ValueError(f"--canaries: expected no --only, found --only {args.only}; all stages have to see them")
    check_folder(beside)
    if any(source.source_id == CANARIES for source in sources):
        raise ValueError(f"{args.sources}: expected no source called {CANARIES}, found one; call it otherwise")
    birds = canaries.planted(args.canaries, time.time_ns())
    folder = f"{beside}/_canaries"
    _put(birds, folder)
    planted = Source(CANARIES, "parquet", f"{folder}/canaries.parquet")
    try:
        carry_out([*sources, planted], lambda run, console: _show(birds, run, console), release=False)
        return carry_out(sources)
    finally:
        remove(folder)


def _put(birds: list[Canary], place: str) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from jobs.runtime.places import put_folder

    names = {"content": "text", "path": "path", "repo_name": "repo"}
    table = pa.table({name: [getattr(bird, attribute) for bird in birds] for name, attribute in names.items()})
    table = table.append_column("license", pa.array([None] * len(birds), pa.string()))
    with tempfile.TemporaryDirectory() as folder:
        pq.write_table(table, Path(folder) / "canaries.parquet")
        put_folder(Path(folder), place)


def _show(birds: list[Canary], run: Run, console: Console) -> None:
    from jobs.corpus.parameters import Contamination
    from jobs.corpus.searching import search
    from udfs.contamination.batches import finder

    fates, rows = _fates(run), []
    find = finder(search(run.setting(Contamination)), frozenset(["humaneval"]))
    for kind in canaries.KINDS:
        mine = [bird for bird in birds if bird.kind == kind]
        wanted = sorted({bird.pair or bird.path for bird in mine})
        caught = {bird.pair or bird.path for bird in mine if _caught(bird, fates.get(bird.path, {}), find)}
        rows.append((kind, f"{len(wanted):,}", f"{len(caught):,}", ", ".join(sorted(set(wanted) - caught)[:3])))
    console.rows(("canaries", "planted", "caught", "missed"), rows)
    console.say("they are taken out again now")


def _fates(run: Run) -> dict[str, dict[str, Any]]:
    """By path what the stages said of the canaries, a few dozen files: `exact`, `near` (kept or not) and `text`."""
    from pyspark.sql import functions as F

    from schemas.code import CLEANED_TEXTS, EXACT_DUPLICATES, NEAR_DUPLICATES, RAW_FILES

    lake = run.lake
    files = lake.read(RAW_FILES).where(F.col("source_id") == CANARIES).select("path", "file_id", "content_id")
    for name, table in (("exact", EXACT_DUPLICATES), ("near", NEAR_DUPLICATES)):
        kept = lake.read(table).select("file_id", F.col("keep").alias(name))
        files = files.join(kept, "file_id", "left")
    texts = run.read(CLEANED_TEXTS).select("content_id", "text")
    rows = files.join(texts, "content_id", "left").collect()
    return {row["path"]: row.asDict() for row in rows}


def _caught(bird: Canary, fate: dict[str, Any], find: Find) -> bool:
    """A copy that was dropped, a secret that is no longer there, a task that is found in what cleaning left."""
    if bird.kind in (canaries.EXACT, canaries.NEAR):
        return fate.get("exact" if bird.kind == canaries.EXACT else "near") is False
    if bird.kind == canaries.SECRET:
        return bool(fate.get("text")) and bird.secret not in fate["text"]
    return bool(fate) and any(hit.is_copy and hit.item == bird.task for hit in find(fate.get("text") or bird.text))
