"""Numbers: pass@k and bits per byte."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence


def pass_at_k(samples: int, correct: int, k: int) -> float:
    """Unbiased estimate of the chance that one of k samples is correct: 1 - C(n-c, k) / C(n, k) (2107.03374, 2.1).

    Raises ValueError unless 0 <= correct <= samples and 1 <= k <= samples.
    """
    if not (0 <= correct <= samples and 1 <= k <= samples):
        raise ValueError(
            f"pass@k: expected 0 <= correct <= samples and 1 <= k <= samples, found {correct=} {samples=} {k=}"
        )
    if samples - correct < k:
        return 1.0
    return 1.0 - math.prod(1.0 - k / i for i in range(samples - correct + 1, samples + 1))


def mean_pass_at_k(verdicts: Iterable[Sequence[bool]], k: int) -> float | None:
    """Mean over tasks of their samples' verdicts; None where a task has fewer than k samples, or there is no task."""
    tasks = [list(task) for task in verdicts]
    if not tasks or min(map(len, tasks)) < k:
        return None
    return sum(pass_at_k(len(task), sum(task), k) for task in tasks) / len(tasks)


def bits_per_byte(nats: float, utf8_bytes: int) -> float | None:
    """Summed negative log likelihood in nats over the bytes of the original text: comparable across tokenizers."""
    return nats / math.log(2) / utf8_bytes if utf8_bytes else None
