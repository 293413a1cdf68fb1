"""What killed a session is said in one line, with what to do, and nothing hides it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from py4j.protocol import Py4JNetworkError
from pyspark.errors import AnalysisException, PySparkException

from jobs.runtime import endings


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (PySparkException("Task failed: java.lang.OutOfMemoryError: Java heap space"), "no memory left: give it more"),
        (PySparkException("Retried waiting for GCLocker too often"), "held it back: start again"),
        (PySparkException("java.io.IOException: No space left on device"), "a disk is full: make room"),
        (PySparkException("Python worker exited unexpectedly (crashed)"), "a Python worker was killed: look for"),
        (caused(RuntimeError("while cleaning up"), PySparkException("ExecutorLostFailure")), "an executor was lost"),
        (Py4JNetworkError("Answer from Java side is empty"), "gone without a word"),
        (caused(ValueError("later"), ConnectionRefusedError(111, "Connection refused")), "gone without a word"),
    ],
)
def test_the_cause_and_the_remedy_stand_in_one_line(
    error: Exception, said: str, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endings, "LOG", tmp_path / "log")  # type: ignore[operator]
    found = endings.last_words(error)
    assert found and said in found and found.startswith("Spark: expected") and "\n" not in found


@pytest.mark.parametrize("error", [KeyError("ours"), ValueError("a.toml: wrong"), AnalysisException("no such column")])
def test_other_errors_are_left_as_they_are(error: Exception) -> None:
    assert endings.last_words(error) is None


def test_a_session_whose_jvm_is_killed_says_so_in_one_line() -> None:
    """The real thing: a JVM that is gone in the middle of a job."""
    program = (
        "import os, signal\n"
        "from jobs.cli import guarded\n"
        "from jobs.runtime.session import session\n"
        "def work():\n"
        "    spark = session()\n"
        "    os.kill(spark.sparkContext._gateway.proc.pid, signal.SIGKILL)\n"
        "    spark.range(5).count()\n"
        "raise SystemExit(guarded(work))\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], env=os.environ, capture_output=True, text=True, timeout=300)
    last = ended.stderr.strip().splitlines()[-1]
    assert ended.returncode == 1 and last.startswith("refinelake: Spark: expected its JVM to live"), ended.stderr
    assert "Traceback" not in ended.stderr
