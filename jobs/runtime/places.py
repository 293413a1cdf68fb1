"""Where tables, rows set aside and reports are: a folder of this machine, or a URL that fsspec has a driver for.

Spark reaches a URL through Hadoop's classes; what is done without Spark (clean-up, the report, doctor) goes by fsspec.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_SCHEME = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]+):(?P<rest>.*)", re.S)
EXTRAS = {
    **dict.fromkeys(("s3", "s3a"), "s3"),
    **dict.fromkeys(("abfs", "abfss", "az", "adl"), "azure"),
    **dict.fromkeys(("gs", "gcs"), "gcs"),
}
"""The extra of refinelake that installs the driver of a scheme."""

_NO_BUCKETS = ("file", "hdfs", "dbfs")
_CATALOG = re.compile(r"catalog:(?P<schema>[^./`:]+\.[^./`:]+)")


def scheme(place: str) -> str:
    """The scheme of a URL, empty for a path. A single letter and a colon are a drive."""
    found = _SCHEME.fullmatch(place)
    return found["scheme"].lower() if found else ""


def schema_of(place: str) -> str | None:
    """The schema of `catalog:CATALOG.SCHEMA`, where tables have names and no folder; None of a folder or URL."""
    found = _CATALOG.fullmatch(place)
    return found["schema"] if found else None


def files_place(warehouse: str, staging: str | None) -> str:
    """Where files beside the tables go: the warehouse, or what is set aside where tables have names and no folder.

    Raises ValueError where there is neither.
    """
    if schema_of(warehouse) and not staging:
        raise ValueError(
            f"{warehouse}: expected --staging with a folder or URL (a volume) for what is no table, found none"
        )
    return (staging if schema_of(warehouse) and staging else warehouse).rstrip("/")


def absolute(place: str) -> str:
    """A path from the root, or the URL as it is. Raises ValueError for what was meant as a URL and is none."""
    if not place.strip():  # of a variable that is not set, and no wish to write where one happens to be
        raise ValueError("a place: expected a folder, file or URL, found an empty name; name one, . for this folder")
    found = _SCHEME.fullmatch(place)
    if not found:
        return str(Path(place).absolute())
    if scheme(place) == "catalog":
        if schema_of(place) is None:
            raise ValueError(
                f"{place}: expected catalog:CATALOG.SCHEMA, found {found['rest'] or 'nothing'} as its name"
            )
        return place
    kind, where = scheme(place), found["rest"].strip("/")
    if not found["rest"].startswith("//") or not where:
        begin = f"{kind}:///" if kind in _NO_BUCKETS else f"{kind}://"
        raise ValueError(
            f"{place}: expected a folder, or a URL as {begin}{'' if kind in _NO_BUCKETS else 'bucket/'}folder, found "
            + (f"no two slashes after {kind}:" if where else "no place in it")
            + f"; write {begin}{where or 'bucket/folder'}, or ./{place} for a folder of that name"
        )
    return place


def driver(place: str) -> tuple[Any, str]:
    """(fsspec's file system, path inside it). Raises ValueError that names the extra to install."""
    import fsspec

    kind = scheme(place)
    extra = EXTRAS.get(kind)
    remedy = f"pip install 'refinelake[{extra}]'" if extra else f"install what fsspec needs for {kind}"
    if kind and not extra and kind not in fsspec.available_protocols():
        known = "s3, s3a, abfss, gs"
        raise ValueError(f"{place}: expected a scheme that fsspec knows, as {known}, found {kind}; mend the URL")
    try:
        files, path = fsspec.core.url_to_fs(place)
    except Exception as error:  # every driver has errors of its own where a library or a server is missing
        said = (str(error).splitlines() or [type(error).__name__])[0]
        raise ValueError(
            f"{place}: expected a driver for {kind}:// that starts, found {said}; {remedy}, or keep what is done "
            "without Spark elsewhere (--staging and --report)"
        ) from error
    files.invalidate_cache()  # Spark writes there too, and a listing of before hides it
    return files, path


def check_file(place: str) -> None:
    """Raises ValueError, before any work, where no file can be written; of a store that is known once it is."""
    driver(place)
    if scheme(place):
        return
    path = Path(place)
    if path.is_dir():
        raise ValueError(f"{place}: expected a file, or a place for one, found a folder; name a file in it")
    _check_writable(place, path)


def check_beside(place: str) -> None:
    """Raises ValueError, before any work, where nothing can be written beside a folder."""
    if not scheme(place):
        _check_writable(place, Path(place).with_name(f".{Path(place).name}.tried"))


def check_folder(place: str) -> None:
    """Raises ValueError, before any work, where a folder is not there and cannot be made."""
    if not scheme(place) and not Path(place).is_dir():
        _check_writable(place, Path(place) / ".tried")


def _check_writable(place: str, path: Path) -> None:
    folder = path.absolute()
    try:
        if path.is_file():
            with path.open("ab"):
                return
        folder = next(above for above in folder.parents if above.exists())
        # Tried, not asked: to root every folder seems to be writable.
        with tempfile.TemporaryFile(dir=folder):
            return
    except OSError as error:
        found = f"{error.strerror or error} at {folder}"
        raise ValueError(f"{place}: expected a place that can be written, found {found}; name another place") from error


@contextmanager
def _reached(place: str) -> Iterator[tuple[Any, str]]:
    """`driver`, whose own errors become OSError: each library has its own, and no common class for them."""
    files, path = driver(place)
    try:
        yield files, path
    except OSError:
        raise
    except Exception as error:
        raise OSError(f"{place}: {type(error).__name__}: {error}") from error


def made_folder(place: str | Path) -> Path:
    """A folder of this machine, made where it is not there. Raises ValueError where it cannot be."""
    try:
        Path(place).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(
            f"{place}: expected a folder, or a place for one, found {error.strerror or error}; name another"
        ) from error
    return Path(place).absolute()


def exists(place: str) -> bool:
    """Whether a file or folder is there. This and what follows raise OSError where the store refuses."""
    with _reached(place) as (files, path):
        return bool(files.exists(path))


def names(place: str) -> list[str]:
    """What a folder holds, sorted; nothing where it is not there."""
    with _reached(place) as (files, path):
        if not files.exists(path):
            return []
        found = files.ls(path, detail=False)
    return sorted({p.rstrip("/").rsplit("/", 1)[-1] for p in found if p.strip("/") != path.strip("/")})


def remove(place: str) -> None:
    """A file or a folder with all that is in it, where it is there."""
    with _reached(place) as (files, path):
        if files.exists(path):
            files.rm(path, recursive=True)


def write_text(place: str, text: str) -> None:
    """A file as a whole. Folders are made where they are folders: in a bucket there are none, and a bucket that is
    not there is a mistake, not a wish.
    """
    write_pieces(place, [text.encode("utf-8")])


def write_pieces(place: str, pieces: Iterable[bytes]) -> None:
    """A file, piece by piece, as `write_text`."""
    with _reached(place) as (files, path):
        if scheme(place) in ("", "file"):
            files.makedirs(files._parent(path), exist_ok=True)
        with files.open(path, "wb") as file:
            file.writelines(pieces)


def written_at(place: str) -> datetime:
    """When a file was last written, in UTC."""
    with _reached(place) as (files, path):
        at: datetime = files.modified(path)
        return at if at.tzinfo else at.replace(tzinfo=UTC)


def read_text(place: str) -> str:
    """A file as a whole."""
    return read_bytes(place).decode("utf-8")


def read_bytes(place: str) -> bytes:
    """A file as a whole."""
    with _reached(place) as (files, path):
        return bytes(files.cat_file(path))


def put_folder(folder: Path, place: str) -> None:
    """Copy a folder of files, as a whole, to a place that may have one of these names already."""
    for file in sorted(p for p in folder.iterdir() if p.is_file()):
        with _reached(place) as (files, path):
            files.makedirs(path, exist_ok=True)
            files.put_file(str(file), f"{path.rstrip('/')}/{file.name}")
