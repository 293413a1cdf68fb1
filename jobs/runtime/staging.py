"""Rows set aside while a run works: what is used twice is computed once, and lineage stays short."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

from pyspark.sql import Column, DataFrame, Observation, SparkSession

from jobs.runtime import places
from jobs.runtime.session import alone

RUN_TIME = "%Y%m%dT%H%M%S"
"""How the name of a run begins."""
_RUN = re.compile(r"(?P<reader>reader-)?(?P<time>\d{8}T\d{6})-")


@dataclass
class Staging:
    """A folder of a run's own below the warehouse, or below another place.

    The session may be what starts it: a run that finds nothing to do starts none.
    """

    session: SparkSession | Callable[[], SparkSession]
    warehouse: str
    staging_root: str | None = None

    @property
    def spark(self) -> SparkSession:
        if callable(self.session):
            self.session = self.session()
        return self.session

    @cached_property
    def alone(self) -> bool:
        """Whether this process reaches what the session reaches."""
        return alone(None if callable(self.session) else self.session)

    def stage(self, rows: DataFrame, run_id: str, name: str) -> DataFrame:
        """Write rows aside and read them back: what is used twice is computed once, and lineage stays short."""
        place = f"{self.staging(run_id)}/{name}"
        rows.write.mode("overwrite").parquet(place)
        return self.spark.read.schema(rows.schema).parquet(place)

    def stage_counted(
        self,
        rows: DataFrame,
        run_id: str,
        name: str,
        counts: Mapping[str, Column],
        of: Callable[[DataFrame], DataFrame] = lambda rows: rows,
    ) -> tuple[DataFrame, dict[str, int]]:
        """What `of` makes of the rows, set aside, and aggregates over the rows themselves by name, in the same pass."""
        seen = Observation()
        observed = rows.observe(seen, *(column.alias(key) for key, column in counts.items()))
        return self.stage(of(observed), run_id, name), {key: int(seen.get[key] or 0) for key in counts}

    def staging(self, run_id: str) -> str:
        root = self.staging_root or f"{places.files_place(self.warehouse, None)}/_staging"
        return f"{root.rstrip('/')}/{run_id}"

    def sweep_staging(self, run_id: str) -> None:
        """Remove what other writers left behind, and readers of yesterday; only the holder of the lease may.

        What cannot be removed now is removed by a later run.
        """
        yesterday = f"{datetime.now(UTC) - timedelta(days=1):{RUN_TIME}}"
        with suppress(Exception):  # every driver has errors of its own
            for name in places.names(self.staging("")):
                found = _RUN.match(name)
                if found and name != run_id and (found["time"] < yesterday or not found["reader"]):
                    self.drop_staging(name)

    def clear_staging(self) -> list[str]:
        """Remove what anybody has set aside, this run and readers at work too: what was removed may stand in it.

        Returns what went wrong.
        """
        try:
            runs = [name for name in places.names(self.staging("")) if _RUN.match(name)]
        except Exception as e:  # every driver has errors of its own
            return [f"{self.staging('')}: expected to remove what was set aside, found {type(e).__name__}: {e}"]
        return [wrong for name in runs if (wrong := self.drop_staging(name))]

    def drop_staging(self, run_id: str) -> str | None:
        """Remove what a run set aside.

        Returns a warning where that was not possible: clean-up never ends a run that has done its work.
        """
        place = self.staging(run_id)
        try:
            places.remove(place)
        except Exception as e:  # every driver has errors of its own
            return f"{place}: expected to remove what was set aside, found {type(e).__name__}: {e}; remove it by hand"
        return None
