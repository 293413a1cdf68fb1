"""One Spark session for all tests, a warehouse folder for each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
os.environ.setdefault("REFINELAKE_SPARK_CONF", str(ROOT / "tests" / "spark-test.conf"))


LONGEST = ("test_refresh.py", "test_corpus.py", "test_stages.py")
"""Files of minutes: the first of the Spark tests, so that no worker is left alone with one at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Kernel tests first: they fail within seconds, Spark tests take their time, the longest ones before the others.
    For pytest-xdist a file is a group, and so are all tests of the tiny run.
    """
    tiny = {item.path for item in items if "tiny" in getattr(item, "fixturenames", ())}
    for item in items:
        if "spark" in getattr(item, "fixturenames", ()) or item.path in tiny:
            item.add_marker("spark")
        item.add_marker(pytest.mark.xdist_group("tiny" if item.path in tiny else str(item.path)))
    items.sort(key=lambda item: _place(item, tiny))


def _place(item: pytest.Item, tiny: set[Path]) -> tuple[bool, bool, bool]:
    return item.get_closest_marker("spark") is not None, item.path not in tiny, item.path.name not in LONGEST


@pytest.fixture(scope="session")
def spark() -> Iterator[object]:
    from jobs.runtime.session import session

    opened = session()
    yield opened
    opened.stop()


@pytest.fixture
def lake(spark: object, tmp_path: Path) -> object:
    from jobs.runtime.tables import Lake

    return Lake(spark, str(tmp_path / "warehouse"))


@pytest.fixture(scope="session")
def golden() -> Callable[[str, str], None]:
    """`golden(name, text)` compares with tests/golden/name; REFRESH_GOLDEN=1 rewrites it (make golden)."""

    def compare(name: str, text: str) -> None:
        file = ROOT / "tests" / "golden" / name
        if os.environ.get("REFRESH_GOLDEN"):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        assert file.exists(), f"{file}: expected a golden file, found none; run make golden and read what it wrote"
        assert text == file.read_text(encoding="utf-8"), f"{file} differs; if the change is meant, run make golden"

    return compare
