"""refinelake quality show: the scorers of a warehouse, and of one how well each language's head agrees with labels."""

from __future__ import annotations

import argparse
import json
from functools import partial


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--warehouse", required=True, help="location of the Delta tables: a folder or a URL")
    parser.add_argument("--version", metavar="VERSION", help="show this one (default: the one in force)")


def work(args: argparse.Namespace) -> int:
    from jobs.code.pinned_scorer import in_force
    from jobs.runtime.places import absolute, exists
    from jobs.runtime.progress import Console
    from jobs.runtime.session import session
    from jobs.runtime.tables import Lake
    from schemas.quality import QUALITY_MODELS

    place = absolute(args.warehouse)
    lake = Lake(partial(session, place), place)  # what is small is read without a session
    rows = sorted(lake.small(QUALITY_MODELS), key=lambda r: (r["trained_at"], r["version"]))
    if not rows and not exists(place):
        raise ValueError(f"{args.warehouse}: expected a warehouse with tables, found none; run refinelake run first")
    if not rows:
        print(f"{args.warehouse}: no scorer was made yet; refinelake quality train makes one")
        return 0
    now = in_force(lake)
    known = {r["version"]: r for r in rows}
    if args.version and args.version not in known:
        raise ValueError(
            f"--version: expected a scorer of quality_models, found {args.version}; known are {', '.join(known)}"
        )
    console = Console()
    console.rows(
        ("scorer", "made", "labels", "languages", ""),
        [
            (
                r["version"],
                f"{r['trained_at']:%Y-%m-%d %H:%M}",
                f"{r['labels']:,}",
                str(len(r["languages"])),
                "in force" if now and r["version"] == now["version"] else "",
            )
            for r in rows
        ],
    )
    shown = known[args.version] if args.version else now or rows[-1]
    print("\n".join(["", f"{shown['version']} in {shown['location']}", *_lines(json.loads(shown["facts"]))]))
    return 0


def _lines(facts: dict[str, dict]) -> list[str]:
    from udfs.quality.training import line

    heads = [f"  {line(name, about)}" for name, about in sorted(facts.items()) if name]
    return heads + [f"  no head: {why}" for why in facts.get("", {}).get("left_out", [])]
