"""How completions are drawn. No torch here: an endpoint needs none."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sampling:
    """`samples` of each prompt; temperature 0 is greedy. The papers' settings: 1 greedy, or 20 at 0.2, top-p 0.95."""

    samples: int = 1
    temperature: float = 0.0
    top_p: float = 0.95
    most: int = 512
    batch: int = 8
    seed: int = 0

    def __post_init__(self) -> None:
        if self.samples < 1 or self.temperature < 0 or not 0 < self.top_p <= 1 or min(self.most, self.batch) < 1:
            raise ValueError(
                "generation: expected samples >= 1, temperature >= 0, 0 < top-p <= 1, a token and a prompt at least, "
                f"found {self}"
            )
        if self.samples > 1 and not self.temperature:
            raise ValueError(
                "generation: expected a temperature above 0 for several samples, found 0: all would be one"
            )
