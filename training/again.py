"""Start a run again after a crash, as long as it gets on: python -m training.again --run RUN --times 3 -- COMMAND.

COMMAND is whatever starts the ranks of this machine (torchrun ... -m training train ... --to RUN). It is repeated with
--resume-or-start, at most `times` times without a checkpoint further on than the last time. A run that finished, was
asked to stop, or ended by a mistake that would be the same again is left alone. Without a COMMAND the crashes are
counted in RUN/crashes.json and the exit code says whether to go on (0) or not (1), for a queue that starts jobs again.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from training.checkpoint import store
from training.files import write_json

ENDED = "REFINELAKE_ENDED"
"""The environment's name of a file that a run writes its ending to, where it has one (`end`). torchrun's exit code is 1
whatever its ranks ended with.
"""
COUNT = "crashes.json"
_RESUMES = ("--resume", "--resume-or-start")


def end(how: str, environment: Mapping[str, str] = os.environ) -> None:
    """What a rank says of its run's end: stopped (to be resumed), or mistake (not to be started again as it is)."""
    if file := environment.get(ENDED):
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        Path(file).write_text(how, encoding="utf-8")


@dataclass
class Crashes:
    """How many there were since the newest checkpoint was made, whose step is `step` (-1: before there was any)."""

    step: int = -1
    number: int = 0

    def note(self, run: Path) -> int:
        """One more. Returns the number since the run last got on."""
        newest = max(store.steps(run / "checkpoints"), default=-1)
        self.step, self.number = newest, 1 if newest > self.step else self.number + 1
        return self.number


def counted(run: Path, times: int) -> bool:
    """Whether to start again after one more crash, counted in the run's folder."""
    file = run / COUNT
    known = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    crashes = Crashes(**known)
    number = crashes.note(run)
    run.mkdir(parents=True, exist_ok=True)
    write_json(file, {"step": crashes.step, "number": crashes.number})
    _say(run, number, times)
    return number <= times


def kept_up(command: Sequence[str], run: Path, times: int, wait: float) -> int:
    """Carry the command out until it has an ending of its own, or crashes once too often. Returns its exit code."""
    crashes, file = Crashes(), (run / ".ended").absolute()
    with _Passed() as passed:
        while True:
            file.unlink(missing_ok=True)
            code = passed.on(command, os.environ | {ENDED: str(file)})
            ended = file.exists()
            file.unlink(missing_ok=True)
            if not code or ended or passed.asked:
                return code
            number = crashes.note(run)
            _say(run, number, times)
            if number > times:
                return code
            time.sleep(wait)
            command = [*command, *(() if set(_RESUMES) & set(command) else _RESUMES[1:])]


def _say(run: Path, number: int, times: int) -> None:
    what = "starting again" if number <= times else "left alone: look at its log"
    print(f"{run}: crashed {number} times since its newest checkpoint, {times} allowed; {what}", file=sys.stderr)


class _Passed:
    """Hands the signals that ask a run to stop on to it; a run that was asked to is not started again."""

    def __init__(self) -> None:
        self.asked = False
        self._child: subprocess.Popen[bytes] | None = None

    def on(self, command: Sequence[str], environment: Mapping[str, str]) -> int:
        self._child = subprocess.Popen(command, env=environment)
        return self._child.wait()

    def _pass(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
        if self._child is not None:
            self._child.send_signal(number)

    def __enter__(self) -> _Passed:
        numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)
        self._before = {number: signal.signal(number, self._pass) for number in numbers}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m training.again", description="Start a run again after a crash.")
    parser.add_argument("--run", required=True, metavar="DIR", help="the run's folder, as --to names it")
    parser.add_argument("--times", type=int, default=3, metavar="N", help="starts without progress (default 3)")
    parser.add_argument("--wait", type=float, default=10.0, metavar="S", help="seconds before a start (default 10)")
    parser.add_argument("command", nargs="*", metavar="COMMAND", help="after --: what starts the ranks")
    args = parser.parse_args()
    if not args.command:
        return int(not counted(Path(args.run), args.times))
    print(f"{args.run}: {shlex.join(args.command)}", file=sys.stderr)
    return kept_up(args.command, Path(args.run), args.times, args.wait)


if __name__ == "__main__":
    sys.exit(main())
