"""python -m benchmarks.refresh --files 40000: what a refresh costs beside the first run and beside a run of nothing.

A made-up set in The Stack's columns: 8 parquet files, Python texts of 2.4 kB, 5 % near copies. After the first run
and a run of nothing, 1 % of the texts change, all in one file. Each run is a process of its own, as a nightly one is;
CPU seconds are of it, its JVM and its Python workers. Bytes written are those of the files that the commits added.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from jobs.runtime.cpu import watch

PARTS, CHANGED, NEAR = 8, 0.01, 0.05
_WORDS = [
    "alpha",
    "beta",
    "gamma",
    "total",
    "count",
    "index",
    "value",
    "result",
    "buffer",
    "parse",
    "token",
    "stream",
    "node",
    "queue",
    "cache",
    "state",
]


def text_of(number: int, version: int = 0) -> str:
    """A program of about 2.4 kB. One in twenty is the one before it with a line changed: a near copy."""
    if number % int(1 / NEAR) == int(1 / NEAR) - 1:
        lines = _program(number - 1, version).splitlines()
        lines[7] = f"    # near copy {number}"
        return "\n".join(lines) + "\n"
    return _program(number, version)


def _program(number: int, version: int) -> str:
    draw = random.Random(f"{number} {version}")
    lines = [f'"""Module {number}."""', "import os", ""]
    while sum(map(len, lines)) < 2300:
        a, b, c = draw.sample(_WORDS, 3)
        size, step = draw.randrange(10_000), draw.randrange(1, 900)
        lines += [f"def {a}_{b}_{draw.randrange(10_000)}({c}):", f"    {a} = {c} * {size} + len(os.sep)"]
        lines += [f"    for {b} in range({a}):", f"        {c} += {b} // {step}", f"    return {c}", ""]
    return "\n".join(lines) + "\n"


def write_set(folder: Path, files: int, version: int = 0) -> int:
    """Write the set; with a version other than 0, its first file with 1 % of all texts changed. Returns their bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    each, changed = files // PARTS, int(files * CHANGED)
    moved = 0
    for part in range(PARTS if version == 0 else 1):
        rows: list[dict[str, Any]] = []
        for place in range(each):
            number = part * each + place
            text = text_of(number, version if place < changed else 0)
            moved += len(text) if version and place < changed else 0
            rows.append(_row(number, text))
        pq.write_table(pa.Table.from_pylist(rows), folder / f"part-{part:02d}.parquet")
    return moved


def _row(number: int, text: str) -> dict[str, Any]:
    return {
        "content": text,
        "max_stars_repo_path": f"src/module_{number}.py",
        "max_stars_repo_name": f"org/repo{number // 50}",
        "max_stars_repo_head_hexsha": "0" * 40,
        "max_stars_repo_licenses": ["MIT"],
        "max_stars_count": number % 97,
        "lang": "Python",
    }


def carried_out(manifest: Path, warehouse: Path) -> dict[str, float]:
    """One run in a process of its own: wall and CPU seconds, bytes that its commits wrote."""
    before, started, cpu = _files(warehouse), time.monotonic(), watch().cpu_seconds()
    command = ["run", "--sources", str(manifest), "--warehouse", str(warehouse), "--report", str(warehouse) + ".html"]
    ended = subprocess.run([sys.executable, "-m", "jobs.cli", *command], capture_output=True, text=True)
    if ended.returncode:
        raise RuntimeError(f"refinelake run: expected it to end well, found code {ended.returncode}\n{ended.stderr}")
    written = sum(size for name, size in _files(warehouse).items() if name not in before)
    seconds = time.monotonic() - started
    return {"seconds": seconds, "cpu_seconds": watch().cpu_seconds() - cpu, "bytes_written": float(written)}


def _files(warehouse: Path) -> dict[str, int]:
    """Data files and deletion vectors of all tables; a run removes none of them."""
    ends = (".parquet", ".bin")
    found = (p for p in warehouse.rglob("*") if p.suffix in ends and not {"_staging", "_delta_log"} & set(p.parts))
    return {str(p): p.stat().st_size for p in found}


def measured(files: int, folder: Path) -> dict[str, Any]:
    """First run, nothing changed, 1 % changed, nothing changed."""
    source, warehouse, manifest = folder / "set", folder / "warehouse", folder / "sources.jsonl"
    write_set(source, files)
    manifest.write_text(json.dumps({"kind": "parquet", "location": str(source / "*.parquet")}) + "\n")
    runs = {"first": carried_out(manifest, warehouse), "nothing": carried_out(manifest, warehouse)}
    moved = write_set(source, files, version=1)
    runs["changed"] = carried_out(manifest, warehouse)
    runs["nothing again"] = carried_out(manifest, warehouse)
    return {"files": files, "bytes_changed": moved, "runs": runs}


def say(found: dict[str, Any]) -> None:
    runs = found["runs"]
    print(f"{found['files']:,} files, 1 % changed: {found['bytes_changed'] / 1e6:.2f} MB of text\n")
    print("| run | s | CPU s | MB written |\n| --- | --- | --- | --- |")
    for name, run in runs.items():
        print(f"| {name} | {run['seconds']:.0f} | {run['cpu_seconds']:.0f} | {run['bytes_written'] / 1e6:.2f} |")
    more = runs["changed"]["cpu_seconds"] - runs["nothing"]["cpu_seconds"]
    share = runs["changed"]["cpu_seconds"] / runs["first"]["cpu_seconds"]
    times = runs["changed"]["bytes_written"] / max(1, found["bytes_changed"])
    print(f"\nThe change costs {more:.0f} CPU s more than nothing, {share:.0%} of the first run; {times:.1f} bytes are")
    print("written for each byte of text that changed.")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--files", type=int, default=40_000, help="texts in the set (default: 40,000)")
    parser.add_argument(
        "--to", metavar="FOLDER", help="keep the set and the warehouse here (default: a folder that goes)"
    )
    parser.add_argument("--json", metavar="FILE", help="write the numbers here too")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        found = measured(args.files, Path(args.to or place))
    say(found)
    if args.json:
        Path(args.json).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
