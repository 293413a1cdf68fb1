"""A runner for each level that holds here, with limits that no attack on them can hurt this machine by."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from udfs.execution.levels import probed
from udfs.execution.programs import LEVELS, MB, Limits
from udfs.execution.running import Runner

SMALL = Limits(cpu_seconds=2.0, wall=3.0, memory=192 * MB, output=1 * MB, processes=32, file=4 * MB, disk=16 * MB)


@pytest.fixture(scope="session", params=LEVELS)
def runner(request: pytest.FixtureRequest) -> Iterator[Runner]:
    if said := probed()[request.param]:
        pytest.skip(f"{request.param} does not hold here: {said}")
    with Runner(level=request.param, limits=SMALL) as made:
        yield made


@pytest.fixture(scope="session")
def best() -> Iterator[Runner]:
    with Runner(limits=SMALL) as made:
        yield made
