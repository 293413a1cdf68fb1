"""Numbers of the runtime itself, which belong to no flow."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.contract import RETENTION_DAYS


@dataclass(frozen=True)
class Releases:
    """For how many days a release stays readable after its tables have moved on; after that VACUUM may take its files.

    A release that must stay longer is pinned: copied whole (refinelake releases --pin).
    """

    retention_days: int = RETENTION_DAYS

    def __post_init__(self) -> None:
        if not 7 <= self.retention_days <= 3650:
            raise ValueError(f"releases: retention_days is between 7 and 3650, found {self.retention_days}")
