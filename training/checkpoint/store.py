"""The folder of checkpoints: which are complete, which is the newest, which may go.

checkpoints/step-00000120/   DeepSpeed's files, state.json (what the run needs), manifest.json (sizes and hashes)
checkpoints/newest           the name of the newest one, for people; a resume looks at the folders themselves
checkpoints/.saving-...      one that was not finished; no reader takes it, the next save removes it
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.files import synced, write_json

MANIFEST, STATE, POINTER, ASIDE = "manifest.json", "state.json", "newest", ".saving-"
FORMAT = 1
_BLOCK = 1 << 22


@dataclass(frozen=True)
class Checkpoint:
    """A complete checkpoint: its folder, its step (optimizer steps done), its state."""

    folder: Path
    step: int
    state: dict[str, Any]


def name(step: int) -> str:
    return f"step-{step:08d}"


def steps(folder: Path) -> list[int]:
    """Steps of the checkpoints of a folder by their names, ascending; whole or not."""
    names = [p.name for p in folder.glob("step-*")] if folder.is_dir() else []
    return sorted(int(n.removeprefix("step-")) for n in names if n.removeprefix("step-").isdigit())


def files_of(folder: Path) -> list[str]:
    """Files below a checkpoint, sorted, but for the manifest."""
    found = (p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    return sorted(path for path in found if path != MANIFEST)


def digest(file: Path) -> str:
    """SHA-256 of a file."""
    found = hashlib.sha256()
    with file.open("rb") as opened:
        while block := opened.read(_BLOCK):
            found.update(block)
    return found.hexdigest()


def digests(folder: Path, files: Sequence[str], rank: int = 0, world: int = 1) -> dict[str, dict[str, Any]]:
    """Size and SHA-256 of this rank's share of the files, which are also brought to the disk."""
    found = {}
    for path in files[rank::world]:
        file = folder / path
        synced(file)
        found[path] = {"bytes": file.stat().st_size, "sha256": digest(file)}
    return found


def write_manifest(folder: Path, step: int, files: dict[str, dict[str, Any]]) -> None:
    """The list by which a checkpoint is known to be whole; its own end is the last thing written."""
    write_json(folder / MANIFEST, {"format": FORMAT, "step": step, "files": dict(sorted(files.items()))})


def publish(aside: Path, folder: Path, step: int) -> Path:
    """Rename a finished checkpoint into place, then point at it."""
    final = folder / name(step)
    if final.exists():
        shutil.rmtree(final)
    synced(aside)
    aside.rename(final)
    synced(folder)
    write_json(folder / POINTER, {"step": step, "name": final.name})
    return final


def complete(folder: Path, step: int) -> Checkpoint | None:
    """The checkpoint if all its files are there in full size; hashes are for `damaged`."""
    place = folder / name(step)
    try:
        manifest = json.loads((place / MANIFEST).read_text(encoding="utf-8"))
        if manifest["format"] != FORMAT or manifest["step"] != step:
            return None
        if any((place / path).stat().st_size != facts["bytes"] for path, facts in manifest["files"].items()):
            return None
        return Checkpoint(place, step, json.loads((place / STATE).read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def damaged(checkpoint: Checkpoint, rank: int = 0, world: int = 1) -> list[str]:
    """Files of this rank's share whose hash differs from the manifest's."""
    listed = json.loads((checkpoint.folder / MANIFEST).read_text(encoding="utf-8"))["files"]
    mine = sorted(listed)[rank::world]
    return [path for path in mine if digest(checkpoint.folder / path) != listed[path]["sha256"]]


def verified(checkpoint: Checkpoint) -> Checkpoint:
    """The checkpoint, once all of its bytes were read again. Raises ValueError where they are not those written."""
    if wrong := damaged(checkpoint):
        raise ValueError(refusal(checkpoint, wrong))
    return checkpoint


def refusal(checkpoint: Checkpoint, wrong: Sequence[str]) -> str:
    """What is said of a damaged checkpoint that was asked for by name."""
    return (
        f"{checkpoint.folder}: expected the files that were saved, found {', '.join(wrong)} damaged (SHA-256 differs); "
        f"copy them again or name another step: there are {', '.join(map(str, steps(checkpoint.folder.parent)))}"
    )


def origin(checkpoint: Checkpoint) -> dict[str, Any]:
    """By which it is known again: run, step, and the hash of its manifest, which holds those of all files."""
    run = str(checkpoint.folder.absolute().parent.parent)
    return {"run": run, "step": checkpoint.step, "manifest": digest(checkpoint.folder / MANIFEST)}


def find(run_or_folder: str | Path, step: int = -1) -> tuple[Path, int]:
    """(folder of checkpoints, step) of a run folder, a folder of checkpoints or one checkpoint. Raises ValueError."""
    given = Path(run_or_folder)
    if (given / MANIFEST).exists():
        return given.parent, int(given.name.removeprefix("step-"))
    folder = given / "checkpoints" if (given / "checkpoints").is_dir() else given
    if step >= 0:
        return folder, step
    for candidate in reversed(steps(folder)):
        if complete(folder, candidate):
            return folder, candidate
    raise ValueError(none_found(folder))


def opened(run_or_folder: str | Path, step: int = -1) -> Checkpoint:
    """A complete checkpoint, the newest where no step is named. Raises ValueError."""
    folder, wanted = find(run_or_folder, step)
    found = complete(folder, wanted)
    if found is None:
        have = ", ".join(str(s) for s in steps(folder)) or "none"
        raise ValueError(f"{folder}: expected a complete checkpoint of step {wanted}, found those of steps {have}")
    return found


def none_found(folder: Path) -> str:
    unfinished = len(list(folder.glob(f"{ASIDE}*"))) if folder.is_dir() else 0
    broken = len(steps(folder))
    return (
        f"{folder}: expected a complete checkpoint, found none ({broken} incomplete, {unfinished} unfinished saves); "
        "start without --resume, or name another run"
    )


def retained(states: Iterable[tuple[int, Sequence[str]]], keep: int) -> set[int]:
    """Of (step, marks) the steps that stay: the newest `keep`, and every one with a mark."""
    known = sorted(states)
    return {step for step, _ in known[-keep:]} | {step for step, marks in known if marks}


def retire(folder: Path, keep: int) -> list[int]:
    """Remove the checkpoints that are no longer kept, and saves that were never finished. Returns the steps removed."""
    for unfinished in folder.glob(f"{ASIDE}*"):
        shutil.rmtree(unfinished, ignore_errors=True)
    found = [c for step in steps(folder) if (c := complete(folder, step))]
    stay = retained(((c.step, c.state.get("marks", ())) for c in found), keep)
    gone = [c for c in found if c.step not in stay]
    for checkpoint in gone:
        # The manifest first: what is half removed must not look complete.
        (checkpoint.folder / MANIFEST).unlink()
        shutil.rmtree(checkpoint.folder)
    return [c.step for c in gone]


def size_on_disk(folder: Path) -> int:
    """Bytes of the newest checkpoint, 0 where there is none."""
    for step in reversed(steps(folder)):
        if found := complete(folder, step):
            return sum((found.folder / path).stat().st_size for path in files_of(found.folder))
    return 0
