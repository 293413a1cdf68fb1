"""The command line that puts a program into namespaces of its own: no network, nobody's processes, few files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath

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
_ALWAYS = ("--die-with-parent", "--new-session", "--clearenv", "--hostname", "sandbox")
# As root --unshare-all alone would leave user 0 inside.
_OWN_NAMESPACE = (
    *("--unshare-all", "--unshare-user", "--uid", "65534", "--gid", "65534", "--cap-drop", "ALL", "--disable-userns"),
    *_ALWAYS,
)
# As root, with a user namespace made before: the kernel counts no processes of user 0, so the program becomes another.
_GIVEN_NAMESPACE = (
    *("--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try", "--cap-drop", "ALL"),
    *("--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", *_ALWAYS),
)
_BECOME = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps=-all", "--")
NOBODY = 65534
BOX = "/box"
"""Where a program and its working folder are inside: a place that no tool lies in."""
_WORK = f"{BOX}/work"


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
    namespace: int | None,
    files: Mapping[str, int],
) -> list[str]:
    """bwrap's arguments. `tools`: folders outside of the system's; `program`: the folder seen as /box/program.

    `seccomp`, `namespace` and the values of `files` (name in the working folder -> content) are open descriptors.
    """
    found = ["bwrap", *(_OWN_NAMESPACE if namespace is None else ("--userns", str(namespace), *_GIVEN_NAMESPACE))]
    found += _file_systems(tools, disk)
    found += ["--bind" if writable else "--ro-bind", program, f"{BOX}/program"]
    for name, descriptor in files.items():
        found += ["--file", str(descriptor), f"{_WORK}/{name}"]
    for name, value in environment.items():
        found += ["--setenv", name, value]
    # The root and /dev are file systems in memory without a bound: nothing is written there.
    found += ["--remount-ro", "/dev", "--remount-ro", "/", "--seccomp", str(seccomp)]
    return [
        *found,
        "--chdir",
        f"{BOX}/program" if writable else _WORK,
        "--",
        *(() if namespace is None else _BECOME),
        *argv,
    ]


def _bound(path: str) -> list[str]:
    """To be read at its own place, whose folders are open: made by bwrap itself they would be root's alone."""
    found = []
    for above in reversed(list(PurePath(path).parents)[:-1]):
        found += ["--perms", "0755", "--dir", str(above)]
    return [*found, "--ro-bind", path, path]


def _file_systems(tools: Iterable[str], disk: int) -> list[str]:
    found = []
    for path in system_paths():
        is_link = os.path.islink(path) and os.path.dirname(path) == "/"
        found += ["--symlink", os.readlink(path), path] if is_link else _bound(path)
    found += ["--proc", "/proc", "--dev", "/dev", "--perms", "0755", "--dir", BOX]
    for place in ("/dev/shm", "/tmp", _WORK):
        found += ["--perms", "1777", "--size", str(disk), "--tmpfs", place]
    for path in tools:  # they may lie below /tmp
        found += _bound(path)
    return found
