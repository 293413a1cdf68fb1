"""Members of an archive, one at a time, never on disk as files; a bomb is refused before a member comes out.

Every archive is read twice. The first pass sees names and sizes only; from it the common top directory, the last of
several members of one name and whether a limit is broken are known before anything is emitted. A packed tar is
unpacked once: up to the limits its bytes stay in memory or in one temporary file until the second pass is over.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from os import PathLike
from typing import IO

from udfs.reading.limits import BLOCK, ArchiveError, BombError, Limits, Member, Meter
from udfs.reading.tar import Slice, ar_member, tar_members
from udfs.reading.zip import zip_members

_ZIP = (b"PK\3\4", b"PK\5\6", b"PK\7\x08PK\3\4")
# A zip may follow a program that unpacks or runs it: zipapp, pex and shiv by `#!`, installers of Windows and Linux.
_BEFORE_A_ZIP = (b"#!", b"MZ", b"\x7fELF")

__all__ = ["ArchiveError", "BombError", "Limits", "Member", "members"]


def members(source: str | PathLike[str] | IO[bytes], name: str, limits: Limits | None = None) -> Iterator[Member]:
    """The files of the archive, in its order. `source` is a local path or a seekable file, `name` is for messages.

    Raises ArchiveError when the archive is damaged or of no known format, BombError when it is over a limit.
    """
    limits = limits or Limits()
    if isinstance(source, str | PathLike):
        with open(source, "rb") as file:
            yield from members(file, name, limits)
        return
    packed = source.seek(0, io.SEEK_END)
    source.seek(0)
    head = source.read(BLOCK)
    if head.startswith(_ZIP) or (head.startswith(_BEFORE_A_ZIP) and zipfile.is_zipfile(source)):
        yield from zip_members(source, name, limits, packed)
    elif head.startswith(b"!<arch>\n"):
        inner = ar_member(source, name, packed)
        yield from tar_members(inner, Meter(name, inner.size, limits), strip=False)
    else:
        yield from tar_members(Slice(source, 0, packed), Meter(name, packed, limits), strip=True)
