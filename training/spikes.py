"""Which steps are skipped: a loss far above those before it. The decision sees all-reduced values only, so every rank
takes the same one; the window is part of a checkpoint, so a resumed run takes it again.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable

from training.settings import Spikes

_LEAST = 32
"""With fewer losses than this the spread is unknown and nothing is skipped."""


class Stuck(RuntimeError):
    """A run that skips one step after the other: for its user to look at, and for nobody to start again."""


class Watch:
    """The losses of the last steps that were applied, and how many in a row were not."""

    def __init__(self, settings: Spikes, losses: Iterable[float] = (), in_a_row: int = 0) -> None:
        self.settings, self.in_a_row = settings, in_a_row
        self.losses: deque[float] = deque(losses, maxlen=settings.window)

    def refuse(self, loss: float) -> str | None:
        """The reason to skip a step of this loss, None to take it."""
        if not self.settings.sigmas or len(self.losses) < min(_LEAST, self.settings.window):
            return None
        mean = math.fsum(self.losses) / len(self.losses)
        spread = math.sqrt(math.fsum((x - mean) ** 2 for x in self.losses) / len(self.losses))
        limit = mean + self.settings.sigmas * spread
        if loss <= limit:
            return None
        return (
            f"a loss of {loss:.4g} is above {limit:.4g}, {self.settings.sigmas:g} sigmas of the last {len(self.losses)}"
        )

    def note(self, loss: float, skipped: str | None) -> None:
        """After a step. Raises Stuck after too many skipped ones in a row."""
        if skipped is None:
            self.losses.append(loss)
            self.in_a_row = 0
            return
        self.in_a_row += 1
        if self.in_a_row >= self.settings.most:
            raise Stuck(
                f"training: expected steps to go on, found {self.in_a_row} skipped in a row, the last: {skipped}; go "
                "back to an earlier checkpoint, lower rate.peak, or look at the rows in events.jsonl"
            )

    def state(self) -> dict[str, object]:
        """What a checkpoint stores."""
        return {"losses": list(self.losses), "in_a_row": self.in_a_row}
