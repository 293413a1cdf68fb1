"""How deep the elements of a page stand in each other: extractors take steps for each pair of an element and one around
it, so that a page of nothing but openings would hold a worker for hours."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

MOST = 1000
"""Deeper pages are made by mistake or on purpose: of 7,800 pages of documentation the deepest has 139."""

# Elements that end with the next of their kind or hold nothing: they are seldom closed and do not add up.
_FLAT = "area base br col embed hr img input link meta source track wbr p li td tr th dt dd option tbody thead tfoot"
# Elements of drawings and formulas: inside of them `<path/>` is closed, elsewhere not.
_FOREIGN = (
    "svg math path circle rect line polygon polyline ellipse use stop g defs text tspan title desc a style image "
)
_FOREIGN += "symbol marker mask pattern clippath filter animate lineargradient radialgradient script switch view "
_FOREIGN += "metadata textpath "
_FOREIGN += "mrow mi mo mn mspace mfrac msup msub msubsup msqrt mtext mtable mtr mtd mover munder mstyle semantics"
_LETTERS = 8


def _number(name: str) -> int:
    return int.from_bytes(name[:_LETTERS].encode(), "little")


_FLAT_NUMBERS = np.array(sorted(map(_number, _FLAT.split())), np.uint64)
_FOREIGN_NUMBERS = np.array(sorted(map(_number, _FOREIGN.split())), np.uint64)
_DRAWINGS = np.array([_number("svg"), _number("math"), _number("foreigno")], np.uint64)


@numba.njit(cache=True, nogil=True)
def _name_at(data: NDArray[np.uint8], at: int) -> tuple[np.uint64, int]:
    """The first letters of a tag's name as a number, and where the name ends."""
    name, begin = np.uint64(0), at
    while at < data.size:
        letter = data[at] | np.uint8(0x20)
        if letter < 0x61 or letter > 0x7A:
            break
        if at - begin < 8:
            name |= np.uint64(letter) << np.uint64(8 * (at - begin))
        at += 1
    return name, at


@numba.njit(cache=True, nogil=True)
def _is_in(names: NDArray[np.uint64], name: np.uint64) -> bool:
    at = np.searchsorted(names, name)
    return bool(at < names.size and names[at] == name)


@numba.njit(cache=True, nogil=True)
def deepest(
    data: NDArray[np.uint8],
    begins: NDArray[np.int64],
    flat: NDArray[np.uint64],
    foreign: NDArray[np.uint64],
    drawings: NDArray[np.uint64],
    most: int,
) -> int:
    """How many elements are open at a time, or the first number over `most`. `begins` are the places of every <."""
    depth, found, is_drawing = 0, 0, False
    for before in begins:
        at = before + 1
        closing = at < data.size and data[at] == 0x2F
        begin = at + int(closing)
        name, at = _name_at(data, begin)
        if at == begin or _is_in(flat, name):
            continue
        if closing:
            depth = max(0, depth - 1)
            # Behind what a drawing holds of the page's own language it goes on.
            is_drawing = name == drawings[2] or (is_drawing and name != drawings[0] and name != drawings[1])
            continue
        while at < data.size and data[at] != 0x3E and data[at] != 0x3C:
            at += 1
        is_drawing = _is_in(foreign, name) and (is_drawing or name == drawings[0] or name == drawings[1])
        if is_drawing and data[at - 1] == 0x2F:
            continue
        depth += 1
        found = max(found, depth)
        if found > most:
            break
    return found


class TooDeepError(ValueError):
    """The page cannot be read in reasonable time."""


def depth_of(page: bytes, most: int = 2**31) -> int:
    """How many elements of a page are open at a time, by its tags alone; counted up to one more than `most`."""
    data = np.frombuffer(page, np.uint8)
    begins = np.flatnonzero(data == ord("<"))
    return int(deepest(data, begins, _FLAT_NUMBERS, _FOREIGN_NUMBERS, _DRAWINGS, most))


def check_depth(page: bytes) -> None:
    """Raises TooDeepError for a page with more than MOST elements open at a time."""
    if page.count(b"<") > MOST and depth_of(page, MOST) > MOST:
        raise TooDeepError(f"expected at most {MOST} elements inside of each other, found more")
