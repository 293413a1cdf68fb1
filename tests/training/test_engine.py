"""The engine alone: what a gradient is, what a skip leaves, who sees whom; in one process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from tests.training.runs import TOKENIZER, inputs, tiny
from training.data.reader import Batch
from training.engine import distributed as ranks
from training.engine.attention import NAME, Attention
from training.engine.configuration import deepspeed_config, refused
from training.engine.engine import Engine, Step
from training.engine.loss import summed_loss
from training.engine.model import Trained
from training.inputs import open_feed
from training.models import build
from training.shapes import shape
from udfs.tokens.tokenizer import TextTokenizer


@pytest.fixture(scope="module")
def device() -> torch.device:
    return ranks.start()


@pytest.fixture
def engines(device: torch.device) -> Iterator[Any]:
    made: list[Engine] = []

    def make(**sections: Any) -> Engine:
        dtype = torch.bfloat16 if sections.get("engine", {}).get("dtype") == "bf16" else torch.float32
        made.append(Engine(tiny(**sections), build(shape("tiny"), dtype=dtype), device))
        return made[-1]

    yield make
    for engine in made:
        engine.close()


def batches(micro: int, empty: bool = True) -> list[Batch]:
    """Eight sequences with unequal masks, one of them all masked, in micro-batches."""
    rng = np.random.default_rng(5)
    ids = rng.integers(0, 512, (8, 64), dtype=np.int32)
    labels = np.where(rng.random((8, 64)) < rng.random((8, 1)), ids, -100).astype(np.int32)
    if empty:
        labels[5] = -100
    parts = np.array_split(np.arange(8), 8 // micro)
    return [Batch(tuple(p), ids[p], labels[p], None, tuple(() for _ in p)) for p in parts]


def weights(engine: Engine) -> torch.Tensor:
    return torch.cat([p.detach().float().flatten() for p in engine.lm.parameters()])


def autograd() -> tuple[float, float, dict[str, torch.Tensor]]:
    """Loss, norm and gradients by plain autograd on the mean over all supervised tokens of the eight sequences."""
    plain = build(shape("tiny"))
    whole = batches(8)[0]
    ids, labels = (torch.from_numpy(a).long() for a in (whole.ids, whole.labels))
    logits = plain(ids, use_cache=False).logits
    loss = F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), ignore_index=-100)
    loss.backward()
    found = {name: p.grad for name, p in plain.named_parameters() if p.grad is not None}
    return float(loss.detach()), float(torch.sqrt(sum((g**2).sum() for g in found.values()))), found


def step_and_gradients(engine: Engine, made: list[Batch]) -> tuple[Step, dict[str, torch.Tensor]]:
    """A step, and the gradients of the whole global batch as they stood before the update, on every rank.

    The decision to skip is asked for at that very moment. Weights would not do: Adam's first step is about the rate
    times the gradient's sign, whatever its size.
    """
    from deepspeed.utils import safe_get_full_grad

    found: dict[str, torch.Tensor] = {}

    def read(_: float) -> None:
        for name, p in engine.lm.named_parameters():
            grad = safe_get_full_grad(p)
            assert grad is not None, name
            found[name] = grad.detach().clone().reshape(getattr(p, "ds_shape", p.shape))

    return engine.step(made, 1e-3, read), found


def assert_equal_gradients(found: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> None:
    """To fp32 rounding: a ten-thousandth of each value, and a millionth of the parameter's largest one."""
    assert found.keys() == expected.keys()
    for name, gradient in expected.items():
        least = 1e-6 * float(gradient.abs().max())
        torch.testing.assert_close(found[name], gradient, rtol=1e-4, atol=least, msg=lambda m, n=name: f"{n}: {m}")


@pytest.mark.parametrize("zero", [1, 2, 3])
def test_the_gradient_is_of_the_whole_batch_however_it_is_cut(engines: Any, zero: int) -> None:
    """One step of 8 x 1 and 1 x 8 (micro x accumulation) against autograd; two ranks: test_two_ranks.py."""
    loss, norm, expected = autograd()
    for micro in (8, 1):
        engine = engines(engine={"zero": zero, "dtype": "fp32"}, batch={"micro": micro})
        done, found = step_and_gradients(engine, batches(micro))
        assert done.loss == pytest.approx(loss, rel=1e-6)
        assert done.norm == pytest.approx(norm, rel=1e-5)
        assert done.tokens == int((batches(8)[0].labels[:, 1:] != -100).sum())
        assert_equal_gradients(found, expected)


def summed_in_fp32() -> dict[str, torch.Tensor]:
    """Of the bf16 model: the sequences' bf16 gradients by plain autograd, scaled as by the engine, added in fp32."""
    plain, made = build(shape("tiny"), dtype=torch.bfloat16), batches(1)
    trained = Trained(plain, Attention("auto", torch.device("cpu"), False), 4096, gathered=False)
    plain.set_attn_implementation(NAME)
    scale = 1 / sum(int((b.labels[:, 1:] != -100).sum()) for b in made)
    sums = {name: torch.zeros(p.shape) for name, p in plain.named_parameters()}
    for batch in made:
        (trained(*(torch.from_numpy(a).long() for a in (batch.ids, batch.labels))) * scale).backward()
        for name, p in plain.named_parameters():
            sums[name] += p.grad.float()
            p.grad = None
    return sums


def assert_fp32_sums(found: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> None:
    """Most elements have bits that bf16 lacks, and they are the fp32 sum of the micro-batches' bf16 gradients."""
    whole = torch.cat([g.float().flatten() for g in found.values()])
    low = (whole[whole != 0].view(torch.int32) & 0xFFFF) != 0
    assert float(low.float().mean()) > 0.6
    assert found.keys() == expected.keys()
    for name, gradient in expected.items():
        torch.testing.assert_close(found[name], gradient, rtol=1e-5, atol=1e-6 * float(gradient.abs().max()))


@pytest.mark.parametrize("zero", [1, 2])
def test_gradients_of_bf16_are_added_up_in_fp32(engines: Any, zero: int) -> None:
    """A cast on the way, as DeepSpeed's default is, would leave no low bit. Two ranks: test_two_ranks.py."""
    engine = engines(engine={"zero": zero, "dtype": "bf16"}, batch={"micro": 1})
    assert_fp32_sums(step_and_gradients(engine, batches(1))[1], summed_in_fp32())


LAYOUTS = [(1, "fp32"), (1, "bf16"), (2, "bf16"), (3, "fp32")]


@pytest.mark.parametrize(("zero", "dtype"), LAYOUTS)
def test_a_skipped_step_leaves_nothing_behind(engines: Any, zero: int, dtype: str) -> None:
    """Weights stay, and the next step is as if the skipped one had never been."""
    settings = {"engine": {"zero": zero, "dtype": dtype}, "batch": {"micro": 2}}
    skipping, plain = engines(**settings), engines(**settings)
    with_skip = [skipping.step(batches(2, empty), 1e-3, refuse) for empty, refuse in SKIPS]
    without = [plain.step(batches(2), 1e-3) for _ in range(2)]
    assert [step.skipped for step in with_skip] == [None, "a test", None]
    assert with_skip[2].loss == without[1].loss and with_skip[2].norm == without[1].norm


SKIPS: list[tuple[bool, Any]] = [(True, lambda _: None), (False, lambda _: "a test"), (True, lambda _: None)]


def test_a_loss_that_is_not_finite_skips_the_step(engines: Any) -> None:
    engine = engines(engine={"dtype": "fp32"}, batch={"micro": 8})
    with torch.no_grad():
        engine.lm.get_output_embeddings().weight[7, 0] = float("inf")
    before = weights(engine)
    done = engine.step(batches(8), 1e-3)
    assert done.skipped == "the loss is not finite"
    assert torch.equal(torch.nan_to_num(before), torch.nan_to_num(weights(engine)))


@pytest.mark.parametrize(("zero", "dtype"), LAYOUTS)
def test_a_gradient_that_is_not_finite_skips_the_step(engines: Any, zero: int, dtype: str) -> None:
    """With a finite loss: one value of one parameter's gradient. The next step is as if it had never been."""
    settings = {"engine": {"zero": zero, "dtype": dtype}, "batch": {"micro": 2}}
    broken, plain = engines(**settings), engines(**settings)
    before = broken.step(batches(2), 1e-3)
    with infinite_gradient(broken):
        done = broken.step(batches(2), 1e-3)
    assert done.skipped == "the gradient is not finite" and np.isfinite(done.loss)
    assert plain.step(batches(2), 1e-3) == before
    assert broken.step(batches(2), 1e-3) == plain.step(batches(2), 1e-3)


@contextmanager
def infinite_gradient(engine: Engine) -> Iterator[None]:
    """The first value of the last layer's gradient is infinite."""

    def spoilt(gradient: torch.Tensor) -> torch.Tensor:
        gradient = gradient.clone()
        gradient.view(-1)[0] = float("inf")
        return gradient

    hook = engine.lm.model.layers[-1].mlp.down_proj.weight.register_hook(spoilt)
    yield
    hook.remove()


def test_a_batch_without_supervised_tokens_changes_nothing(engines: Any) -> None:
    engine = engines(engine={"dtype": "fp32"}, batch={"micro": 8})
    before, (batch,) = weights(engine), batches(8)
    done = engine.step([replace(batch, labels=np.full_like(batch.labels, -100))], 1e-3)
    assert done.skipped == "no supervised token in the batch" and torch.equal(before, weights(engine))


@pytest.mark.parametrize("chunk", [1, 7, 64, 1000])
@pytest.mark.parametrize("gathered", [False, True])
@pytest.mark.parametrize("z", [0.0, 0.02])
def test_the_chunked_loss_is_cross_entropy(chunk: int, gathered: bool, z: float) -> None:
    """Sum and both gradients equal those from whole logits, with and without the head's weight at hand. With z-loss its
    square of the normaliser is in the sum and not in the losses of tokens.
    """
    generator = torch.Generator().manual_seed(1)
    hidden = torch.randn(64, 16, generator=generator)
    targets = torch.randint(0, 40, (64,), generator=generator)
    targets[10:20] = -100
    found = []
    for way in ("plain", "chunked"):
        head = torch.nn.Linear(16, 40, bias=False)
        with torch.no_grad():
            head.weight.copy_(torch.randn(40, 16, generator=torch.Generator().manual_seed(2)))
        rows = hidden.clone().requires_grad_()
        if way == "plain":
            loss = F.cross_entropy(head(rows), targets, ignore_index=-100, reduction="sum")
            loss = loss + z * head(rows).logsumexp(1)[targets != -100].square().sum()
        else:
            loss, each = summed_loss(rows, head, targets, chunk, gathered, z)
            expected = F.cross_entropy(head(rows), targets, ignore_index=-100, reduction="none")
            torch.testing.assert_close(each, expected.detach(), rtol=1e-5, atol=1e-5)
            assert not each.requires_grad
        (loss * 0.37).backward()
        found.append((loss.detach(), rows.grad, head.weight.grad))
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("zero", "dtype"), [(1, "fp32"), (2, "bf16"), (3, "fp32")])
def test_z_loss_draws_the_normaliser_and_is_told_apart(engines: Any, zero: int, dtype: str) -> None:
    """The first loss is that without it; the norm is not; after steps the squared normaliser is smaller."""
    plain, drawn = (engines(engine={"zero": zero, "dtype": dtype}, loss={"z": z}) for z in (0.0, 0.1))
    steps = [[engine.step(batches(2), 1e-2) for _ in range(4)] for engine in (plain, drawn)]
    assert steps[0][0].loss == pytest.approx(steps[1][0].loss, rel=1e-6) and steps[0][0].z_loss is None
    assert steps[1][0].norm > 1.005 * steps[0][0].norm
    of = [step.z_loss for step in steps[1]]
    assert of[0] == pytest.approx(0.1 * np.log(512) ** 2, rel=0.02) and of[3] < 0.9 * of[0]


@pytest.mark.parametrize("isolate", [False, True])
def test_isolated_documents_do_not_see_each_other(device: torch.device, isolate: bool) -> None:
    """The loss of the second document, with two different first ones before it."""
    lm = build(shape("tiny"))
    lm.set_attn_implementation(NAME)
    attention = Attention("auto", device, isolate)
    trained = Trained(lm, attention, 64, gathered=False)
    first, second = torch.arange(20), torch.arange(100, 140)
    losses = []
    for other in (first, first + 200):
        ids = torch.cat([other, second])[None]
        labels = torch.cat([torch.full((21,), -100), second[1:]])[None]
        positions = torch.cat([torch.arange(20), torch.arange(40)])[None]
        losses.append(float(trained(ids, labels, positions if isolate else None).detach()))
    assert (losses[0] == pytest.approx(losses[1], rel=1e-6)) is isolate
    if isolate:
        alone = Trained(lm, Attention("auto", device, False), 64, gathered=False)
        assert losses[0] == pytest.approx(float(alone(second[None], second[None]).detach()), rel=1e-5)


def test_recomputed_activations_give_the_same_step(engines: Any) -> None:
    found = [engines(engine={"dtype": "fp32", "recompute": r}).step(batches(2), 1e-3) for r in (False, True)]
    assert found[0] == found[1]


def test_rotary_frequencies_stay_fp32_in_bf16_training(engines: Any) -> None:
    engine = engines(engine={"zero": 2, "dtype": "bf16"})
    frequencies = [b for name, b in engine.lm.named_buffers() if "inv_freq" in name]
    assert frequencies and all(b.dtype is torch.float32 for b in frequencies)


@pytest.mark.parametrize("packed", [False, True])
def test_rows_weigh_alike_packed_or_not(engines: Any, tmp_path: Path, packed: bool) -> None:
    """One step over the same rows: one a sequence, and several isolated ones in a sequence."""
    found = []
    for way in (False, packed):
        sections = {"data": {"packed": way, "isolate": way}, "batch": {"size": 16, "length": 256, "micro": 2}}
        run = tiny("sft1", **sections)
        feed = open_feed(run, inputs(tmp_path, "rows"), TextTokenizer.read(TOKENIZER))
        engine = engines(name="sft1", engine={"dtype": "fp32"}, **sections)
        made = feed.batches(0, 0, 1)
        found.append((len(made), *step_and_gradients(engine, made)))
    assert found[0][1].tokens == found[1][1].tokens
    assert found[0][1].norm == pytest.approx(found[1][1].norm, rel=1e-5)
    assert_equal_gradients(found[0][2], found[1][2])
    assert not packed or found[1][0] < found[0][0]


@pytest.mark.parametrize(
    ("sections", "said"),
    [
        ({"engine": {"offload": "all"}}, "only engine.zero = 3"),
        ({"engine": {"zero": 3, "compile": True}}, "break every graph"),
        ({"data": {"packed": True}}, "would see each other"),
        ({"data": {"packed": True, "isolate": True}}, "is for chat rows"),
        ({"batch": {"micro": 16}}, "more than the global batch"),
        ({"batch": {"micro": 3}}, "expected a multiple of batch.micro x ranks"),
    ],
)
def test_what_would_go_wrong_in_silence_is_refused(sections: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        deepspeed_config(tiny(**sections), 1, torch.float32)


def test_isolation_of_single_rows_is_refused() -> None:
    assert "nothing to be isolated from" in (refused(tiny("sft1", data={"isolate": True, "packed": False}), 1) or "")
