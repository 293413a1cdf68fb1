"""A permutation of 0 to size - 1 that is computed, not stored: any place and its inverse in constant time and memory.

A Feistel network over pairs (left, right) of a rectangle just larger than `size`, its rounds keyed; a place whose image
lies outside is sent on until it comes back (cycle walking; Black and Rogaway, Ciphers with Arbitrary Finite Domains,
2002). The rectangle has fewer than ceil(sqrt(size)) places too many, so a walk is hardly ever longer than one step.
"""

from __future__ import annotations

import hashlib
from math import isqrt

_ROUNDS = 6
_WORD = (1 << 64) - 1


class Bijection:
    """place -> value, both from 0 to size - 1, by a key. Raises IndexError outside of that."""

    def __init__(self, size: int, key: str) -> None:
        self.size = size
        self._rows = isqrt(max(0, size - 1)) + 1
        self._columns = max(1, -(-size // self._rows))
        made = hashlib.blake2b(f"refinelake bijection 1\n{key}".encode(), digest_size=8 * _ROUNDS).digest()
        self._keys = tuple(int.from_bytes(made[8 * i : 8 * i + 8], "big") for i in range(_ROUNDS))

    def __call__(self, place: int) -> int:
        """The value at a place."""
        rows, columns = self._rows, self._columns
        found = self._inside(place)
        while True:
            left, right = divmod(found, columns)
            for turn, key in enumerate(self._keys):
                if turn % 2:
                    right = (right + _mixed(left ^ key)) % columns
                else:
                    left = (left + _mixed(right ^ key)) % rows
            found = left * columns + right
            if found < self.size:
                return found

    def place(self, value: int) -> int:
        """The place of a value: the inverse."""
        rows, columns = self._rows, self._columns
        found = self._inside(value)
        while True:
            left, right = divmod(found, columns)
            for turn in range(_ROUNDS - 1, -1, -1):
                key = self._keys[turn]
                if turn % 2:
                    right = (right - _mixed(left ^ key)) % columns
                else:
                    left = (left - _mixed(right ^ key)) % rows
            found = left * columns + right
            if found < self.size:
                return found

    def _inside(self, number: int) -> int:
        if not 0 <= number < self.size:
            raise IndexError(f"bijection: expected a number from 0 to {self.size - 1}, found {number}")
        return number


def _mixed(word: int) -> int:
    """splitmix64's finaliser."""
    word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
    word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & _WORD
    return word ^ (word >> 31)
