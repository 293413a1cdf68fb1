"""refinelake fetch: a pinned set of real sources, checked, with a manifest beside it."""

from __future__ import annotations

import argparse
from pathlib import Path

from jobs.corpora import ENCODER, SETS, Archive, fetch, load_set, write_manifest
from jobs.encoder import unpack
from jobs.runtime.places import made_folder
from jobs.web_sites import WEB_SETS, packages_of, write_web

_SIZES = """tiny 5 MB, demo 204 MB, bench 3.2 GB of source files; web 11 MB, web-bench 553 MB of documentation packages,
whose pages are written as crawl files of their sites (DIR/warc), with labels (DIR/labels.jsonl); encoder 83 MB, a
sentence encoder for instruction_dedup.embeddings (DIR/all-minilm-l6-v2)"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", choices=(*SETS, *WEB_SETS, ENCODER), help=_SIZES)
    parser.add_argument("--to", required=True, metavar="DIR", help="folder for the archives and the manifest")
    where = "where to write the manifest (default: DIR/sources.jsonl, of a web DIR/web.jsonl)"
    parser.add_argument("--manifest", metavar="FILE", help=where)


def work(args: argparse.Namespace) -> int:
    folder, is_web = Path(args.to).absolute(), args.name in WEB_SETS
    made_folder(folder)
    archives = folder / "packages" if is_web else folder
    got, left_out = fetch(packages_of(args.name) if is_web else load_set(args.name), archives, print)
    if not got:
        reasons = "; ".join(sorted(set(left_out.values())))
        raise ValueError(f"{folder}: expected archives of the set {args.name}, could fetch none: {reasons}")
    if args.name == ENCODER:
        print(f"sentence encoder in {unpack(folder / got[0].archive, folder)}")
        return 0
    target = Path(args.manifest) if args.manifest else folder / ("web.jsonl" if is_web else "sources.jsonl")
    written = _written_web(args.name, got, archives, folder, target) if is_web else ""
    if not is_web:
        write_manifest(got, folder, target)
    for source, why in sorted(left_out.items()):
        print(f"left out {source}: {why}")
    size = sum(a.archive_bytes for a in got) / 1e6
    count = f"{len(got)} of {len(got) + len(left_out)} archives ({size:.1f} MB)"
    print(f"{count} in {archives}, {written}manifest {target}")
    return 0


def _written_web(name: str, got: list[Archive], archives: Path, folder: Path, target: Path) -> str:
    sites, pages = write_web(name, got, archives, folder, target)
    return f"{pages} pages of {sites} sites in {folder / 'warc'}, labels {folder / 'labels.jsonl'}, "
