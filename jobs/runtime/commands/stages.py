"""refinelake stages: the flow in order."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--params", action="store_true", help="show each stage's parameters too")


def work(args: argparse.Namespace) -> int:
    from jobs.code.flow import STAGES
    from jobs.runtime.runner import describe_stage
    from jobs.runtime.stage import params_json

    print("ingest            read    sources -> repositories, raw_files, contents, rejects")
    for stage in STAGES:
        reads = ", ".join(t.name for t in (*stage.reads, *getattr(stage, "texts", ())))
        print(f"{stage.name:<17} {type(stage).__name__.lower():<7} {reads} -> {stage.writes.name}")
        print(f"{'':<25} {describe_stage(stage)}")
        if args.params:
            print(f"{'':<25} {params_json(stage.params)}")
    return 0
