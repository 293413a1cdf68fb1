"""Every number of the way from the corpus to token tables, once, with where it comes from."""

from __future__ import annotations

from dataclasses import dataclass

from jobs.corpus.tokenizer_sample import TokenizerSample
from udfs.fim import Fim
from udfs.heldout import SHARE


@dataclass(frozen=True)
class Tokens:
    """`tokenizer` is a folder: ours, or any Hugging Face one with tokenizer.json; the driver reads it. `held_out` is
    the share of repositories that no training reads. `fim_rate` is the share of documents that are cut for
    fill-in-the-middle (arXiv 2207.14255), `fim_spm` the share of these in SPM form, `fim_markers` the special tokens
    before prefix, suffix and middle; OpenCoder names no such objective, so it is off.
    """

    tokenizer: str = ""
    held_out: float = SHARE
    fim_rate: float = 0.0
    fim_spm: float = 0.5
    fim_markers: tuple[str, ...] = Fim().markers

    def __post_init__(self) -> None:
        if not 0 <= self.held_out <= 1:
            raise ValueError(f"tokens.held_out: expected a share from 0 to 1, found {self.held_out}")
        if len(self.fim_markers) != 3:
            raise ValueError(
                "tokens.fim_markers: expected three special tokens, for prefix, suffix and middle, "
                f"found {len(self.fim_markers)}"
            )
        object.__setattr__(self, "fim_markers", tuple(self.fim_markers))
        self.fim()

    def fim(self) -> Fim:
        """Fill-in-the-middle as the kernel takes it. Raises ValueError."""
        before, after, between = self.fim_markers
        return Fim(self.fim_rate, self.fim_spm, (before, after, between))


SECTIONS: dict[str, type] = {"tokenizer_sample": TokenizerSample, "tokens": Tokens}
