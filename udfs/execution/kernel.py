"""Calls to the kernel that Python has no name for: prctl, Landlock, seccomp. Made before exec, by one thread.

Sources: linux/prctl.h, linux/landlock.h, linux/seccomp.h.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
from collections.abc import Iterable

_LIBC = ctypes.CDLL(None, use_errno=True)
_PDEATHSIG, _DUMPABLE, _SECCOMP, _SUBREAPER, _NO_NEW_PRIVILEGES = 1, 4, 22, 36, 38
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every machine
_VERSION_FLAG, _PATH_BENEATH = 1, 1
_CLONE_NEWUSER = 0x10000000

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_TRUNCATE, _DEVICE = 1 << 14, 1 << 15
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _DEVICE
READ = _EXECUTE | _READ_FILE | _READ_DIR
WRITE = (1 << 16) - 1
_FILE_RIGHTS_OF = {1: 13, 2: 14, 3: 15, 4: 15}
"""Bits of file rights by version of Landlock; from 5 on there are 16."""


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("rights", ctypes.c_uint64), ("folder", ctypes.c_int32))


class _Filter(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


def _prctl(option: int, value: object) -> None:
    if _LIBC.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {option}")


def become_subreaper() -> None:
    _prctl(_SUBREAPER, ctypes.c_ulong(1))


def hide_memory() -> None:
    """Nobody of the same user may read this process's memory or descriptors through /proc or ptrace."""
    _prctl(_DUMPABLE, ctypes.c_ulong(0))


def die_with_parent() -> None:
    _prctl(_PDEATHSIG, ctypes.c_ulong(9))


def no_new_privileges() -> None:
    """No set-user-id program gives back what is taken away from here on; Landlock and seccomp ask for it."""
    _prctl(_NO_NEW_PRIVILEGES, ctypes.c_ulong(1))


def filter_calls(program: bytes) -> None:
    """This process and all that come from it make no call that the program refuses."""
    # SECCOMP_MODE_FILTER
    chain = _Filter(len(program) // 8, program)
    if _LIBC.prctl(_SECCOMP, ctypes.c_ulong(2), ctypes.byref(chain), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "seccomp")


def user_namespace(inside: int, outside: int) -> int:
    """A descriptor of a user namespace in which 0 is this user and `inside` is `outside`. For root, with one thread.

    Raises OSError where that is not allowed.
    """
    ready, write = os.pipe()
    pid = os.fork()
    if not pid:
        os.write(write, b"y" if _LIBC.unshare(_CLONE_NEWUSER) == 0 else b"n")
        signal.pause()
    try:
        os.close(write)
        if os.read(ready, 1) != b"y":
            raise PermissionError("a user namespace")
        for kind in ("uid", "gid"):
            with open(f"/proc/{pid}/{kind}_map", "w") as out:
                out.write(f"0 {os.geteuid()} 1\n{inside} {outside} 1\n")
        return os.open(f"/proc/{pid}/ns/user", os.O_RDONLY)
    finally:
        os.close(ready)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def landlock_version() -> int:
    """0 where this kernel has none, or has it switched off."""
    return max(0, int(_LIBC.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION_FLAG))))


def confine(readable: Iterable[str], writable: Iterable[str]) -> None:
    """From here on this process reads and runs what lies below `readable`, writes below `writable`, nothing else.

    Where the kernel has it: binds and connects no TCP port, signals nobody outside. Raises OSError.
    """
    version = landlock_version()
    files = (1 << _FILE_RIGHTS_OF.get(version, 16)) - 1
    rules = _Ruleset(files, 3 if version >= 4 else 0, 3 if version >= 6 else 0)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    fd = _LIBC.syscall(_CREATE_RULESET, ctypes.byref(rules), ctypes.c_size_t(size), ctypes.c_uint32(0))
    if fd < 0:
        raise OSError(ctypes.get_errno(), "landlock")
    try:
        for rights, paths in ((READ, readable), (WRITE, writable)):
            for path in paths:
                with contextlib.suppress(FileNotFoundError):
                    _allow(fd, path, rights & files)
        if _LIBC.syscall(_RESTRICT_SELF, ctypes.c_int(fd), ctypes.c_uint32(0)) != 0:
            raise OSError(ctypes.get_errno(), "landlock")
    finally:
        os.close(fd)


def _allow(rules: int, path: str, rights: int) -> None:
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        if not os.path.isdir(path):
            rights &= _OF_FILES
        rule = _Beneath(rights, place)
        if _LIBC.syscall(_ADD_RULE, ctypes.c_int(rules), _PATH_BENEATH, ctypes.byref(rule), ctypes.c_uint32(0)) != 0:
            raise OSError(ctypes.get_errno(), f"landlock: {path}")
    finally:
        os.close(place)
