"""refinelake run --plan: what would run, on how many rows and bytes, and about how long. Nothing is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jobs.runtime.forecast import Forecast
    from jobs.runtime.manifest import Source
    from jobs.runtime.runner import Run
    from jobs.runtime.stage import Stage


def show_plan(run: Run, stages: tuple[Stage, ...], sources: list[Source]) -> int:
    """Probe the sources, compare with the records, and print one line per stage."""
    from jobs.runtime import accounting
    from jobs.runtime.forecast import forecast
    from jobs.runtime.progress import Console
    from schemas.code import CONTENTS, RAW_FILES, REPOSITORIES

    run.lake.look()
    run.done = accounting.finished_work(run.lake)
    console = Console()
    try:
        said, share = _sources(run, sources) if sources else ("no sources are read", 0.0)
        moving = {t.name for t in (RAW_FILES, CONTENTS, REPOSITORIES)} if share else set()
        rows = forecast(run, stages, moving, share)
    finally:
        run.lake.drop_staging(run.run_id)
    console.say(said)
    console.rows(("stage", "would take", "about rows", "MB of text", "CPU seconds"), [_shown(row) for row in rows])
    known = [row.cpu_seconds for row in rows if row.cpu_seconds is not None]
    unknown = len(rows) - len(known)
    console.say(f"about {sum(known):.0f} CPU seconds" + (f", and {unknown} stages without a record" if unknown else ""))
    return 0


def _sources(run: Run, sources: list[Source]) -> tuple[str, float]:
    """A sentence on the sources, and the share of the stored files that are in moved units; 1 where none is stored."""
    from jobs.code.ingest import reader_of
    from jobs.code.parameters import Ingest
    from jobs.code.removals import in_force, split
    from jobs.runtime.sources import moved_units

    kept, _ = split(in_force(run), sources)
    moved, reached, gone = moved_units(run, reader_of(run.setting(Ingest)), kept)
    units = sum(len(units) for units in moved.values())
    share = _share(run, [(s, u) for s, found in moved.items() for u in found] + [(s, None) for s in gone])
    lost = len(kept) - reached
    said = f"{len(kept):,} sources: {units:,} units of {len(moved):,} are new or have moved, {len(gone):,} are gone"
    return said + (f", {lost:,} cannot be reached and keep their last snapshot" if lost else ""), share


def _share(run: Run, touched: list[tuple[str, str | None]]) -> float:
    from jobs.runtime.unit_texts import of_units
    from schemas.code import RAW_FILES

    if not touched:
        return 0.0
    if not run.lake.version(RAW_FILES.name):
        return 1.0
    stored = run.lake.read(RAW_FILES)
    return max(1, of_units(run, stored, touched).count()) / max(1, stored.count())


def _shown(row: Forecast) -> tuple[str, ...]:
    text = None if row.bytes is None else row.bytes / 1e6
    return row.stage, row.what, _number(row.rows), _number(text), _number(row.cpu_seconds)


def _number(value: float | None) -> str:
    return "?" if value is None else f"{value:,.0f}"
