"""What a cluster's workers lack, found by one small job before any work: the first stage would tell it as a traceback
of a hundred lines, after minutes of tries.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable

from py4j.protocol import Py4JError
from pyspark import cloudpickle
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from jobs.runtime.requirements import modules
from schemas.identity import code_identity

_KERNELS = tuple(f"udfs.spark.{half}" for half in ("code", "web", "instruct", "corpus"))
_ASKED = 32
"""Tasks that ask, so that each worker gets some."""
_REMEDY = (
    "Submit with the settings that `refinelake pack` writes (again after every upgrade), or install {} "
    "for spark.pyspark.python on every worker"
)
_SAID = (
    (r'Cannot run program "([^"]+)"', "an interpreter at {}, found none"),
    (r"PYTHON_VERSION_MISMATCH.*?(\d\.\d+).*", "the driver's Python, found {}"),
)


class WorkerError(ValueError):
    """A worker cannot run the kernels."""


def check(spark: SparkSession) -> None:
    """Raises WorkerError where a worker lacks Python, a package, or has another release's kernels."""
    mine, needed = code_identity(*_KERNELS), modules([""])

    def lacks(_: int) -> str | None:
        import platform

        try:
            from schemas.identity import code_identity as identity

            for kernels in _KERNELS:
                __import__(kernels)
            found = identity(*_KERNELS)
            if without := absent(needed):
                return f"{platform.node()}: expected refinelake and what it requires, found no {without}"
        except Exception as e:
            return f"{platform.node()}: expected refinelake and what it requires, found {type(e).__name__}: {e}"
        return None if found == mine else f"{platform.node()}: expected kernels {mine}, found {found}"

    _refuse(_asked(spark, lacks, "refinelake"), "refinelake")


def check_extras(spark: SparkSession, extras: Iterable[str]) -> None:
    """Raises WorkerError where a worker lacks what an extra of refinelake brings. Kernels import it only when they need
    it, so a cluster that does without is right until a flow of it is carried out.
    """
    needed, package = modules(extras), f"refinelake[{','.join(sorted(extras))}]"

    def lacks(_: int) -> str | None:
        import platform

        without = absent(needed)
        return f"{platform.node()}: expected what {package} brings, found no {without}" if without else None

    if needed:
        _refuse(_asked(spark, lacks, package), package)


def absent(wanted: Iterable[str]) -> str:
    """Those of the modules that cannot be found here, as one line."""
    from importlib.util import find_spec

    def there(name: str) -> bool:
        try:
            return find_spec(name) is not None
        except (ImportError, ValueError):
            return False

    return ", ".join(name for name in wanted if not there(name))


def _refuse(said: list[str], package: str) -> None:
    if said:
        raise WorkerError(f"worker {'; worker '.join(said[:3])}. {_REMEDY.format(package)}")


def _asked(spark: SparkSession, lacks: Callable[[int], str | None], package: str) -> list[str]:
    # By value: a worker that lacks this module could not even say so.
    here = sys.modules[__name__]
    cloudpickle.register_pickle_by_value(here)
    try:
        asked = F.udf(lacks, "string", useArrow=False)
        rows = spark.range(0, _ASKED, 1, _ASKED).select(asked("id").alias("said")).where("said IS NOT NULL")
        return sorted({row["said"] for row in rows.collect()})
    except (PySparkException, Py4JError) as e:
        for pattern, what in _SAID:
            if found := re.search(pattern, str(e), re.S):
                raise WorkerError(f"workers: expected {what.format(found[1])}. {_REMEDY.format(package)}") from e
        raise
    finally:
        cloudpickle.unregister_pickle_by_value(here)
