"""python -m benchmarks.scale --warehouse A --warehouse B: what the paper's volume costs, priced from two first runs.

Each warehouse is one that a single first run has made, the second a larger one of the same kind of text. A stage's CPU
seconds are a fixed cost and a rate; the two sizes tell them apart. Their exponent (1: linear) is that of what the
rate's part grows by. Storage is bytes a file of each table, from the sizes in the Delta log.
"""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from schemas.ops import RUNS
from udfs.reading.delta import matching_rows, opened

PAPER_FILES, PAPER_BYTES = 336e6, 37e12
"""Distinct files and bytes that the paper's raw-code half starts from (ARCHITECTURE section 5)."""


@dataclass(frozen=True)
class Cost:
    """CPU seconds and rows of one stage of one first run."""

    rows: int
    cpu_seconds: float


@dataclass(frozen=True)
class Priced:
    """A stage at a volume: CPU seconds that every run pays, those of a million rows, exponent, core-hours in all."""

    stage: str
    fixed: float
    a_million: float
    exponent: float
    core_hours: float


def priced(stage: str, small: Cost, large: Cost, rows: float) -> Priced:
    """A stage at `rows`, from two runs of different size. Raises ValueError where they are of the same size."""
    if large.rows <= small.rows:
        raise ValueError(f"{stage}: expected the second run to have more rows, found {small.rows} and {large.rows}")
    rate = max(0.0, (large.cpu_seconds - small.cpu_seconds) / (large.rows - small.rows))
    fixed = max(0.0, small.cpu_seconds - rate * small.rows)
    exponent = math.log(max(large.cpu_seconds, 0.01) / max(small.cpu_seconds, 0.01)) / math.log(large.rows / small.rows)
    return Priced(stage, fixed, rate * 1e6, exponent, (fixed + rate * rows) / 3600)


def costs(warehouse: str) -> dict[str, Cost]:
    """Of each stage the first record of `runs`."""
    rows = matching_rows(opened(f"{warehouse}/{RUNS.name}"), f"{warehouse}/{RUNS.name}", None, pc.scalar(True))
    first: dict[str, Cost] = {}
    for row in sorted(rows.to_pylist(), key=lambda row: row["finished_at"]):
        first.setdefault(row["stage"], Cost(row["rows_read"], row["cpu_seconds"] or 0.0))
    return first


def table_sizes(warehouse: str) -> dict[str, tuple[int, int]]:
    """(rows, bytes) of every table, by the log."""
    found = {}
    for log in sorted(Path(warehouse).glob("*/_delta_log")):
        files = pa.table(opened(str(log.parent)).get_add_actions(flatten=True))
        found[log.parent.name] = tuple(int(pc.sum(files[c]).as_py() or 0) for c in ("num_records", "size_bytes"))
    return found


def page(warehouses: list[str], files: float = PAPER_FILES) -> str:
    """The priced volume as Markdown."""
    small, large = costs(warehouses[0]), costs(warehouses[-1])
    read = large["ingest"].rows
    lines = [f"| stage | fixed CPU s | CPU s a million rows | exponent | core-hours at {files / 1e6:,.0f} M files |"]
    lines += ["| --- | --- | --- | --- | --- |"]
    stages = [priced(s, small[s], large[s], files * large[s].rows / read) for s in large if _grew(small, large, s)]
    for p in stages:
        lines.append(f"| {p.stage} | {p.fixed:.1f} | {p.a_million:,.0f} | {p.exponent:.2f} | {p.core_hours:,.0f} |")
    lines += [f"| in all | {sum(p.fixed for p in stages):.0f} | | | {sum(p.core_hours for p in stages):,.0f} |", ""]
    lines += [f"| table | rows a file read | bytes a row | TB at {files / 1e6:,.0f} M files |"]
    lines += ["| --- | --- | --- | --- |"]
    sizes = {name: s for name, s in table_sizes(warehouses[-1]).items() if s[0] > 100}
    for name, (rows, size) in sizes.items():
        lines.append(f"| {name} | {rows / read:.2f} | {size / rows:,.0f} | {size / read * files / 1e12:.3f} |")
    lines.append(f"| in all | | | {sum(s for _, s in sizes.values()) / read * files / 1e12:.2f} |")
    return "\n".join(lines) + "\n"


def _grew(small: dict[str, Cost], large: dict[str, Cost], stage: str) -> bool:
    return stage in small and large[stage].rows > small[stage].rows


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--warehouse", action="append", required=True, help="made by one first run; twice, small first")
    parser.add_argument("--files", type=float, default=PAPER_FILES, help="files to price (default: 336 million)")
    args = parser.parse_args()
    if len(args.warehouse) != 2:
        raise SystemExit(f"--warehouse: expected two of them, a small and a large one, found {len(args.warehouse)}")
    print(page(args.warehouse, args.files))


if __name__ == "__main__":
    main()
