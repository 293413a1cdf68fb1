"""Every number of the way from the corpus to token tables, once, with where it comes from."""

from __future__ import annotations

from dataclasses import dataclass, field

from jobs.code.parameters import Dedup
from jobs.corpus.tokenizer_sample import TokenizerSample
from udfs.contamination.rules import RULES, USUAL, Shares
from udfs.embeddings.encoder import version as encoder_version
from udfs.tokens.fim import Fim
from udfs.tokens.heldout import SHARE


@dataclass(frozen=True)
class Tokens:
    """`tokenizer` is a folder that `refinelake tokenizer` wrote, trained or taken from others; the driver reads it.
    `held_out` is the share of repositories that no training reads. `fim_rate` is the share of documents that are cut
    for fill-in-the-middle (arXiv 2207.14255), `fim_spm` the share of these in SPM form, `fim_markers` the special
    tokens before prefix, suffix and middle; OpenCoder names no such objective, so it is off.
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


@dataclass(frozen=True)
class Instructions:
    """Which instructions are kept, and for which stage of fine-tuning: 1 is broad, 2 is deep (OpenCoder, 1.2 and 1.3 of
    the paper's description). `tables` are locations of given tables with the stage of each; they have the columns
    instruction, question or prompt, `input`, and output, answer or response, or `messages`; `system`, `language` and
    `repo` are read where they are there, and so are `weight` and `train` of a message: rows with an answer that is not
    to be trained, or an empty user turn, are rejected. Bounds are bytes of UTF-8: 6,000 is about the authors' 1,500
    tokens of a row; `max_dialogue_bytes` is that of all that stands before the last answer of a row of code_feedback.
    """

    tables: dict[str, int] = field(default_factory=dict)
    docstring_stage: int = 2
    summary_stage: int = 1
    max_question_bytes: int = 6_000
    max_dialogue_bytes: int = 24_000
    min_answer_bytes: int = 20
    max_answer_bytes: int = 6_000

    def __post_init__(self) -> None:
        stages = {"docstring_stage": self.docstring_stage, "summary_stage": self.summary_stage, **self.tables}
        wrong = {name: stage for name, stage in stages.items() if stage not in (1, 2)}
        if wrong:
            raise ValueError(f"instructions: expected a stage of 1 or 2, found {wrong}")
        if not 0 < self.min_answer_bytes <= self.max_answer_bytes or self.max_question_bytes < 1:
            raise ValueError("instructions: expected bounds above 0 and min_answer_bytes up to max_answer_bytes")


@dataclass(frozen=True)
class InstructionDedup(Dedup):
    """As `dedup`, of instructions, question and answer together as one text.

    `embeddings` is a folder with a sentence encoder, at the same place on every worker ("": none, the default). Texts
    whose vectors have a cosine of `cosine` or more mean the same, and one of them stays. With all-MiniLM-L6-v2 0.92
    takes 5 of 12 other wordings and 1 of 12 other questions, 0.85 takes 8 and 2 (benchmarks.embeddings).
    """

    embeddings: str = ""
    cosine: float = 0.92

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.strategy != "file":
            raise ValueError(
                f"instruction_dedup.strategy: expected file, found {self.strategy}: there is no repository"
            )
        if not 0.0 < self.cosine <= 1.0:
            raise ValueError(f"instruction_dedup.cosine: expected a cosine in (0, 1], found {self.cosine}")

    def encoder_version(self) -> str:
        """Of the encoder that is named. Raises EncoderError for a folder that is none."""
        return encoder_version(self.embeddings) if self.embeddings else "none"


@dataclass(frozen=True)
class Sft:
    """Which conversations the two stages of fine-tuning have. `variant`: two_stage, each its own (the paper's choice),
    mixed, all in the first, or stage1, those of the first and no others (the paper's comparison of strategies).
    """

    variant: str = "two_stage"

    def __post_init__(self) -> None:
        if self.variant not in ("two_stage", "mixed", "stage1"):
            raise ValueError(f"sft.variant: expected two_stage, mixed or stage1, found {self.variant}")

    def taken_by(self, stage: int) -> tuple[int, ...]:
        """Stages of instructions whose rows a stage of fine-tuning has."""
        if self.variant == "mixed":
            return (1, 2) if stage == 1 else ()
        return () if self.variant == "stage1" and stage == 2 else (stage,)


@dataclass(frozen=True)
class Contamination:
    """Which benchmarks no text may hold a copy of, and how one is told.

    `benchmarks` are files by name, in the shapes of HumanEval, MBPP, EvalPlus, MultiPL-E, McEval, BigCodeBench and
    LiveCodeBench; the empty place is HumanEval's package. `frequencies` is a file of refinelake contamination --count;
    empty for those of the package. `rules`: copies, by rare runs and a weighted cover (docs/contamination.md), paper,
    for the paper's entry point or ten words in a row, or none, which searches nothing. `least` is the share that a copy
    covers of a long part of a task, `least_kinds` where all names may differ.
    """

    benchmarks: dict[str, str] = field(default_factory=lambda: {"humaneval": ""})
    frequencies: str = ""
    rules: str = "copies"
    least: float = USUAL.least
    least_kinds: float = USUAL.least_kinds

    def __post_init__(self) -> None:
        if self.rules not in (*RULES, "none"):
            raise ValueError(f"contamination.rules: expected {', '.join(RULES)} or none, found {self.rules}")
        for name in ("least", "least_kinds"):
            if not 0 < getattr(self, name) <= 1:
                raise ValueError(f"contamination.{name}: expected a share in (0, 1], found {getattr(self, name)}")
        wrong = [repr(n) for n, place in self.benchmarks.items() if not n or "/" in n or not isinstance(place, str)]
        if wrong:
            raise ValueError(f"contamination.benchmarks: expected names without / and their files, found {wrong[0]}")

    def searched(self) -> dict[str, str]:
        """The benchmarks in force: none where nothing is searched."""
        return {} if self.rules == "none" else self.benchmarks

    def shares(self) -> Shares:
        """As the kernel takes them."""
        return Shares(self.least, self.least_kinds)


SECTIONS: dict[str, type] = {
    "contamination": Contamination,
    "sft": Sft,
    "tokenizer_sample": TokenizerSample,
    "tokens": Tokens,
    "instructions": Instructions,
    "instruction_dedup": InstructionDedup,
}
