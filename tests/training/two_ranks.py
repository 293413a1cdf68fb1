"""Run by torchrun with two processes: what has to be shown with more than one rank, all in one start. Writes JSON.

torchrun --nproc_per_node 2 -m tests.training.two_ranks FOLDER
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import torch

from tests.training.runs import carried, held_out_table, lines, tiny
from tests.training.test_engine import batches, infinite_gradient, step_and_gradients
from training.checkpoint import background
from training.data.reader import Batch
from training.engine import distributed as ranks
from training.engine.engine import Engine
from training.models import build
from training.settings import Spikes
from training.shapes import shape
from training.spikes import Watch

LAYOUTS = [(1, "fp32"), (1, "bf16"), (2, "bf16"), (3, "bf16"), (3, "fp32")]
SKIPPED = [(1, "fp32"), (2, "bf16"), (3, "fp32")]


def engine_of(zero: int, dtype: str = "fp32") -> Engine:
    settings: dict[str, Any] = {"batch": {"micro": 1}, "engine": {"zero": zero, "dtype": dtype}}
    lm = build(shape("tiny"), dtype=torch.bfloat16 if dtype == "bf16" else torch.float32)
    return Engine(tiny(**settings), lm, ranks.start())


def mine() -> list[Batch]:
    """This rank's half of one global batch, cut as 1 x 4 x 2 (micro x accumulation x ranks)."""
    return [batch for number, batch in enumerate(batches(1)) if number % 2 == ranks.rank()]


def one_step(folder: Path, zero: int, dtype: str = "fp32") -> dict[str, Any]:
    """What a step did; its gradients are in a file."""
    engine = engine_of(zero, dtype)
    done, gradients = step_and_gradients(engine, mine())
    engine.close()
    if ranks.rank() == 0:
        torch.save(gradients, folder / f"zero{zero}-{dtype}.pt")
    return {"loss": done.loss, "norm": done.norm, "tokens": done.tokens}


def skipped(zero: int, dtype: str) -> dict[str, list[Any]]:
    """Steps of both ranks, (skipped, loss, norm), where only rank 1 sees an infinite gradient, a spike of its loss, or
    an infinite loss; between two ordinary ones. `plain` is a run without them.
    """
    broken, plain = engine_of(zero, dtype), engine_of(zero, dtype)
    first = plain.step(mine(), 1e-3)
    watch = Watch(Spikes(window=2), [first.loss, first.loss + 0.01])
    steps = [broken.step(mine(), 1e-3, watch.refuse)]
    with infinite_gradient(broken) if ranks.rank() == 1 else nullcontext():
        steps.append(broken.step(mine(), 1e-3, watch.refuse))
    for factor in (3.0, float("inf")):
        with larger_loss(broken, factor if ranks.rank() == 1 else 1.0):
            steps.append(broken.step(mine(), 1e-3, watch.refuse))
    steps.append(broken.step(mine(), 1e-3, watch.refuse))
    expected = [first, plain.step(mine(), 1e-3)]
    for engine in (broken, plain):
        engine.close()
    told = {"steps": steps, "plain": expected}
    return {name: ranks.gathered([(s.skipped, s.loss, s.norm) for s in made]) for name, made in told.items()}


@contextmanager
def larger_loss(engine: Engine, factor: float) -> Iterator[None]:
    """The module's loss times a factor, before it is summed over ranks."""
    hook = engine.deepspeed.module.register_forward_hook(lambda _, __, loss: loss * factor)
    yield
    hook.remove()


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


def unwritten(folder: Path) -> list[Any]:
    """Rank 1 finds no room in the thread that writes its part of the second checkpoint: what each rank says of it."""
    own, place = background.Taken.write, folder / "unwritten"

    def write(self: Any) -> None:
        if ranks.rank() == 1 and any("step-00000006" in str(path) for path in self.files):
            raise OSError("no room on rank 1")
        own(self)

    background.Taken.write = write  # type: ignore[method-assign]
    said = ""
    try:
        carried(tiny(steps=9), place)
    except OSError as error:
        said = str(error)
    background.Taken.write = own  # type: ignore[method-assign]
    ranks.barrier()
    left = sorted(path.name for path in (place / "checkpoints").glob("*step*"))
    return ranks.gathered((said.partition(": ")[2], left))


def looked_at(folder: Path, zero: int) -> dict[str, Any]:
    """Four steps of 3 sequences a micro-batch with held-out rows looked at after two of them, and without."""
    table, found = folder / "held-out", {}
    if ranks.rank() == 0 and not table.exists():
        held_out_table(table)
    ranks.barrier()
    for every in (0, 2):
        place = folder / f"looked{zero}-{every}"
        asked = {"batch": {"size": 12, "micro": 3}, "engine": {"zero": zero}, "evaluate": {"every": every}}
        found[f"{every}"] = carried(tiny(steps=4, **asked), place, table=str(table / "files.json"))
        ranks.barrier()
        found[f"lines{every}"] = lines(place)
    return found


def main() -> None:
    folder = Path(sys.argv[1])
    ranks.start()
    found = {f"step{zero}": one_step(folder, zero) for zero in (1, 2, 3)}
    for zero in (1, 2):
        one_step(folder, zero, "bf16")
    found |= {f"skipped{zero}-{dtype}": skipped(zero, dtype) for zero, dtype in SKIPPED}
    for zero, dtype in LAYOUTS:
        found[f"zero{zero}-{dtype}"] = killed_and_resumed(folder, zero, dtype)
    found["unwritten"] = unwritten(folder)
    found |= {f"looked{zero}": looked_at(folder, zero) for zero in (1, 2, 3)}
    if ranks.rank() == 0:
        (folder / "found.json").write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
