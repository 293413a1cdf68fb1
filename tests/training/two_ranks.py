"""Run by torchrun with two processes: what has to be shown with more than one rank, all in one start. Writes JSON.

torchrun --nproc_per_node 2 -m tests.training.two_ranks FOLDER
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

from tests.training.runs import carried, tiny
from tests.training.test_engine import batches, weights
from training.engine import distributed as ranks
from training.engine.engine import Engine
from training.models import build
from training.shapes import shape

LAYOUTS = [(1, "fp32"), (1, "bf16"), (2, "bf16"), (3, "bf16"), (3, "fp32")]


def one_step() -> dict[str, Any]:
    """One global batch as 1 x 4 x 2 (micro x accumulation x ranks)."""
    device = ranks.start()
    engine = Engine(tiny(batch={"micro": 1}, engine={"dtype": "fp32"}), build(shape("tiny")), device)
    mine = [batch for number, batch in enumerate(batches(1)) if number % 2 == ranks.rank()]
    done = engine.step(mine, 1e-3)
    found = {"loss": done.loss, "norm": done.norm, "tokens": done.tokens, "weights": weights(engine).tolist()}
    engine.close()
    return found


def killed_and_resumed(folder: Path, zero: int, dtype: str) -> dict[str, Any]:
    """Six steps, and the last three again from the checkpoint of the third."""
    run = tiny(engine={"zero": zero, "dtype": dtype})
    place = folder / f"zero{zero}-{dtype}"
    whole = carried(run, place)
    ranks.barrier()
    if ranks.rank() == 0:
        shutil.rmtree(place / "checkpoints" / "step-00000006")
    ranks.barrier()
    again = carried(run, place, "must")
    return {"whole": whole, "again": again}


def main() -> None:
    folder = Path(sys.argv[1])
    found = {"step": one_step()}
    for zero, dtype in LAYOUTS:
        found[f"zero{zero}-{dtype}"] = killed_and_resumed(folder, zero, dtype)
    if ranks.rank() == 0:
        (folder / "found.json").write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
