"""Files that are good or bad by what they look like, and labels of them."""

from __future__ import annotations

from pathlib import Path

from udfs.quality.heads import Labelled
from udfs.quality.scorer import Scorer
from udfs.quality.settings import QualityTraining
from udfs.quality.training import made

SMALL = QualityTraining(labels=40, bits=14, sample=50)


def good(n: int) -> str:
    """A documented function with a check."""
    return (
        f'def total_of_{n}(values):\n    """Return the sum of the values that are above {n}."""\n'
        f"    if not values:\n        raise ValueError('expected values')\n"
        f"    return sum(value for value in values if value > {n})\n"
    )


def bad(n: int) -> str:
    """Names that say nothing, one line over and over."""
    return f"x{n}=1;y{n}=2;z{n}=3\n" + f"a=a+1;b=b+a;c=a+b;a=c;b=a;print a;print b;x{n}=a\n" * 5


def labels(number: int) -> list[Labelled]:
    """So many labelled files, every other one good, in repositories of four files."""
    return [Labelled(good(n) if n % 2 else bad(n), (5.0 if n % 2 else 1.0), f"org/r{n // 4}") for n in range(number)]


def scorer_in(folder: Path, number: int = 80) -> Scorer:
    """A scorer of Python from so many labels."""
    return made({"python": labels(number)}, lambda _: [f(n) for n in range(30) for f in (good, bad)], folder, SMALL)
