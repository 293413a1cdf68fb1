"""Sources of kind `ids`: a list, the place of its texts, and the units that are read side by side.

Units are parts of the list. Where texts are a parquet set its files are units too, each with the texts that the list
asks for; a part of the list then tells what is missing. What a unit gives hangs on the whole place of texts, so its
fingerprint does: an id that is missing today may be there tomorrow.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
from fsspec.implementations.local import LocalFileSystem

from udfs.reading.ids import columns, lists, mirrors, objects, sets
from udfs.reading.ids.lists import Id
from udfs.reading.ids.outcome import malformed
from udfs.reading.limits import Limits
from udfs.reading.listing import stamped
from udfs.reading.units import Record, Unit, digest, file_system

TEXTS_KINDS = ("git", "objects", "parquet")
_PART = re.compile(r"(.*)#(\d+)of(\d+)", re.S)
_TEXTS = "#texts"


def state(unit: Unit) -> dict[str, str]:
    """{unit: fingerprint}. Raises what the list or the place of texts raises when it cannot be reached."""
    files = _lists(unit)
    texts = _set(unit) if unit.texts_kind == "parquet" else {}
    place = digest(sorted(texts.items())) if texts else _place(unit)
    about = digest([unit.texts, unit.texts_kind, unit.columns, unit.revision, place])
    found = {}
    for location, stamp in files.items():
        number = lists.parts(location)
        for part in range(number):
            found[f"{location}#{part + 1}of{number}" if number > 1 else location] = digest([stamp, about])
    every = digest([sorted(files.items()), unit.columns])
    return found | {f"{location}{_TEXTS}": digest([stamp, every]) for location, stamp in texts.items()}


def _place(unit: Unit) -> str:
    assert unit.texts is not None
    if unit.texts_kind == "objects":
        return objects.stamp(unit.texts, unit.revision)
    return mirrors.stamp(_local(unit.texts))


def _local(location: str) -> str:
    files, path = file_system(location)
    if not isinstance(files, LocalFileSystem):
        raise ValueError(
            f"{location}: expected git mirrors in a folder of this machine, found a store: git reads none; mount it"
        )
    return str(path)


def _set(unit: Unit) -> dict[str, str]:
    assert unit.texts is not None
    return stamped(unit.texts, (".parquet",), "parquet files")


def _lists(unit: Unit) -> dict[str, str]:
    return stamped(unit.location, lists.ENDINGS, "lists of ids")


def size(location: str) -> int:
    """Bytes of a unit: of a file of texts those it has; what the ids of a part will bring nobody knows."""
    if not location.endswith(_TEXTS):
        return 0
    files, path = file_system(location.removesuffix(_TEXTS))
    return int(files.size(path))


def records(unit: Unit, location: str, limits: Limits) -> Iterator[Record]:
    """The records of one unit. Of a list that is damaged, or names nothing, the last one says so and voids the unit."""
    try:
        yield from _records(unit, location, limits.max_file_bytes)
        return
    except (pa.ArrowException, EOFError, zlib.error) as error:
        reason, detail = "corrupt_ids", f"{location}: expected a list or set that can be read, found damage ({error})"
    except ValueError as error:
        reason, detail = "unknown_layout", str(error)
    except OSError as error:
        # pyarrow and gzip report damage as OSError too, but without the number that the system gives to its own.
        if error.errno is not None:
            raise
        reason, detail = "corrupt_ids", f"{location}: expected a list or set that can be read, found damage ({error})"
    yield Record(reason=reason, detail=detail[:1000])


def _records(unit: Unit, location: str, most: int) -> Iterator[Record]:
    named = columns.given(unit.columns)
    if location.endswith(_TEXTS):
        yield from sets.wanted(location.removesuffix(_TEXTS), list(_lists(unit)), named, most)
        return
    cut = _PART.fullmatch(location)
    place, part, number = (cut[1], int(cut[2]) - 1, int(cut[3])) if cut else (location, 0, 1)
    of = lists.found(place, named)
    rows = lists.rows(place, of, part, number)
    if unit.texts_kind == "parquet":
        yield from sets.missing(rows, list(_set(unit)), named)
        return
    store = objects.Objects(unit.texts, most) if unit.texts_kind == "objects" and unit.texts else None
    for some in rows if store else lists.by_repository(rows):
        ids = some.ids()
        yield from (malformed(i) for i in ids if i.problem)
        good = [i for i in ids if not i.problem]
        yield from _resolved(unit, store, good, most)


def _resolved(unit: Unit, store: Any, ids: Sequence[Id], most: int) -> Iterator[Record]:
    if store is not None:
        return objects.resolved(store, ids, most)
    assert unit.texts is not None
    return mirrors.resolved(_local(unit.texts), ids, unit.revision, most)
