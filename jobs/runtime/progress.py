"""What a run shows while it works, and the table at its end."""

from __future__ import annotations

import threading
import time
from collections import Counter

from rich.console import Console as Terminal
from rich.table import Table

from jobs.runtime.accounting import StageResult
from udfs.rules.sentences import label


class Console:
    """A line per stage; on a terminal the current stage's seconds tick on until it ends."""

    def __init__(self) -> None:
        self._out = Terminal(highlight=False)
        if not self._out.is_terminal:
            self._out.width = 160
        self._status = None
        self._stop = threading.Event()

    def started(self, stage: str, number: int, of: int) -> None:
        line = f"\\[{number}/{of}] {stage}"
        if not self._out.is_terminal:
            self._out.print(f"{line} ...")
            return
        self._stop = threading.Event()
        self._status = self._out.status(line)
        self._status.start()
        threading.Thread(target=self._tick, args=(line, self._status, self._stop), daemon=True).start()

    def _tick(self, line: str, status: object, stop: threading.Event) -> None:
        began = time.monotonic()
        while not stop.wait(1):
            status.update(f"{line}  {time.monotonic() - began:.0f} s")  # type: ignore[attr-defined]

    def note(self, text: str) -> None:
        """How far a stage is that takes long."""
        self._out.print(f"  {text}", markup=False)

    def finished(self, result: StageResult) -> None:
        self._stop.set()
        if self._status is not None:
            self._status.stop()
        done = (
            "up to date"
            if result.skipped
            else f"{result.rows_kept:,} of {result.rows_read:,} rows, {result.seconds:.1f} s"
        )
        self._out.print(f"  {result.stage}: {done}")

    def table(self, results: list[StageResult], seconds: float) -> None:
        table = Table(box=None, pad_edge=False)
        table.add_column("stage")
        for name in ("rows read", "kept", "dropped"):
            table.add_column(name, justify="right")
        table.add_column("top reasons", overflow="fold")
        for name in ("seconds", "MB/s"):
            table.add_column(name, justify="right")
        for r in results:
            numbers = (f"{r.rows_read:,}", f"{r.rows_kept:,}", f"{r.rows_dropped:,}")
            seconds_text = "up to date" if r.skipped else f"{r.seconds:.1f}"
            table.add_row(r.stage, *numbers, top_reasons(r), seconds_text, throughput(r))
        self._out.print(table)
        self._out.print(f"{seconds:.0f} s in all")

    def rows(self, names: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
        """A table of which the first two columns are words and the others numbers."""
        table = Table(box=None, pad_edge=False)
        for place, name in enumerate(names):
            table.add_column(name, justify="left" if place < 2 else "right")
        for row in rows:
            table.add_row(*row)
        self._out.print(table)

    def warn(self, text: str) -> None:
        self._out.print(f"[yellow]warning[/]: {text}", markup=True)

    def say(self, text: str) -> None:
        self._out.print(text, markup=False)


def top_reasons(result: StageResult, most: int = 3) -> str:
    """In words; rules of the same words, as those on code and on documents, are one."""
    counts: Counter[str] = Counter()
    for reason, count in result.reasons.items():
        counts[label(reason)] += count
    largest = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    shown = ", ".join(f"{name} {count:,}" for name, count in largest[:most])
    return shown + (f", {len(largest) - most} more" if len(largest) > most else "")


def throughput(result: StageResult) -> str:
    """MB of text per wall-clock second; blank where the stage reads no text."""
    if not result.bytes_read or not result.seconds or result.skipped:
        return ""
    return f"{result.bytes_read / 1e6 / result.seconds:.1f}"
