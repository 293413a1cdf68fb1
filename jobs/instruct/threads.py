"""Play every recipe for each of its seeds: ask models, run programs, keep what it made, or why it made nothing.

spark-submit jobs/instruct/threads.py --warehouse DIR --params instruct.toml
"""

from __future__ import annotations

from jobs.instruct.parameters import Synthesis
from jobs.instruct.rounds import play_all
from jobs.instruct.thread_seeds import required, threads
from jobs.runtime.stage import Measure
from schemas.instruct import (
    GENERATION_1,
    GENERATION_2,
    GENERATION_3,
    GIVEN_SEEDS,
    PACKAGE_APIS,
    PACKAGE_USAGES,
    POPULATION,
    QUERY_PACKS,
    QUESTIONS,
    SEED_PARTS,
    THREADS,
)
from udfs.recipes.batches import kernel_version

_SEEDS = (SEED_PARTS, GIVEN_SEEDS, PACKAGE_APIS, PACKAGE_USAGES, POPULATION, QUERY_PACKS)
STAGE = Measure(
    "threads",
    threads,
    required,
    reads=_SEEDS,
    texts=(*_SEEDS, QUESTIONS, GENERATION_1, GENERATION_2, GENERATION_3),
    writes=THREADS,
    kernel_version=lambda _: kernel_version(),
    params=Synthesis(),
    doc=(__doc__ or "").splitlines()[0],
    passes=play_all,
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
