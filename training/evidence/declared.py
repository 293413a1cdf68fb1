"""Comparisons as they are declared in udfs/data/evidence.toml: a claim of a paper, and the arms that would show it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from importlib import resources
from pathlib import Path
from typing import Any

from training.data.mixture import ANNEALING
from training.inputs import Source, named, weighted

FILE = "udfs/data/evidence.toml"
LIST = "files.json"
EPOCHS = 4.0
"""Up to four epochs cost a model next to nothing (Muennighoff et al., 2305.16264)."""


@dataclass(frozen=True)
class Leg:
    """One of the runs of an arm that are made one after another: a recipe over the rows of a `stage` (0: all), with a
    `share` of the arm's tokens.
    """

    recipe: str
    stage: int = 0
    share: float = 1.0


@dataclass(frozen=True)
class Arm:
    """What an arm is trained on: the token table of that name, and how it is made; `also` is a table of the
    other parts of annealing, by their sources. `paper` says how much of its data the paper keeps so. `legs` are its
    runs where it has others than the one of the comparison's recipe.
    """

    table: str
    make: str = ""
    also: str = ""
    paper: str = ""
    legs: tuple[Leg, ...] = ()


@dataclass(frozen=True)
class Declared:
    """A comparison: `better` and `than` are the arms that the claim is about, `set` the arm whose held-out rows judge
    it, `needs` what must be there first (empty: it can be run), `caveat` what its outcome cannot say.
    """

    name: str
    title: str
    section: str
    claim: str
    recipe: str = "pretrain"
    better: str = ""
    than: str = ""
    set: str = ""
    needs: str = ""
    caveat: str = ""
    arms: Mapping[str, Arm] = field(default_factory=dict)


def declared() -> dict[str, Declared]:
    """All comparisons by name, in the file's order."""
    text = resources.files("udfs").joinpath("data/evidence.toml").read_text(encoding="utf-8")
    return {name: _one(name, given) for name, given in tomllib.loads(text).items()}


def _one(name: str, given: dict[str, Any]) -> Declared:
    arms = {}
    for arm, about in given.pop("arms", {}).items():
        legs = tuple(Leg(**leg) for leg in about.pop("legs", ()))
        arms[arm] = Arm(**about, legs=legs)
    return Declared(name, **given, arms=arms)


def own(name: str, arms: list[str]) -> Declared:
    """A comparison that nobody declared, of arms by their names: the last is looked at as the better one."""
    last, first = arms[-1], arms[0]
    return Declared(
        name, f"{last} against {first}", "a comparison of your own", f"{last} is better than {first}.",
        better=last, than=first, set=last,
    )  # fmt: skip


def sources_of(name: str, arm: Arm, tables: Path) -> tuple[Source, ...]:
    """The parts of a declared arm, those of annealing with the paper's weights. Raises ValueError that says how its
    table is made.
    """
    place = _found(name, arm.table, arm.make, tables)
    if not arm.also:
        return (named(Path(place).parent.name if place.endswith(LIST) else Path(place).name, place),)
    original, *others = ANNEALING
    also = _found(name, arm.also, arm.make, tables)
    parts = [named(original, place), *(replace(named(other, also), sources=(other,)) for other in others)]
    return weighted(parts, ANNEALING)


def _found(name: str, table: str, make: str, tables: Path) -> str:
    place = tables / table
    if (place / LIST).is_file():
        return str(place / LIST)
    if (place / "_delta_log").is_dir():
        return str(place)
    how = f"make it by {make}" if make else f"name it by --arm {name}=TABLE"
    raise ValueError(f"{place}: expected the token table of the arm {name}, found none; {how}")


def microannealed(base: tuple[Source, ...], candidate: str) -> dict[str, tuple[Source, ...]]:
    """All base, and half base, half candidate: the candidate weighs what all parts of the base weigh together, and is
    read EPOCHS times at most.
    """
    whole = sum((Fraction(part.weight) for part in base), Fraction(0))
    # Exact where it is a decimal; a mixture takes weights as they are written.
    weight = str(whole.numerator) if whole.denominator == 1 else str(float(whole))
    other = replace(named("candidate", candidate), weight=weight, epochs=EPOCHS)
    return {"base": base, "half": (*base, other)}
