"""A filter of system calls as the kernel takes it: classic BPF over the number and the first argument.

Sources: linux/seccomp.h, linux/filter.h, linux/sched.h; the numbers are in udfs/data/execution_syscalls.json.
"""

from __future__ import annotations

import errno
import json
import platform
import struct
from functools import cache
from importlib import resources
from typing import Any

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _MACHINE, _FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_X32 = 0x40000000
"""Calls by another table of numbers, which a list of numbers would not see."""
_NAMESPACES = 0x7E020080
"""CLONE_NEW* of user, pid, net, ipc, uts, mount, cgroup and time."""


@cache
def _table() -> dict[str, Any]:
    text = (resources.files("udfs") / "data/execution_syscalls.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def known_machine() -> bool:
    return platform.machine() in _table()["machines"]


def program(sockets: bool) -> bytes:
    """The filter for this machine. `sockets`: whether they may be opened, as in a network of one's own.

    Raises ValueError on a machine whose numbers are not in the table.
    """
    table, machine = _table(), platform.machine()
    if machine not in table["machines"]:
        raise ValueError(f"seccomp: expected one of {', '.join(table['machines'])}, found {machine}")
    column = list(table["machines"]).index(machine)
    refused = [n[column] for n in (table["refused"] | ({} if sockets else table["sockets"])).values()]
    steps = [
        (_LOAD, 0, 0, _MACHINE),
        (_EQUAL, 1, 0, table["machines"][machine]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
    ]
    if machine == "x86_64":
        steps += [(_AT_LEAST, 0, 1, _X32), (_RETURN, 0, 0, _ERRNO | errno.ENOSYS)]
    for number in refused:
        steps += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ERRNO | errno.EPERM)]
    for numbers in table["not_there"].values():  # its flags lie in memory; C libraries then call clone
        steps += [(_EQUAL, 0, 1, numbers[column]), (_RETURN, 0, 0, _ERRNO | errno.ENOSYS)]
    steps += [
        (_EQUAL, 0, 3, table["clone"][column]),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_ANY_BIT, 0, 1, _NAMESPACES),
        (_RETURN, 0, 0, _ERRNO | errno.EPERM),
        (_RETURN, 0, 0, _ALLOW),
    ]
    return b"".join(struct.pack("HBBI", *step) for step in steps)
