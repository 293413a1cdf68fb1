"""Pinned real inputs by name: what is in a set, and how each registry's ordinary client fetches it.

Nothing that is fetched is ever run: source distributions come without building (unearth), npm packages by `npm pack`,
Debian packages by `apt-get download` with lists of its own, so that the system's stay untouched. Every archive is
checked against its SHA-256.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from filelock import FileLock

from jobs.runtime.places import made_folder

SETS = ("tiny", "demo", "bench")
ENCODER = "encoder"
_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


@dataclass(frozen=True)
class Archive:
    """One pinned archive. `source` is pypi-sdist, pypi-wheel, npm, deb or debsrc; `suite` names Debian's release."""

    source: str
    name: str
    version: str
    archive: str
    archive_bytes: int
    sha256: str
    declared_licence: str | None = None
    suite: str | None = None

    @property
    def source_id(self) -> str:
        """Unique in a set: a Debian source may have further archives, `NAME_VERSION.orig-COMPONENT.tar.gz`."""
        component = re.search(r"\.orig-([\w-]+)\.tar\.", self.archive)
        parts = (self.source, self.suite, self.name, self.version, component and component[1])
        return ":".join(x for x in parts if x)


def load_set(name: str) -> list[Archive]:
    """The archives of a set. Raises ValueError for an unknown one."""
    if name not in (*SETS, ENCODER):
        raise ValueError(f"{name}: expected one of the pinned sets {', '.join(SETS)}, found {name!r}")
    rows = json.loads(resources.files("jobs").joinpath("data/corpora.json").read_text())
    return [Archive(**row) for row in rows[name]]


def fetch(
    archives: Iterable[Archive], folder: Path, say: Callable[[str], None]
) -> tuple[list[Archive], dict[str, str]]:
    """Download what is not there yet. Returns the archives that are there and sound, and why each other is left out.

    Two fetches into one folder wait for each other: apt-get refuses lists that another process holds.
    """
    wanted = list(archives)
    made_folder(folder)
    with FileLock(folder / ".lock"):
        return _fetch(wanted, folder, say)


def _fetch(wanted: list[Archive], folder: Path, say: Callable[[str], None]) -> tuple[list[Archive], dict[str, str]]:
    missing = [a for a in wanted if not _sound(folder, a)]
    errors: dict[str, str] = {}
    groups: dict[str, list[Archive]] = {}
    for archive in missing:
        groups.setdefault(archive.source if archive.source != "debsrc" else "deb", []).append(archive)
    for source, group in groups.items():
        say(f"fetching {len(group)} of {source} ({sum(a.archive_bytes for a in group) / 1e6:.1f} MB)")
        try:
            _CLIENTS[source](group, folder)
        except (OSError, subprocess.SubprocessError) as e:
            errors |= {a.source_id: _say(e) for a in group}
    left_out = {a.source_id: errors.get(a.source_id) or _why(folder, a) for a in wanted if not _sound(folder, a)}
    return [a for a in wanted if a.source_id not in left_out], left_out


def write_manifest(archives: Iterable[Archive], folder: Path, target: Path) -> None:
    """One line per archive. A registry says neither stars nor commit times, so both stay unknown."""
    lines = []
    for a in archives:
        row = {"kind": "archive", "location": str(folder / a.archive), "source_id": a.source_id, "repo": a.name}
        licences = [a.declared_licence] if a.declared_licence else None
        lines.append(json.dumps(row | {"revision": a.version, "licences": licences}) + "\n")
    target.write_text("".join(lines), encoding="utf-8")


def _sound(folder: Path, a: Archive) -> bool:
    file = folder / a.archive
    return file.exists() and hashlib.sha256(file.read_bytes()).hexdigest() == a.sha256


def _why(folder: Path, a: Archive) -> str:
    file = folder / a.archive
    if not file.exists():
        return "the registry did not serve it"
    found = hashlib.sha256(file.read_bytes()).hexdigest()
    file.unlink()
    return f"expected SHA-256 {a.sha256}, found {found}; it was deleted"


def _say(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return f"{error.filename} is not on this machine"
    output = getattr(error, "stderr", None) or b""
    last = output.decode(errors="replace").strip().splitlines()[-1:] if output else []
    return f"{type(error).__name__}: {last[0] if last else error}"[:300]


def _run(command: list[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=900, stdin=subprocess.DEVNULL)


def _pypi(group: list[Archive], folder: Path) -> None:
    for a in group:
        kind = "--only-binary" if a.source == "pypi-wheel" else "--no-binary"
        pin = f"{a.name}=={a.version}"
        _run([sys.executable, "-m", "unearth", pin, kind, "--download", str(folder.absolute())], folder)


def _npm(group: list[Archive], folder: Path) -> None:
    for first in range(0, len(group), 8):
        some = group[first : first + 8]
        _run(["npm", "pack", "--silent", "--ignore-scripts", *(f"{a.name}@{a.version}" for a in some)], folder)


def _debian(group: list[Archive], folder: Path) -> None:
    """Each suite with package lists of its own; a package that is not served does not stop the others."""
    if shutil.which("apt-get") is None:
        raise FileNotFoundError(2, "not found", "apt-get")
    mirror = _mirror()
    for suite in sorted({a.suite for a in group if a.suite}):
        home = (folder / f".apt-{suite}").absolute()
        for part in ("lists/partial", "cache/archives/partial"):
            (home / part).mkdir(parents=True, exist_ok=True)
        (home / "status").touch()
        by = f"[signed-by={_KEYRING}] " if _KEYRING.exists() else ""
        kinds = sorted({"deb" if a.source == "deb" else "deb-src" for a in group if a.suite == suite})
        (home / "sources.list").write_text("".join(f"{kind} {by}{mirror} {suite} main\n" for kind in kinds))
        apt = ["apt-get", f"-oDir::Etc::sourcelist={home}/sources.list", "-oDir::Etc::sourceparts=/dev/null"]
        apt += [f"-oDir::State::Lists={home}/lists", f"-oDir::Cache={home}/cache"]
        apt += [f"-oDir::State::status={home}/status", "-oAPT::Sandbox::User=root"]
        _run([*apt, "update"], folder)
        for a in (a for a in group if a.suite == suite):
            _debian_package(apt, a, folder)


def _debian_package(apt: list[str], a: Archive, folder: Path) -> None:
    pin = f"{a.name}={a.version}"
    how = ["download", pin] if a.source == "deb" else ["source", "--download-only", "-oAPT::Get::Only-Source=true", pin]
    try:
        _run([*apt, *how], folder)
    except subprocess.CalledProcessError:
        return  # told apart from the others when the archive is looked for


def _mirror() -> str:
    """The Debian mirror that this machine's own apt uses. Raises FileNotFoundError where it uses none."""
    files = [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*"))]
    for file in (f for f in files if f.is_file() and f.suffix in (".list", ".sources")):
        for line in file.read_text(errors="replace").splitlines():
            found = re.search(r"^(?:URIs:|deb(?: \[[^]]*\])?)\s*(\S+/debian)/?(?:\s|$)", line.strip())
            if found:
                return found[1]
    raise FileNotFoundError(2, "not found", "a Debian mirror in apt's own settings")


_CLIENTS: dict[str, Callable[[list[Archive], Path], None]] = {
    "pypi-sdist": _pypi,
    "pypi-wheel": _pypi,
    "npm": _npm,
    "deb": _debian,
}
