"""With what a scorer is made; apart from what makes it, which needs a compiler."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class QualityTraining:
    """What `quality train` learns from: of each language with at least `labels` labelled texts the share `held_out` of
    the repositories, drawn by name, is measured on and never trained from. A head that agrees with their labels less
    than `agreement` (rank correlation) is left out. Of each language `sample` texts are drawn for the quantiles, and
    the threshold that is shown keeps the share `keep` of their tokens. Of a text the first `most_bytes` are read, and
    n-grams fall into 2 ** `bits` buckets.
    """

    labels: int = 200
    held_out: float = 0.2
    agreement: float = 0.3
    sample: int = 5_000
    keep: float = 0.75
    most_bytes: int = 32_768
    bits: int = 18

    def __post_init__(self) -> None:
        if self.labels < 10 or self.sample < 1 or not 0 < self.held_out < 1 or not 0 < self.keep < 1:
            raise ValueError(
                "quality_training: expected labels from 10, sample from 1, held_out and keep between 0 and 1, found "
                f"{self.labels}, {self.sample}, {self.held_out} and {self.keep}; correct them"
            )
        if not 10 <= self.bits <= 24 or self.most_bytes < 1024 or not -1 <= self.agreement <= 1:
            raise ValueError(
                "quality_training: expected bits from 10 to 24, most_bytes from 1024 and agreement from -1 to 1, found "
                f"{self.bits}, {self.most_bytes} and {self.agreement}; correct them"
            )
