"""python -m training COMMAND: the training half alone, for torchrun and for machines without Spark."""

from __future__ import annotations

import sys

from schemas.command_line import parsed
from training.commands import COMMANDS

LAUNCHERS = ("--local_rank", "--deepspeed")
"""What DeepSpeed's launchers add to a script's arguments; ranks know it from their environment."""


def main() -> int:
    """The user's mistakes end in one message and exit code 2."""
    given = [word for word in sys.argv[1:] if word.partition("=")[0] not in LAUNCHERS]
    args = parsed("python -m training", "Train from pinned token tables.", COMMANDS, given)
    try:
        return int(args.work(args) or 0)
    except ValueError as error:
        print(f"refinelake: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
