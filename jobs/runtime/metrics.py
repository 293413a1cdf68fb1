"""What a scheduled run did, for machines: JSON, and OpenMetrics text that Prometheus' textfile collector takes."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field

from jobs.runtime.accounting import StageResult


@dataclass(frozen=True)
class Night:
    """One nightly run: how it ended, what readers see since, and each stage that was carried out."""

    run_at: str
    seconds: float
    exit_code: int
    failed: str | None
    release: int | None
    stages: list[StageResult] = field(default_factory=list)

    def as_json(self) -> str:
        head = {k: v for k, v in asdict(self).items() if k != "stages"}
        stages = {r.stage: {name: getattr(r, name) for name in _MEASURES} | {"reasons": r.reasons} for r in self.stages}
        return json.dumps({**head, "stages": stages}, indent=1) + "\n"

    def as_open_metrics(self) -> str:
        """https://prometheus.io/docs/specs/om/open_metrics_spec: gauges, ended by # EOF."""
        lines = _gauge("nightly_success", "1 where the last run ended well.", {"": int(self.exit_code == 0)})
        lines += _gauge("nightly_seconds", "Duration of the last run.", {"": round(self.seconds, 1)}, "seconds")
        if self.release is not None:
            lines += _gauge("release", "The release that readers see.", {"": self.release})
        for name, (said, unit) in _MEASURES.items():
            values = {f'{{stage="{r.stage}"}}': v for r in self.stages if (v := getattr(r, name)) is not None}
            if values:
                lines += _gauge(f"stage_{name}", said, values, unit)
        return "\n".join([*lines, "# EOF"]) + "\n"


_MEASURES = {
    "rows_read": ("Rows that a stage decided about.", ""),
    "rows_kept": ("Rows that it kept.", ""),
    "rows_written": ("Rows that it wrote, changed or deleted.", ""),
    "bytes_read": ("Bytes of text that it opened.", ""),
    "seconds": ("Duration of the stage.", "seconds"),
    "cpu_seconds": ("CPU time of the stage.", "seconds"),
}


def _gauge(name: str, said: str, values: dict[str, float], unit: str = "") -> list[str]:
    full = f"refinelake_{name}"
    if unit and not full.endswith(f"_{unit}"):
        full += f"_{unit}"
    head = [f"# TYPE {full} gauge", *([f"# UNIT {full} {unit}"] if unit else []), f"# HELP {full} {said}"]
    return [*head, *(f"{full}{labels} {value}" for labels, value in values.items())]
