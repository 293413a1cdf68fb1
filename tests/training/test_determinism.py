"""engine.deterministic: what it fixes, what it refuses, what it leaves behind, and that two runs have the same bits."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training.runs import carried, events, tiny
from training.engine import engine as engines
from training.engine.determinism import strict

ROOT = Path(__file__).parents[2]
FIXED = ("CUBLAS_WORKSPACE_CONFIG", "NCCL_ALGO", "NCCL_PROTO", "TORCHINDUCTOR_DETERMINISTIC")


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in FIXED:
        monkeypatch.delenv(name, raising=False)


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Every tensor of the last checkpoint. ZeRO 3 names its parameters by a count of the process, which goes on."""
    found = {}
    for file in sorted(folder.glob("checkpoints/step-00000004/*.pt")):
        with zipfile.ZipFile(file) as held:
            found |= {name: held.read(name) for name in held.namelist() if "/data/" in name}
    return found


@pytest.mark.parametrize(
    ("zero", "dtype"),
    [(1, "bf16"), *(pytest.param(*rest, marks=pytest.mark.long) for rest in ((2, "fp32"), (3, "bf16")))],
)
def test_two_runs_have_the_same_bits(zero: int, dtype: str, tmp_path: Path) -> None:
    run = tiny(steps=4, engine={"zero": zero, "dtype": dtype, "deterministic": True})
    one, other = (carried(run, tmp_path / name) for name in ("one", "other"))
    assert one == other and len(one) == 4
    assert bytes_of(tmp_path / "one") == bytes_of(tmp_path / "other") != {}
    (started,) = events(tmp_path / "one", "started")
    assert started["deterministic"]["torch"] == "strict"
    assert started["deterministic"]["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8" and started["attention"] == "cpu"


def test_all_is_fixed_within_a_run_and_as_it_was_after_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    own = engines.Engine.step

    def step(self: Any, *given: Any) -> Any:
        strictly = (
            torch.are_deterministic_algorithms_enabled() and not torch.is_deterministic_algorithms_warn_only_enabled()
        )
        seen.append((strictly, torch.backends.cudnn.benchmark, *(os.environ.get(name) for name in FIXED)))
        return own(self, *given)

    monkeypatch.setattr(engines.Engine, "step", step)
    carried(tiny(steps=1, engine={"deterministic": True}), tmp_path / "fixed")
    carried(tiny(steps=1), tmp_path / "free")
    assert seen == [(True, False, ":4096:8", "Ring", "Simple", "1"), (False, False, None, None, None, None)]
    assert events(tmp_path / "free", "started")[0]["deterministic"] == {}


def test_an_operation_without_a_fixed_order_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = engines.Engine.step

    def step(self: Any, *given: Any) -> Any:
        torch.zeros(3).put_(torch.tensor([0, 0]), torch.tensor([1.0, 2.0]))
        return own(self, *given)

    monkeypatch.setattr(engines.Engine, "step", step)
    with pytest.raises(RuntimeError, match="put_ does not have a deterministic implementation"):
        carried(tiny(steps=1, engine={"deterministic": True}), tmp_path / "run")
    assert not torch.are_deterministic_algorithms_enabled()


@pytest.mark.parametrize(
    ("name", "wrong", "right"),
    [
        ("CUBLAS_WORKSPACE_CONFIG", ":0:0", ":16:8"),
        ("NCCL_ALGO", "Ring,Tree", "Tree"),
        ("NCCL_PROTO", "^LL", "LL128"),
        ("TORCHINDUCTOR_DETERMINISTIC", "0", "1"),
    ],
)
def test_an_environment_that_asks_for_another_order_is_refused(
    name: str, wrong: str, right: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, wrong)
    with (
        pytest.raises(ValueError, match=f"{name}: expected one of .* or nothing with engine.deterministic"),
        strict(True),
    ):
        pass
    monkeypatch.setenv(name, right)
    with strict(True) as fixed:
        assert fixed[name] == right
    assert os.environ[name] == right


def test_it_is_too_late_once_cuda_has_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    with pytest.raises(ValueError, match="expected CUBLAS_WORKSPACE_CONFIG before CUDA starts"), strict(True):
        pass
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    with strict(True) as fixed:
        assert fixed["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"


def test_the_compiler_measures_nothing() -> None:
    """Told by the environment before it is loaded, and by its configuration after."""
    script = (
        "import sys; from training.engine.determinism import strict\n"
        "early = len(sys.argv) > 1\n"
        "if early: import torch._inductor.config as c\n"
        "with strict(True):\n"
        "    import torch._inductor.config as c\n"
        "    assert c.deterministic\n"
        "assert not c.deterministic"
    )
    for given in ([], ["early"]):
        subprocess.run([sys.executable, "-c", script, *given], cwd=ROOT, check=True, timeout=120)
