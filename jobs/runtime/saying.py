"""What a commit says of itself and under which fence: a writer by its options, a statement by the session's settings.

Serverless compute takes no such setting. There an empty commit after the statement says it, and the statement asks for
the lease itself: once another run holds it, the statement has no rows (docs/decisions/one-writer.md).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pyspark.sql import DataFrame, DataFrameWriter
from pyspark.sql import functions as F

from jobs.runtime.commits import ROWS_VERSION
from jobs.runtime.logs import Logs
from jobs.runtime.versions import commits_say, settable
from schemas.contract import quote
from schemas.ops import LEASES

if TYPE_CHECKING:
    from jobs.runtime.lease import Claim

_APP, _TRANSACTION = "spark.databricks.delta.write.txnAppId", "spark.databricks.delta.write.txnVersion"


@dataclass
class Saying(Logs):
    """Commits with what they say. With a claim (lease.py) every one carries its fence."""

    claim: Claim | None = field(default=None, init=False)

    @cached_property
    def settable(self) -> bool:
        """Whether a statement can say something of itself."""
        return settable(self.spark)

    @contextmanager
    def saying(
        self, name: str, said: Mapping[str, Any], transaction: tuple[str, int] | None = None, later: bool = True
    ) -> Iterator[None]:
        """Within it one statement on a table is carried out, whose commit says this, or that `later` one does."""
        if self.settable:
            settings = {_APP: transaction[0], _TRANSACTION: str(transaction[1])} if transaction else {}
            with commits_say(self.spark, said, settings):
                yield
            return
        if not later:
            yield
            return
        before = self._last(name)
        yield
        self._known.pop(name, None)
        moved = before is None or self.version(name) != before.version
        if moved or ROWS_VERSION not in said:
            rows = self.version(name) if before is None or moved else before.rows_version
            self.mark(name, self._next(), {ROWS_VERSION: rows, **said})

    def _next(self) -> tuple[str, int] | None:
        """The next transaction under the lease, if it is held."""
        return self.claim.transaction() if self.claim and self.claim.fence else None

    def mark(self, name: str, transaction: tuple[str, int] | None, said: Mapping[str, Any]) -> None:
        """A commit without rows, as a Delta transaction (application, number)."""
        rows = self.spark.sql(f"SELECT * FROM {self.ref(name)} LIMIT 0")
        self.write(name, rows.write.format("delta").mode("append"), said, transaction)

    def bar(self, name: str, fence: int) -> int:
        """Where statements carry no fence, end those of an older one that are under way: whatever changes a table's
        metadata is in conflict with them. Returns how many commits that took.
        """
        if self.settable:
            return 0
        self.spark.sql(f"ALTER TABLE {self.ref(name)} SET TBLPROPERTIES ('refinelake.fence' = '{fence}')")
        return 1

    def fenced(self, rows: DataFrame) -> DataFrame:
        """The rows of a statement; none where it carries no fence and another run holds the lease."""
        if self.settable or not self.claim:
            return rows
        held = f"holder = {quote(self.claim.run_id)} AND fence = {self.claim.fence}"
        mine = self.spark.sql(f"SELECT name FROM {self.ref(LEASES.name)} WHERE {held}")
        return rows.join(mine, F.lit(True), "left_semi")

    def write(
        self, name: str, writer: DataFrameWriter, said: Mapping[str, Any], transaction: tuple[str, int] | None
    ) -> None:
        """Carry out a writer."""
        writer = writer.option("userMetadata", json.dumps(said))
        if transaction:
            writer = writer.option("txnAppId", transaction[0]).option("txnVersion", str(transaction[1]))
        if self.schema:
            writer.saveAsTable(self.ref(name))
        else:
            writer.save(self.location(name))
