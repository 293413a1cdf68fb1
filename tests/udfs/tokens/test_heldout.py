"""What is held out never changes: pinned names, shares that nest, an anti-join of training and held-out rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.training.test_data_made import everything, part, reader, row, write
from udfs.tokens.heldout import SHARE, is_held_out


def test_these_names_are_held_out_for_ever() -> None:
    """Never change these values: a repository that was held out before would enter training."""
    names = [f"example/repository-{i}" for i in range(5000)]
    assert [name for name in names if is_held_out(name)] == ["example/repository-1825"]
    some = ["python/cpython", "torvalds/linux", "pallets/flask", "docs.python.org", "example.com", "kernel.org"]
    assert [is_held_out(name, 0.5) for name in some] == [False, False, True, False, True, True]


def test_the_share_is_kept_and_greater_shares_hold_smaller_ones() -> None:
    names = [f"org{i}/name{i % 7}" for i in range(20_000)]
    tenth = {name for name in names if is_held_out(name, 0.1)}
    assert len(tenth) / len(names) == pytest.approx(0.1, abs=0.01)
    assert {name for name in names if is_held_out(name, 0.02)} < tenth
    assert SHARE == 0.001
    assert not any(is_held_out(name, 0) for name in names) and all(is_held_out(name, 1) for name in names)


def test_case_and_space_around_a_name_do_not_matter() -> None:
    names = [f"Org/Name{i}" for i in range(200)]
    assert [is_held_out(n, 0.5) for n in names] == [is_held_out(f" {n.upper()}\n", 0.5) for n in names]


@pytest.mark.parametrize(("name", "share"), [("", 0.1), (" ", 0.1), ("a/b", 1.5), ("a/b", -0.1)])
def test_nameless_rows_and_impossible_shares_are_refused(name: str, share: float) -> None:
    with pytest.raises(ValueError, match=r"^held-out: expected"):
        is_held_out(name, share)


def test_training_and_held_out_rows_have_no_content_in_common(tmp_path: Path) -> None:
    made = [row(f"r{i}", 9, held_out=is_held_out(f"org/r{i}", 0.2)) for i in range(60)]
    place = write(tmp_path / "t", made)
    with pytest.raises(ValueError, match="expected no held-out rows in training"):
        reader(tmp_path / "c", part(place))
    contents = []
    for choice in ("leave_out", "only"):
        of = reader(tmp_path / "c", part(place, held_out=choice))  # type: ignore[arg-type]
        held = of.sequences(0, of.total)
        contents.append({piece.content_id for sequence in held.pieces for piece in sequence})
        assert everything(of)
    trained, kept_out = contents
    assert not trained & kept_out and len(trained) + len(kept_out) == len(made)
    assert kept_out == {r["content_id"] for r in made if r["held_out"]} != set()
