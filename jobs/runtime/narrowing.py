"""Which keys a change of a stage's inputs touches since the stage last ran: its cost then follows the change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.runtime.accounting import StageResult
from jobs.runtime.feed import Changed, NoFeedError, of_kernel
from jobs.runtime.keys import Keys
from jobs.runtime.stage import Measure, Stage, params_json

if TYPE_CHECKING:
    from jobs.runtime.runner import Run

BROADCAST_KEYS = 1_000_000
"""Up to this many keys are sent to the rows that they name; above it everything is taken anew."""


@dataclass(frozen=True)
class Touched:
    """The keys to take anew, and the stage's last result, whose totals they change."""

    keys: Keys
    last: StageResult


@dataclass
class Work:
    """A stage of a run with its parameters and pinned inputs; with `touched` only these keys are taken anew."""

    run: Run
    stage: Stage
    params: Any
    inputs: dict[str, int]
    metadata: dict[str, Any]
    touched: Touched | None = None

    def reads(self) -> list[DataFrame]:
        """The stage's inputs, or the part of them that the touched keys need."""
        whole = [self.run.facts(t, self.inputs[t.name]) for t in self.stage.reads]
        narrow = self.stage.narrow
        return list(narrow.reads(self.touched.keys, *whole)) if self.touched and narrow else whole

    def within(self, rows: DataFrame) -> DataFrame:
        """Of rows of the written table those that are taken anew."""
        narrow = self.stage.narrow
        return narrow.of(rows, self.touched.keys) if self.touched and narrow else rows


def touched_keys(work: Work, last: StageResult | None, code: str, now: dict[str, int]) -> Touched | None:
    """The keys to take anew; None where everything has to be compared: another kernel, other settings, a table that is
    not as the stage left it, changes that cannot be told, or so many of them that it is cheaper.
    """
    run, stage, narrow = work.run, work.stage, work.stage.narrow
    if narrow is None or last is None or not narrow.holds(run.setting):
        return None
    same = last.code_version == code and last.params == params_json(work.params) and last.inputs.keys() == now.keys()
    if not same or last.table_version != run.lake.rows_version(stage.writes.name) or _old_kernels(run, stage):
        return None
    try:
        found = {t.name: (t, run.feed.since(t, last.inputs[t.name])) for t in stage.reads if t.feed}
    except NoFeedError:
        return None
    moved = {name: of_kernel(rows, run.kernel(t)) for name, (t, rows) in found.items() if rows is not None}
    changed = Changed(moved, run.lake.spark, frozenset(t.name for t in stage.reads if not t.feed))
    stored = run.facts(stage.writes)
    keys = narrow.touched(changed, tuple(work.reads()), stored, work.params)
    if keys.frame is None:
        return Touched(keys, last)
    staged, counts = run.lake.stage_counted(
        keys.frame, run.run_id, f"{stage.name}.touched", {"keys": F.count(F.lit(1))}
    )
    return Touched(Keys(frame=staged), last) if counts["keys"] <= BROADCAST_KEYS else None


def _old_kernels(run: Run, stage: Stage) -> bool:
    """Whether rows of kernels out of force may be left, which only a comparison of everything finds."""
    if not isinstance(stage, Measure):
        return False
    return set(run.kernels.get(stage.name, [])) != {stage.kernel_version(run.params_of(stage))}
