"""Lists of ids: parquet, JSON lines or CSV, packed or not, some rows at a time; parts of one are read side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import count, islice
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from udfs.reading import columns
from udfs.reading.ids import names
from udfs.reading.ids.columns import Columns, of_list
from udfs.reading.ids.lines import column, opened
from udfs.reading.ids.lines import rows as rows_of
from udfs.reading.units import file_system

ENDINGS = tuple(
    f"{end}{packed}" for end in (".parquet", ".jsonl", ".json", ".ndjson", ".csv", ".tsv") for packed in ("", ".gz")
)
ROWS = 65_536
"""Rows at a time: some 50 MB once they are Python's."""
_PART_ROWS = 1_000_000
_SORTED = 524_288
# A text list is read to its end by each of its parts, and only the work is shared out.
_PART_BYTES, _MOST_PARTS, _PACKED = 64 * 1024**2, 16, 4
_SAMPLE = 100


class Id(NamedTuple):
    """A row of a list, numbered from 1 over the whole file. One that names nothing to be looked for has a `problem`."""

    row: int
    problem: str | None
    repo: str | None
    path: str
    commit: str | None
    encoding: str | None
    licences: tuple[str, ...] | None
    stars: int | None
    commit_time: datetime | None
    hashes: tuple[str, ...]


def parts(location: str) -> int:
    """Into how many parts a list is cut. Only sizes and a parquet file's footer are looked at."""
    files, path = file_system(location)
    if _is_parquet(path):
        try:
            with files.open(path, "rb") as file, pq.ParquetFile(file) as parquet:
                return max(1, min(int(parquet.num_row_groups), -(-int(parquet.metadata.num_rows) // _PART_ROWS)))
        except pa.ArrowException:  # damage: whoever reads it says so, and the other lists are read
            return 1
    size = int(files.size(path)) * (_PACKED if path.endswith(".gz") else 1)
    return max(1, min(_MOST_PARTS, -(-size // _PART_BYTES)))


def found(location: str, named: Mapping[str, str]) -> Columns:
    """The columns of a list. Raises ValueError, naming the file, and pyarrow's errors where it is damaged."""
    files, path = file_system(location)
    if _is_parquet(path):
        with files.open(path, "rb") as file, pq.ParquetFile(file) as parquet:
            return of_list(parquet.schema_arrow.names, named, location)
    with opened(files, path) as stream:
        seen = [row for row in islice(rows_of(stream, path), _SAMPLE) if isinstance(row, dict)]
    every = list(dict.fromkeys(name for row in seen for name in row))
    if not every:
        raise ValueError(f"{location}: expected a list of ids, one object or record a line, found no line of that kind")
    return of_list(every, named, location)


class Rows(NamedTuple):
    """Rows of a list as they are stored, with their numbers, and what is wrong with lines that could not be read. Only
    those that are asked for are looked at closely.
    """

    of: Columns
    numbers: Any
    read: dict[str, Any]
    problems: Any

    def where(self, mask: Any) -> Rows:
        """Some of the rows."""
        read = {name: array.filter(mask) for name, array in self.read.items()}
        return Rows(self.of, self.numbers.filter(mask), read, self.problems.filter(mask))

    def ids(self) -> list[Id]:
        """The rows as ids, with what is wrong with them."""
        of, size = self.of, len(self.numbers)
        hashes = [names.hashes(self.read[name]).to_pylist() for name in of.hashes]
        facts = ((of.licences, columns.text_lists), (of.stars, columns.counts), (of.commit_time, columns.times))
        values = [
            self.numbers.to_pylist(),
            self.problems.to_pylist(),
            *(array.to_pylist() for array in (self.repositories(), self.paths(), self.texts(of.commit))),
            self.texts(of.encoding).to_pylist(),
            *(reader(self.read[name]) if name else [None] * size for name, reader in facts),
        ]
        named = zip(*hashes, strict=True) if hashes else ((),) * size
        return [_id(row, tuple(h for h in of if h)) for row, of in zip(zip(*values, strict=True), named, strict=True)]

    def repositories(self) -> Any:
        """Their repositories, as we spell them."""
        return names.repositories(self.read[self.of.repo]) if self.of.repo else self.texts(None)

    def paths(self) -> Any:
        """Their paths in these."""
        found = names.paths(self.read[self.of.path]) if self.of.path else self.texts(None)
        return _with_names(found, self.texts(self.of.name)) if self.of.name else found

    def texts(self, name: str | None) -> Any:
        """A column of texts; nulls where the list has none."""
        return names.texts(self.read[name]) if name else pa.nulls(len(self.numbers), pa.string())


def rows(location: str, of: Columns, part: int = 0, number: int = 1, most: int | None = None) -> Iterator[Rows]:
    """A part of a list, or all of it, some rows at a time."""
    files, path = file_system(location)
    if not _is_parquet(path):
        yield from _text_rows(files, path, of, part, number)
        return
    with files.open(path, "rb") as file, pq.ParquetFile(file) as parquet:
        first, last = (parquet.num_row_groups * n // number for n in (part, part + 1))
        row = 1 + sum(parquet.metadata.row_group(group).num_rows for group in range(first))
        wanted = of.wanted()
        for batch in parquet.iter_batches(most or ROWS, range(first, last), wanted, use_threads=False):
            yield _rows_of({name: batch.column(name) for name in wanted}, of, range(row, row + len(batch)))
            row += len(batch)


def gathered(some: Iterable[Rows], most: int) -> Iterator[list[Rows]]:
    """Rows put together until they are so many."""
    held: list[Rows] = []
    for rows_ in some:
        held.append(rows_)
        if sum(len(each.numbers) for each in held) >= most:
            yield held
            held = []
    if held:
        yield held


def by_repository(some: Iterable[Rows]) -> Iterator[Rows]:
    """The rows with those of one repository beside each other, as far as they are held at once: unpacked columns take
    a fifth of what Python takes for them.
    """
    for held in gathered(some, _SORTED):
        numbers, problems = (pa.concat_arrays([getattr(each, n) for each in held]) for n in ("numbers", "problems"))
        table = pa.concat_tables([pa.table(each.read) for each in held]).unify_dictionaries()
        order = pc.sort_indices(pa.concat_arrays([each.repositories() for each in held]))
        for start in range(0, len(order), ROWS):
            mine = order.slice(start, ROWS)
            read = {name: table[name].take(mine).combine_chunks() for name in table.column_names}
            yield Rows(held[0].of, numbers.take(mine), read, problems.take(mine))


def _id(values: tuple[Any, ...], hashes: tuple[str, ...]) -> Id:
    row, problem, repo, path, commit, encoding, licences, stars, commit_time = values
    problem = problem or _problem(repo, path, commit, hashes)
    if problem:  # called as its row, for nothing that it says is to be trusted
        return Id(row, problem, None, f"row {row}", None, None, None, None, None, hashes)
    # Without a path a file is called as its content.
    said = None if licences is None else tuple(licences)
    return Id(row, None, repo or None, path or hashes[0], commit or None, encoding, said, stars, commit_time, hashes)


def _problem(repo: str | None, path: str | None, commit: str | None, hashes: Sequence[str]) -> str | None:
    if not hashes and not (repo and path):
        return f"expected a hash, or a repository and a path, found {repo or 'no repository'}, {path or 'no path'}"
    if repo and not names.is_repository(repo):
        return f"expected a repository as owner/name, found {repo[:200]!r}"
    if path and not names.is_path(path):
        return f"expected a path inside of the repository, found {path[:200]!r}"
    if commit and not names.is_commit(commit):
        return f"expected a commit, found {commit[:200]!r}"
    return None


def _rows_of(read: dict[str, Any], of: Columns, numbers: range, problems: Any = None) -> Rows:
    nothing = pa.nulls(len(numbers), pa.string())
    return Rows(of, pa.array(numbers, pa.int64()), read, nothing if problems is None else problems)


def _with_names(paths: Any, files: Any) -> Any:
    """Some releases of a list have the folder in one column and the name in another, some the whole path in one."""
    pairs = zip(paths.to_pylist(), files.to_pylist(), strict=True)
    return pa.array([_joined(path or "", name or "") for path, name in pairs], pa.string())


def _joined(path: str, name: str) -> str:
    if not name or path == name or path.endswith(f"/{name}"):
        return path
    return f"{path.rstrip('/')}/{name}".lstrip("/")


def _is_parquet(path: str) -> bool:
    return path.endswith((".parquet", ".parq"))


def _text_rows(files: Any, path: str, of: Columns, part: int, number: int) -> Iterator[Rows]:
    """Every so many rows are one part's, in turn: what is neighbours in the list stays so."""
    with opened(files, path) as stream:
        read = rows_of(stream, path)
        first = 1
        for turn in count():
            chunk = list(islice(read, ROWS))
            if not chunk:
                return
            if turn % number == part:
                yield _of_objects(chunk, of, first)
            first += len(chunk)


def _of_objects(chunk: Sequence[dict[str, Any] | str], of: Columns, first: int) -> Rows:
    objects = [row if isinstance(row, dict) else {} for row in chunk]
    problems = pa.array([row if isinstance(row, str) else None for row in chunk], pa.string())
    read = {name: column([row.get(name) for row in objects], name == of.licences) for name in of.wanted()}
    return _rows_of(read, of, range(first, first + len(chunk)), problems)
