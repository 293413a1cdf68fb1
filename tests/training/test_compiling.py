"""Layers and loss are compiled on a GPU that can, all of a run's ranks alike; elsewhere the run says why it is eager.

What a compiler makes of them is for a machine with a GPU: benchmarks/train.py --against-eager.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch

from tests.training.runs import tiny
from tests.training.test_engine import batches
from training.engine import compiling, engine, loss
from training.engine import distributed as ranks
from training.engine.engine import Engine
from training.models import build
from training.shapes import shape

CUDA = torch.device("cuda")


def test_a_cpu_stays_eager() -> None:
    assert compiling.refusal(ranks.start()) == "layers stay eager on a CPU"


def test_a_machine_that_cannot_compile_says_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    def without(*_: Any, **__: Any) -> Any:
        raise RuntimeError("Cannot find a working triton installation\nand how to get one")

    monkeypatch.setattr(torch, "compile", without)
    assert compiling.refusal(CUDA) == "compiling fails here: Cannot find a working triton installation"


def test_one_rank_that_cannot_keeps_all_of_them_eager(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "compile", lambda function, dynamic: lambda _: torch.ones(1, requires_grad=True))
    monkeypatch.setattr(torch, "ones", lambda size, device=None, **more: torch.zeros(size, **more) + 1)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda _: None)
    assert compiling.refusal(CUDA) is None
    monkeypatch.setattr(ranks, "gathered", lambda why: [why, "compiling fails here: no space in /tmp"])
    assert compiling.refusal(CUDA) == "compiling fails here: no space in /tmp"


def test_what_is_compiled_is_left_eager_again_for_the_next_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """The layers and the loss, or neither: a compiler that changes nothing gives the same step."""
    compiled: list[str] = []

    def noted(function: Any = None, **given: Any) -> Any:
        if given != {"dynamic": False}:  # of a library that is loaded now
            return function or (lambda decorated: decorated)
        compiled.append(function.__name__)
        return lambda *operands: function(*operands)

    monkeypatch.setattr(torch, "compile", noted)
    monkeypatch.setattr(engine, "compile_layers", lambda lm: compiled.append("layers"))
    steps = []
    for why in (None, "no compiler"):
        monkeypatch.setattr(compiling, "refusal", lambda _, _why=why: _why)
        made = Engine(tiny(engine={"dtype": "fp32", "compile": True}), build(shape("tiny")), ranks.start())
        steps.append(made.step(batches(2), 1e-3))
        assert made.eager == why and (loss._kernel["loss"] is loss._loss_and_gradient) is (why is not None)
        made.close()
    assert compiled == ["layers", "_loss_and_gradient"] and steps[0] == steps[1]
