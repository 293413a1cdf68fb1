"""refinelake fetch: a pinned set of real sources, checked, with a manifest beside it."""

from __future__ import annotations

import argparse
from pathlib import Path

from jobs.corpora import SETS, fetch, load_set, write_manifest


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", choices=SETS, help="tiny 5 MB, demo 204 MB, bench 3.2 GB of files")
    parser.add_argument("--to", required=True, metavar="DIR", help="folder for the archives and the manifest")
    parser.add_argument("--manifest", metavar="FILE", help="where to write the manifest (default: DIR/sources.jsonl)")


def work(args: argparse.Namespace) -> int:
    folder = Path(args.to).absolute()
    got, left_out = fetch(load_set(args.name), folder, print)
    if not got:
        reasons = "; ".join(sorted(set(left_out.values())))
        raise ValueError(f"{folder}: expected archives of the set {args.name}, could fetch none: {reasons}")
    target = Path(args.manifest) if args.manifest else folder / "sources.jsonl"
    write_manifest(got, folder, target)
    for source, why in sorted(left_out.items()):
        print(f"left out {source}: {why}")
    size = sum(a.archive_bytes for a in got) / 1e6
    print(f"{len(got)} of {len(got) + len(left_out)} archives ({size:.1f} MB) in {folder}, manifest {target}")
    return 0
