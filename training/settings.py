"""Everything a training run is told, as frozen sections; a recipe fills them, a file or --set changes single values.

Numbers of the papers stand in recipes.py. What is here are the names, their units and what would be wrong.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from training.schedule import DECAYS, Cosine, Schedule, Wsd
from udfs.execution.programs import LEVELS

Phase = Literal["pretrain", "anneal", "sft"]


def _one_of(where: str, found: str, known: tuple[str, ...]) -> None:
    if found not in known:
        raise ValueError(f"{where}: expected one of {', '.join(known)}, found {found!r}")


@dataclass(frozen=True)
class Start:
    """Where weights come from: `model` is a shape's name (from scratch, normal(0, 0.02)) or a Hugging Face folder.

    `checkpoint` names a run folder or a checkpoint of one, at `step` (-1: the newest complete one). With `state` its
    optimizer and step go on (annealing, longer context); without, only its weights are taken (SFT). `allow` names what
    of the data may differ from the checkpoint's (see data/resume.py). `context` replaces the model's positions. `seed`
    draws the weights of a model from scratch, whose queries and keys are normed a head with `qk_norm`, as Qwen3's are.
    """

    model: str = "toy"
    checkpoint: str = ""
    step: int = -1
    state: bool = False
    allow: tuple[str, ...] = ()
    context: int = 0
    seed: int = 0
    qk_norm: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "allow", tuple(self.allow))
        if min(self.step + 1, self.context) < 0:
            raise ValueError(f"start: expected a step of -1 or more and a context of 0 or more, found {self}")
        if self.state and not self.checkpoint:
            raise ValueError("start.state: expected start.checkpoint to go on from, found none; name a run folder")


@dataclass(frozen=True)
class Data:
    """How documents or rows become sequences, in an order keyed by `seed`. `isolate` keeps packed documents from seeing
    each other. The stream is read in blocks of `block` tokens (0: of one sequence) in an order of their own.

    `tail` is what becomes of the last tokens that fill no sequence, `too_long` of chat rows over the length, `missing`
    of parts of the mixture without a sequence. `packed` puts several chat rows of a batch into one sequence.
    """

    seed: int = 0
    isolate: bool = False
    tail: Literal["pad", "drop"] = "pad"
    too_long: Literal["drop", "cut"] = "drop"
    missing: Literal["fail", "renormalise"] = "fail"
    packed: bool = False
    block: int = 0

    def __post_init__(self) -> None:
        _one_of("data.tail", self.tail, ("pad", "drop"))
        _one_of("data.too_long", self.too_long, ("drop", "cut"))
        _one_of("data.missing", self.missing, ("fail", "renormalise"))
        if self.block < 0:
            raise ValueError(f"data: expected a block of 0 or more, found {self}")


@dataclass(frozen=True)
class Batch:
    """`size` sequences (chat rows in SFT) of `length` tokens an optimizer step, `micro` of them at once on a rank (0:
    as many as fit, see `plan`).
    """

    size: int = 1024
    length: int = 4096
    micro: int = 1

    def __post_init__(self) -> None:
        if self.size < 1 or self.micro < 0 or self.length < 2:
            raise ValueError(
                f"batch: expected a size of 1 or more, micro of 0 or more and a length of 2 or more, found {self}"
            )

    @property
    def tokens(self) -> int:
        """Places an optimizer step."""
        return self.size * self.length

    def accumulation(self, world: int) -> int:
        """Micro-batches of a rank in a step, once `micro` is known. Raises ValueError where the size is no multiple of
        micro x ranks.
        """
        assert self.micro, "batch.micro is open: settled.py chooses"
        if self.size % (self.micro * world):
            raise ValueError(
                f"batch.size: expected a multiple of batch.micro x ranks = {self.micro} x {world}, found {self.size}; "
                "change one of them"
            )
        return self.size // (self.micro * world)


@dataclass(frozen=True)
class Duration:
    """How long: `steps`, else a budget of `tokens`, else `epochs` over the rows."""

    steps: int = 0
    tokens: int = 0
    epochs: float = 0.0

    def __post_init__(self) -> None:
        if min(self.steps, self.tokens, self.epochs) < 0:
            raise ValueError(f"duration: expected no number below 0, found {self}")

    def optimizer_steps(self, batch: Batch, steps_an_epoch: int) -> int:
        """Optimizer steps of this phase. Raises ValueError where nothing says how long."""
        if self.steps:
            return self.steps
        if self.tokens:
            return -(-self.tokens // batch.tokens)
        if self.epochs:
            return max(1, round(self.epochs * steps_an_epoch))
        raise ValueError("duration: expected steps, tokens or epochs above 0, found none; set one")


@dataclass(frozen=True)
class Rate:
    """Learning rate as a function of the global step. `form` is wsd (warm-up, stable, decay) or cosine; both rise to
    `peak` in `warmup` steps and end at `minimum`: cosine within its own run, wsd when annealing, in the form named by
    `decay` (exponential, megatron_exponential, linear, cosine, minus_sqrt).
    """

    form: str = "wsd"
    peak: float = 3e-4
    minimum: float = 1e-5
    warmup: int = 2000
    decay: str = "exponential"

    def __post_init__(self) -> None:
        if self.peak <= 0 or self.minimum < 0 or self.warmup < 0:
            raise ValueError(f"rate: expected a peak above 0, minimum and warmup >= 0, found {self}")
        _one_of("rate.form", self.form, ("wsd", "cosine"))
        _one_of("rate.decay", self.decay, tuple(DECAYS))

    def schedule(self, phase: Phase, first: int, steps: int) -> Schedule:
        """The schedule of a phase of `steps` whose first step has the global number `first`."""
        if self.form == "cosine":
            return Cosine(self.peak, first + steps, self.warmup, self.minimum)
        if phase == "anneal":
            return Wsd(self.peak, self.minimum, min(self.warmup, first), first, steps, self.decay)
        return Wsd(self.peak, self.minimum, self.warmup)


@dataclass(frozen=True)
class Optimizer:
    """AdamW (`beta1`, `beta2`, `epsilon`) with two groups: `weight_decay` is for matrices, norms have none. The paper
    names no values; these are common practice. `clip` bounds the norm of the whole gradient, 0 never.
    """

    beta1: float = 0.9
    beta2: float = 0.95
    epsilon: float = 1e-8
    weight_decay: float = 0.1
    clip: float = 1.0

    def __post_init__(self) -> None:
        if min(self.clip, self.weight_decay) < 0 or not (0 <= self.beta1 < 1 and 0 <= self.beta2 < 1):
            raise ValueError(f"optimizer: expected clip and weight_decay >= 0 and betas in [0, 1), found {self}")
        if self.epsilon <= 0:
            raise ValueError(f"optimizer: expected an epsilon above 0, found {self}")


@dataclass(frozen=True)
class Loss:
    """Cross-entropy, and `z` x logsumexp(logits)^2 a token beside it, which keeps logits from growing (1e-4 is common;
    0: none). The log's loss is without it.
    """

    z: float = 0.0

    def __post_init__(self) -> None:
        if self.z < 0:
            raise ValueError(f"loss: expected z of 0 or more, found {self}")


@dataclass(frozen=True)
class Engine:
    """How DeepSpeed carries the run out; none of it changes what is computed but by rounding.

    `zero` is the stage, 1 to 3 (0: by GPUs and memory, see `plan`). `dtype` auto is bf16 on a GPU and fp32 on a CPU.
    Gradients are accumulated in fp32, and summed over ranks in `reduce` (fp32; bf16 halves the traffic, and 256 ranks
    lose 1.7 % of the gradient). `offload` moves nothing (none), the optimizer, or all (parameters too, stage 3) to host
    memory. `recompute` saves memory by activation checkpointing; `loss_tokens` rows of logits exist at once.
    `attention` is auto (the fastest, timed), flash, cudnn, efficient, flex, varlen or math; `compile` compiles layers
    and loss on a GPU. `deterministic` gives the same bits from the same run, or an error where an operation cannot.
    """

    zero: int = 1
    dtype: str = "auto"
    offload: str = "none"
    recompute: bool = False
    loss_tokens: int = 4096
    attention: str = "auto"
    compile: bool = False
    reduce: str = "fp32"
    deterministic: bool = False

    def __post_init__(self) -> None:
        _one_of("engine.reduce", self.reduce, ("fp32", "bf16"))
        _one_of("engine.zero", str(self.zero), ("0", "1", "2", "3"))
        _one_of("engine.dtype", self.dtype, ("auto", "bf16", "fp32"))
        _one_of("engine.offload", self.offload, ("none", "optimizer", "all"))
        _one_of("engine.attention", self.attention, ATTENTION)
        if self.loss_tokens < 1:
            raise ValueError(f"engine: expected loss_tokens of 1 or more, found {self}")


ATTENTION = ("auto", "flash", "cudnn", "efficient", "flex", "varlen", "math")


@dataclass(frozen=True)
class Saving:
    """A checkpoint every `steps` steps (0: at the end only) and `minutes` minutes (0: never), and at the end unless
    `last` is false; the newest `keep` stay, and for ever the last of the stable phase, of an epoch, and every
    `forever`-th step. After `limit_minutes` (0: none) the run saves and ends, to be resumed: what a queue with a time
    limit needs. With `background` the state is copied to host memory and written while training goes on.
    """

    steps: int = 1000
    minutes: float = 0.0
    limit_minutes: float = 0.0
    keep: int = 3
    forever: int = 0
    last: bool = True
    background: bool = True

    def __post_init__(self) -> None:
        if self.keep < 1:
            raise ValueError(f"saving.keep: expected 1 or more, found {self.keep}")
        if min(self.steps, self.minutes, self.limit_minutes, self.forever) < 0:
            raise ValueError(f"saving: expected no number below 0, found {self}")


@dataclass(frozen=True)
class Spikes:
    """A step whose loss lies over `sigmas` standard deviations above the mean of the last `window` is skipped; 0 never.

    Gradients that are not finite are always skipped. `most` skipped steps in a row end the run.
    """

    sigmas: float = 6.0
    window: int = 128
    most: int = 10

    def __post_init__(self) -> None:
        if self.sigmas < 0 or min(self.window, self.most) < 1:
            raise ValueError(f"spikes: expected sigmas >= 0 and window and most of 1 or more, found {self}")


@dataclass(frozen=True)
class Evaluate:
    """Held-out rows of the run's own tables are scored every `every` steps and at the end (0: never), forward only; it
    changes nothing of what is trained. The sample is the same each time: documents of up to `tokens` tokens, up to
    `tokens` of each of the `languages` largest languages, and of all others together.

    `tasks` (0: none) of HumanEval, or of `task_file`, which has its form, are answered too, greedily in `answer_tokens`
    tokens, and run at the level `isolation` of the sandbox (rlimits, landlock, bubblewrap): a pass@1 for the curve.
    """

    every: int = 1000
    tokens: int = 100_000
    languages: int = 20
    tasks: int = 0
    task_file: str = ""
    answer_tokens: int = 256
    isolation: str = "rlimits"

    def __post_init__(self) -> None:
        if self.tasks < 0 or self.answer_tokens < 1:
            raise ValueError(f"evaluate: expected tasks >= 0 and answer_tokens of 1 or more, found {self}")
        _one_of("evaluate.isolation", self.isolation, LEVELS)
        if self.every < 0 or min(self.tokens, self.languages) < 1:
            raise ValueError(f"evaluate: expected every >= 0, tokens and languages of 1 or more, found {self}")


@dataclass(frozen=True)
class Seeing:
    """A line every `steps` steps; curves by `tensorboard`, `mlflow` and `wandb` where wanted; no step may take
    `hang_minutes` minutes (0: no watchdog).
    """

    steps: int = 10
    tensorboard: bool = False
    mlflow: bool = False
    wandb: bool = False
    hang_minutes: float = 30.0

    def __post_init__(self) -> None:
        if self.steps < 1 or self.hang_minutes < 0:
            raise ValueError(f"seeing: expected steps of 1 or more and hang_minutes >= 0, found {self}")


@dataclass(frozen=True)
class Run:
    """A complete training run but for its tables. `name` is the recipe's; sections are what --set can change."""

    name: str
    phase: Phase
    start: Start = field(default_factory=Start)
    data: Data = field(default_factory=Data)
    batch: Batch = field(default_factory=Batch)
    duration: Duration = field(default_factory=Duration)
    rate: Rate = field(default_factory=Rate)
    optimizer: Optimizer = field(default_factory=Optimizer)
    loss: Loss = field(default_factory=Loss)
    engine: Engine = field(default_factory=Engine)
    saving: Saving = field(default_factory=Saving)
    spikes: Spikes = field(default_factory=Spikes)
    evaluate: Evaluate = field(default_factory=Evaluate)
    seeing: Seeing = field(default_factory=Seeing)

    def sections(self) -> dict[str, Any]:
        """The sections by name, in order."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("name", "phase")}

    def as_dict(self) -> dict[str, Any]:
        """What run.json holds; JSON's types only."""
        made: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return made

    def hash(self) -> str:
        """SHA-256 of what decides the trained weights: not of how they are saved and shown."""
        whole = self.as_dict()
        for name in ("saving", "evaluate", "seeing"):
            whole.pop(name)
        return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Run:
        """The inverse of as_dict; what an earlier release did not know has its default. Raises TypeError for names that
        this release does not know.
        """
        made = {}
        for f in fields(cls):
            if callable(f.default_factory):
                held = given.get(f.name, {})
                made[f.name] = f.default_factory(**{k: v for k, v in held.items() if f"{f.name}.{k}" not in _GONE})
        return cls(given["name"], given["phase"], **made)


_GONE = ("engine.overlap", "engine.bucket")
"""Settings of earlier releases that decided nothing: a run of theirs goes on without them."""
