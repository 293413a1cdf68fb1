"""The order of documents: a keyed hash of their content ids, a function of seed, epoch and rows and of nothing else.

Ids are rows of four uint64, the 32 bytes of the SHA-256 read big-endian, so that comparing rows word by word is
comparing the hexadecimal text. Paths, row groups and the order of files have no part in any of this.
"""

from __future__ import annotations

import hashlib
import itertools

import numpy as np
import numpy.typing as npt

U64 = npt.NDArray[np.uint64]
I64 = npt.NDArray[np.int64]
I32 = npt.NDArray[np.int32]

ID_BYTES = 32
_BLOCK = 1 << 15  # three arrays of a block stay in the second-level cache
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_STEP = np.uint64(0x9E3779B97F4A7C15)


def ids_from_hex(texts: bytes, count: int, where: str) -> U64:
    """[count, 4] from the concatenated hexadecimal text of `count` ids. Raises ValueError, naming `where`."""
    try:
        raw = bytes.fromhex(texts.decode("ascii"))
    except ValueError:
        raw = b""
    if len(texts) != 2 * ID_BYTES * count or len(raw) != ID_BYTES * count:
        raise ValueError(f"{where}: expected content ids of 64 hexadecimal digits, found others; rebuild the table")
    return np.frombuffer(raw, dtype=">u8").astype(np.uint64).reshape(count, 4)


def id_to_hex(row: U64) -> str:
    """The 64 digits of one row of ids."""
    return row.astype(">u8").tobytes().hex()


def hashes(ids: U64, chunks: I32, seed: int, epoch: int) -> U64:
    """[n] keyed hashes of (content id, chunk).

    Two rounds of splitmix64's finaliser over the first 16 bytes of the id, which are a SHA-256's and so already
    uniform; the key is a BLAKE2b of seed and epoch, so orders of two epochs have nothing in common.
    """
    first, second = _key(seed, epoch)
    out = np.empty(len(ids), dtype=np.uint64)
    for start in range(0, len(ids), _BLOCK):
        block = slice(start, start + _BLOCK)
        mixed = _mixed(ids[block, 0] ^ first)
        mixed ^= ids[block, 1]
        mixed += chunks[block].astype(np.uint64) * _STEP + second
        out[block] = _mixed(mixed)
    return out


def _key(seed: int, epoch: int) -> tuple[np.uint64, np.uint64]:
    digest = hashlib.blake2b(f"refinelake order 1\n{seed}\n{epoch}".encode(), digest_size=16).digest()
    words = np.frombuffer(digest, dtype=">u8").astype(np.uint64)
    return words[0], words[1]


def _mixed(words: U64) -> U64:
    """splitmix64's finaliser, in place."""
    words ^= words >> np.uint64(30)
    words *= _MIX[0]
    words ^= words >> np.uint64(27)
    words *= _MIX[1]
    words ^= words >> np.uint64(31)
    return words


def permutation(ids: U64, chunks: I32, seed: int, epoch: int, where: str = "token table") -> I64:
    """[n] row numbers in the order in which the rows are trained on. Raises ValueError for a row that is there twice.

    Equal hashes are ordered by id and chunk. Two equal rows have equal hashes, so looking at ties finds them all.
    """
    return sorted_rows(hashes(ids, chunks, seed, epoch), np.arange(len(ids), dtype=np.int64), ids, chunks, where)


def sorted_rows(keys: U64, rows: I64, ids: U64, chunks: I32, where: str) -> I64:
    """These rows of ids and chunks by their keys. Raises ValueError as `permutation` does."""
    order = np.argsort(keys)
    keys, rows = keys[order], rows[order]
    tied = np.flatnonzero(keys[1:] == keys[:-1])
    for run in np.split(tied, np.flatnonzero(np.diff(tied) != 1) + 1) if len(tied) else []:
        first, last = int(run[0]), int(run[-1]) + 2
        rows[first:last] = _by_id(ids, chunks, rows[first:last], where)
    return rows


def _by_id(ids: U64, chunks: I32, rows: I64, where: str) -> I64:
    named = sorted((*(int(word) for word in ids[row]), int(chunks[row]), int(row)) for row in rows)
    for one, other in itertools.pairwise(named):
        if one[:-1] == other[:-1]:
            raise ValueError(
                f"{where}: expected each content id and chunk once, found {id_to_hex(ids[one[-1]])} chunk {one[-2]} "
                "twice; rebuild the table without the copy"
            )
    return np.array([name[-1] for name in named], dtype=np.int64)


def digest(ids: U64, chunks: I32, lengths: I64) -> str:
    """16 digits that identify a set of rows (id, chunk, tokens) whatever their order: the sum of their hashes."""
    total = 0
    for start in range(0, len(ids), _BLOCK):
        block = slice(start, start + _BLOCK)
        keyed = hashes(ids[block], chunks[block], 0, 0)
        keyed ^= lengths[block].astype(np.uint64) * _STEP
        total += int(_mixed(keyed).sum(dtype=np.uint64))
    return f"{total % 2**64:016x}"
