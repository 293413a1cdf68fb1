"""The command line that puts a program into namespaces of its own: no network, nobody's processes, few files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence

_SYSTEM = (
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/etc/alternatives",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
    "/etc/ssl/openssl.cnf",
    "/etc/mono",
    "/etc/php",
)
"""What compilers and interpreters of a distribution read, where it is there; of /etc nothing that is secret."""
# As root --unshare-all alone would leave user 0 inside.
_NAMESPACES = (
    *("--unshare-all", "--unshare-user", "--uid", "65534", "--gid", "65534", "--cap-drop", "ALL", "--disable-userns"),
    *("--die-with-parent", "--new-session", "--clearenv", "--hostname", "sandbox"),
)
NOBODY = 65534


def system_paths() -> list[str]:
    java = [f"/etc/{name}" for name in sorted(os.listdir("/etc")) if name.startswith("java-")]
    return [path for path in (*_SYSTEM, *java) if os.path.lexists(path)]


def command(
    argv: Sequence[str],
    environment: Mapping[str, str],
    tools: Iterable[str],
    program: str,
    writable: bool,
    disk: int,
    seccomp: int,
    files: Mapping[str, int],
) -> list[str]:
    """bwrap's arguments. `tools`: folders outside of the system's; `program`: the folder seen as /program.

    `seccomp` and the values of `files` (name in the working folder -> content) are open descriptors.
    """
    found = ["bwrap", *_NAMESPACES]
    for path in system_paths():
        if os.path.islink(path) and os.path.dirname(path) == "/":
            found += ["--symlink", os.readlink(path), path]
        else:
            found += ["--ro-bind", path, path]
    for path in tools:
        found += ["--ro-bind", path, path]
    found += ["--proc", "/proc", "--dev", "/dev", "--size", str(disk), "--tmpfs", "/dev/shm"]
    found += ["--size", str(disk), "--tmpfs", "/tmp", "--size", str(disk), "--tmpfs", "/work"]
    found += ["--bind" if writable else "--ro-bind", program, "/program"]
    for name, descriptor in files.items():
        found += ["--file", str(descriptor), f"/work/{name}"]
    for name, value in environment.items():
        found += ["--setenv", name, value]
    # The root and /dev are file systems in memory without a bound: nothing is written there.
    found += ["--remount-ro", "/dev", "--remount-ro", "/", "--seccomp", str(seccomp)]
    return [*found, "--chdir", "/program" if writable else "/work", "--", *argv]
