"""What a cluster's workers lack, found by one small job before any work: the first stage would tell it as a traceback
of a hundred lines, after minutes of tries.
"""

from __future__ import annotations

import re
import sys

from py4j.protocol import Py4JError
from pyspark import cloudpickle
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from schemas.identity import code_identity

_KERNELS = tuple(f"udfs.spark.{half}" for half in ("code", "web", "instruct", "corpus"))
_ASKED = 32
"""Tasks that ask, so that each worker gets some."""
_REMEDY = (
    "Submit with the settings that `refinelake pack` writes (again after every upgrade), or install refinelake[tokens] "
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
    mine = code_identity(*_KERNELS)

    def lacks(_: int) -> str | None:
        import platform

        try:
            from schemas.identity import code_identity as identity

            for kernels in _KERNELS:
                __import__(kernels)
            found = identity(*_KERNELS)
        except Exception as e:
            return f"{platform.node()}: expected refinelake and what it requires, found {type(e).__name__}: {e}"
        return None if found == mine else f"{platform.node()}: expected kernels {mine}, found {found}"

    said = _asked(spark, lacks)
    if said:
        raise WorkerError(f"worker {'; worker '.join(said[:3])}. {_REMEDY}")


def _asked(spark: SparkSession, lacks: object) -> list[str]:
    # By value: a worker that lacks this module could not even say so.
    here = sys.modules[__name__]
    cloudpickle.register_pickle_by_value(here)
    try:
        asked = F.udf(lacks, "string", useArrow=False)  # type: ignore[arg-type]
        rows = spark.range(0, _ASKED, 1, _ASKED).select(asked("id").alias("said")).where("said IS NOT NULL")
        return sorted({row["said"] for row in rows.collect()})
    except (PySparkException, Py4JError) as e:
        for pattern, what in _SAID:
            if found := re.search(pattern, str(e), re.S):
                raise WorkerError(f"workers: expected {what.format(found[1])}. {_REMEDY}") from e
        raise
    finally:
        cloudpickle.unregister_pickle_by_value(here)
