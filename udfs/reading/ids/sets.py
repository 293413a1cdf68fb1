"""Texts from a parquet set: which of its rows a list asks for, and which ids of a list no row is for.

Both sides may have more rows than memory holds. A file of the set is read once, for all lists: its keys in chunks,
past which the lists are drawn, and then the texts that they named. What is missing is found the other way round, by
drawing the keys of the set past a part of a list. So texts are read once, and keys once for each chunk or part.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from udfs.reading.columns import texts as texts_of
from udfs.reading.ids import lists, names
from udfs.reading.ids.columns import Columns, joined, of_set
from udfs.reading.ids.lists import Id, Rows
from udfs.reading.ids.outcome import malformed, refused, text_of, too_large
from udfs.reading.units import Record, file_system

_KEYS = 262_144
"""Keys of a set held at once, and ids that asked for them."""
_GATHERED = 1_048_576
"""Ids of a part that the keys of the set are drawn past at once."""
_TEXTS = 64
_DIGITS = 7
"""Of commits, which some lists cut to so many."""
_Pairs = tuple[tuple[str, str], ...]


class _List(NamedTuple):
    location: str
    columns: Columns


def wanted(place: str, from_lists: Sequence[str], named: Mapping[str, str], most: int) -> Iterator[Record]:
    """The texts of one file of a set that lists ask for. Raises ValueError where columns do not fit, and pyarrow's
    errors where a file is damaged.
    """
    with _opened(place) as parquet:
        of = of_set(parquet.schema_arrow.names, named, place)
        for pairs, asking in _asking(from_lists, named, of, place).items():
            for groups in _chunks(parquet):
                keys = pc.unique(_column_of_keys(parquet, groups, pairs))
                for ids in _asked(asking, pairs, keys):
                    yield from _texts(parquet, groups, of, pairs, ids, most)


def _asking(from_lists: Sequence[str], named: Mapping[str, str], of: Columns, place: str) -> dict[_Pairs, list[_List]]:
    """The lists that can be joined to a file of a set, by what joins them. Raises ValueError where they are joined by
    nothing.
    """
    found: dict[_Pairs, list[_List]] = {}
    unfit: ValueError | None = None
    for location in from_lists:
        with _told_by_its_unit():
            columns = lists.found(location, named)
            try:
                found.setdefault(tuple(joined(columns, of, place)), []).append(_List(location, columns))
            except ValueError as error:
                unfit = unfit or error
    if unfit and not found:
        raise unfit
    return found


def missing(rows: Iterator[Rows], places: Sequence[str], named: Mapping[str, str]) -> Iterator[Record]:
    """The ids of a part of a list that no file of the set has a text for, and its rows that are no ids."""
    for held in lists.gathered(rows, _GATHERED):
        left = held
        for place in places:
            left = _without(left, place, named)
        lacking = {number for some in left for number in some.numbers.to_pylist()}
        for i in (i for some in held for i in some.ids()):
            if i.problem:
                yield malformed(i)
            elif i.row in lacking:
                yield refused(i, "text_missing", "expected a row of the set, found none")


def _without(held: list[Rows], place: str, named: Mapping[str, str]) -> list[Rows]:
    """The rows that a file of the set has no text for; all where it cannot be read, which its own unit tells."""
    if not held:
        return held
    with _told_by_its_unit(), _opened(place) as parquet:
        pairs = tuple(joined(held[0].of, of_set(parquet.schema_arrow.names, named, place), place))
        for groups in _chunks(parquet):
            keys = _column_of_keys(parquet, groups, pairs)
            masks = [pc.invert(pc.is_in(_list_keys(some, pairs), value_set=keys, skip_nulls=True)) for some in held]
            held = [some.where(mask) for some, mask in zip(held, masks, strict=True) if pc.any(mask).as_py()]
    return held


@contextmanager
def _told_by_its_unit() -> Iterator[None]:
    """Past a list or a file of the set that cannot be read, or says nothing: one among many, and a unit of its own."""
    try:
        yield
    except (pa.ArrowException, EOFError, zlib.error, ValueError):
        pass
    except OSError as error:
        # pyarrow and gzip report damage as OSError too, but without the number that the system gives to its own.
        if error.errno is not None:
            raise


@contextmanager
def _opened(place: str) -> Iterator[Any]:
    files, path = file_system(place)
    with files.open(path, "rb") as file, pq.ParquetFile(file) as parquet:
        yield parquet


def _chunks(parquet: Any) -> Iterator[list[int]]:
    """Row groups that follow each other, with at most so many rows as keys are held; a larger one is alone."""
    groups: list[int] = []
    rows = 0
    for group in range(parquet.num_row_groups):
        more = parquet.metadata.row_group(group).num_rows
        if groups and rows + more > _KEYS:
            yield groups
            groups, rows = [], 0
        groups.append(group)
        rows += more
    if groups:
        yield groups


def _column_of_keys(parquet: Any, groups: list[int], pairs: _Pairs) -> Any:
    read = parquet.iter_batches(lists.ROWS, groups, [name for _, name in pairs], use_threads=False)
    return pa.chunked_array([_set_keys(batch, pairs) for batch in read], pa.string()).combine_chunks()


def _set_keys(batch: pa.RecordBatch, pairs: _Pairs) -> Any:
    columns = [batch.column(name) for _, name in pairs]
    if len(pairs) == 1:
        return names.hashes(columns[0])
    return _key(names.repositories(columns[0]), names.paths(columns[1]), [names.texts(c) for c in columns[2:]])


def _list_keys(rows: Rows, pairs: _Pairs) -> Any:
    if len(pairs) == 1:
        return names.hashes(rows.read[pairs[0][0]])
    return _key(rows.repositories(), rows.paths(), [rows.texts(name) for name, _ in pairs[2:]])


def _key(repo: Any, path: Any, commit: list[Any]) -> Any:
    return pc.binary_join_element_wise(repo, path, *(pc.utf8_slice_codeunits(c, 0, _DIGITS) for c in commit), "\0")


def _asked(asking: Sequence[_List], pairs: _Pairs, keys: Any) -> Iterator[dict[str, list[Id]]]:
    """The ids that ask for these keys, by key, no more at a time than are held."""
    held: dict[str, list[Id]] = {}
    number = 0
    for some in (some for each in asking for some in _readable(each)):
        mine = _list_keys(some, pairs)
        mask = pc.is_in(mine, value_set=keys, skip_nulls=True)
        for key, i in zip(mine.filter(mask).to_pylist(), some.where(mask).ids(), strict=True):
            if i.problem is None:
                held.setdefault(key, []).append(i)
                number += 1
        if number >= _KEYS:
            yield held
            held, number = {}, 0
    if held:
        yield held


def _readable(asking: _List) -> Iterator[Rows]:
    """The rows of a list, up to where it is damaged."""
    with _told_by_its_unit():
        yield from lists.rows(asking.location, asking.columns, most=_KEYS)


def _texts(
    parquet: Any, groups: list[int], of: Columns, pairs: _Pairs, ids: dict[str, list[Id]], most: int
) -> Iterator[Record]:
    """The records of the ids, in the set's order. Of several rows with one key the first is taken."""
    assert of.text is not None
    wanted = list(dict.fromkeys([*(name for _, name in pairs), of.text, *([of.encoding] if of.encoding else [])]))
    for batch in parquet.iter_batches(_TEXTS, groups, wanted, use_threads=False):
        keys = _set_keys(batch, pairs).to_pylist()
        if ids.keys().isdisjoint(keys):
            continue
        data = _bytes(batch.column(of.text), of.text)
        said = texts_of(batch.column(of.encoding)) if of.encoding else [None] * len(keys)
        for n, key in enumerate(keys):
            for i in ids.pop(key, ()):
                yield _record(i, data[n], said[n], most)


def _bytes(array: Any, name: str) -> list[bytes | None]:
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    try:
        return list(array.cast(pa.large_binary(), safe=False).to_pylist())
    except pa.ArrowException as error:
        raise ValueError(f"{name}: expected texts or bytes, found {array.type} ({error})") from error


def _record(i: Id, data: bytes | None, encoding: str | None, most: int) -> Record:
    if data is None:
        return refused(i, "text_missing", "expected a text in the set's row, found none")
    if len(data) > most:
        return too_large(i, most, len(data))
    # What was converted is no longer what was hashed; the set's word stands for it.
    original = (encoding or i.encoding or "utf-8").lower()
    converted = original not in ("utf-8", "utf8", "ascii", "us-ascii")
    return text_of(i._replace(hashes=()) if converted else i, data)
