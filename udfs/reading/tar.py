"""Tar under any compression, streamed; also the data.tar of a Debian package and of a gem."""

from __future__ import annotations

import bz2
import io
import lzma
import re
import tempfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any

import zstandard

from udfs.reading.limits import (
    BLOCK,
    FOLDER_WITH_DATA,
    MAX_HEADER,
    ArchiveError,
    Limits,
    Member,
    Meter,
    Names,
    link_problem,
)

_CHUNK = 256 * 1024
# Of an unpacked tar; a larger one goes to a file.
_MOST_IN_MEMORY = 64 * 1024**2
_LZMA_MEMORY = 512 * 1024**2
_ZERO = bytes(BLOCK)
_A_HEADER = "a tar header (or a zip, .whl, .gem, .deb or .crate)"
_REGULAR, _WITHOUT_DATA = (b"0", b"\0", b"7"), (b"1", b"2", b"3", b"4", b"5", b"6")
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_SECONDS = re.compile(rb"[+-]?\d{1,18}(?:\.\d{0,18})?")
_MAGIC = ((b"\x1f\x8b", "gz"), (b"BZh", "bz2"), (b"\xfd7zXZ\0", "xz"), (b"\x28\xb5\x2f\xfd", "zst"))


class Slice:
    """A range of bytes of a seekable file, read as a file of its own (an archive inside a .deb or a .gem)."""

    def __init__(self, file: IO[bytes], start: int, size: int) -> None:
        self.file, self.start, self.size, self.at = file, start, size, 0

    def rewind(self) -> None:
        self.at = 0
        self.file.seek(self.start)

    def read(self, amount: int = -1) -> bytes:
        left = self.size - self.at
        data = self.file.read(left if amount < 0 else min(amount, left))
        self.at += len(data)
        return data


class _Inflater:
    """Bounded reads from concatenated gzip, bzip2 or xz streams, with an error when the last one has no end."""

    def __init__(self, source: Slice, name: str, new: Callable[[], Any], magic: bytes) -> None:
        self.source, self.name, self.new, self.magic = source, name, new, magic
        self.codec, self.unread = new(), b""

    def read(self, amount: int) -> bytes:
        while True:
            if self.codec.eof and not self._next_stream():
                return b""
            data = self.unread
            if not data and getattr(self.codec, "needs_input", True):
                data = self.source.read(_CHUNK)
            try:
                out: bytes = self.codec.decompress(data, amount)
            except (zlib.error, lzma.LZMAError, OSError, EOFError) as error:
                raise ArchiveError(self.name, f"expected compressed data, found damage ({error})") from error
            self.unread = getattr(self.codec, "unconsumed_tail", b"")
            if out:
                return out
            if not data and not self.codec.eof and getattr(self.codec, "needs_input", True):
                detail = "expected the end of the compressed data, found it cut short: fetch it again"
                raise ArchiveError(self.name, detail)

    def _next_stream(self) -> bool:
        rest = self.codec.unused_data
        if len(rest) < len(self.magic):
            rest += self.source.read(_CHUNK)
        # What follows and is no further stream is padding; gzip and xz pass over it as well.
        if not rest.startswith(self.magic):
            return False
        self.codec, self.unread = self.new(), rest
        return True


class _Unpacked(io.RawIOBase):
    """The unpacked bytes of a tar, metered and copied; io.BufferedReader goes around it."""

    def __init__(self, source: Slice, meter: Meter, copy: IO[bytes]) -> None:
        source.rewind()
        head = source.read(6)
        source.rewind()
        self.meter, self.copy = meter, copy
        self.packing = next((kind for magic, kind in _MAGIC if head.startswith(magic)), None)
        codecs: dict[str, tuple[Callable[[], Any], bytes]] = {
            "gz": (lambda: zlib.decompressobj(wbits=31), b"\x1f\x8b"),
            "bz2": (bz2.BZ2Decompressor, b"BZh"),
            "xz": (lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_LZMA_MEMORY), b"\xfd7zXZ\0"),
        }
        self.pull: Callable[[int], bytes] = source.read
        if self.packing == "zst":
            # Any: the reader needs no more of a file than its read method.
            file: Any = source
            unpacker = zstandard.ZstdDecompressor()
            self.pull = unpacker.stream_reader(file, read_size=_CHUNK, read_across_frames=True).read
        elif self.packing:
            self.pull = _Inflater(source, meter.name, *codecs[self.packing]).read

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self.pull(len(buffer))
        except zstandard.ZstdError as error:
            raise ArchiveError(self.meter.name, f"expected zstandard data, found damage ({error})") from error
        self.meter.spend(len(data))
        if self.packing:
            self.copy.write(data)
        buffer[: len(data)] = data
        return len(data)


@dataclass(slots=True)
class _Entry:
    name: bytes
    link: bytes
    size: int
    kind: bytes
    mtime: float | None
    commit: str | None
    offset: int

    def is_file(self) -> bool:
        return self.kind in _REGULAR and not self.name.endswith(b"/")

    def is_listed(self) -> bool:
        """Directories and volume labels are no files, and nothing is lost with them."""
        return self.is_file() or self.kind not in (*_REGULAR, b"5", b"V", b"D")

    def is_folder_with_data(self) -> bool:
        return self.kind in _REGULAR and self.size > 0 and not self.is_file()


class _Tar:
    """The entries of a tar, strictly: a tar that stops without its end mark is an error. What it unpacks is copied."""

    def __init__(self, source: Slice, meter: Meter, copy: IO[bytes]) -> None:
        self.meter, raw = meter, _Unpacked(source, meter, copy)
        self.packing = raw.packing
        self.stream = io.BufferedReader(raw, _CHUNK)
        self.commit: str | None = None
        self.start = 0

    def entries(self) -> Iterator[_Entry]:
        """Each entry, without its data. Entries of headers are taken in, not given out."""
        offset, extra = 0, dict[str, bytes]()
        while (header := self._header()) is not None:
            kind, size, offset = header[156:157], self._number(header[124:136]), offset + BLOCK
            if kind in (b"x", b"X", b"g", b"L", b"K"):
                if not 0 <= size <= MAX_HEADER:
                    raise self._damage(f"an extended header of at most {MAX_HEADER} bytes", f"{size}")
                extra |= self._extra(kind, self._read(size))
            else:
                entry = self._entry(header, kind, size, extra, offset)
                if kind == b"S":
                    offset += self._pass_sparse_map(header)
                size = entry.size
                self.meter.count()
                self._skip(size)
                yield entry
                extra = {}
            self._skip(-size % BLOCK)
            offset += size + -size % BLOCK

    def drain(self) -> None:
        """Read what follows the end mark: it counts, and the check sum of the compression stands behind it."""
        while self.stream.read(_CHUNK):
            pass

    def _header(self) -> bytes | None:
        header = self.stream.read(BLOCK)
        if header == _ZERO:
            return None
        # gzip, bzip2 and xz say themselves that nothing is missing; some writers rely on it and leave the mark out.
        if not header and self.packing in ("gz", "bz2", "xz"):
            return None
        if len(header) < BLOCK:
            raise self._damage("the end mark of a tar", "the end of the file")
        stored, unsigned = self._number(header[148:156]), _sum(header) - sum(header[148:156]) + 8 * 32
        if stored != unsigned:
            # Some old writers summed signed bytes.
            signed = unsigned - 256 * sum(byte > 127 for byte in header[:148] + header[156:])
            if stored != signed:
                raise self._damage(_A_HEADER, "other bytes")
        return header

    def _entry(self, header: bytes, kind: bytes, size: int, extra: dict[str, bytes], offset: int) -> _Entry:
        name, link = _until_nul(header[:100]), _until_nul(header[157:257])
        if header[257:263] == b"ustar\0" and header[345] and kind != b"S":
            name = _until_nul(header[345:500]) + b"/" + name
        if any(key.startswith("GNU.sparse") for key in extra):
            kind = b"S"
        try:
            size = int(extra.get("size", size))
        except ValueError as error:
            raise self._damage("numbers in the extended header", "others") from error
        mtime = self._time(header, extra.get("mtime"))
        if size < 0:
            raise self._damage("the size of a member", f"{size}")
        name, link = extra.get("path", name), extra.get("linkpath", link)
        return _Entry(name, link, 0 if kind in _WITHOUT_DATA else size, kind, mtime, self.commit, offset)

    def _time(self, header: bytes, extended: bytes | None) -> float | None:
        """Only a fact about the member: it is none where it is no number, and the member stays."""
        if extended:
            return float(extended) if _SECONDS.fullmatch(extended) else None
        try:
            return self._number(header[136:148])
        except ArchiveError:
            return None

    def _extra(self, kind: bytes, data: bytes) -> dict[str, bytes]:
        if kind in (b"L", b"K"):
            return {"path" if kind == b"L" else "linkpath": _until_nul(data)}
        records, at = dict[str, bytes](), 0
        while at < len(data) and data[at]:
            digits, _, _ = data[at : at + 20].partition(b" ")
            end = at + int(digits) if digits.isdigit() else 0
            key, equals, value = data[at + len(digits) + 1 : end - 1].partition(b"=")
            if not equals or end > len(data):
                raise self._damage("records of an extended header", "other bytes")
            records[key.decode("utf-8", "backslashreplace")] = value
            at = end
        if kind == b"g":
            comment = records.get("comment", b"").decode("ascii", "replace")
            self.commit = comment if _COMMIT.fullmatch(comment) else self.commit
            return {}
        return records

    def _pass_sparse_map(self, header: bytes) -> int:
        more, passed = header[482], 0
        while more:
            more, passed = self._read(BLOCK)[504], passed + BLOCK
        return passed

    def _number(self, digits: bytes) -> int:
        if digits[0] & 0x80:
            # Base 256 in two's complement below the marking bit.
            bits = 8 * len(digits) - 1
            value = int.from_bytes(digits, "big") - (1 << bits)
            return value - (1 << bits) if value >> (bits - 1) else value
        try:
            return int(_until_nul(digits).strip() or b"0", 8)
        except ValueError as error:
            raise self._damage(_A_HEADER, "other bytes") from error

    def _read(self, size: int) -> bytes:
        data = self.stream.read(size)
        if len(data) < size:
            raise self._damage(f"{size} bytes of a member", f"{len(data)}")
        return data

    def _skip(self, size: int) -> None:
        while size > 0:
            size -= len(self._read(min(size, _CHUNK)))

    def _damage(self, expected: str, found: str) -> ArchiveError:
        return ArchiveError(self.meter.name, f"expected {expected}, found {found} ({self.meter.out} bytes unpacked)")


def _until_nul(digits: bytes) -> bytes:
    return digits.partition(b"\0")[0]


def _sum(header: bytes) -> int:
    """The sum of a header's bytes, in compiled code: the low half of Adler-32 is one more, exact for 256 bytes."""
    half = BLOCK // 2
    return (zlib.adler32(header[:half]) & 0xFFFF) + (zlib.adler32(header[half:]) & 0xFFFF) - 2


def tar_members(source: Slice, meter: Meter, strip: bool) -> Iterator[Member]:
    """Two passes, for names decide about each other; the second is over the copy that the first one unpacks."""
    names, gem, entries = Names(), dict[bytes, _Entry](), list[_Entry]()
    with tempfile.SpooledTemporaryFile(_MOST_IN_MEMORY, prefix="refinelake-") as copy:
        tar = _Tar(source, meter, copy)
        for index, entry in enumerate(tar.entries()):
            entries.append(entry)
            if entry.is_listed():
                names.add(index, entry.name)
            if entry.name in (b"data.tar.gz", b"metadata.gz"):
                gem[entry.name] = entry
        tar.drain()
        if len(gem) == 2 and tar.packing is None:
            inner = Slice(source.file, source.start + gem[b"data.tar.gz"].offset, gem[b"data.tar.gz"].size)
            yield from tar_members(inner, Meter(meter.name, inner.size, meter.limits), strip=False)
            return
        prefix = names.prefix() if strip else ""
        file, start = (copy, 0) if tar.packing else (source.file, source.start)
        for index, entry in enumerate(entries):
            if entry.is_listed() or entry.is_folder_with_data():
                path, problem = names.place(index, entry.name, prefix)
                data = None
                if entry.is_file() and entry.size <= meter.limits.max_file_bytes:
                    file.seek(start + entry.offset)
                    data = file.read(entry.size)
                yield _tar_member(entry, data, path, problem, prefix, meter.limits)


def _tar_member(
    entry: _Entry, data: bytes | None, path: str, problem: str | None, prefix: str, limits: Limits
) -> Member:
    detail = None
    if problem is None and entry.kind in (b"1", b"2"):
        problem, detail = link_problem(entry.name, entry.link, prefix, from_root=entry.kind == b"1")
    elif problem is None and entry.is_folder_with_data():
        problem, detail = "special_file", FOLDER_WITH_DATA
    elif problem is None and not entry.is_file():
        problem, detail = "special_file", f"tar entry of type {entry.kind!r}"
    elif problem is None and data is None:
        problem, detail = "too_large", f"expected at most {limits.max_file_bytes} bytes, found {entry.size}"
    mtime = entry.mtime if entry.commit else None
    return Member(path, entry.size, None if problem else data, problem, detail, mtime, entry.commit)


def ar_member(file: IO[bytes], name: str, packed: int) -> Slice:
    """The data.tar of a Debian package."""
    at = 8
    while at + 60 <= packed:
        file.seek(at)
        header = file.read(60)
        size = header[48:58].strip()
        if header[58:] != b"`\n" or not size.isdigit() or at + 60 + int(size) > packed:
            raise ArchiveError(name, f"expected an ar header and its data at byte {at}, found other bytes or the end")
        if header.startswith(b"data.tar"):
            return Slice(file, at + 60, int(size))
        at += 60 + int(size) + int(size) % 2
    raise ArchiveError(name, "expected a .deb, found an ar archive without data.tar")
