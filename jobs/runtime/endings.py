"""What killed a session or a task, in one line with the remedy: the JVM's own words are hundreds of lines."""

from __future__ import annotations

import re

from py4j.protocol import Py4JError, Py4JJavaError
from pyspark.errors import PySparkException

from jobs.runtime.session import LOG
from jobs.runtime.store_errors import cause as cause_in_store

_CAUSES = (
    (
        r"Retried waiting for GCLocker",
        "the JVM gave up waiting for its collector while compression held it back",
        "start again; the settings in spark-local.conf avoid it, or take JDK 22 or later",
    ),
    (
        r"OutOfMemoryError: (?:Java heap space|GC overhead)|MemoryLimitExceeded|UNABLE_TO_ACQUIRE_MEMORY",
        "the JVM had no memory left",
        "give it more (spark.driver.memory for a local run, spark.executor.memory on a cluster) and start again",
    ),
    (
        r"OutOfMemoryError",
        "the JVM had no memory left",
        "give it more (spark.driver.memory for a local run, spark.executor.memory on a cluster) and start again",
    ),
    (
        r"No space left on device|DiskSpaceError|Disk quota exceeded|File too large",
        "a disk is full",
        "make room (or raise the quota, the ulimit) where spark.local.dir, staging and warehouse are, and start again",
    ),
    (
        r"SIGSEGV|SIGBUS|A fatal error has been detected by the Java Runtime",
        "the JVM crashed in native code",
        "start again; the file hs_err_pid*.log that it names says where",
    ),
    (
        r"Python worker exited unexpectedly|worker crashed",
        "a Python worker was killed",
        "look for the out-of-memory killer in the machine's log; fewer cores need less memory",
    ),
    (
        r"ExecutorLostFailure|Executor heartbeat timed out|Remote RPC client disassociated",
        "an executor was lost more often than the job allows",
        "look at the executors' logs; most often their memory was too small (spark.executor.memoryOverhead)",
    ),
)


def last_words(error: BaseException) -> str | None:
    """One line on what killed the session or the job; None where the error is another one."""
    chain = _chain(error)
    dead = any(isinstance(e, ConnectionError | EOFError) or _no_answer(e) for e in chain)
    spark = [e for e in chain if isinstance(e, Py4JError | PySparkException)]
    if not dead and not spark:
        return None
    said = "\n".join(str(e) for e in chain)
    if dead and LOG.exists():
        said += "\n" + LOG.read_text(errors="replace")[-200_000:]
    for pattern, cause, remedy in _CAUSES:
        if re.search(pattern, said):
            return f"Spark: expected the run to end, found that {cause}: {remedy}. What is written stays. Log: {LOG}"
    if not dead:
        known = cause_in_store(said) if re.search(r"s3a|azurebfs|abfss?://|gs://|No FileSystem", said) else None
        return known and "Spark: expected to reach the tables, found {}: {}. What is written stays.".format(*known)
    return (
        "Spark: expected its JVM to live until the end, found it gone without a word, as the system's out-of-memory "
        f"killer leaves it: give the machine more memory or the JVM less, and start again. What is written stays. "
        f"Log: {LOG}"
    )


def _no_answer(error: BaseException) -> bool:
    """Whether the gateway failed without an error of Java's: py4j then says no more than what it had called."""
    return isinstance(error, Py4JError) and not isinstance(error, Py4JJavaError)


def _chain(error: BaseException) -> list[BaseException]:
    """The error and what led to it, newest first; the first one is the cause of all."""
    found: list[BaseException] = []
    now: BaseException | None = error
    while now is not None and now not in found:
        found.append(now)
        now = now.__cause__ or now.__context__
    return found
