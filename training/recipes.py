"""The recipes as functions: each returns a complete run, and every number of the papers stands here once.

"Paper" is OpenCoder, arXiv 2411.04905; OpenCodeInstruct is 2504.04030. A run of another size calls one of these and
changes two fields.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from training.settings import Batch, Data, Duration, Engine, Evaluate, Rate, Run, Saving, Start
from training.shapes import SHAPES

PRETRAIN_TOKENS = {"1.5b": 2_000_000_000_000, "8b": 2_500_000_000_000}
"""Tokens of pretraining (paper, table 3)."""
ANNEAL_TOKENS = 100_000_000_000
WARMUP = 2000
PEAK, MINIMUM = 3e-4, 1e-5
LONG_FROM, LONG = 130_000, 8192
"""The 8B goes from sequences of 4,096 to 8,192 after this many steps, at equal tokens a step (paper 4.2)."""
SFT_LENGTHS = (1216, 1500)
"""Tokens of a row in the two stages, as the authors' SFT code sets them."""
OPEN = Engine(zero=0, compile=True)
"""ZeRO stage and micro-batch follow from model, GPUs and memory (settled.py); a GPU's layers and loss are compiled."""

TOY_STEPS = (400, 100)
"""Stable phase with its warm-up, and annealing: about a million tokens, a minute and a half on two cores."""
TOY_LOOKS = Evaluate(50, 1000, 8)
"""A look at the held-out rows costs as much as two steps."""


def pretrain(model: str = "1.5b") -> Run:
    """Warm-up and stable phase. 1,024 sequences of 4,096 (1.5B); 2,048 of 4,096 (8B, its first 130,000 steps)."""
    run = Run("pretrain", "pretrain", Start(model=model), rate=Rate("wsd", PEAK, MINIMUM, WARMUP))
    if small(model):
        return toy(run)
    run = replace(run, batch=Batch(1024, 4096, 0), engine=OPEN)
    if model == "1.5b":
        return replace(run, duration=Duration(tokens=PRETRAIN_TOKENS[model]))
    if model == "8b":
        # Blocks of the later length: one order of tokens through both parts, so that none is read twice.
        run = replace(run, data=Data(block=LONG), batch=Batch(2048, 4096, 0))
        return replace(run, duration=Duration(steps=LONG_FROM))
    return replace(run, duration=Duration(steps=0))


def pretrain_long(model: str = "8b") -> Run:
    """The 8B's second part: sequences of 8,192, half as many, optimizer and step going on from the first part."""
    if small(model):
        return _longer(pretrain(model))
    batch = Batch(1024, LONG, 0)
    rest = PRETRAIN_TOKENS["8b"] - LONG_FROM * batch.tokens
    start = Start(model=model, checkpoint="-", state=True, context=LONG, allow=("length",))
    return replace(pretrain("8b"), name="pretrain-long", start=start, batch=batch, duration=Duration(tokens=rest))


def _longer(run: Run) -> Run:
    """A small model's second part: twice the length, half as many sequences, as many steps again, in another order."""
    batch = replace(run.batch, size=run.batch.size // 2, length=2 * run.batch.length, micro=run.batch.size // 2)
    start = replace(run.start, checkpoint="-", state=True, context=batch.length, allow=("length", "block"))
    return replace(run, name="pretrain-long", start=start, batch=batch)


def anneal(model: str = "1.5b") -> Run:
    """100 B tokens from 3e-4 down to exactly 1e-5, on from any stable checkpoint (paper 4.1)."""
    before = pretrain_long() if model == "8b" else pretrain(model)
    start = replace(before.start, checkpoint="-", state=True, allow=())
    run = replace(before, name="anneal", phase="anneal", start=start, duration=Duration(tokens=ANNEAL_TOKENS))
    return replace(run, duration=Duration(steps=TOY_STEPS[1])) if small(model) else run


def sft_stage1(model: str = "1.5b") -> Run:
    """One epoch over the broad rows, 4,096 a step, 2e-5, cosine with 100 warm-up steps (paper 5)."""
    return _sft("sft1", model, Batch(4096, SFT_LENGTHS[0], 0), 2e-5, epochs=1)


def sft_stage2(model: str = "1.5b") -> Run:
    """Three epochs over the code rows, 512 a step, 5e-5 (paper 5)."""
    return _sft("sft2", model, Batch(512, SFT_LENGTHS[1], 0), 5e-5, epochs=3)


def open_code_instruct(model: str = "1.5b") -> Run:
    """OpenCodeInstruct's fine-tuning: three epochs at 5e-6, batches of 2,048; the weights at the ends of epochs are
    averaged afterwards (`refinelake export --epochs`). Rows of up to 2,048 tokens.
    """
    return _sft("oci", model, Batch(2048, 2048, 0), 5e-6, epochs=3)


def interpreter(model: str = "1.5b") -> Run:
    """OpenCodeInterpreter's fine-tuning (2402.14658) on dialogues of several turns: three epochs at 2e-5, cosine, the
    loss on the answer of every turn (epochs and rate from memory of the paper; batches of 256 and rows of up to 4,096
    tokens are ours).
    """
    return _sft("interpreter", model, Batch(256, 4096, 0), 2e-5, epochs=3)


def _sft(name: str, model: str, batch: Batch, peak: float, epochs: float) -> Run:
    rate = Rate("cosine", peak, 0.0, 100)
    # Packed: a row of its own each would be padded to the longest of its micro-batch. The gradient is the same.
    data = Data(isolate=True, packed=True)
    run = Run(name, "sft", Start(model=model), data, batch=batch, duration=Duration(epochs=epochs), rate=rate)
    if not small(model):
        return replace(run, engine=OPEN)
    # A toy's rows are few and its weights unlearned: small batches, the same epochs, a rate that moves them.
    batch = Batch(16, 256, 8)
    rate = replace(rate, peak=10 * peak, warmup=2)
    return replace(run, batch=batch, rate=rate, saving=Saving(0), evaluate=TOY_LOOKS)


def toy(run: Run) -> Run:
    """The same phases with a small model on a CPU. So few steps need a larger share of them for warm-up and annealing
    than the paper's 0.4 and 5 percent.
    """
    batch = Batch(8, SHAPES[run.start.model].context, 8)
    rate = replace(run.rate, peak=2e-3, minimum=1e-4, warmup=20)
    steps = Duration(steps=TOY_STEPS[0])
    return replace(run, batch=batch, duration=steps, rate=rate, saving=Saving(0), evaluate=TOY_LOOKS)


def small(model: str) -> bool:
    """Whether a model is for tests and the toy run, by its name. No folder is: there are real models of any size."""
    return model in SHAPES and SHAPES[model].hidden < 1024


RECIPES: dict[str, Callable[[str], Run]] = {
    "pretrain": pretrain,
    "pretrain-long": pretrain_long,
    "anneal": anneal,
    "sft1": sft_stage1,
    "sft2": sft_stage2,
    "oci": open_code_instruct,
    "interpreter": interpreter,
}


def recipe(name: str, model: str) -> Run:
    """A run by its recipe's name. Raises ValueError."""
    if name not in RECIPES:
        raise ValueError(f"recipe: expected one of {', '.join(RECIPES)}, found {name!r}")
    return RECIPES[name](model)
