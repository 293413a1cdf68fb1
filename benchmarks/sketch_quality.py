"""How well sketches estimate the Jaccard index and find pairs: fast similarity sketching beside datasketch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from udfs.duplicates import shingling, sketching
from udfs.duplicates.fingerprint import Fingerprint, collision_probability, similarities

SIZES = (50, 200, 1_000, 10_000)
SIMILARITIES = (0.5, 0.8, 0.95, 0.98)
PAIRS = {50: 4_000, 200: 4_000, 1_000: 4_000, 10_000: 1_000}
DATASKETCH_PAIRS = {50: 1_000, 200: 500, 1_000: 200, 10_000: 20}
"""datasketch takes 0.05 s for a set of 10,000."""

Sets = tuple[list[str], list[str]]


def pairs(size: int, similarity: float, number: int, seed: int) -> Iterator[tuple[Sets, float]]:
    """Pairs of sets of `size` random tokens, with their true Jaccard index, the nearest to `similarity` there is."""
    shared = shared_tokens(size, similarity)
    rng = np.random.default_rng(seed)
    every = 2 * size - shared
    for _ in range(number):
        digits = rng.bytes(8 * every).hex()
        tokens = [digits[i : i + 16] for i in range(0, len(digits), 16)]
        yield (tokens[:size], tokens[size - shared :]), shared / every


def shared_tokens(size: int, similarity: float) -> int:
    """How many tokens two sets of `size` share at this Jaccard index, to the nearest."""
    return round(2 * size * similarity / (1 + similarity))


def fss_slots(tokens: list[str], slots: int) -> NDArray[np.uint32]:
    """The 32-bit slots of a set of tokens, one token a shingle."""
    raw = np.frombuffer(" ".join(tokens).encode(), np.uint8)
    hashes = np.empty(raw.size + 1, np.uint64)
    count = shingling.shingle_hashes(raw, shingling.BYTE_CLASSES, 1, hashes)
    out = np.empty(slots, np.uint32)
    sketching.sketch_slots(hashes[:count], sketching.MULTIPLIERS, out)
    return out


def datasketch_slots(tokens: list[str], slots: int) -> NDArray[np.uint32]:
    from datasketch import MinHash

    minhash = MinHash(num_perm=slots)
    minhash.update_batch([t.encode() for t in tokens])
    return np.asarray(minhash.hashvalues, np.uint64).astype(np.uint32)


METHODS = {"fss": (fss_slots, PAIRS), "datasketch": (datasketch_slots, DATASKETCH_PAIRS)}


def measure_quality(method: str, size: int, similarity: float, number: int, seed: int = 7) -> dict[str, Any]:
    """Errors of the estimate from whole slots and from the stored b bits, and the share of pairs that share a band."""
    p, slots_of = Fingerprint(), METHODS[method][0]
    whole, packed, found, truth = [], [], 0, 0.0
    for (a, b), truth in pairs(size, similarity, number, seed):
        left, right = slots_of(a, p.slots), slots_of(b, p.slots)
        equal = left == right
        whole.append(equal.mean() - truth)
        packed.append(_from_bits(left, right, p.bits) - truth)
        found += bool(equal.reshape(p.bands, p.rows).all(axis=1).any())
    return {
        "method": method,
        "size": size,
        "jaccard": truth,
        "pairs": number,
        "mean_error": float(np.mean(whole)),
        "sd": float(np.std(whole, ddof=1)),
        "theory_sd": float(np.sqrt(truth * (1 - truth) / p.slots)),
        "stored_sd": float(np.std(packed, ddof=1)),
        "share_found": found / number,
        "expected_share": float(collision_probability(np.array([truth]), p.bands, p.rows)[0]),
    }


def _from_bits(left: NDArray[np.uint32], right: NDArray[np.uint32], bits: int) -> float:
    import pyarrow as pa

    sketches = []
    for slots in (left, right):
        out = np.zeros(slots.size * bits // 8, np.uint8)
        sketching.pack_bits(slots, bits, out)
        sketches.append(pa.array([bytes([bits]) + out.tobytes()]))
    return float(similarities(*sketches)[0])


def quality_table(sizes: tuple[int, ...] = SIZES) -> list[dict[str, Any]]:
    """One row per method, set size and Jaccard index; small sets have few indices, each is measured once."""
    return [
        measure_quality(method, size, similarity, number[size])
        for method, (_, number) in METHODS.items()
        for size in sizes
        for similarity in {shared_tokens(size, j): j for j in SIMILARITIES}.values()
    ]
