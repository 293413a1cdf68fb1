"""python -m training COMMAND: the training half alone, for torchrun and for machines without Spark."""

from __future__ import annotations

import sys

from schemas.command_line import parsed
from schemas.errors import is_ours
from training.commands import COMMANDS
from training.spikes import Stuck

LAUNCHERS = ("--local_rank", "--deepspeed")
"""What DeepSpeed's launchers add to a script's arguments; ranks know it from their environment."""


def main() -> int:
    """The user's mistakes end in one message and exit code 2, a full disk and a run that does not go on in 1."""
    given = [word for word in sys.argv[1:] if word.partition("=")[0] not in LAUNCHERS]
    args = parsed("python -m training", "Train from pinned token tables.", COMMANDS, given)
    try:
        return int(args.work(args) or 0)
    except ValueError as error:
        print(f"refinelake: {error}", file=sys.stderr)
        return 2
    except (OSError, Stuck) as error:
        if not is_ours(error):
            raise
        print(f"refinelake: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
