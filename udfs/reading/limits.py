"""What all archive formats share: limits that stop a bomb, names inside the tree, links that are not followed."""

from __future__ import annotations

import lzma
import posixpath
import re
import struct
import zipfile
import zlib
from dataclasses import dataclass, field

from udfs.reading.decoding import MAX_BYTES

BLOCK = 512
# Longer than any path or pax record; a header is the one thing that is held whole whatever its declared size.
MAX_HEADER = 1024**2
FOLDER_WITH_DATA = "an entry of a folder that has data"
# What file managers of macOS and Windows leave beside the one folder that was packed.
_BESIDE = re.compile(r"__MACOSX|\._.*|\.DS_Store|\.localized|Thumbs\.db|desktop\.ini", re.I | re.S)
DRIVE = re.compile(rb"[A-Za-z]:")
DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, OSError, ValueError, IndexError)


@dataclass(frozen=True)
class Limits:
    """How much one archive may hold. The ratio of unpacked to packed bytes is not judged below its floor."""

    max_total_bytes: int = 4 * 1024**3
    max_ratio: int = 200
    ratio_floor_bytes: int = 100 * 1000**2
    max_files: int = 500_000
    max_file_bytes: int = MAX_BYTES


@dataclass(frozen=True)
class Member:
    """A file of an archive. `data` is None exactly when there is a `problem`: one of link, link_outside, special_file,
    unsafe_path, repeated_path, too_large, encrypted, unsupported_compression. `commit` and `mtime` are set only in an
    archive that git made: elsewhere the times of members are often constants."""

    path: str
    size: int
    data: bytes | None
    problem: str | None = None
    detail: str | None = None
    mtime: float | None = None
    commit: str | None = None


class ArchiveError(ValueError):
    """The archive cannot be read as a whole; `reason` is the reject reason, `detail` says what was found."""

    def __init__(self, name: str, detail: str, reason: str = "corrupt_archive") -> None:
        super().__init__(name, detail, reason)
        self.name, self.detail, self.reason = name, detail, reason

    def __str__(self) -> str:
        return f"{self.name}: {self.detail}"


class BombError(ArchiveError):
    """The archive is over a limit; `reason` is bomb_total_size, bomb_ratio or bomb_file_count."""


@dataclass
class Meter:
    """What has come out of one pass so far. It stops a bomb at the byte or the file that proves it."""

    name: str
    packed: int
    limits: Limits
    out: int = 0
    files: int = 0

    def spend(self, amount: int) -> None:
        self.out += amount
        if self.out > self.limits.max_total_bytes:
            expected = f"at most {self.limits.max_total_bytes} bytes unpacked"
            self._stop("bomb_total_size", expected, f"at least {self.out}")
        if self.out > self.limits.ratio_floor_bytes and self.out > self.limits.max_ratio * self.packed:
            expected = f"at most {self.limits.max_ratio} bytes unpacked for each byte packed"
            self._stop("bomb_ratio", expected, f"at least {self.out} bytes from {self.packed}")

    def count(self) -> None:
        self.files += 1
        if self.files > self.limits.max_files:
            self._stop("bomb_file_count", f"at most {self.limits.max_files} members", "more")

    def _stop(self, reason: str, expected: str, found: str) -> None:
        detail = f"expected {expected}, found {found}: raise the limit if the archive is good"
        raise BombError(self.name, detail, reason)


@dataclass
class Names:
    """What the first pass learns: the index of the last member of each name, and the top directory they share."""

    last: dict[str, int] = field(default_factory=dict)
    tops: set[str] = field(default_factory=set)

    def add(self, index: int, raw: bytes) -> None:
        path, safe = clean(raw)
        if safe:
            self.last[path] = index
            top, slash, _ = path.partition("/")
            # Two tops already settle that nothing is shared.
            if len(self.tops) < 2 and not _BESIDE.fullmatch(top):
                self.tops.add(top + slash)

    def prefix(self) -> str:
        top = next(iter(self.tops)) if len(self.tops) == 1 else ""
        return top if top.endswith("/") else ""

    def place(self, index: int, raw: bytes, prefix: str) -> tuple[str, str | None]:
        """The path to report, and its problem if it has one."""
        path, safe = clean(raw)
        if not safe:
            return path, "unsafe_path"
        return path.removeprefix(prefix), None if self.last.get(path, index) == index else "repeated_path"


def clean(raw: bytes) -> tuple[str, bool]:
    """The path as text without empty and `.` parts, and whether it stays inside the tree on every system."""
    parts = [part for part in raw.split(b"/") if part not in (b"", b".")]
    unsafe = raw.startswith(b"/") or b"\\" in raw or b"\0" in raw or b".." in parts or not parts or DRIVE.match(raw)
    shown = raw.replace(b"\0", b"\\x00") if unsafe else b"/".join(parts)
    return shown.decode("utf-8", "backslashreplace"), not unsafe


def link_problem(raw: bytes, target: bytes, prefix: str, from_root: bool) -> tuple[str, str]:
    """A link is never followed; one that leaves the tree is told apart, for it was made to be."""
    base = b"" if from_root else posixpath.dirname(raw)
    end = posixpath.normpath(posixpath.join(base, target)) + b"/"
    odd = target.startswith(b"/") or b"\\" in target or b"\0" in target or bool(DRIVE.match(target))
    outside = odd or end.startswith(b"../") or not end.startswith(prefix.encode())
    return "link_outside" if outside else "link", f"to {target[:4096].decode('utf-8', 'backslashreplace')}"
