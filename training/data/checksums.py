"""Files of numbers with a checksum of each block: written at places by many threads, mapped when they are whole."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

BLOCK = 1 << 24
CHECKED_BLOCKS = 64
T = TypeVar("T")
R = TypeVar("R")


def cores() -> int:
    """Those that this process may use. Reading, decoding and checksums of blocks run beside each other in threads."""
    return len(os.sched_getaffinity(0))


def each(work: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """work of every item, by all cores, in order; the first error in that order is raised, and nothing more begun."""
    waiting = iter(items)
    with ThreadPoolExecutor(cores(), "refinelake-data") as pool:
        ahead = [pool.submit(work, item) for item in islice(waiting, 2 * cores())]
        try:
            while ahead:
                yield ahead.pop(0).result()
                ahead += [pool.submit(work, item) for item in islice(waiting, 1)]
        finally:
            for future in ahead:
                future.cancel()


def put(file: int, array: npt.NDArray[Any], place: int) -> int:
    """Write the array at a byte of an open file, whoever else writes to it; returns the byte after it. Raises OSError.

    Written and not mapped: a full disk is an error then, and no signal that kills the process.
    """
    data = np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
    while len(data):
        done = os.pwrite(file, data, place)
        data, place = data[done:], place + done
    return place


def sums_of(file: Path) -> dict[str, Any]:
    """Size and checksums of a finished file, whose bytes are brought to the disk first."""
    with file.open("rb+") as opened:
        os.fsync(opened.fileno())
        size = os.fstat(opened.fileno()).st_size
    return {"size": size, "sums": list(each(lambda block: _sum(file, block), range(-(-size // BLOCK))))}


def _sum(file: Path, block: int) -> int:
    with file.open("rb") as opened:
        opened.seek(block * BLOCK)
        return zlib.crc32(opened.read(BLOCK))


def damage(file: Path, written: dict[str, Any], most: int | None = CHECKED_BLOCKS) -> str | None:
    """What is wrong with a file, None where size and checksums are right. Of a large one `most` blocks are looked at,
    both ends included; None for all of them.
    """
    size, sums = file.stat().st_size, written["sums"]
    if size != written["size"]:
        return f"{file}: expected {written['size']:,} bytes, found {size:,}"
    count = len(sums) if most is None else min(len(sums), most)
    chosen = np.unique(np.linspace(0, len(sums) - 1, count).astype(int)).tolist()
    found = each(lambda block: _sum(file, block), chosen)
    wrong = sum(one != sums[block] for block, one in zip(chosen, found, strict=True))
    return f"{file}: expected its checksums, found other bytes in {wrong} of {len(chosen)} blocks" if wrong else None


def mapped(file: Path, kind: Any, written: dict[str, Any]) -> npt.NDArray[Any]:
    """The numbers of a file, on the disk. Raises ValueError where size or checksums differ."""
    if why := damage(file, written):
        raise ValueError(why)
    if not written["size"]:
        return np.empty(0, dtype=kind)
    # A plain view: indexing a memmap object costs several times as much.
    return np.asarray(np.memmap(file, dtype=kind, mode="r")).view(np.ndarray)
