"""python -m training COMMAND: the training half alone, for torchrun and for machines without Spark."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module

from training.commands import COMMANDS


def main() -> int:
    """The user's mistakes end in one message and exit code 2."""
    parser = argparse.ArgumentParser(prog="python -m training", description="Train from pinned token tables.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    wanted = next((a for a in sys.argv[1:] if not a.startswith("-")), None)
    for name, (module, doc) in COMMANDS.items():
        sub = commands.add_parser(name, help=doc, description=doc)
        if name == wanted:
            command = import_module(module)
            command.add_arguments(sub)
            sub.set_defaults(work=command.work)
    args = parser.parse_args()
    try:
        return int(args.work(args) or 0)
    except ValueError as error:
        print(f"refinelake: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
