"""By which rules a copy is told; no import, for settings name them before anything is searched."""

from __future__ import annotations

from dataclasses import dataclass

RULES = ("copies", "paper")
"""Rare runs and a weighted cover; the paper's entry point, or ten words in a row."""


@dataclass(frozen=True)
class Shares:
    """`least` is the share that a copy of a long part covers, `least_kinds` where all names may differ."""

    least: float = 0.8
    least_kinds: float = 0.9


USUAL = Shares()
