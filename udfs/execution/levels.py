"""Which rungs of the ladder hold on this machine: a program tries each, and says which walls are not there."""

from __future__ import annotations

import os
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from udfs.execution import kernel, seccomp
from udfs.execution.asking import BrokenKeeper, Keepers
from udfs.execution.programs import LEVELS, MB, Limits

_REMEDY = {
    "bubblewrap": "install Debian's package bubblewrap and allow user namespaces (in a container: its seccomp and "
    "AppArmor profiles refuse them by default)",
    "landlock": "run a kernel from 5.13 on with Landlock among its LSMs, on x86_64 or aarch64",
    "rlimits": "run on Linux",
}
_LIMITS = Limits(cpu_seconds=5, memory=256 * MB, processes=32, open_files=61)
# Each line says what a wall would hide. $1 is a file outside, which exists and may be written by anybody.
_PROBE = """
ulimit -n
[ -n "$OUTSIDE" ] || echo "environment scrubbed"
echo written > here && cat here
( : < "$1" ) 2>/dev/null && echo "reads outside"
( : >> "$1" ) 2>/dev/null && echo "writes outside"
[ "$(cat /proc/1/comm 2>/dev/null)" = bwrap ] && echo "own processes"
[ "$(tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' ')" = lo ] && echo "own network"
grep -q 'Seccomp:.2' /proc/self/status && echo "filtered calls"
echo word >&3
"""
_WANTED = {
    "rlimits": {"61", "environment scrubbed", "written"},
    "landlock": {"61", "environment scrubbed", "written", "filtered calls"},
    "bubblewrap": {"61", "environment scrubbed", "written", "own processes", "own network"},
}
_UNWANTED = {
    "rlimits": set[str](),
    "landlock": {"reads outside", "writes outside"},
    "bubblewrap": {"reads outside", "writes outside"},
}


@cache
def probed() -> dict[str, str]:
    """Each level with what is amiss, "" where it holds. Tried once a process."""
    keepers = Keepers()
    try:
        return {level: _amiss(level, keepers) for level in LEVELS}
    finally:
        keepers.close()


def _amiss(level: str, keepers: Keepers) -> str:
    if level != "rlimits" and not seccomp.known_machine():
        return "the system calls of this machine are not in udfs/data/execution_syscalls.json"
    if level == "landlock" and not kernel.landlock_version():
        return "this kernel has no Landlock, or has it switched off"
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        outside = Path(folder) / "outside"
        outside.touch()
        outside.chmod(0o666)
        keeper = keepers.take()
        try:
            keeper.folder({"probe.sh": _PROBE.encode()}, level)
            environment = {"PATH": "/usr/bin:/bin"}
            argv = ("sh", "{program}/probe.sh", str(outside))
            return _compared(level, keeper.launch(argv, level, _LIMITS, environment))
        except BrokenKeeper as error:
            return str(error)
        finally:
            keepers.give(keeper)


def _compared(level: str, told: dict[str, Any]) -> str:
    said = told["stdout"]["text"].splitlines()
    if told["report"]["text"] != "word\n":
        return (told["stderr"]["text"].strip() or told["stopped"] or f"exit code {told['exit']}").splitlines()[-1]
    found = [f"expected {line}, found it not" for line in sorted(_WANTED[level] - set(said))]
    found += [f"a program {line}" for line in sorted(_UNWANTED[level] & set(said))]
    return ", ".join(found)


def strongest(need: str = "rlimits", only: str = "") -> str:
    """The highest level that holds here, or `only`. Raises ValueError where that is below the one needed."""
    for level in filter(None, (need, only)):
        if level not in LEVELS:
            raise ValueError(f"isolation {level}: expected one of {', '.join(LEVELS)}, found none of that name")
    found = probed()
    wanted = LEVELS[LEVELS.index(need) :]
    holding = [level for level in wanted if not found[level] and only in ("", level)]
    if not holding:
        below = [level for level in LEVELS if not found[level]]
        raise ValueError(
            f"isolation: expected {need} or better, found {below[-1] if below else 'no level that holds'} "
            f"({need}: {found[need]}); {_REMEDY[need]}, or ask for less"
        )
    return holding[-1]
