"""A small pass@1 within a training run: a few tasks, answered greedily by the model as it is, run in the sandbox.

The first rank writes and runs, the others wait: a handful of tasks, for a curve and not for a table (`refinelake
evaluate` makes those). Nothing that is trained changes: weights are read, and whatever draws in a step draws by the
step's number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from training.engine import distributed as ranks
from training.engine.attention import NAME
from training.engine.engine import Engine
from training.evaluation.benchmark import scored
from training.evaluation.sampling import Sampling
from training.evaluation.task import Task
from training.evaluation.tasks import human_eval
from training.evaluation.writers import Local
from training.settings import Run
from udfs.execution.levels import strongest
from udfs.tokens.tokenizer import TextTokenizer


class Solving:
    """The tasks of a run, and how they are answered: completed, after fine-tuning asked as a chat."""

    def __init__(self, tasks: Sequence[Task], tokenizer: TextTokenizer, run: Run) -> None:
        self.tasks, self.tokenizer, self.chat = list(tasks), tokenizer, run.phase == "sft"
        self.isolation = run.evaluate.isolation
        self.how = Sampling(most=run.evaluate.answer_tokens)

    @classmethod
    def opened(cls, run: Run, tokenizer: TextTokenizer) -> Solving | None:
        """None where it is off. Raises ValueError for a file without tasks, at ZeRO 3, which deals weights out, and for
        a level of isolation that is not to be had here.
        """
        wanted = run.evaluate
        if not (wanted.every and wanted.tasks):
            return None
        if run.engine.zero == 3:
            raise ValueError(
                "evaluate.tasks: expected engine.zero 1 or 2, where each rank holds the weights, found 3; leave it "
                "out, and look at checkpoints with refinelake evaluate --run RUN --every N"
            )
        strongest(wanted.isolation)  # refused now, not after the first steps
        found = human_eval(wanted.task_file or None)
        if not found:
            raise ValueError(f"evaluate.task_file: expected tasks in {wanted.task_file}, found none")
        return cls(found[: wanted.tasks], tokenizer, run)

    def solved(self, engine: Engine) -> tuple[float, list[dict[str, Any]]]:
        """(share of the tasks that the first answer solves, rows of task, outcome and raw answer). Every rank calls it
        and has the share; the first has the rows.
        """
        share, rows = 0.0, list[dict[str, Any]]()
        if ranks.rank() == 0:
            with as_generator(engine):
                writer = Local(engine.lm, self.tokenizer, self.how)
                summary, rows = scored(writer, self.tasks, self.chat, self.isolation)
            share = float(summary["pass@1"])
        told = [{name: row[name] for name in ("task", "outcome", "raw")} for row in rows]
        return float(ranks.summed([share], engine.device)[0]), told


@contextmanager
def as_generator(engine: Engine) -> Iterator[None]:
    """The model of a run as one that generates: its own attention knows no cache, compiled layers one shape only."""
    lm = engine.lm
    engine.attention.release()
    lm.set_attn_implementation("sdpa")
    lm.eval()
    try:
        with torch.compiler.set_stance("force_eager"):
            yield
    finally:
        lm.set_attn_implementation(NAME)
        engine.attention.insist()
        lm.train()
