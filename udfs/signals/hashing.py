"""What compiled loops over bytes share: eight bytes read and searched at once, and open tables of hashes.

A table's place holds the number of an entry, or -1. Texts are padded by EIGHT bytes, so that reading at the last one
stays inside.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

_cgutils: Any = cgutils
_intrinsic: Any = intrinsic

EIGHT = 8
FACTOR = np.uint64(0x9E3779B97F4A7C15)
FIRST_TABLE = 1024
_ONES, TOPS = np.uint64(0x0101010101010101), np.uint64(0x8080808080808080)


@_intrinsic  # type: ignore[untyped-decorator]
def eight_bytes(typing: Any, text: Any, at: Any) -> Any:
    """The eight bytes of a text (uint8, contiguous) from a place on, the first one lowest. Reads past no check."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, args[0])
        start = _cgutils.get_item_pointer(context, builder, signature.args[0], array, [args[1]], wraparound=False)
        return builder.load(builder.bitcast(start, ir.IntType(64).as_pointer()), align=1)

    return types.uint64(text, types.intp), generate


@_intrinsic  # type: ignore[untyped-decorator]
def trailing_zeros(typing: Any, value: Any) -> Any:
    """Zero bits below the lowest one."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 0))

    return types.uint64(types.uint64), generate


@_intrinsic  # type: ignore[untyped-decorator]
def ones(typing: Any, value: Any) -> Any:
    """Bits that are set."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ctpop(args[0])

    return types.uint64(types.uint64), generate


@numba.njit(cache=True, nogil=True)
def continuations(eight):  # type: ignore[no-untyped-def]
    """Bytes among eight that start no character of UTF-8."""
    return ones(eight & ~(eight << np.uint64(1)) & TOPS)


@numba.njit(cache=True, nogil=True)
def first_set(marks):  # type: ignore[no-untyped-def]
    """How many of eight bytes come before the first one whose top bit is set; 8 without one."""
    return np.int64(trailing_zeros(marks) >> np.uint64(3)) if marks else np.int64(EIGHT)


@numba.njit(cache=True, nogil=True)
def first_of(eight, repeated):  # type: ignore[no-untyped-def]
    """How many of eight bytes come before the first one equal to a byte, which is given eight times; 8 without one."""
    same = eight ^ repeated
    return first_set((same - _ONES) & ~same & TOPS)  # exact up to the first, which is all that is asked


@numba.njit(cache=True, nogil=True)
def first_bytes(eight, width):  # type: ignore[no-untyped-def]
    """The lowest `width` of eight bytes, fewer than eight."""
    return eight & ((np.uint64(1) << np.uint64(8 * width)) - np.uint64(1))


@numba.njit(cache=True, nogil=True)
def mixed(value, eight):  # type: ignore[no-untyped-def]
    """The hash of some bytes and eight more."""
    product = (value ^ eight) * FACTOR
    return product ^ (product >> np.uint64(29))


@numba.njit(cache=True, nogil=True)
def same_bytes(text, a, b, width):  # type: ignore[no-untyped-def]
    """Two places of a text hold the same `width` bytes."""
    at = 0
    while at + EIGHT <= width:
        if eight_bytes(text, a + at) != eight_bytes(text, b + at):
            return False
        at += EIGHT
    rest = width - at
    return rest == 0 or first_bytes(eight_bytes(text, a + at) ^ eight_bytes(text, b + at), rest) == 0


@numba.njit(cache=True, nogil=True)
def characters(text, start, width):  # type: ignore[no-untyped-def]
    """Characters of `width` bytes of UTF-8."""
    found = 0
    for i in range(start, start + width):
        found += text[i] & 0xC0 != 0x80
    return found


@numba.njit(cache=True, nogil=True)
def place_of(value, mask):  # type: ignore[no-untyped-def]
    """Where an entry's search begins; the upper bits of a product are its good ones."""
    return np.int64((value * FACTOR) >> np.uint64(40)) & mask


@numba.njit(cache=True, nogil=True)
def doubled(table, hashes, distinct):  # type: ignore[no-untyped-def]
    """A table twice as large."""
    mask = 2 * len(table) - 1
    larger = np.full(mask + 1, -1, np.int32)
    for entry in range(distinct):
        place = place_of(hashes[entry], mask)
        while larger[place] >= 0:
            place = (place + 1) & mask
        larger[place] = entry
    return larger
