"""Whose mistake an error is."""

from __future__ import annotations

import traceback

from schemas.identity import PROJECT


def is_ours(error: BaseException) -> bool:
    """Whether the project raised it: the innermost frame is in one of its files. A library's ValueError is no message
    for a user.
    """
    frames = list(traceback.walk_tb(error.__traceback__))
    return bool(frames) and str(frames[-1][0].f_globals.get("__name__", "")).split(".")[0] in (*PROJECT, "__main__")
