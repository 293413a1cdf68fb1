"""Objects of a repository, one at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from udfs.reading.git_command import failure, process


@contextmanager
def objects(repository: Path) -> Iterator[Callable[[str, int], bytes | None]]:
    """`read(id, most)` gives the bytes of an object; None for one that is missing or longer.

    Raises RepositoryError where the repository is damaged.
    """
    with process(["cat-file", "--batch"], repository) as (requests, answers, complaints):

        def read(oid: str, most: int) -> bytes | None:
            requests.write(oid.encode() + b"\n")
            requests.flush()
            said = answers.readline().split()
            if said[1:] == [b"missing"]:
                return None
            if len(said) != 3 or not said[2].isdigit():
                raise failure(repository, "cat-file", complaints)
            size = int(said[2])
            data = answers.read(size + 1)
            if len(data) != size + 1:
                raise failure(repository, "cat-file", complaints)
            return data[:-1] if size <= most else None

        yield read
