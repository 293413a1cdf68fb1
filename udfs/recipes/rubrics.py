"""Rubrics: files of udfs/data/rubrics, each a title, a scale and criteria, with a version that moves with its words.

version = 1
title = "solution of a programming task"
lowest = 1
highest = 5
[[criteria]]
name = "correct"
asks = "Is its result right?"
levels = { 1 = "never", 5 = "always" }
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from schemas.identity import data_bytes

FOLDER = "rubrics"


class RubricError(ValueError):
    """A rubric file that cannot be used."""


@dataclass(frozen=True)
class Criterion:
    """`levels`: (number, what it means), lowest first."""

    name: str
    asks: str
    levels: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class Rubric:
    """Each criterion is scored with a whole number from `lowest` to `highest`."""

    name: str
    version: int
    title: str
    lowest: int
    highest: int
    criteria: tuple[Criterion, ...]

    def schema(self, reason_first: bool) -> dict[str, Any]:
        """JSON schema of a judgement: a reason and a score for each criterion, in the order that is asked for.

        Requests are kept with sorted keys, and endpoints that hold a model to a schema let it write in the schema's
        order. So names sort as they are to be written: `reason` before `score`, or `why` behind it.
        """
        score = {"type": "integer", "minimum": self.lowest, "maximum": self.highest}
        reason = {"type": "string"}
        one = closed({"reason": reason, "score": score} if reason_first else {"score": score, "why": reason})
        return closed({criterion.name: one for criterion in self.criteria})


def closed(properties: Mapping[str, Any]) -> dict[str, Any]:
    """JSON schema of an object with these properties, all of them and no others, as strict endpoints want it."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def names() -> list[str]:
    """Names of all rubrics."""
    files = resources.files("udfs").joinpath("data", FOLDER).iterdir()
    return sorted(f.name.removesuffix(".toml") for f in files if f.name.endswith(".toml"))


@cache
def rubric(name: str) -> Rubric:
    """A rubric by its name. Raises RubricError."""
    if name not in names():
        raise RubricError(f"rubric {name}: expected one of {', '.join(names())}, found none of that name")
    return parse(name, data_bytes(f"{FOLDER}/{name}.toml").decode())


def parse(name: str, text: str) -> Rubric:
    """A rubric from its file's text. Raises RubricError."""
    try:
        said = tomllib.loads(text)
        found = Rubric(
            name,
            int(said["version"]),
            str(said["title"]),
            int(said["lowest"]),
            int(said["highest"]),
            tuple(_criterion(each) for each in said["criteria"]),
        )
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise RubricError(
            f"rubric {name}: expected version, title, lowest, highest and criteria, found {error!r}; correct the file"
        ) from None
    wanted = [criterion.name for criterion in found.criteria]
    levels = {number for criterion in found.criteria for number, _ in criterion.levels}
    if not wanted or len(set(wanted)) < len(wanted) or not all(re.fullmatch(r"[a-z]\w*", each) for each in wanted):
        raise RubricError(f"rubric {name}: expected criteria with names of their own in small letters, found {wanted}")
    if found.lowest >= found.highest or not levels <= set(range(found.lowest, found.highest + 1)):
        raise RubricError(f"rubric {name}: expected levels from lowest to highest, found {sorted(levels)}")
    return found


def _criterion(said: Mapping[str, Any]) -> Criterion:
    levels = sorted((int(number), str(meaning)) for number, meaning in said.get("levels", {}).items())
    return Criterion(str(said["name"]), str(said["asks"]), tuple(levels))
