"""python -m benchmarks --set tiny|demo|bench --sources MANIFEST: every measurement, as JSON and Markdown."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import kernels, sketch_quality, stages
from benchmarks.report import markdown
from jobs.cli import guarded
from jobs.corpora import SETS
from jobs.runtime.session import session
from jobs.runtime.tables import Lake


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=(__doc__ or "").partition(": ")[2])
    parser.add_argument("--set", choices=SETS, required=True, help="name of the set, for the title and file names")
    parser.add_argument("--sources", required=True, metavar="FILE", help="its manifest, as `refinelake fetch` wrote it")
    parser.add_argument("--out", default=".cache/bench", metavar="DIR", help="folder for the results")
    parser.add_argument("--params", metavar="FILE", help="TOML file of parameters")
    parser.add_argument("--kernel-mb", type=float, default=24.0, help="MB of text for the kernels alone")
    args = parser.parse_args()
    return guarded(lambda: run(args))


def run(args: argparse.Namespace) -> int:
    """Measure and write DIR/SET.json and DIR/SET.md, the parts so far after each part."""
    result: dict[str, Any] = {"set": args.set, "machine": machine()}
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="refinelake-bench-") as scratch:
        folder = Path(scratch)
        lake = Lake(session(), str(folder / "warehouse"))
        rows = stages.run_flow(lake, args.sources, args.params)
        result["floor"] = stages.floor(lake, folder)
        result["stages"] = stages.against_floor(rows, result["floor"])
        _write(out, result)
        texts = stages.sample_texts(lake, folder, args.kernel_mb)
        lake.spark.stop()
        print(f"kernels over {len(texts):,} texts", flush=True)
        result["kernels"] = kernels.measure_kernels(texts)
        result["signals_by_language"] = kernels.signals_by_language(texts)
        _write(out, result)
        print("sketch quality", flush=True)
        result["sketch_quality"] = sketch_quality.quality_table()
        _write(out, result)
    page = markdown(result)
    (out / f"{args.set}.md").write_text(page, encoding="utf-8")
    print(page)
    return 0


def machine() -> dict[str, Any]:
    """What the numbers depend on and a reader cannot see."""
    known = Path("/proc/cpuinfo")
    lines = known.read_text().splitlines() if known.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    processor = names[0] if names else platform.machine()
    return {"cores": os.cpu_count(), "processor": processor, "python": platform.python_version(), "load": load}


def _write(out: Path, result: dict[str, Any]) -> None:
    (out / f"{result['set']}.json").write_text(json.dumps(result, indent=1), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
