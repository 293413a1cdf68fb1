"""python -m training COMMAND: the training half alone, for torchrun and for machines without Spark."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module

from training.commands import COMMANDS

LAUNCHERS = ("--local_rank", "--deepspeed")
"""What DeepSpeed's launchers add to a script's arguments; ranks know it from their environment."""


def main() -> int:
    """The user's mistakes end in one message and exit code 2."""
    parser = argparse.ArgumentParser(prog="python -m training", description="Train from pinned token tables.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    given = [a for a in sys.argv[1:] if a.partition("=")[0] not in LAUNCHERS]
    wanted = next((a for a in given if not a.startswith("-")), None)
    for name, (module, doc) in COMMANDS.items():
        sub = commands.add_parser(name, help=doc, description=doc)
        if name == wanted:
            command = import_module(module)
            command.add_arguments(sub)
            sub.set_defaults(work=command.work)
    args = parser.parse_args(given)
    try:
        return int(args.work(args) or 0)
    except ValueError as error:
        print(f"refinelake: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
