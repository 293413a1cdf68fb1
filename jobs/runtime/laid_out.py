"""What lies at the place of an export: files that its manifest names, and nothing else. The manifest says whether all
of them are there, since a store has no way to put many files into place at once.
"""

from __future__ import annotations

import json
import platform
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from jobs.runtime import places
from jobs.runtime.exported import run_of
from jobs.runtime.store_errors import remedy

MANIFEST, CARD = "manifest.json", "README.md"
_FORMAT = "refinelake_export"
FORMAT = 1
_BEGUN = "begun"


def manifest_of(place: str) -> dict[str, Any] | None:
    """What an export at a place says of itself; None where there is none."""
    file = f"{place.rstrip('/')}/{MANIFEST}"
    try:
        found = json.loads(places.read_text(file)) if places.exists(file) else {}
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and _FORMAT in found else None


def manifest_text(facts: Mapping[str, Any], whole: bool) -> str:
    """A manifest as it is written."""
    return json.dumps({_FORMAT: FORMAT, "whole": whole, **facts}, indent=1, ensure_ascii=False, default=str) + "\n"


def aside(place: str) -> str:
    """Where an export is made: beside a folder, so that a rename puts it into place; in a store below it."""
    if places.scheme(place):
        return f"{place.rstrip('/')}/_writing"
    return str(Path(place).with_name(f".{Path(place).name}.writing"))


@contextmanager
def set_aside(place: str, run: str) -> Iterator[str]:
    """An empty place to write the export of a run in, gone at the end, and after an error too: it holds texts. Raises
    ValueError where nothing can be written.
    """
    try:
        places.remove(aside(place))  # of an export that was killed
        places.write_text(f"{aside(place)}/{_BEGUN}", run)
    except OSError as error:
        raise ValueError(f"{place}: expected a place that can be written, found {remedy(error)}") from error
    try:
        yield aside(place)
    finally:
        with suppress(OSError):  # the next export there removes it, or a removal
            places.remove(aside(place))


def check_place(place: str) -> None:
    """Raises ValueError where something else lies than an earlier export, or the beginning of one, or where nothing can
    be written.
    """
    if places.schema_of(place):
        raise ValueError(
            f"{place}: expected a folder or URL for files, found names in a catalog; name a volume's folder"
        )
    if not place.strip("/"):
        raise ValueError("/: expected a folder, or a place for one, found the root of all folders; name one below it")
    if not (there := files_below(place)):
        if places.scheme(place) == "" and Path(place).is_file():
            raise ValueError(f"{place}: expected a folder, or a place for one, found a file; name another place")
        places.check_beside(place)
        return
    before = manifest_of(place)
    if before is None:
        raise ValueError(
            f"{place}: expected a new place or an earlier export to replace, found {there[0]} and no {MANIFEST} of "
            "refinelake; name another place, or empty this one"
        )
    if others := sorted(set(there) - _own(before)):
        raise ValueError(
            f"{place}: expected an earlier export to replace and nothing else, found {others[0]}, which is not of it; "
            "move it away, or name another place"
        )


def files_below(place: str) -> list[str]:
    """Files of a folder and of those below it, by their paths inside it; what is set aside there is left out."""
    files, path = places.driver(place)
    root = path.rstrip("/")
    found = (name[len(root) :].strip("/") for name in files.find(path))
    return sorted(name for name in found if name and not name.startswith("_writing/"))


def _own(manifest: Mapping[str, Any]) -> set[str]:
    listed = {f["path"] for table in manifest.get("tables", {}).values() for f in table.get("files", ())}
    return {MANIFEST, CARD, *listed, *manifest.get("replaces", ())}


def put_into_place(parts: Mapping[str, str], place: str, card: str, facts: dict[str, Any]) -> None:
    """Files that were written aside, by their paths in the export, then the card, then the manifest. Raises ValueError
    where other files have come to lie there meanwhile.
    """
    check_place(place)
    before = manifest_of(place) or {}
    local = not places.scheme(place)
    root = f"{aside(place)}/whole" if local else place.rstrip("/")
    if not local:
        # From here on there is no whole export, and what is there is known as ours.
        old = _own(before) - {MANIFEST, CARD} if before else set()
        places.write_text(f"{root}/{MANIFEST}", manifest_text({**facts, "replaces": sorted(old)}, whole=False))
        for name in sorted(old):
            places.remove(f"{root}/{name}")
    for name, part in sorted(parts.items()):
        _move(part, f"{root}/{name}")
    places.write_text(f"{root}/{CARD}", card)
    places.write_text(f"{root}/{MANIFEST}", manifest_text(facts, whole=True))
    if local:
        _swap(Path(root), Path(place))


def _move(part: str, to: str) -> None:
    files, source = places.driver(part)
    _, target = places.driver(to)
    files.makedirs(files._parent(target), exist_ok=True)
    files.mv(source, target)


def _swap(new: Path, place: Path) -> None:
    before = place.with_name(f".{place.name}.before")
    shutil.rmtree(before, ignore_errors=True)
    if place.exists():
        place.rename(before)
    new.rename(place)
    shutil.rmtree(before, ignore_errors=True)


def delete_export(row: Mapping[str, Any]) -> str:
    """Delete the files of an export (a row of `exports`), or what is left of one that was killed, and nothing beside
    them. Returns what became of it.
    """
    place, run = row["destination"], run_of(row["export_id"])
    if row["machine"] not in ("", platform.node()):
        return "not reached from here"
    try:
        left = _drop_aside(place, run)
        if not (there := files_below(place)):
            return f"{'deleted' if left else 'no longer there'}; who has fetched it has it still"
        found = manifest_of(place)
        if found is None:
            return "still there: no export that refinelake made"
        if found.get("export_id") != run:
            return "another export has taken its place; who has fetched it has it still"
        # The manifest last: a run that dies here finds the export again.
        for name in sorted(_own(found) & set(there), key=lambda name: name == MANIFEST):
            places.remove(f"{place.rstrip('/')}/{name}")
        _drop_empty(place, there)
    except (OSError, ValueError) as error:  # from the place; ValueError where its driver is not here
        return f"still there: {error}"
    return "deleted; who has fetched it has it still"


def _drop_aside(place: str, run: str) -> bool:
    """Delete what the export of a run set aside, if it was killed before it was done."""
    begun = f"{aside(place)}/{_BEGUN}"
    if not places.exists(begun) or places.read_text(begun) != run:
        return False
    places.remove(aside(place))
    return True


def _drop_empty(place: str, files: Iterable[str]) -> None:
    """Folders that have nothing in them any more; a store has none."""
    if places.scheme(place):
        return
    folders = {parent for name in files for parent in Path(place, name).parents if parent.is_relative_to(place)}
    for folder in sorted(folders, key=lambda f: -len(f.parts)):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
