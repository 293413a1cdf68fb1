"""The command line: `refinelake ...`, and the two-line main of every stage file."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from importlib import import_module

from jobs.commands.arguments import add_run_arguments
from jobs.runtime.exit_codes import UNREAD, nobody_reads, told
from schemas.command_line import parsed

COMMANDS: dict[str, tuple[str, str]] = {
    "run": ("jobs.commands.run", "Read the sources, run every stage, publish, write the report."),
    "web": ("jobs.commands.web", "Recall pages of a tag from crawls; label, train and report on the recall."),
    "instruct": (
        "jobs.commands.instruct",
        "Make synthetic and instruction data with models: run recipes, list them, say what they cost, report.",
    ),
    "quality": (
        "jobs.commands.quality",
        "Train the learned quality score of the raw-code filter from labelled files; show what was made.",
    ),
    "fetch": ("jobs.commands.fetch", "Download a pinned set of real sources and write its manifest."),
    "explain": ("jobs.commands.explain", "Say why a file was kept or dropped."),
    "report": ("jobs.commands.report", "Write report.html of a warehouse."),
    "stages": ("jobs.commands.stages", "List the stages in order, with what they read and write."),
    "rules": ("jobs.commands.rules", "List or count the filter rules in force."),
    "tune": (
        "jobs.commands.tune",
        "Show what a threshold or a file of rules would do; writes nothing.",
    ),
    "pin-rate": ("jobs.commands.pin_rate", "Turn a byte target of a language into a pinned sampling rate."),
    "release": ("jobs.commands.release", "Name the present tables as what readers see, if they belong together."),
    "releases": (
        "jobs.commands.releases",
        "List what readers see and how long; point back at an earlier release; pin one.",
    ),
    "nightly": ("jobs.commands.nightly", "Refresh, check, release, maintain and report, for a scheduler."),
    "schedule": ("jobs.commands.schedule", "Write the night as an Airflow DAG, a systemd timer or a line for cron."),
    "maintain": ("jobs.commands.maintain", "Put small files together, cluster, remove what no readable release needs."),
    "check": ("jobs.commands.check", "Look for double keys, mend them, and say whether each flow is whole."),
    "remove": (
        "jobs.commands.remove",
        "Take a repository, owner, author, paths or a text out of every table, and keep it out.",
    ),
    "removals": ("jobs.commands.removals", "List what was removed, or say whether a name is in, and where."),
    "tokenizer": (
        "jobs.commands.tokenizer",
        "Train a tokenizer on a stated sample of the corpus, or take one of others.",
    ),
    "tokens": ("jobs.commands.tokens", "Write the token tables and instructions that training reads."),
    "export-data": (
        "jobs.commands.export_data",
        "Write the final tables as files for others, with a dataset card and every version.",
    ),
    "contamination": (
        "jobs.commands.contamination",
        "Search corpora and instructions for tasks of benchmarks, and show which stand where.",
    ),
    "data-report": (
        "jobs.commands.data_report",
        "Write the page of what training reads: its parts beside the paper's, benchmarks found.",
    ),
    "pack": (
        "jobs.commands.pack",
        "Put this environment into an archive for a cluster's workers, with settings for spark-submit.",
    ),
    "doctor": ("jobs.commands.doctor", "Start Spark once and say what this machine has."),
    "docs": ("jobs.commands.docs", "Write the pages that are generated from code: schemas, rules, parameters."),
    "profile": ("jobs.commands.profile", "Profile one kernel over files of a folder."),
}


TRAINING = "training.commands"
"""The training half's own list of commands; named, not imported, so that no job depends on it."""


def main(argv: list[str] | None = None) -> None:
    """Entry point of `refinelake`. Raises SystemExit with a code other than 0: a caller that ignores what a function
    returns, as Databricks' wheel tasks do, must see a failure too.
    """
    if code := exit_code(argv):
        raise SystemExit(code)


def exit_code(argv: list[str] | None = None) -> int:
    """Carry out a command line. 0: done; 1: our fault; 2: the user's; 3: failed checks; 4: another run writes."""
    description = "Raw code and web pages to the tables that a code language model is trained on, and the model itself."
    commands = COMMANDS | import_module(TRAINING).COMMANDS
    args = parsed("refinelake", description, commands, sys.argv[1:] if argv is None else argv)
    return guarded(lambda: args.work(args))


def guarded(work: Callable[[], int | None]) -> int:
    """Turn named errors, and what killed a session, into one message on stderr; anything else is our fault and keeps
    its traceback. A ValueError that a library raised is our fault too: our own say what to do.
    """
    try:
        code = work() or 0
        sys.stdout.flush()
        return code
    except Exception as e:
        if isinstance(e, BrokenPipeError) and nobody_reads():
            return UNREAD
        code, said = told(e)
        if said is None:
            raise
        print(f"refinelake: {said}", file=sys.stderr)
        return code


def stage_main(stage: object) -> None:
    """Run one stage under spark-submit: read its tables, write its table, print its row."""
    # The stage was defined in __main__; the flow has its own copy, with the module name that workers can import.
    from jobs.commands.run import run_flow
    from jobs.flows import flow_of

    name = stage.name  # type: ignore[attr-defined]
    flow = flow_of(name)
    own = next(s for s in flow.stages if s.name == name)
    parser = argparse.ArgumentParser(description=(own.transform.__doc__ or name).splitlines()[0])
    add_run_arguments(parser)
    args = parser.parse_args()
    if code := guarded(lambda: run_flow(args, flow, (own,))):
        raise SystemExit(code)


def ingest_main(*command: str) -> None:
    """Run an ingest under spark-submit. It reads sources, which no stage does, and so is a run of its own."""
    main([*command, *sys.argv[1:]])


if __name__ == "__main__":
    main()
