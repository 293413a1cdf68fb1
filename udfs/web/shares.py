"""Shares of small numbers: the bound that a domain's share of code pages is compared with."""

from __future__ import annotations

import math

Z_95 = 1.959963984540054
"""Of 95 % confidence, both sides (E. B. Wilson 1927)."""


def wilson_lower(successes: int, trials: int, z: float = Z_95) -> float:
    """The lower end of Wilson's interval for a share; 0 where nothing was tried.

    Raises ValueError for counts that cannot be.
    """
    if not 0 <= successes <= trials:
        raise ValueError(f"expected 0 <= successes <= trials, found {successes} of {trials}")
    if not trials:
        return 0.0
    share, spread = successes / trials, z * z / trials
    middle = share + spread / 2
    reach = z * math.sqrt((share * (1 - share) + spread / 4) / trials)
    return max(0.0, (middle - reach) / (1 + spread))


def is_related(recalled: int, pages: int, least_share: float = 0.1, least_pages: int = 20) -> bool:
    """Whether a domain is of the tag: enough pages, and more than the share of them recalled beyond doubt."""
    return pages >= least_pages and wilson_lower(recalled, pages) > least_share
