"""Learning rates at the steps where a mistake of one would show."""

from __future__ import annotations

import itertools

import pytest

from training.schedule import DECAYS, Cosine, Wsd

STABLE, DECAY = 476_837, 23_842
PAPER = Wsd(stable_until=STABLE, decay_steps=DECAY)


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (0, 3e-4 / 2000),
        (1999, 3e-4),
        (2000, 3e-4),
        (STABLE - 1, 3e-4),
        (STABLE, 3e-4 * (1 / 30) ** (1 / DECAY)),
        (STABLE + DECAY // 2 - 1, 3e-4 * (1 / 30) ** 0.5),
        (STABLE + DECAY - 1, 1e-5),
        (STABLE + DECAY, 1e-5),
    ],
)
def test_rates_of_the_papers_schedule(step: int, expected: float) -> None:
    assert PAPER.rate(step) == pytest.approx(expected, rel=1e-12)
    assert step < STABLE + DECAY - 1 or PAPER.rate(step) == 1e-5


def test_midway_forms_differ_as_documented() -> None:
    def middle(decay: str) -> float:
        return Wsd(stable_until=STABLE, decay_steps=DECAY, decay=decay).rate(STABLE + DECAY // 2 - 1)

    assert middle("exponential") == pytest.approx(5.48e-5, rel=0.01)
    assert middle("megatron_exponential") == pytest.approx(1.3e-4, rel=0.01)


@pytest.mark.parametrize("decay", DECAYS)
def test_every_decay_falls_to_the_minimum(decay: str) -> None:
    schedule = Wsd(warmup=5, stable_until=20, decay_steps=40, decay=decay)
    rates = [schedule.rate(step) for step in range(19, 60)]
    assert rates[0] == 3e-4 and rates[-1] == 1e-5
    assert all(a > b for a, b in itertools.pairwise(rates))


def test_pretraining_that_is_not_annealed_stays_at_its_peak() -> None:
    assert Wsd(stable_until=10_000).rate(10**6) == 3e-4


def test_cosine_of_an_sft_stage() -> None:
    schedule = Cosine(2e-5, steps=1000)
    assert schedule.rate(0) == pytest.approx(2e-7)
    assert schedule.rate(99) == schedule.rate(100) == schedule.peak > schedule.rate(101)
    assert schedule.rate(550) == pytest.approx(1e-5)
    assert 0 < schedule.rate(999) < 1e-10
    assert schedule.rate(1000) == 0.0 == schedule.rate(2000)
    assert Cosine(2e-5, steps=10).rate(9) == pytest.approx(2e-6)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Wsd(decay="sudden"),
        lambda: Wsd(peak=1e-6),
        lambda: Wsd(warmup=100, stable_until=50, decay_steps=10),
        lambda: Cosine(1e-5, steps=0),
    ],
)
def test_impossible_schedules_are_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match="schedule:"):
        wrong()  # type: ignore[operator]
