"""Walk the interface of the packages that are named, as they are installed: a program in the sandbox, no model.

spark-submit jobs/instruct/package_apis.py --warehouse DIR --params instruct.toml
"""

from __future__ import annotations

from jobs.instruct.parameters import Synthesis
from jobs.instruct.rounds import play_all
from jobs.instruct.thread_seeds import package_apis, packages_required
from jobs.runtime.stage import Measure
from schemas.instruct import GIVEN_SEEDS, PACKAGE_APIS
from udfs.recipes.batches import kernel_version

STAGE = Measure(
    "package_apis",
    package_apis,
    packages_required,
    reads=(GIVEN_SEEDS,),
    texts=(GIVEN_SEEDS,),
    writes=PACKAGE_APIS,
    kernel_version=lambda _: kernel_version(),
    params=Synthesis(),
    doc=(__doc__ or "").splitlines()[0],
    passes=play_all,
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
