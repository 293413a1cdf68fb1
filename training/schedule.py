"""Learning rates as functions of the global step: warm-up, stable, decay (WSD) and cosine.

Step 0 is the first optimizer step and has a rate above zero: warm-up gives (step + 1) / warm-up of the peak. Annealing
goes on counting: its first step is the one after the last stable one, its last step has exactly the minimum.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

DECAYS: dict[str, Callable[[float, float], float]] = {
    # x in (0, 1] is the share of the decay that is done, r the minimum as a share of the peak.
    "exponential": lambda x, r: r**x,  # MiniCPM's 0.5^(steps / half-life), ending at the minimum (2404.06395, 6.2)
    "megatron_exponential": lambda x, r: r + (1 - r) * (2 * 0.5**x - 1),
    "linear": lambda x, r: 1 - (1 - r) * x,
    "cosine": lambda x, r: r + (1 - r) * (1 + math.cos(math.pi * x)) / 2,
    "minus_sqrt": lambda x, r: 1 - (1 - r) * math.sqrt(x),
}


@dataclass(frozen=True)
class Wsd:
    """Warm-up, stable, decay. Defaults are the paper's: 2,000 steps to 3e-4, exponential to 1e-5 when annealing.

    `stable_until` is the number of steps before annealing begins, warm-up included; `decay_steps` 0 never decays.
    """

    peak: float = 3e-4
    minimum: float = 1e-5
    warmup: int = 2000
    stable_until: int = 0
    decay_steps: int = 0
    decay: str = "exponential"

    def __post_init__(self) -> None:
        if self.decay not in DECAYS:
            raise ValueError(f"schedule: expected a decay of {', '.join(DECAYS)}, found {self.decay!r}")
        if not 0 < self.minimum <= self.peak or min(self.warmup, self.stable_until, self.decay_steps) < 0:
            raise ValueError(f"schedule: expected 0 < minimum <= peak and step counts of 0 or more, found {self}")
        if self.decay_steps and self.stable_until < self.warmup:
            raise ValueError(f"schedule: annealing would begin at step {self.stable_until}, within the warm-up")

    def rate(self, step: int) -> float:
        """Learning rate of the optimizer step with this number."""
        if step < self.warmup:
            return self.peak * (step + 1) / self.warmup
        if not self.decay_steps or step < self.stable_until:
            return self.peak
        done = min(1.0, (step - self.stable_until + 1) / self.decay_steps)
        return self.minimum if done == 1.0 else self.peak * DECAYS[self.decay](done, self.minimum / self.peak)


@dataclass(frozen=True)
class Cosine:
    """Linear warm-up, then half a cosine that would reach `minimum` one step after the last of `steps`, so that no step
    is lost to a rate of zero; both SFT stages (paper 5).
    """

    peak: float
    steps: int
    warmup: int = 100
    minimum: float = 0.0

    def __post_init__(self) -> None:
        if self.steps < 1 or self.warmup < 0 or not 0 <= self.minimum <= self.peak:
            raise ValueError(f"schedule: expected steps >= 1 and 0 <= minimum <= peak, found {self}")

    def rate(self, step: int) -> float:
        """Learning rate of the optimizer step with this number. A run shorter than the warm-up stays within it."""
        if step < self.warmup:
            return self.peak * (step + 1) / self.warmup
        done = min(1.0, (step - self.warmup) / max(1, self.steps - self.warmup))
        return self.minimum + (self.peak - self.minimum) * (1 + math.cos(math.pi * done)) / 2


Schedule = Wsd | Cosine
