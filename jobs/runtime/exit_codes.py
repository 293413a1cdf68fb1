"""What an error means to who called: an exit code, and one message where it is one that says what to do."""

from __future__ import annotations

import os
import select
import sys

from schemas.errors import is_ours

_NAMED = {"QualityError": 3, "LeaseError": 4}
"""By name, so that a command without Spark imports none of it."""

UNREAD = 141
"""What a shell shows of a command whose reader has ended, as `| head` does: 128 and the number of SIGPIPE."""


def nobody_reads() -> bool:
    """Whether standard output is a pipe whose reader has gone; what Python still holds for it is then thrown away."""
    watched = select.poll()
    watched.register(1, 0)
    if not any(event & select.POLLERR for _, event in watched.poll(0)):
        return False
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return True


def told(error: Exception) -> tuple[int, str | None]:
    """(exit code, message); no message for what nobody foresaw. 1: our fault; 2: the user's; 3: failed checks; 4:
    another run writes.
    """
    if isinstance(error, ValueError) and is_ours(error):
        return 2, str(error)
    if type(error).__name__ in _NAMED:
        return _NAMED[type(error).__name__], str(error)
    if "pyspark" not in sys.modules:
        return 1, None
    from jobs.runtime.endings import last_words

    return 1, last_words(error)
