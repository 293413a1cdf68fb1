"""refinelake stages: the flow in order."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--params", action="store_true", help="show each stage's parameters too")


def work(args: argparse.Namespace) -> int:
    from jobs.flows import FLOWS
    from jobs.runtime.stage import describe_stage, params_json

    for flow in FLOWS:
        verb, reads, writes = flow.before
        print(f"{flow.title}, by {flow.command}:\n")
        print(f"{verb:<21} read    {reads} -> {writes}")
        for stage in flow.stages:
            reads = ", ".join(dict.fromkeys(t.name for t in (*stage.reads, *getattr(stage, "texts", ()))))
            print(f"{stage.name:<21} {type(stage).__name__.lower():<7} {reads} -> {stage.writes.name}")
            print(f"{'':<29} {describe_stage(stage)}")
            if args.params:
                print(f"{'':<29} {params_json(stage.params)}")
        print()
    return 0
