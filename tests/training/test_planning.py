"""What a run will need: bytes as the product's own model keeps them, and settings with which it fits."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from tests.training.runs import tiny
from training.engine.attention import NAME, Attention
from training.engine.model import Trained
from training.models import build
from training.planning import ROOM, fitting, memory
from training.recipes import recipe
from training.settings import Batch
from training.shapes import SHAPES, Shape

GB = 10**9


def kept(shape: Shape, sequences: int, length: int) -> int:
    """Bytes that the decoder layers of a bf16 model keep for their backward pass, parameters not counted."""
    lm = build(shape, dtype=torch.bfloat16)
    attention = Attention("auto", torch.device("cpu"), False)
    lm.set_attn_implementation(NAME)
    trained = Trained(lm, attention, 64, gathered=False)
    own = {p.untyped_storage().data_ptr() for p in lm.parameters()}
    found: dict[int, int] = {}

    def note(tensor: torch.Tensor) -> torch.Tensor:
        if tensor.untyped_storage().data_ptr() not in own:
            found[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        held.append(tensor)
        return tensor

    held: list[torch.Tensor] = []
    ids = torch.randint(0, 128, (sequences, length))
    with torch.autograd.graph.saved_tensors_hooks(note, lambda t: t):
        trained(ids, ids)
    return sum(found.values())


@pytest.mark.parametrize("qk_norm", [False, True])
def test_activations_of_eager_layers_are_those_that_are_kept(qk_norm: bool) -> None:
    """The difference of two depths is one layer's, whatever embedding and loss keep."""
    of = Shape(160, 2, 4, 4, 40, 448, 10_000.0, 128, 128, qk_norm)
    measured = kept(replace(of, layers=3), 2, 128) - kept(of, 2, 128)
    run = replace(tiny(), batch=Batch(2, 128, 2))
    planned = memory(run, replace(of, layers=3), 1).activations - memory(run, of, 1).activations
    assert planned == pytest.approx(measured, rel=0.05)


@pytest.mark.parametrize(("model", "eager", "compiled"), [("1.5b", 102_976, 72_768), ("8b", 213_128 - 12_288, 139_264)])
def test_bytes_a_token_and_layer_of_the_papers_models(model: str, eager: int, compiled: int) -> None:
    """As measured by saved tensors; of the 8B without the copies of keys that only a CPU makes (2 x 3,072 x 2)."""
    shape = SHAPES[model]
    for compile_, expected in ((False, eager), (True, compiled)):
        run = recipe("pretrain", model)
        run = replace(run, engine=replace(run.engine, compile=compile_, zero=1), batch=replace(run.batch, micro=4))
        tokens = run.batch.micro * run.batch.length * shape.layers
        assert memory(run, shape, 8).activations / tokens == pytest.approx(expected, rel=0.005)


def test_a_run_that_does_not_fit_gets_the_cheapest_change() -> None:
    run = recipe("pretrain", "1.5b")
    run = replace(run, batch=replace(run.batch, micro=16), engine=replace(run.engine, zero=1, compile=False))
    found = fitting(run, SHAPES["1.5b"], 8, 80 * GB)
    assert found is not None and memory(found, SHAPES["1.5b"], 8).total < ROOM * 80 * GB
    assert (found.engine.zero, found.batch.micro, found.engine.recompute) == (1, 4, False)
    assert found.batch.size % (found.batch.micro * 8) == 0
    assert fitting(run, SHAPES["8b"], 1, 80 * GB) is None
