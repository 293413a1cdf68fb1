"""What is declared of comparisons, and what is concluded from numbers: no run is made here."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.evidence.declared import Arm, declared, microannealed, sources_of
from training.evidence.picture import curves
from training.evidence.result import finals, spread, verdict
from training.inputs import named
from training.recipes import RECIPES


def test_the_candidate_weighs_what_the_base_weighs() -> None:
    base = (named("x", "x.json"), named("y", "y.json"))
    assert [part.weight for part in microannealed(base, "c.json")["half"]] == ["1", "1", "2"]


@pytest.mark.parametrize(
    ("better", "than", "seeds", "expected"),
    [
        ((1.0, 1.1), (1.3, 1.4), 2, "shown"),
        ((1.3, 1.4), (1.0, 1.1), 2, "opposite"),
        ((1.0, 1.4), (1.2, 1.5), 2, "not shown"),
        ((1.0,), (2.0,), 1, "not shown"),
    ],
)
def test_a_difference_is_held_against_the_spread(
    better: tuple[float, ...], than: tuple[float, ...], seeds: int, expected: str
) -> None:
    assert verdict(spread(better), spread(than), seeds) == expected


def test_means_and_bands_are_over_the_seeds() -> None:
    runs = [
        {"arm": arm, "curve": [{"tokens": 10 * n, "sets": {"s": {"all": value + n}}} for n in (1, 2)]}
        for arm, value in (("x", 1.0), ("x", 2.0), ("y", 5.0))
    ]
    assert finals(runs, "s")["x"] == spread((3.0, 4.0)) and finals(runs, "s", "rust") == {}
    assert [(at, found.mean) for at, found in curves(runs, "s")["x"]] == [(10.0, 2.5), (20.0, 3.5)]


def test_seeds_whose_steps_held_other_numbers_of_tokens_are_one_curve() -> None:
    """As over chat rows, whose answers are what is counted."""
    looks = [[(10, 2.0), (21, 1.0)], [(12, 4.0), (19, 3.0)]]
    runs = [{"arm": "x", "curve": [{"tokens": at, "sets": {"s": {"all": v}}} for at, v in seed]} for seed in looks]
    assert [(at, found.mean) for at, found in curves(runs, "s")["x"]] == [(11.0, 3.0), (20.0, 2.0)]


def test_every_declared_comparison_names_its_own_arms() -> None:
    for about in declared().values():
        assert about.recipe in RECIPES and about.claim.endswith(".") and about.section, about.name
        if about.arms:
            assert {about.better, about.than, about.set} <= set(about.arms), about.name
        for arm in about.arms.values():
            assert all(leg.recipe in RECIPES for leg in arm.legs), about.name
            assert not arm.legs or sum(leg.share for leg in arm.legs) == 1, "arms have equal tokens"


def test_a_declared_table_is_found_as_a_list_or_as_a_delta_table(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "files.json").write_text("{}")
    (tmp_path / "lake" / "_delta_log").mkdir(parents=True)
    assert sources_of("x", Arm("raw"), tmp_path)[0].name == "raw"
    assert [s.table for s in sources_of("x", Arm("lake"), tmp_path)] == [str(tmp_path / "lake")]
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "files.json").write_text("{}")
    parts = sources_of("with", Arm("lake", also="made"), tmp_path)
    assert {part.name: (part.weight, part.sources) for part in parts} == {
        "original": ("83.94", ()),
        "algorithmic": ("12.44", ("algorithmic",)),
        "snippets": ("2.71", ("snippets",)),
        "textbooks": ("0.91", ("textbooks",)),
    }
