"""From what a process did to the status of a test: nothing is passed by an exit code alone."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from udfs.execution.programs import Limits, Output, Status, Verdict

_OUT_OF_MEMORY = (
    "MemoryError",
    "std::bad_alloc",
    "OutOfMemoryError",
    "heap out of memory",
    "Cannot allocate memory",
    "runtime: out of memory",
    "cannot allocate memory",
    "memory allocation of",
    "failed to allocate memory",
    "Allowed memory size",
    "not enough memory",
)
"""What runtimes write when they get no more."""
_SHELLS_OFFSET = 128
_ASSERTED = 6  # SIGABRT: a C assertion, a C++ exception that nobody caught


def verdict(name: str, told: Mapping[str, Any], status: Status, detail: str = "", **more: Any) -> Verdict:
    return Verdict(
        name,
        status,
        detail,
        exit_code=told["exit"],
        signal=told["signal"],
        cpu_seconds=told["cpu"],
        peak_memory=told["peak"],
        stdout=Output(**told["stdout"]),
        stderr=Output(**told["stderr"]),
        **more,
    )


def ending(told: Mapping[str, Any], limits: Limits) -> tuple[Status, str] | None:
    """(status, sentence) of a process that did not end well; None of one that ended with 0."""
    if (stopped := told["stopped"]) is not None:
        return stopped, _why(stopped, limits)
    said = told["stderr"]["text"]
    if told["exit"] == 127 and "expected to start it, found" in said:
        return "no_tool", said.strip()
    if told["exit"] == 0:
        return None
    if any(word in said for word in _OUT_OF_MEMORY):
        return "memory_limit", _why("memory_limit", limits)
    number = signal_of(told)
    if number == signal.SIGXCPU:
        return "cpu_limit", _why("cpu_limit", limits)
    if number is not None and number != _ASSERTED:
        return "killed", f"ended by signal {number} ({signal.Signals(number).name})"
    return "failed", _last(said) or f"exit code {told['exit']}"


def over(limits: Limits) -> tuple[Status, str]:
    """Of a test that ended by itself just before it was looked at: it used what it used."""
    return "cpu_limit", _why("cpu_limit", limits)


def signal_of(told: Mapping[str, Any]) -> int | None:
    """Also where bubblewrap or a shell told of it by an exit code above 128."""
    number = told["signal"] if told["signal"] is not None else (told["exit"] or 0) - _SHELLS_OFFSET
    return number if number in {int(s) for s in signal.Signals} else None


def _why(stopped: str, limits: Limits) -> str:
    return {
        "cpu_limit": f"expected an end within {limits.cpu_seconds:g} CPU seconds",
        "wall_limit": f"expected an end within {limits.wall * limits.cpu_seconds:g} s",
        "memory_limit": f"expected at most {limits.memory >> 20} MB of memory",
        "output_limit": f"expected at most {limits.output} bytes of output",
        "killed": f"expected at most {limits.processes} processes",
    }[stopped]


def same_output(found: str, expected: str, numbers: float | None = None) -> bool:
    """Equal but for white space at the ends of lines and empty lines at the end; with `numbers` see Test."""
    if numbers is None:
        return _lines(found) == _lines(expected)
    mine, theirs = ([line.strip() for line in text.strip().split("\n")] for text in (found, expected))
    return len(mine) == len(theirs) and all(
        m == t or _same_numbers(m.split(), t.split(), numbers) for m, t in zip(mine, theirs, strict=True)
    )


def _same_numbers(found: list[str], expected: list[str], within: float) -> bool:
    """Decimal numbers on both sides, equal or near."""
    try:
        pairs = [(Decimal(f), Decimal(e)) for f, e in zip(found, expected, strict=True)]
        return all(f == e or abs(f - e) <= Decimal(within) * abs(e) for f, e in pairs)
    except (ArithmeticError, ValueError):
        return False


def _lines(text: str) -> list[str]:
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def _last(text: str) -> str:
    return text.strip()[-2000:]
