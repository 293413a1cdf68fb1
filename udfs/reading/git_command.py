"""The git command on foreign repositories: a short way to run it, with nothing that it could run, fetch or inherit.

A repository is foreign input: its own configuration, hooks, replacements and remotes must not make git run or fetch
anything, so every call gets the environment of `_environment` and no inherited GIT_ variable.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

NETWORK = "git:http:https:ssh"
_REMOTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|[^/]+@[^/]+:")
_SETTINGS = (
    "safe.directory=*",
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "protocol.ext.allow=never",
    "log.showSignature=false",
    "log.showRoot=true",
    "diff.relative=false",
    "diff.orderFile=/dev/null",
)


class RepositoryError(ValueError):
    """The repository is there, but it is damaged or lacks the revision."""


class UnreachableError(OSError):
    """The repository cannot be reached now; trying again later may help."""


def is_remote(location: str) -> bool:
    """Whether `location` is a URL or user@host:path, and not a local path or file:// URL."""
    return bool(_REMOTE.match(location)) and not location.startswith("file://")


def local_path(location: str) -> Path:
    """The folder behind a path or a file:// URL."""
    return Path(os.path.realpath(location.removeprefix("file://")))


def _environment(protocols: str, folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return kept | {
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "true",
        "GIT_SSH_COMMAND": "ssh -oBatchMode=yes",
        "GIT_ALLOW_PROTOCOL": protocols,
        # A partial clone would fetch what it lacks, with commands that its own configuration names.
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_LITERAL_PATHSPECS": "1",
        # A folder inside some other repository is no repository.
        "GIT_CEILING_DIRECTORIES": str(folder.parent),
    }


def _command(arguments: list[str], folder: Path) -> list[str]:
    settings = [part for setting in _SETTINGS for part in ("-c", setting)]
    return ["git", *settings, "-C", str(folder), "--no-pager", *arguments]


def run(arguments: list[str], folder: Path, protocols: str = "none") -> subprocess.CompletedProcess[bytes]:
    """Run git in a folder, to its end."""
    environment = _environment(protocols, folder)
    return subprocess.run(_command(arguments, folder), env=environment, stdin=subprocess.DEVNULL, capture_output=True)


@contextmanager
def process(arguments: list[str], folder: Path) -> Iterator[tuple[IO[bytes], IO[bytes], IO[bytes]]]:
    """A running git: its input, its output and what it complains. Raises RepositoryError when it fails."""
    with (
        tempfile.TemporaryFile() as complaints,
        subprocess.Popen(
            _command(arguments, folder),
            env=_environment("none", folder),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            bufsize=1024**2,
        ) as process,
    ):
        assert process.stdin is not None and process.stdout is not None
        try:
            yield process.stdin, process.stdout, complaints
            process.stdin.close()
            if process.wait():
                raise failure(folder, arguments[0], complaints)
        finally:
            # A reader that stops early leaves git waiting on a full pipe.
            process.kill()


def failure(folder: Path, verb: str, complaints: IO[bytes]) -> RepositoryError:
    """What to raise where git did not answer as asked."""
    complaints.seek(0)
    found = complaints.read(4096).decode("utf-8", "replace").strip()
    return RepositoryError(f"{folder.name}: expected git {verb} to read it, found: {found or 'no answer'}")


def tokens(stream: IO[bytes]) -> Iterator[bytes]:
    """The NUL-terminated strings of a stream."""
    rest = b""
    while chunk := stream.read(256 * 1024):
        *whole, rest = (rest + chunk).split(b"\0")
        yield from whole
    if rest:
        yield rest


@contextmanager
def without_promises(repository: Path) -> Iterator[Path]:
    """The repository, or a bare one with the objects and references of a partial clone: git stops where a promised
    object is absent.
    """
    found = run(["rev-parse", "--git-path", "objects", "--git-path", "shallow"], repository).stdout
    objects, _, shallow = os.fsdecode(found).removesuffix("\n").partition("\n")
    if not any(Path(repository, objects, "pack").glob("*.promisor")):
        yield repository
        return
    with tempfile.TemporaryDirectory(prefix="refinelake-git-") as folder:
        form = run(["rev-parse", "--show-object-format"], repository).stdout.decode().strip() or "sha1"
        bare, link = Path(folder, repository.name + ".git"), Path(folder, "objects")
        run(["init", "--quiet", "--bare", "--template=", f"--object-format={form}", str(bare)], Path(folder))
        # Through a link, for the path of the repository may hold letters that mean something in the list.
        link.symlink_to(Path(repository, objects).resolve())
        Path(bare, "objects", "info").mkdir(exist_ok=True)
        Path(bare, "objects", "info", "alternates").write_text(f"{link}\n")
        if Path(repository, shallow).is_file():
            Path(bare, "shallow").write_bytes(Path(repository, shallow).read_bytes())
        names = run(["for-each-ref", "--format=%(objectname) %(refname)"], repository).stdout
        Path(bare, "packed-refs").write_bytes(names)
        if head := run(["rev-parse", "--quiet", "--verify", "HEAD"], repository).stdout:
            Path(bare, "HEAD").write_bytes(head)
        yield bare
