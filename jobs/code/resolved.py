"""The share of ids that have a text, source by source: files that were read against what `rejects` says is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.runtime.manifest import Source
from jobs.runtime.runner import Run
from schemas.code import RAW_FILES, REPOSITORIES
from schemas.contract import Table
from schemas.ops import REJECTS
from udfs.reading.ids.outcome import UNRESOLVED
from udfs.rules.sentences import label


@dataclass(frozen=True)
class Resolved:
    """Ids of a source, those with a text (one that was refused for what it is among them), and why others have none."""

    source_id: str
    ids: int = 0
    found: int = 0
    missing: dict[str, int] = field(default_factory=dict)

    @property
    def percent(self) -> str:
        """The share in words: what is not all is never shown as all, nor what is not nothing as nothing."""
        if self.found in (0, self.ids):
            return "100" if self.found else "0"
        return f"{min(max(100 * self.found / self.ids, 0.01), 99.99):.2f}"

    def why(self) -> str:
        """What is missing, most first, in words."""
        largest = sorted(self.missing.items(), key=lambda item: (-item[1], item[0]))
        return ", ".join(f"{label(reason)} {count:,}" for reason, count in largest)

    def said(self) -> str:
        """One line."""
        said = f"{self.source_id}: {self.found:,} of {self.ids:,} ids have a text ({self.percent} %)"
        return f"{said}; {self.why()}" if self.missing else said


def tell(run: Run, sources: Iterable[Source]) -> None:
    """Say it, where somebody listens and there are such sources."""
    if run.progress and any(source.kind == "ids" for source in sources):
        for found in resolved(run.narrow):
            run.progress.note(found.said())


def resolved(read: Callable[[Table], DataFrame]) -> list[Resolved]:
    """One entry for each source of kind ids that has files or lacks some. A file that is listed twice counts once."""
    refused = read(REJECTS).where("stage = 'ingest' AND path IS NOT NULL AND reason <> 'repeated_path'")
    missing = F.col("reason").isin(*UNRESOLVED)
    # Only ids are refused so; a source of which none has a text has no repositories.
    named = read(REPOSITORIES).where("source_kind = 'ids'").select("source_id")
    sources = sorted(r[0] for r in named.union(refused.where(missing).select("source_id")).distinct().collect())
    if not sources:
        return []
    nothing = F.lit(None).cast("string")
    rows = read(RAW_FILES).select("source_id", nothing.alias("reason"))
    rows = rows.union(refused.select("source_id", F.when(missing, F.col("reason"))))
    counts = rows.where(F.col("source_id").isin(*sources)).groupBy("source_id", "reason").count().collect()
    return [_of(source, ((r["reason"], r["count"]) for r in counts if r["source_id"] == source)) for source in sources]


def _of(source_id: str, counts: Iterable[tuple[str | None, int]]) -> Resolved:
    by_reason = dict(counts)
    found = by_reason.pop(None, 0)
    missing = {reason: count for reason, count in by_reason.items() if reason is not None}
    return Resolved(source_id, found + sum(missing.values()), found, missing)
