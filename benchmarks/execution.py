"""Programs run in isolation: how many a second and core, and whether verdicts stay when sixteen run at once.

    python -m benchmarks.execution --programs 500

Each level that holds here runs the same small Python programs one after the other; the strongest then runs a mixture
(ends, loops, sleeps, allocations, floods, forks) one at a time and sixteen at a time.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from collections import Counter
from pathlib import Path

from benchmarks.report import table
from jobs.cli import guarded
from udfs.execution.levels import probed, strongest
from udfs.execution.programs import MB, Limits, Program, Test
from udfs.execution.running import Runner

LIMITS = Limits(cpu_seconds=1.0, wall=5.0, memory=192 * MB, output=MB)
SMALL = Program("python", "def f(x):\n    return sorted(x)\n", (Test("t", "assert f([2, 1]) == [1, 2]"),))
# Source, test and how often of a hundred. {n} is drawn: work within the limit, by far beyond it, or no work at all.
KINDS = (
    ("def f(x): return sorted(x)", "assert f([{n}, 1]) == [1, {n}]", 40),
    ("def f(x): return x", "assert f({n}) == {n} + 1", 20),
    ("def f(n): return sum(i * i for i in range(n))", "assert f({n} * 100) >= 0", 12),
    ("def f():\n    while True: pass", "f()", 4),
    ("import time\ndef f(): time.sleep({n} / 10000)", "f()", 6),
    ("x = bytearray({n} << 20)", "assert x", 4),
    ("while True: print('x' * {n})", "pass", 4),
    ("raise KeyError({n})", "pass", 4),
    ("import sys\nsys.exit(0)", "pass", 3),
    ("import os\nfor _ in range(3):\n    if not os.fork(): os._exit(0)\nfor _ in range(3): os.wait()", "pass", 3),
)


def mixture(count: int) -> list[Program]:
    draw = random.Random(11)
    kinds = draw.choices(KINDS, [share for *_, share in KINDS], k=count)
    numbers = [draw.randrange(500, 3000) for _ in kinds]
    return [
        Program("python", source.replace("{n}", str(n)), (Test("t", test.replace("{n}", str(n))),))
        for (source, test, _), n in zip(kinds, numbers, strict=True)
    ]


def rate(level: str, count: int) -> tuple[float, float]:
    """(runs a second of wall-clock time, runs a second of CPU time of all processes)."""
    with Runner(level=level, limits=LIMITS) as runner:
        assert runner.run(SMALL).passed
        (keeper,) = runner._keepers._idle
        before, own, begun = _cpu(keeper.process.pid), time.process_time(), time.monotonic()
        for _ in range(count):
            assert runner.run(SMALL).passed
        wall = time.monotonic() - begun
        used = _cpu(keeper.process.pid) - before + time.process_time() - own
    return count / wall, count / used


def _cpu(pid: int) -> float:
    """Seconds of a process and of all it has waited for."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def compared(programs: list[Program]) -> list[tuple[object, ...]]:
    """Rows of (at once, seconds, verdicts by status, load, differing from one at a time)."""
    rows, first = [], list[str]()
    for at_once in (1, 16):
        begun = time.monotonic()
        with Runner(limits=LIMITS) as runner:
            found = [r.status for r in runner.run_all(programs, at_once)]
        seconds = time.monotonic() - begun
        first = first or found
        differing = sum(a != b for a, b in zip(first, found, strict=True))
        counts = ", ".join(f"{n} {status}" for status, n in Counter(found).most_common())
        rows.append((at_once, round(seconds), round(os.getloadavg()[0], 1), counts, differing))
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=int, default=500, metavar="N", help="of the mixture (500)")
    parser.add_argument("--runs", type=int, default=100, metavar="N", help="of the small program at each level (100)")
    args = parser.parse_args()
    rates = []
    for level in [level for level, amiss in probed().items() if not amiss]:
        wall, cpu = rate(level, args.runs)
        rates.append((level, round(wall, 1), round(cpu, 1)))
    print(table(("level", "runs a second", "runs a second of CPU"), rates))
    print(f"\nmixture of {args.programs}, {strongest()}, {os.cpu_count()} cores")
    print(table(("at once", "seconds", "load", "verdicts", "differing"), compared(mixture(args.programs))))
    return 0


if __name__ == "__main__":
    sys.exit(guarded(main))
