"""The plane in which a set is widest, and what lies outside of its circle."""

from __future__ import annotations

import numpy as np
import pytest

from udfs.embeddings.scatter import plane_of


def drawn(count: int, widths: tuple[float, ...], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, len(widths))) * np.array(widths) + 3.0


def test_the_plane_has_the_widest_directions_and_its_circle_holds_what_it_says() -> None:
    vectors = drawn(1000, (0.1, 5.0, 0.2, 2.0))
    plane = plane_of(vectors)
    assert np.abs(plane.axes).round(1).tolist() == [[0, 1, 0, 0], [0, 0, 0, 1]]
    assert plane.points(vectors).std(0) == pytest.approx([5.0, 2.0], rel=0.1)
    assert plane.outside(vectors) == pytest.approx(0.05, abs=0.001)
    assert plane.outside(vectors * 0 + plane.centre) == 0 and plane.outside(vectors + 100) == 1


def test_the_order_of_a_set_and_its_mirror_image_do_not_matter() -> None:
    vectors = drawn(50, (1.0, 3.0, 2.0))
    one, other = plane_of(vectors), plane_of(vectors[::-1])
    assert np.allclose(one.points(vectors), other.points(vectors)) and one.radius == pytest.approx(other.radius)
    assert (one.axes[[0, 1], np.abs(one.axes).argmax(1)] > 0).all()


def test_fewer_than_three_have_no_plane() -> None:
    with pytest.raises(ValueError, match="plane: expected three vectors or more, found 2"):
        plane_of(drawn(2, (1.0, 1.0)))
