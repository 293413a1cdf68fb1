"""A checkpoint that is written while training goes on: the state is copied, threads write, hash and rename.

Each rank's thread writes what DeepSpeed would have written, hashes it and leaves a note of it in the folder aside. That
of rank 0 waits for the notes of all ranks, writes the manifest from them, and renames. Threads talk by files, not by
collectives: those belong to the steps. Until the rename the checkpoint before it is the newest.
"""

from __future__ import annotations

import contextlib
import copy
import json
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from training.checkpoint import store
from training.engine import distributed as ranks
from training.files import write_json

_NOTE = ".written-"
_LOOK_SECONDS = 0.05
_PATIENCE_SECONDS = 600.0
"""How long rank 0 waits for the notes of the others after its own run has failed."""


class Taken:
    """Stands in for DeepSpeed's checkpoint engine while it saves: what it is given to write is copied (`copies`), or
    written at once.
    """

    def __init__(self, own: Any, copies: bool) -> None:
        self._own, self._copies = own, copies
        self.files: dict[Path, Any] = {}

    def save(self, state_dict: Any, path: str) -> None:
        if self._copies:
            self.files[Path(path)] = copied(state_dict, {})
        else:
            self._own.save(state_dict, path)
            self.files[Path(path)] = None

    def write(self) -> None:
        """What was copied, to the disk; the copies are let go."""
        for path, state in self.files.items():
            if state is not None:
                self._own.save(state, str(path))
                self.files[path] = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._own, name)


def copied(value: Any, storages: dict[int, Any]) -> Any:
    """The value with its tensors in host memory, sharing storage as before. Not pinned: it would be copied to faster,
    but pinned memory is never given back, and the ranks of a machine hold gigabytes each.
    """
    if isinstance(value, torch.Tensor):
        held: Any = value.detach().untyped_storage()
        if held._cdata not in storages:  # by which torch.save knows it too
            storages[held._cdata] = held.clone() if held.device.type == "cpu" else held.cpu()
        tensor = torch.empty(0, dtype=value.dtype)
        return tensor.set_(storages[held._cdata], value.storage_offset(), value.size(), value.stride())
    if isinstance(value, dict):
        made = copy.copy(value)
        made.update((key, copied(item, storages)) for key, item in value.items())
        return made
    if type(value) in (list, tuple):
        return type(value)(copied(item, storages) for item in value)
    return copy.deepcopy(value)


class Writing:
    """One checkpoint on its way to the disk. `seconds` it took once it is there, None before."""

    def __init__(self, taken: Taken, aside: Path, step: int, state: dict[str, Any], keep: int) -> None:
        self.aside, self.step, self.state = aside, step, state
        self.seconds: float | None = None
        self.error: str | None = None
        self._taken, self._keep, self._began = taken, keep, time.monotonic()
        self._rank, self._world = ranks.rank(), ranks.world()
        self._written, self._given_up = threading.Event(), threading.Event()
        self._ends = float("inf")
        self._thread = threading.Thread(target=self._work, name="refinelake-checkpoint", daemon=True)
        self._thread.start()

    @property
    def final(self) -> Path:
        return self.aside.with_name(store.name(self.step))

    def finish(self) -> None:
        """Wait until the checkpoint is there; on all ranks together. Raises OSError on all of them where it is not."""
        self._written.wait()
        errors = [error for error in ranks.gathered(self.error) if error]
        if errors:
            self._given_up.set()
        self._thread.join()
        if error := (errors or [ranks.told(self.error)])[0]:
            ranks.barrier()
            if self._rank == 0:
                shutil.rmtree(self.aside, ignore_errors=True)
            raise OSError(unwritten(self.aside, self.step, error))

    def abandon(self) -> None:
        """The run has failed, maybe on this rank alone: wait for what can still be finished."""
        self._ends = time.monotonic() + _PATIENCE_SECONDS
        self._thread.join()

    def _work(self) -> None:
        try:
            self._write_own()
            self._written.set()
            if self._rank == 0 and self._publish():
                self.seconds = time.monotonic() - self._began
        except Exception as error:  # raised again by `finish`, on all ranks
            self.error = f"{error}" if isinstance(error, OSError | RuntimeError) else f"{type(error).__name__}: {error}"
        finally:
            self._written.set()

    def _write_own(self) -> None:
        self._taken.write()
        files = [path.relative_to(self.aside).as_posix() for path in self._taken.files]
        if self._rank == 0:
            write_json(self.aside / store.STATE, self.state)
            files.append(store.STATE)
        write_json(self._note(self._rank), store.digests(self.aside, files))

    def _note(self, rank: int) -> Path:
        return self.aside / f"{_NOTE}{rank:05d}.json"

    def _publish(self) -> bool:
        """Once every rank has left its note. Returns whether the checkpoint is there."""
        listed: dict[str, Any] = {}
        for rank in range(self._world):
            while (found := _read(self._note(rank))) is None:
                if self._given_up.wait(_LOOK_SECONDS) or time.monotonic() > self._ends:
                    return False
            if not any(path.endswith("optim_states.pt") for path in found):
                raise OSError(f"that rank {rank} wrote no optimizer state")
            listed |= found
        for rank in range(self._world):
            self._note(rank).unlink()
        store.write_manifest(self.aside, self.step, listed)
        store.publish(self.aside, self.aside.parent, self.step)
        store.retire(self.aside.parent, self._keep)
        return True


def unwritten(aside: Path, step: int, error: object) -> str:
    """What is said of a checkpoint that could not be written."""
    return (
        f"{aside}: expected to write the checkpoint of step {step}, found {error}; free some space: the newest "
        "complete checkpoint is untouched"
    )


def _read(note: Path) -> dict[str, Any] | None:
    with contextlib.suppress(FileNotFoundError):
        found: dict[str, Any] = json.loads(note.read_text(encoding="utf-8"))
        return found
    return None


def host_free(read: Callable[[str], str] = lambda file: Path(file).read_text(encoding="utf-8")) -> float:
    """Bytes of host memory that may still be taken, by the machine and by this job's limit; without end where neither
    says.
    """
    found = [float("inf")]
    with contextlib.suppress(OSError, ValueError, IndexError):
        line = next(line for line in read("/proc/meminfo").splitlines() if line.startswith("MemAvailable"))
        found.append(int(line.split()[1]) * 1024.0)
    with contextlib.suppress(OSError, ValueError):
        limit, used = (int(read(f"/sys/fs/cgroup/memory.{name}")) for name in ("max", "current"))
        found.append(float(limit - used))
    return min(found)
