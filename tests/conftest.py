"""One Spark session for all tests, a warehouse folder for each."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from xdist.scheduler import LoadFileScheduling

ROOT = Path(__file__).parents[1]

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
os.environ.setdefault("REFINELAKE_SPARK_CONF", str(ROOT / "tests" / "spark-test.conf"))


LONGEST = tuple(
    f"test_{name}.py"
    for name in (
        "removal",
        "removal_groups",
        "web_removal",
        "web_flow",
        "refresh",
        "corpus",
        "web_commands",
        "quarantine",
        "two_runs",
    )
)
"""Files of minutes: the first of the Spark tests, so that no worker is left alone with one at the end."""
TINY = tuple(
    f"test_{name}.py" for name in ("end_to_end", "readme", "documented", "nightly", "tuning", "cluster", "serverless")
)
"""Files that look at the one run over the tiny set, and so belong to one worker."""


class ByFile(LoadFileScheduling):
    """A file at a time for each worker of pytest-xdist, those of TINY as one."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return "tiny" if Path(file).name in TINY else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ByFile:
    return ByFile(config, log)


def pytest_make_parametrize_id(val: object) -> str | None:
    """Long bytes by their length: what a packer made may hold the time, and each worker makes its own."""
    return f"{len(val)} bytes" if isinstance(val, bytes) and len(val) > 60 else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Kernel tests first: they fail within seconds, Spark tests take their time, the longest ones before the others."""
    for item in items:
        if "spark" in getattr(item, "fixturenames", ()) or item.path.name in TINY:
            item.add_marker("spark")
    items.sort(key=lambda item: (item.get_closest_marker("spark") is not None, *_place(item.path.name)))


def _place(file: str) -> tuple[bool, bool]:
    return file not in TINY, file not in LONGEST


@pytest.fixture(scope="session")
def spark() -> Iterator[object]:
    from jobs.runtime.session import session

    opened = session()
    yield opened
    opened.stop()


@pytest.fixture(scope="module", autouse=True)
def forgotten() -> Iterator[None]:
    """Lets the one session forget the warehouses of a file: Delta keeps the state of each table for an hour, and a
    thousand warehouses do not fit into a heap.
    """
    yield
    if "pyspark" in sys.modules and (context := sys.modules["pyspark"].SparkContext._active_spark_context):
        gc.collect()
        context._jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()


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
