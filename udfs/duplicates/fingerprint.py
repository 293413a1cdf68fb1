"""Fingerprints of texts for near-duplicate search: LSH band hashes and a b-bit sketch, over whole Arrow batches.

Tokens are those of udfs/duplicates/chunks.py; case, digits and punctuation count, white space does not. A shingle is
`ngram` tokens in a row (5, paper section on fuzzy deduplication). Texts below `ngram` tokens have no shingle and no
fingerprint.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from functools import cache
from typing import Literal, get_args

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from schemas.identity import code_identity
from udfs.duplicates import shingling, sketching
from udfs.duplicates.chunks import chunk_spans
from udfs.duplicates.scripts import token_spans

# Read once: what runs is what was imported, whatever happens to the file meanwhile.
_CODE = code_identity(__name__)
EMPTY_SLOT = np.uint32(0xFFFFFFFF)
Strategy = Literal["file", "repository", "chunk", "file+chunk", "repository+chunk"]
STRATEGIES = get_args(Strategy)


@dataclass(frozen=True)
class Fingerprint:
    """Numbers of a fingerprint. 16 bands of 128 rows over 2,048 hashes is the paper's setting, files its choice;
    chunks of 4,096 tokens and whole repositories are what it compares with.
    """

    strategy: Strategy = "file"
    ngram: int = 5
    bands: int = 16
    rows: int = 128
    sketch: Literal["fss", "minhash"] = "fss"
    bits: int = 4
    chunk_tokens: int = 4096

    def __post_init__(self) -> None:
        if min(self.ngram, self.bands, self.rows, self.chunk_tokens) < 1:
            raise ValueError("dedup: ngram, bands, rows and chunk_tokens must be at least 1")
        if self.bits not in (1, 2, 4, 8) or self.slots * self.bits % 8:
            raise ValueError(f"dedup: bits must be 1, 2, 4 or 8 and fill whole bytes, found {self.bits}")
        if self.sketch not in ("fss", "minhash"):
            raise ValueError(f'dedup: sketch must be "fss" or "minhash", found "{self.sketch}"')
        if self.strategy not in STRATEGIES:
            known = ", ".join(f'"{name}"' for name in STRATEGIES)
            raise ValueError(f'dedup: strategy must be one of {known}, found "{self.strategy}"')

    @property
    def whole(self) -> Literal["file", "repository"] | None:
        """What stays or goes as a whole, in the first step; None where there are only chunks."""
        return None if self.strategy == "chunk" else "file" if self.strategy.startswith("file") else "repository"

    @property
    def chunks(self) -> bool:
        """Whether chunks are removed, after the whole files or repositories."""
        return self.strategy.endswith("chunk")

    @property
    def slots(self) -> int:
        return self.bands * self.rows

    def version(self) -> str:
        """Part of the table's key: the kernel's source and every number that moves a fingerprint, and no other."""
        mine = [(f.name, getattr(self, f.name)) for f in fields(Fingerprint)]
        return hashlib.sha256(f"{_CODE} {mine}".encode()).hexdigest()[:16]


def collision_probability(similarity: NDArray[np.float64], bands: int, rows: int) -> NDArray[np.float64]:
    """The S-curve: chance that two texts of this Jaccard index share a band, 1 - (1 - J^rows)^bands."""
    return np.asarray(1.0 - (1.0 - similarity**rows) ** bands)


def tokens(text: bytes) -> list[bytes]:
    """Tokens of a text; the compiled pass finds the same ones (a test compares)."""
    return [text[start:end] for start, end in token_spans(text)]


def shingles(text: bytes, ngram: int) -> set[bytes]:
    """The exact shingle set, for tests, benchmarks and datasketch; the compiled pass hashes the same ones."""
    words = tokens(text)
    return {b" ".join(words[i : i + ngram]) for i in range(len(words) - ngram + 1)}


def fingerprint_texts(texts: pa.Array, p: Fingerprint) -> pa.RecordBatch:
    """Columns shingles, bands, sketch for each text of a string or binary array, in order."""
    counts, bands, sketches = (_with_datasketch if p.sketch == "minhash" else _compiled)(texts, p)
    return _batch(counts, bands, sketches)


def fingerprint_chunks(texts: pa.Array, p: Fingerprint) -> tuple[list[int], list[int], pa.RecordBatch]:
    """(text numbers, chunk numbers from 1, fingerprints) of the chunks of each text, in order."""
    numbers, chunks, bodies = [], [], []
    for number, text in enumerate(texts.to_pylist()):
        raw = text.encode() if isinstance(text, str) else text
        for chunk, (start, end) in enumerate(chunk_spans(raw, p.chunk_tokens), start=1):
            numbers.append(number)
            chunks.append(chunk)
            bodies.append(raw[start:end])
    return numbers, chunks, fingerprint_texts(pa.array(bodies, pa.large_binary()), p)


def slots_of_texts(texts: pa.Array, p: Fingerprint) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
    """(shingles, full slots) of each text: what `merge_slots` makes the fingerprint of a set of texts from."""
    counts, slots = np.zeros(len(texts), np.int64), np.full((len(texts), p.slots), EMPTY_SLOT, np.uint32)
    for i, text in enumerate(texts.to_pylist()):
        raw = text.encode() if isinstance(text, str) else text
        counts[i], slots[i] = _slots_with_datasketch(raw, p) if p.sketch == "minhash" else _slots(raw, p)
    return counts, slots


def merge_slots(counts: NDArray[np.int64], slots: NDArray[np.uint32], p: Fingerprint) -> pa.RecordBatch:
    """The fingerprint of the union of several shingle sets: in each slot the smallest value of any of them."""
    merged, bands, sketches = _outputs(1, p)
    merged[0] = counts.sum()
    if merged[0] > 0:
        least = slots.min(axis=0)
        sketching.fold_bands(least, p.rows, bands[0])
        sketching.pack_bits(least, p.bits, sketches[0, 1:])
    return _batch(merged, bands, sketches)


def similarities(a: pa.Array, b: pa.Array) -> NDArray[np.float64]:
    """Jaccard index estimated from pairs of b-bit sketches, all of one form; a sketch's first byte is its b.

    With k slots its standard deviation is sqrt(m (1 - m) / k) / (1 - 2^-b), m = J + (1 - J) 2^-b being the chance of a
    match: at 2,048 slots of 4 bits 0.003 at J = 0.98 and 0.011 at J = 0.7.
    """
    left, right = _matrix(a), _matrix(b)
    bits = int(left[0, 0])
    assert (left[:, 0] == bits).all() and (right[:, 0] == bits).all(), "sketches of different forms"
    matches = _EQUAL_LANES[bits][left[:, 1:] ^ right[:, 1:]].sum(axis=1, dtype=np.int64)
    chance = 2.0**-bits
    share = matches / ((left.shape[1] - 1) * (8 // bits))
    return np.asarray(np.clip((share - chance) / (1.0 - chance), 0.0, 1.0))


def _equal_lanes(bits: int) -> NDArray[np.uint8]:
    """For each byte of a XOR, how many of its lanes of `bits` bits are zero."""
    lanes = [(np.arange(256) >> shift) & ((1 << bits) - 1) for shift in range(0, 8, bits)]
    return np.asarray(np.sum([lane == 0 for lane in lanes], axis=0, dtype=np.uint8))


_EQUAL_LANES = {bits: _equal_lanes(bits) for bits in (1, 2, 4, 8)}


def _matrix(column: pa.Array) -> NDArray[np.uint8]:
    data, offsets = _buffers(column)
    return np.asarray(data[offsets[0] : offsets[-1]].reshape(len(column), -1))


def _buffers(column: pa.Array) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Value bytes and 64-bit offsets of a string or binary array, without copying the bytes."""
    if not pa.types.is_large_binary(column.type):
        column = column.cast(pa.large_string() if pa.types.is_string(column.type) else pa.large_binary())
    _, offsets, values = column.buffers()
    every = np.frombuffer(offsets, np.int64)[column.offset : column.offset + len(column) + 1]
    data = np.frombuffer(values, np.uint8) if values is not None else np.empty(0, np.uint8)
    return data, every


_Outputs = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8]]


def _outputs(rows: int, p: Fingerprint) -> _Outputs:
    sketches = np.zeros((rows, 1 + p.slots * p.bits // 8), np.uint8)
    sketches[:, 0] = p.bits
    return np.zeros(rows, np.int64), np.zeros((rows, p.bands), np.int64), sketches


def _compiled(texts: pa.Array, p: Fingerprint) -> _Outputs:
    counts, bands, sketches = _outputs(len(texts), p)
    data, offsets = _buffers(texts)
    classes, multipliers, packed = shingling.BYTE_CLASSES, sketching.MULTIPLIERS, sketches[:, 1:]
    sketching.sketch_batch(data, offsets, classes, multipliers, p.ngram, p.slots, p.rows, counts, bands, packed, p.bits)
    for row in np.flatnonzero(counts < 0):  # in scripts without spaces
        counts[row], slots = _slots(data[offsets[row] : offsets[row + 1]], p)
        if counts[row] > 0:
            sketching.fold_bands(slots, p.rows, bands[row])
            sketching.pack_bits(slots, p.bits, packed[row])
    return counts, bands, sketches


def _slots(raw: bytes | NDArray[np.uint8], p: Fingerprint) -> tuple[int, NDArray[np.uint32]]:
    scratch, slots = np.empty(len(raw) + 1, np.uint64), np.full(p.slots, EMPTY_SLOT, np.uint32)
    n = shingling.shingle_hashes(np.frombuffer(raw, np.uint8), shingling.BYTE_CLASSES, p.ngram, scratch)
    if n > 0:
        sketching.sketch_slots(scratch[:n], sketching.MULTIPLIERS, slots)
    return n, slots


def _slots_with_datasketch(raw: bytes, p: Fingerprint) -> tuple[int, NDArray[np.uint32]]:
    """datasketch's own permutations (seed 1, 32-bit SHA-1 values), for users who must match other pipelines."""
    from datasketch import MinHash

    found = shingles(raw, p.ngram)
    if not found:
        return 0, np.full(p.slots, EMPTY_SLOT, np.uint32)
    minhash = MinHash(num_perm=p.slots, permutations=_permutations(p.slots), scheme="affine32")
    minhash.update_batch(sorted(found))
    return len(tokens(raw)) - p.ngram + 1, minhash.hashvalues.astype(np.uint32)


@cache
def _permutations(slots: int) -> object:
    from datasketch import MinHash

    return MinHash(num_perm=slots).permutations


def _with_datasketch(texts: pa.Array, p: Fingerprint) -> _Outputs:
    counts, bands, sketches = _outputs(len(texts), p)
    counts[:], slots = slots_of_texts(texts, p)
    for i in np.flatnonzero(counts):
        sketching.fold_bands(slots[i], p.rows, bands[i])
        sketching.pack_bits(slots[i], p.bits, sketches[i, 1:])
    return counts, bands, sketches


def _batch(counts: NDArray[np.int64], bands: NDArray[np.int64], sketches: NDArray[np.uint8]) -> pa.RecordBatch:
    """Rows without shingles get empty bands and an empty sketch: nothing can be compared with them."""
    some = counts > 0
    band_ends = np.concatenate([[0], np.cumsum(some * bands.shape[1])]).astype(np.int32)
    sketch_ends = np.concatenate([[0], np.cumsum(some * sketches.shape[1])]).astype(np.int32)
    sketch = np.ascontiguousarray(sketches[some])
    columns = [
        pa.array(counts),
        pa.ListArray.from_arrays(pa.array(band_ends), pa.array(bands[some].ravel())),
        pa.Array.from_buffers(pa.binary(), len(counts), [None, pa.py_buffer(sketch_ends), pa.py_buffer(sketch)]),
    ]
    return pa.RecordBatch.from_arrays(columns, ["shingles", "bands", "sketch"])
