"""Gzip members of a file, one after the other, also where there is damage between them."""

from __future__ import annotations

import zlib
from typing import IO

GZIP = b"\x1f\x8b\x08"
PACKED = "expected the end of a gzip member"
_CHUNK = 64 * 1024
_MOST_OUT = 256 * 1024
# So much of a member is unpacked to see whether it is one.
_SEEN = 4096


class Member:
    """One gzip member from `offset` on, unpacked as it is read; `packed` was read before. When it has `ended`, it was
    whole, its check sum was right, and `packed` is what follows, up to the place `at` of the file.
    """

    def __init__(self, file: IO[bytes], offset: int, packed: bytes) -> None:
        self.file, self.offset, self.packed, self.at = file, offset, packed, offset + len(packed)
        self.codec = zlib.decompressobj(wbits=31)
        self.ended, self.problem = False, ""

    def read(self) -> bytes:
        while not self.codec.eof and not self.problem:
            if not self.packed:
                self.file.seek(self.at)
                self.packed = self.file.read(_CHUNK)
                self.at += len(self.packed)
                if not self.packed:
                    return b""
            try:
                out = self.codec.decompress(self.packed, _MOST_OUT)
            except zlib.error as error:
                self.problem = f"expected gzip data, found damage ({error})"
                return b""
            self.ended = self.codec.eof
            self.packed = self.codec.unused_data if self.ended else self.codec.unconsumed_tail
            if out:
                return out
        return b""


def _next_member(file: IO[bytes], start: int) -> int | None:
    """Where the next gzip member with a record begins, at `start` or behind it."""
    while True:
        file.seek(start)
        data = file.read(_CHUNK)
        found = data.find(GZIP)
        if found < 0:
            if len(data) < _CHUNK:
                return None
            start += len(data) - len(GZIP) + 1
        elif _is_record(file, start + found):
            return start + found
        else:
            start += found + 1


def _is_record(file: IO[bytes], offset: int) -> bool:
    """Three bytes of a mark turn up by chance in packed data; the unpacked beginning of a record does not. A member
    too short to tell is taken: it says itself that it is cut."""
    file.seek(offset)
    data = file.read(_SEEN)
    try:
        head = zlib.decompressobj(wbits=31).decompress(data, 64)
    except zlib.error:
        return False
    return b"WARC/".startswith(head.lstrip()[:5]) if len(data) < _SEEN else head.lstrip().startswith(b"WARC/")


def member_after(file: IO[bytes], member: Member) -> tuple[Member | None, int | None]:
    """The next member that holds a record, and where other bytes than padding stand before it."""
    if member.ended and member.packed.startswith(GZIP):
        return Member(file, member.at - len(member.packed), member.packed), None
    start = member.at - len(member.packed) if member.ended else member.offset + 1
    offset = _next_member(file, start)
    file.seek(start)
    between = file.read(_CHUNK if offset is None else min(offset - start, _CHUNK))
    is_lost = member.ended and between.strip(b"\0\r\n")
    return None if offset is None else Member(file, offset, b""), start if is_lost else None
