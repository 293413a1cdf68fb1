"""Play the children of the third generation: tasks changed by an operator, or crossed with others of their colony.

spark-submit jobs/instruct/generation_3.py --warehouse DIR --params instruct.toml
"""

from __future__ import annotations

from functools import partial

from jobs.instruct.evolving import generation_3, required
from jobs.instruct.parameters import Synthesis
from jobs.instruct.rounds import play_all
from jobs.runtime.stage import Measure
from schemas.instruct import GENERATION_1, GENERATION_2, GENERATION_3, GIVEN_SEEDS, QUESTIONS, SEED_PARTS
from udfs.recipes.batches import kernel_version

STAGE = Measure(
    "generation_3",
    generation_3,
    partial(required, 3),
    reads=(QUESTIONS, GIVEN_SEEDS, SEED_PARTS, GENERATION_1, GENERATION_2),
    texts=(QUESTIONS, GIVEN_SEEDS, SEED_PARTS, GENERATION_1, GENERATION_2),
    writes=GENERATION_3,
    kernel_version=lambda _: kernel_version(),
    params=Synthesis(),
    doc=(__doc__ or "").splitlines()[0],
    passes=play_all,
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
