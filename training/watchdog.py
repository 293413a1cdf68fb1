"""A watchdog for hangs: a rank that waits for ever says where it stands and ends, so that the launcher can act."""

from __future__ import annotations

import faulthandler
import os
import threading
import time
from pathlib import Path

EXIT_CODE = 74
"""EX_IOERR of sysexits: the step did not come back."""


class Watchdog:
    """Ends the process with EXIT_CODE when nothing was heard for `minutes`; 0 never. Stacks of all threads go to
    `folder`/hang-rank-N.txt.
    """

    def __init__(self, minutes: float, folder: Path, rank: int) -> None:
        self._seconds, self._file = minutes * 60, folder / f"hang-rank-{rank}.txt"
        self._heard, self._step = time.monotonic(), -1
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="refinelake-watchdog", daemon=True)
        if minutes:
            self._thread.start()

    def heard(self, step: int) -> None:
        """The run is alive; `step` is what comes next."""
        self._heard, self._step = time.monotonic(), step

    def _watch(self) -> None:
        while not self._ended.wait(min(1.0, self._seconds / 4)):
            silent = time.monotonic() - self._heard
            if silent > self._seconds:
                with self._file.open("w", encoding="utf-8") as out:
                    out.write(f"step {self._step}: nothing was heard for {silent:.0f} s; stacks of this rank:\n")
                    out.flush()
                    faulthandler.dump_traceback(out)
                print(f"{self._file}: step {self._step} hung for {silent:.0f} s, stacks are there", flush=True)
                os._exit(EXIT_CODE)

    def __enter__(self) -> Watchdog:
        return self

    def __exit__(self, *_: object) -> None:
        """Whatever ends the run ends the watch: the process may live on, in a notebook or a driver."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()
