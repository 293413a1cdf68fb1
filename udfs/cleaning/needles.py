"""Whether a text can hold what some patterns look for: one compiled pass over its bytes, not a search for each pattern.

A needle is a literal, and a condition on the bytes around it that every match of its pattern meets. So what is not
found cannot match, and a pattern runs over the few texts only that it may change. The pass looks at two
bytes of each needle, the rarest in code, and the one behind them, so that the number of needles costs next to nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from udfs.cleaning.needle_conditions import KINDS, PLAIN, holds

_ANY_CASE = 0x20
_ANY = bytes(range(256))
# Pairs of bytes in source code in lower case, the most frequent first.
_FREQUENT = (
    b"inerreonte--stseatthenorledeesarcotialntetheanmeitistatriotondngrariasliroedctelmapeecexurnsnepagevartlo"
    b"amceunlanautfiomilncvessoumpsichpraccafoeftynoiclleadiifodueemtupoothaimplrnulidlurradoprstsusolypkehis."
    b"t_//bldaptap==agsoe_clttlshobeofabwifugilfrgsuepmoltpuigckfaocnuieboquspe.oo::sht.niow_cum_sosrubuxtld_t"
    b"irscaidoayeq00baubuaeeobppmiiarmtpevfr.ccrhtzeokt-pyizcuupauf.uiegtcrdivryddsaewxpd__ivifeovffe:rcs_.a_p"
    b"bj.slygsr_grr.oiogbiibjeeyn_flavnfdsip_awas:.pmm-bpibywh..ytbss-nvl_e-t:_dguciwetd_f0.dlmb_e.lnphrg.dusy"
    b".g_lgnjs.tmsmugh_r.in.__10ei-sn-wroa_nd.ysaxtl.rbr01g_drr:ucwoxc.erlgt20yops.fy_"
)
_RANKS = {_FREQUENT[i : i + 2]: i // 2 for i in range(0, len(_FREQUENT), 2)}


class Needle(NamedTuple):
    """`firsts` are the pairs of bytes that it can begin with, where its literal is shorter, and `thirds` what may stand
    behind them. `before` and `after` are how many bytes of some kinds stand around it at least (condition TOKEN).
    """

    literal: bytes
    condition: int = PLAIN
    any_case: bool = False
    firsts: tuple[bytes, bytes] = (b"", b"")
    before: int = 0
    before_kinds: int = 0
    after: int = 0
    after_kinds: int = 0
    thirds: bytes = b""

    def triples(self) -> tuple[int, list[int], bytes]:
        """The first two of three bytes that every match has at this offset, and what the third may be."""
        if self.firsts != (b"", b""):
            return 0, [a << 8 | b for a in self.firsts[0] for b in self.firsts[1]], self.thirds or _ANY
        text = self.literal.lower()
        offset = max(range(len(text) - 1), key=lambda i: _rarity(text[i : i + 3]))
        first, second, third = (self._cases(self.literal[offset + i : offset + i + 1]) for i in range(3))
        return offset, [a << 8 | b for a in set(first) for b in set(second)], third or _ANY

    def _cases(self, byte: bytes) -> bytes:
        return byte.lower() + byte.upper() if self.any_case else byte


def _rarity(some: bytes) -> int:
    """How seldom two or three bytes stand in code, roughly: the pair counts most, for it is looked at first."""
    first, second = (0 if b" " in pair else _RANKS.get(pair, len(_RANKS)) for pair in (some[:2], some[1:]))
    return 3 * first + (second if len(some) == 3 else 0)


_NOTHING: frozenset[str] = frozenset()


class Needles:
    """Needles by name, each two bytes long or longer."""

    def __init__(self, named: Mapping[str, Needle]) -> None:
        self._names = list(named)
        needles = list(named.values())
        by_pair: dict[int, tuple[tuple[int, int], ...]] = {}
        for i, needle in enumerate(needles):
            offset, pairs, _ = needle.triples()
            for pair in pairs:
                by_pair[pair] = (*by_pair.get(pair, ()), (i, offset))
        groups = [(), *dict.fromkeys(by_pair.values())]
        assert len(groups) <= 256, "a group of needles is numbered by one byte"
        self._group_of = np.zeros(1 << 16, np.uint8)
        for pair, some in by_pair.items():
            self._group_of[pair] = groups.index(some)
        self._thirds = np.zeros((len(groups), 256), np.bool_)
        for number, some in enumerate(groups):
            for i, _ in some:
                self._thirds[number, list(needles[i].triples()[2])] = True
        self._members = np.array([member for some in groups for member in some], np.int64).reshape(-1, 2)
        self._ends = np.cumsum([len(some) for some in groups])
        self._letters = np.frombuffer(b"".join(needle.literal for needle in needles), np.uint8)
        self._letter_ends = np.cumsum([0, *(len(needle.literal) for needle in needles)])
        self._conditions = np.array([(needle.condition, *needle[4:8]) for needle in needles], np.int64)
        folds = [_ANY_CASE * (needle.any_case and chr(c).isalpha()) for needle in needles for c in needle.literal]
        self._folds = np.array(folds, np.uint8)

    def found(self, utf8: bytes) -> frozenset[str]:
        """The names of the needles in a text."""
        found = self._found(utf8, False)
        return frozenset(self._names[i] for i in found[:-1].nonzero()[0]) if found[-1] else _NOTHING

    def any_in(self, utf8: bytes) -> bool:
        """Whether one of them is in a text."""
        return bool(self._found(utf8, True)[-1])

    def _found(self, utf8: bytes, first_only: bool) -> NDArray[np.bool_]:
        """A flag for each, and one for any."""
        found = np.zeros(len(self._names) + 1, np.bool_)
        places = (self._group_of, self._thirds, self._members, self._ends)
        literals = (self._letters, self._letter_ends, self._folds, self._conditions)
        _find(np.frombuffer(utf8, np.uint8), *places, *literals, KINDS, first_only, found)
        return found


@numba.njit(cache=True, nogil=True)
def _find(text, group_of, thirds, members, ends, letters, letter_ends, folds, conditions, kinds, first_only, found):  # type: ignore[no-untyped-def]
    for at in range(len(text) - 1):
        group = group_of[np.int64(text[at]) << 8 | np.int64(text[at + 1])]
        if group == 0 or (at + 2 < len(text) and not thirds[group, text[at + 2]]):
            continue
        for member in range(ends[group - 1], ends[group]):
            needle = members[member, 0]
            if found[needle]:
                continue
            start = at - members[member, 1]
            begin, end = letter_ends[needle], letter_ends[needle + 1]
            if start < 0 or not _is_at(text, start, letters, folds, begin, end):
                continue
            if holds(text, start, start + end - begin, conditions, needle, kinds):
                found[needle] = found[-1] = True
                if first_only:
                    return


@numba.njit(cache=True, nogil=True)
def _is_at(text, at, letters, folds, begin, end):  # type: ignore[no-untyped-def]
    if at + end - begin > len(text):
        return False
    for i in range(begin, end):  # noqa: SIM110 - a generator is no compiled loop
        if text[at + i - begin] | folds[i] != letters[i] | folds[i]:
            return False
    return True
