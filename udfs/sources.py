"""One unit of input (an archive, a git repository, a folder, a parquet file): its present state and its files.

`probe` is cheap and says whether anything moved; `read` gives the files as records, each with a text or a reason.
"""

from __future__ import annotations

import email.parser
import hashlib
import json
import os
import re
import shutil
import stat
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import IO, Any

import fsspec
import pyarrow as pa
from fsspec.implementations.local import LocalFileSystem

from udfs import gitrepo, parquet_sets
from udfs.archives import ArchiveError, Limits, members
from udfs.decoding import Refusal, decode

KINDS = ("folder", "archive", "git", "parquet")

_DEFAULT_LIMITS = Limits()
_HOSTED = re.compile(r"(?:github\.com|gitlab\.com|bitbucket\.org|codeberg\.org)[/:]([\w.-]+)/([\w.-]+)", re.I)
_SHORTHAND = re.compile(r"(?:(?:github|gitlab|bitbucket):)?([\w.-]+/[\w.-]+)")
_NOT_OWNERS = ("sponsors", "orgs", "users", "apps")
# What a project calls the link to its code; other links often lead to a tracker or to sponsors.
_CODE_LABELS = ("source", "source code", "repository", "code", "github", "homepage", "home")
_MAX_METADATA = 1024**2


@dataclass(frozen=True)
class Unit:
    """A source as the user named it. `revision` is a branch, tag or commit of a git repository."""

    source_id: str
    kind: str
    location: str
    revision: str | None = None
    repo: str | None = None


@dataclass(frozen=True)
class Record:
    """A file: a text, or a `reason` why there is none. Without a path it is about the unit: with a reason the unit has
    failed and its other records are void, without one it carries the repository and licences that the unit declares."""

    path: str | None = None
    repo: str | None = None
    revision: str | None = None
    stars: int | None = None
    licences: tuple[str, ...] | None = None
    commit_time: datetime | None = None
    size_bytes: int | None = None
    encoding: str | None = None
    converted: bool = False
    text: str | None = None
    reason: str | None = None
    detail: str | None = None
    language_hint: str | None = None


@dataclass(frozen=True)
class Probe:
    """The present state of a unit. Equal fingerprints mean equal content; `units` are the locations to `read`."""

    reachable: bool
    fingerprint: str | None
    units: list[str]
    error: str | None


def probe(unit: Unit) -> Probe:
    """The state of the unit without reading its files. Raises ValueError for an unknown kind and nothing else."""
    _check_kind(unit)
    try:
        if unit.kind == "git":
            return Probe(True, gitrepo.resolve(unit.location, unit.revision), [unit.location], None)
        files, path = _file_system(unit.location)
        if unit.kind == "folder":
            listing = [(entry.path, entry.size, entry.stamp) for entry in _walk(files, path)]
            return Probe(True, _digest(sorted(listing)), [unit.location], None)
        if unit.kind == "archive":
            return Probe(True, f"{files.checksum(path):x}", [unit.location], None)
        found = _parquet_files(files, path)
        if not found:
            raise FileNotFoundError(f"{unit.location}: expected parquet files, found none: check the path")
        state = [(name, f"{files.checksum(name):x}") for name in found]
        return Probe(True, _digest(state), [files.unstrip_protocol(name) for name in found], None)
    # Every driver has errors of its own, and whatever it is, the source cannot be reached now.
    except Exception as error:
        # Some drivers list every place they looked in, a line for each.
        message, _, _ = (str(error) or type(error).__name__).partition("\n")
        if unit.location not in message:
            expected = f"expected a {unit.kind} that can be read"
            message = f"{unit.location}: {expected}, found {type(error).__name__}: {message}"
        return Probe(False, None, [], message)


def read(unit: Unit, location: str, limits: Limits = _DEFAULT_LIMITS) -> Iterator[Record]:
    """The records of one of the locations that `probe` gave.

    Bad content never raises: if the unit is bad as a whole, the last record has no path and a reason. Raises OSError
    (or the driver's own error) when the location cannot be reached, and ValueError for an unknown kind.
    """
    _check_kind(unit)
    readers: dict[str, Callable[[Unit, str, Limits], Iterator[Record]]] = {
        "folder": _folder_records,
        "archive": _archive_records,
        "git": _git_records,
        "parquet": _parquet_records,
    }
    try:
        yield from readers[unit.kind](unit, location, limits)
    except ArchiveError as error:
        yield Record(repo=unit.repo, reason=error.reason, detail=str(error))
    except gitrepo.RepositoryError as error:
        yield Record(repo=unit.repo, reason="corrupt_repository", detail=str(error))


def _check_kind(unit: Unit) -> None:
    if unit.kind not in KINDS:
        raise ValueError(f"source {unit.source_id}: expected a kind out of {', '.join(KINDS)}, found {unit.kind!r}")


def _digest(listing: list[Any]) -> str:
    return hashlib.sha256(json.dumps(listing).encode("utf-8", "surrogateescape")).hexdigest()


def _file_system(location: str) -> tuple[Any, str]:
    try:
        files, path = fsspec.core.url_to_fs(location)
    except ImportError as error:
        protocol = location.partition("://")[0]
        raise ImportError(f"{location}: expected a driver for {protocol}://, found none: {error}") from error
    return files, path


@contextmanager
def _local_file(location: str) -> Iterator[IO[bytes]]:
    """The file, on this machine for as long as the context lasts: archives are read twice and zips out of order."""
    files, path = _file_system(location)
    if isinstance(files, LocalFileSystem):
        with open(path, "rb") as file:
            yield file
        return
    with tempfile.TemporaryFile(prefix="refinelake-") as copy:
        with files.open(path, "rb") as remote:
            shutil.copyfileobj(remote, copy, 4 * 1024**2)
        copy.seek(0)
        yield copy


def _with_text(record: dict[str, Any], data: bytes) -> Record:
    result = decode(data)
    if isinstance(result, Refusal):
        return Record(**record, size_bytes=len(data), reason=result.reason, detail=result.detail)
    encoding, converted = result.encoding, result.converted
    return Record(**record, size_bytes=len(data), text=result.text, encoding=encoding, converted=converted)


# Folders.


@dataclass(frozen=True)
class _Entry:
    path: str
    size: int
    stamp: str
    location: str
    problem: str | None = None
    detail: str | None = None


def _walk(files: Any, path: str) -> Iterator[_Entry]:
    """The files below a folder, sorted, without what git keeps for itself."""
    if isinstance(files, LocalFileSystem):
        yield from _walk_local(os.path.realpath(path))
        return
    if not files.isdir(path):
        raise FileNotFoundError(f"{path}: expected a folder, found none: check the path")
    for name, info in sorted(files.find(path, detail=True).items()):
        inner = name.removeprefix(path.rstrip("/")).lstrip("/")
        if ".git" not in inner.split("/"):
            stamps = (info.get(key) for key in ("mtime", "LastModified", "last_modified", "ETag", "etag", "created"))
            stamp = next((str(value) for value in stamps if value), "")
            yield _Entry(inner, int(info["size"]), stamp, name)


def _walk_local(root: str) -> Iterator[_Entry]:
    waiting = [root]
    while waiting:
        path = waiting.pop()
        info = os.lstat(path)
        if stat.S_ISDIR(info.st_mode):
            children = (name for name in os.listdir(path) if name != ".git")
            waiting += (os.path.join(path, name) for name in sorted(children, reverse=True))
            continue
        problem, detail = None, None
        if stat.S_ISLNK(info.st_mode):
            inside = os.path.realpath(path).startswith(root + os.sep)
            problem, detail = "link" if inside else "link_outside", f"to {_shown(os.readlink(path))}"
        elif path == root:
            raise NotADirectoryError(f"{root}: expected a folder, found a file: use kind archive or parquet for it")
        elif not stat.S_ISREG(info.st_mode):
            problem, detail = "special_file", f"mode {stat.filemode(info.st_mode)}"
        yield _Entry(_shown(os.path.relpath(path, root)), info.st_size, str(info.st_mtime_ns), path, problem, detail)


def _shown(path: str) -> str:
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _folder_records(unit: Unit, location: str, limits: Limits) -> Iterator[Record]:
    files, root = _file_system(location)
    local = isinstance(files, LocalFileSystem)
    for entry in _walk(files, root):
        facts: dict[str, Any] = {"path": entry.path, "repo": unit.repo, "revision": unit.revision}
        problem, detail = entry.problem, entry.detail
        if problem is None and entry.size > limits.max_file_bytes:
            problem = "too_large"
            detail = f"expected at most {limits.max_file_bytes} bytes, found {entry.size}"
        if problem is None:
            try:
                with open(entry.location, "rb") if local else files.open(entry.location, "rb") as file:
                    data = file.read(limits.max_file_bytes + 1)
                yield _with_text(facts, data)
                continue
            except OSError as error:
                # One file of a local folder that may not be read is a fact about it; a network that fails is not.
                if not local:
                    raise
                problem, detail = "unreadable", error.strerror
        yield Record(**facts, size_bytes=entry.size, reason=problem, detail=detail)


# Archives, and what they declare about themselves.


def _archive_records(unit: Unit, location: str, limits: Limits) -> Iterator[Record]:
    declared = _Declared()
    with _local_file(location) as file:
        for member in members(file, location, limits):
            facts: dict[str, Any] = {
                "path": member.path,
                "repo": unit.repo,
                "revision": unit.revision or member.commit,
                "commit_time": _utc(member.mtime),
            }
            if member.data is None:
                yield Record(**facts, size_bytes=member.size, reason=member.problem, detail=member.detail)
                continue
            record = _with_text(facts, member.data)
            declared.look_at(record)
            yield record
    if found := declared.record():
        yield replace(found, repo=unit.repo or found.repo, revision=unit.revision)


def _utc(seconds: float | None) -> datetime | None:
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


@dataclass
class _Declared:
    """Repository and licences from the package metadata at the top of an archive, the strongest declaration first."""

    found: dict[str, tuple[str | None, tuple[str, ...]]] = field(default_factory=dict)
    is_crate: bool = False

    def look_at(self, record: Record) -> None:
        path, text = record.path or "", record.text
        kind = "METADATA" if _WHEEL_METADATA.fullmatch(path) else path
        # cargo leaves the author's own file beside the one it wrote; then an npm file there is only a part.
        self.is_crate |= path == "Cargo.toml.orig"
        if kind in _METADATA and text is not None and len(text) <= _MAX_METADATA:
            try:
                self.found[kind] = _METADATA[kind](text)
            except (ValueError, RecursionError):
                # A file that is not what its name says declares nothing.
                return

    def record(self) -> Record | None:
        order = ["METADATA", "PKG-INFO", "package.json", "Cargo.toml"]
        if self.is_crate:
            order.insert(0, order.pop())
        found = [self.found[kind] for kind in order if kind in self.found]
        repo = next((repo for repo, _ in found if repo), None)
        licences = next((licences for _, licences in found if licences), None)
        return Record(repo=repo, licences=licences) if repo or licences else None


def _from_python(text: str) -> tuple[str | None, tuple[str, ...]]:
    headers = email.parser.HeaderParser().parsestr(text)
    expression, licence = (str(headers.get(key, "")).strip() for key in ("License-Expression", "License"))
    classifiers = [str(value).split(" :: ") for value in headers.get_all("Classifier", [])]
    named = [parts[-1] for parts in classifiers if parts[0] == "License" and parts[-1] != "OSI Approved"]
    # Some put the whole licence text into the field.
    short = licence if "\n" not in licence and len(licence) <= 100 and licence.upper() != "UNKNOWN" else ""
    links = [str(value).partition(",") for value in headers.get_all("Project-URL", [])]
    links += [("homepage", ",", str(value)) for value in headers.get_all("Home-page", [])]
    labels = {label: rank for rank, label in enumerate(_CODE_LABELS)}
    links.sort(key=lambda link: labels.get(link[0].strip().lower(), len(labels)))
    repo = next((repo for _, _, url in links if (repo := _repo_of(url))), None)
    return repo, (expression,) if expression else (short,) if short else tuple(named)


def _from_npm(text: str) -> tuple[str | None, tuple[str, ...]]:
    package = json.loads(text)
    if not isinstance(package, dict):
        return None, ()
    declared = package.get("license") or package.get("licenses") or []
    items = declared if isinstance(declared, list) else [declared]
    licences = [item.get("type") if isinstance(item, dict) else item for item in items]
    repository = package.get("repository")
    url = repository.get("url") if isinstance(repository, dict) else repository
    return _repo_of(url), tuple(licence for licence in licences if isinstance(licence, str) and licence)


def _from_cargo(text: str) -> tuple[str | None, tuple[str, ...]]:
    package = tomllib.loads(text).get("package")
    if not isinstance(package, dict):
        return None, ()
    licence = package.get("license")
    return _repo_of(package.get("repository")), (licence,) if isinstance(licence, str) and licence else ()


def _repo_of(url: object) -> str | None:
    """`owner/name` of a link to a code host, or of npm's short form of one."""
    if not isinstance(url, str):
        return None
    match = _SHORTHAND.fullmatch(url.strip())
    owner, _, name = match[1].partition("/") if match else ("", "", "")
    if found := _HOSTED.search(url):
        owner, name = found[1], found[2]
    name = name.removesuffix(".git")
    return f"{owner}/{name}" if owner and name and owner.lower() not in _NOT_OWNERS else None


_WHEEL_METADATA = re.compile(r"[^/]+\.dist-info/METADATA")
_METADATA = {"METADATA": _from_python, "PKG-INFO": _from_python, "package.json": _from_npm, "Cargo.toml": _from_cargo}


# Git and parquet.


def _git_records(unit: Unit, location: str, limits: Limits) -> Iterator[Record]:
    commit = gitrepo.resolve(location, unit.revision)
    with gitrepo.local_copy(location) as repository:
        for file in gitrepo.files(repository, commit, limits.max_file_bytes):
            facts: dict[str, Any] = {"path": file.path, "repo": unit.repo, "revision": commit}
            facts["commit_time"] = file.commit_time
            if file.data is None:
                yield Record(**facts, size_bytes=file.size, reason=file.problem, detail=file.detail)
            else:
                yield _with_text(facts, file.data)


def _parquet_files(files: Any, path: str) -> list[str]:
    if fsspec.core.has_magic(path) and not files.exists(path):
        return sorted(files.glob(path))
    if files.isdir(path):
        return sorted(name for name in files.find(path) if name.endswith(".parquet"))
    return [path]


def _parquet_records(unit: Unit, location: str, limits: Limits) -> Iterator[Record]:
    files, path = _file_system(location)
    reason, detail = "corrupt_parquet", ""
    with files.open(path, "rb") as file:
        try:
            for row in parquet_sets.rows(file, location):
                yield Record(**vars(row) | {"repo": row.repo or unit.repo, "revision": row.revision or unit.revision})
            return
        except pa.ArrowException as error:
            detail = str(error)
        except ValueError as error:
            reason, detail = "unknown_layout", str(error)
        except OSError as error:
            # pyarrow reports damage as OSError too, but without the number that the system gives to its own.
            if error.errno is not None:
                raise
            detail = str(error)
    if reason == "corrupt_parquet":
        detail = f"{location}: expected a parquet file, found damage ({detail})"
    yield Record(repo=unit.repo, reason=reason, detail=detail)
