"""Where each record of a WARC file begins and ends, whatever its length field says.

A file is one stream (plain), or gzip members with a record each (or all records in one member). Nothing is held but
one record: a larger one than the limit is passed over. A record that cannot be read is a `Frame` with a problem, and
reading goes on behind it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO

from udfs.web.members import GZIP, PACKED, Member, member_after

_CHUNK = 64 * 1024
# WARC and HTTP headers of a record beside its page.
HEADERS = 128 * 1024
_END = b"\r\n\r\n"
_START = re.compile(rb"WARC/\d\.\d+\r?\n")
# Where the next record begins when a length is wrong: a version line behind an empty line.
_NEXT = re.compile(rb"\r?\n\r?\n(?=WARC/\d\.\d+\r?\n)")
# The same where nothing is in order, so that an empty line cannot be asked for.
_HEADER = re.compile(rb"(?=WARC/\d\.\d\r?\n(?:WARC|Content)-)")
_LENGTH = re.compile(rb"^content-length[ \t]*:[ \t]*(\d{1,18})[ \t]*\r?$", re.I | re.M)
_BEHIND = re.compile(rb"\r\n\r\n|\n\n")
_HEAD_END = re.compile(rb"\r?\n\r?\n")
# No pattern that is looked for is longer.
_LONGEST = 32


@dataclass(frozen=True)
class Frame:
    """The bytes of one record, header and block, or a `problem`: one of corrupt_record, truncated_record, too_large.

    `offset` is where to begin reading the file for it: of the record, or of the gzip member that holds it; `part`
    counts the records of one member from 0. `wrong_length` where the block does not have the length of its header.
    """

    offset: int
    part: int
    data: bytes | None
    problem: str | None = None
    detail: str | None = None
    wrong_length: bool = False


class _Stream:
    """A window on a stream of bytes that is read once."""

    def __init__(self, read: Callable[[], bytes]) -> None:
        self.read, self.buffer, self.at, self.ended, self.passed = read, b"", 0, False, 0

    def fill(self, size: int) -> bool:
        """Whether `size` bytes are there from here on, after reading what is needed."""
        if len(self.buffer) - self.at < size and not self.ended:
            parts, have = [self.buffer[self.at :]], len(self.buffer) - self.at
            while have < size and not self.ended:
                data = self.read()
                self.ended = not data
                parts.append(data)
                have += len(data)
            self.passed, self.at, self.buffer = self.passed + self.at, 0, b"".join(parts)
        return len(self.buffer) - self.at >= size

    def position(self) -> int:
        return self.passed + self.at

    def take(self, size: int) -> bytes:
        data = self.buffer[self.at : self.at + size]
        self.at += len(data)
        return data

    def pass_to_next(self, mark: re.Pattern[bytes]) -> int:
        """Go to the next `mark` or the end. Returns how many bytes were passed."""
        passed = 0
        while self.fill(_LONGEST + 1) or len(self.buffer) > self.at:
            found = mark.search(self.buffer, self.at)
            end = found.end() if found else len(self.buffer) - (0 if self.ended else _LONGEST)
            passed += end - self.at
            self.at = end
            if found:
                break
        return passed


def frames(file: IO[bytes], limit: int) -> Iterator[Frame]:
    """The records of a WARC file; a page is of `limit` bytes at most.

    A file cut anywhere gives every record before the cut. Raises what `file` raises and nothing else.
    """
    head = file.read(len(GZIP))
    file.seek(0)
    if head == GZIP[: len(head)] and head:
        yield from _members(file, limit)
        return
    yield from _framed(_Stream(lambda: file.read(_CHUNK)), limit, None)


def _members(file: IO[bytes], limit: int) -> Iterator[Frame]:
    member: Member | None = Member(file, 0, b"")
    while member is not None:
        part = 0
        for frame in _framed(_Stream(member.read), limit, member):
            # That the packing is cut or damaged is said once, below.
            if frame.problem != "truncated_record" or member.ended:
                part = frame.part + 1
                yield frame
        if not member.ended:
            problem = "corrupt_record" if member.problem else "truncated_record"
            yield Frame(member.offset, part, None, problem, member.problem or f"{PACKED}, found the end of the file")
        member, lost = member_after(file, member)
        if lost is not None:
            detail = f"{PACKED} or the next one at byte {lost}, found other bytes"
            yield Frame(lost, 0, None, "corrupt_record", detail)


def _framed(stream: _Stream, limit: int, member: Member | None) -> Iterator[Frame]:
    """The records of one stream; of a member they share the offset."""
    part = 0
    while _at_a_line(stream):
        yield _record(stream, limit, member, part)
        part += member is not None


def _at_a_line(stream: _Stream) -> bool:
    """Past the empty lines between records; False at the end."""
    while stream.fill(1):
        if stream.buffer[stream.at] not in b"\r\n\0":
            return True
        stream.at += 1
    return False


def _record(stream: _Stream, limit: int, member: Member | None, part: int) -> Frame:
    at = stream.position() if member is None else member.offset
    stream.fill(_LONGEST)
    if not _START.match(stream.buffer, stream.at):
        cut = len(stream.buffer) - stream.at < _LONGEST and b"WARC/".startswith(stream.buffer[stream.at :][:5])
        found = f"{stream.pass_to_next(_HEADER)} other bytes"
        problem = "truncated_record" if cut else "corrupt_record"
        return Frame(at, part, None, problem, f"expected a WARC header, found {found}")
    head = _head_size(stream)
    if head is None:
        passed = stream.pass_to_next(_NEXT)
        problem = "truncated_record" if stream.ended and passed < HEADERS else "corrupt_record"
        return Frame(at, part, None, problem, f"expected the end of a WARC header, found none in {passed} bytes")
    said = _LENGTH.search(stream.buffer, stream.at, stream.at + head)
    length = int(said[1]) if said else -1
    if 0 <= length <= limit + HEADERS and stream.fill(head + length) and _is_end(stream, head + length):
        return Frame(at, part, stream.take(head + length))
    return _of_wrong_length(stream, limit, member, part, head)


def _is_end(stream: _Stream, size: int) -> bool:
    """Whether a record of that size is followed by an empty line or nothing."""
    stream.fill(size + _LONGEST)
    end = stream.at + size
    if end == len(stream.buffer):
        return not stream.buffer.endswith(_END)
    return bool(_BEHIND.match(stream.buffer, end))


def _of_wrong_length(stream: _Stream, limit: int, member: Member | None, part: int, head: int) -> Frame:
    """A record without a length, or with one that is not its own, goes on to the next record or the end."""
    at = stream.position() if member is None else member.offset
    stream.fill(head + limit + HEADERS + _LONGEST)
    found = _NEXT.search(stream.buffer, stream.at + head - len(_END))
    end = found.start() if found else len(stream.buffer)
    if end - stream.at > head + limit + HEADERS:
        return _large(at, part, stream.pass_to_next(_NEXT), limit)
    if not found and not (member and member.ended):
        size = stream.pass_to_next(_NEXT)
        return Frame(at, part, None, "truncated_record", f"expected the end of the record, found none in {size} bytes")
    header = stream.take(head)
    block = stream.take(end - stream.at)
    block = block if found else block.removesuffix(_END)
    lines = _LENGTH.sub(b"", header).strip(b"\r\n")
    return Frame(at, part, b"%b\r\nContent-Length: %d\r\n\r\n%b" % (lines, len(block), block), wrong_length=True)


def _head_size(stream: _Stream) -> int | None:
    """Length of the header with its empty line."""
    for size in (4096, HEADERS):
        stream.fill(size)
        if found := _HEAD_END.search(stream.buffer, stream.at, stream.at + size):
            return found.end() - stream.at
    return None


def _large(at: int, part: int, size: int, limit: int) -> Frame:
    return Frame(at, part, None, "too_large", f"expected a page of at most {limit} bytes, found a record of {size}")
