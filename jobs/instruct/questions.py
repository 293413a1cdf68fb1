"""Ask for tasks that pieces of code inspire, score given queries, read given problems: seeds of other recipes.

spark-submit jobs/instruct/questions.py --warehouse DIR --params instruct.toml
"""

from __future__ import annotations

from jobs.instruct.parameters import Synthesis
from jobs.instruct.rounds import play_all
from jobs.instruct.thread_seeds import questions, questions_required
from jobs.runtime.stage import Measure
from schemas.instruct import GIVEN_SEEDS, QUESTIONS, SEED_PARTS
from udfs.recipes.batches import kernel_version

STAGE = Measure(
    "questions",
    questions,
    questions_required,
    reads=(SEED_PARTS, GIVEN_SEEDS),
    texts=(SEED_PARTS, GIVEN_SEEDS),
    writes=QUESTIONS,
    kernel_version=lambda _: kernel_version(),
    params=Synthesis(),
    doc=(__doc__ or "").splitlines()[0],
    passes=play_all,
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
