"""Texts from content objects: a folder or store of files that are called as the hash of what they hold.

An export of Software Heritage and its bucket are such places: `content/<sha1>` packed with gzip, or spread over
folders by the first digits. A file is whatever its content says, packed or not; nobody has to say by which hash.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from fsspec.implementations.local import LocalFileSystem

from udfs.reading.ids import hashes
from udfs.reading.ids.lists import Id
from udfs.reading.ids.outcome import malformed, refused, text_of, too_large
from udfs.reading.units import Record, file_system

_AT_ONCE = 32
"""Objects asked for together: waiting for a store is shared, and no more than so many are in memory."""
_GZIP = b"\x1f\x8b"
_FORMS: tuple[Callable[[str], str], ...] = (
    lambda name: name,
    lambda name: f"{name[:2]}/{name[2:4]}/{name}",
    lambda name: f"{name[:2]}/{name}",
    lambda name: f"{name[:2]}/{name[2:4]}/{name[4:6]}/{name}",
    lambda name: f"{name[:2]}/{name[2:]}",
)
_PLACES = tuple((form, ending) for form in _FORMS for ending in ("", ".gz"))

_Answer = bytes | OSError | None


class Objects:
    """The objects of one place. Where the last ones were found is looked at first."""

    def __init__(self, location: str, most: int) -> None:
        self._files, self._root = file_system(location)
        self._most = most
        self._places = list(_PLACES)

    def read(self, names: Sequence[str]) -> dict[str, bytes | OSError]:
        """What is stored of these names, up to one byte over the limit; or why a local file cannot be read."""
        found: dict[str, bytes | OSError] = {}
        hits: dict[int, int] = {}
        for number, place in enumerate(self._places):
            left = [name for name in names if name not in found]
            if not left:
                break
            paths = [f"{self._root}/{place[0](name)}{place[1]}" for name in left]
            for name, answer in zip(left, self._answers(paths), strict=True):
                if answer is not None:
                    found[name] = answer
                    hits[number] = hits.get(number, 0) + 1
        if hits:
            self._places.insert(0, self._places.pop(max(hits, key=lambda n: (hits[n], -n))))
        return found

    def _answers(self, paths: list[str]) -> list[_Answer]:
        if isinstance(self._files, LocalFileSystem):
            return [_local(path, self._most + 1) for path in paths]
        ends = [self._most + 1] * len(paths)
        found = self._files.cat_ranges(paths, [0] * len(paths), ends, on_error="return")
        return [_remote(answer) for answer in found]


def _local(path: str, most: int) -> _Answer:
    try:
        with open(path, "rb") as file:
            return file.read(most)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError as error:
        return error


def _remote(answer: Any) -> _Answer:
    """A store that fails may be better later; one that lacks an object says so."""
    if isinstance(answer, FileNotFoundError):
        return None
    if isinstance(answer, BaseException):
        raise answer
    return bytes(answer)


def resolved(objects: Objects, ids: Sequence[Id], most: int) -> Iterator[Record]:
    """What a place has for each id, in order."""
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        names = list(dict.fromkeys(name for i in some for name in i.hashes if hashes.is_hash(name)))
        stored = objects.read(names)
        yield from (_record(i, stored, most) for i in some)


def _record(i: Id, stored: dict[str, bytes | OSError], most: int) -> Record:
    names = [name for name in i.hashes if hashes.is_hash(name)]
    if not names:
        expected = "expected 40 or 64 hexadecimal digits of a content's hash"
        return malformed(i._replace(path=f"row {i.row}", repo=None, problem=f"{expected}, found {i.hashes!r}"))
    name = next((n for n in names if n in stored), None)
    if name is None:
        return refused(i, "object_missing", f"content {', '.join(names)}")
    data = stored[name]
    if isinstance(data, OSError):
        return refused(i, "unreadable", data.strerror)
    if len(data) <= most and data.startswith(_GZIP) and not hashes.is_of(data, [name]):
        data = _unpacked(data, most + 1)
    return too_large(i, most) if len(data) > most else text_of(i._replace(hashes=(name,)), data)


def _unpacked(data: bytes, most: int) -> bytes:
    """The first bytes of what is packed. Damage shows by the hash of what comes out."""
    try:
        return zlib.decompressobj(wbits=31).decompress(data, most)
    except zlib.error:
        return b""


def stamp(location: str, revision: str | None) -> str:
    """A digest that moves when objects come or go. Of a local place it is made from the times of its folders, for an
    object never changes; a store of billions cannot be listed, so it is taken to be as it was until the manifest
    gives it another revision.
    """
    files, root = file_system(location)
    digest = hashlib.sha256(f"{location}\0{revision}".encode())
    if not isinstance(files, LocalFileSystem):
        return digest.hexdigest()
    if not os.path.isdir(root):
        raise FileNotFoundError(f"{location}: expected a folder of content objects, found none: check the path")
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        info = os.stat(folder)
        digest.update(f"{os.path.relpath(folder, root)}\0{info.st_mtime_ns}\0".encode("utf-8", "surrogateescape"))
        # Two links are the folder's own: it has no folders in it, and its files need not be listed.
        if info.st_nlink != 2:
            with os.scandir(folder) as entries:
                waiting += sorted((entry.path for entry in entries if entry.is_dir()), reverse=True)
    return digest.hexdigest()
