"""Zip archives and wheels."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Iterator
from typing import IO

from udfs.reading import zip_names
from udfs.reading.limits import (
    DAMAGE,
    FOLDER_WITH_DATA,
    MAX_HEADER,
    ArchiveError,
    Limits,
    Member,
    Meter,
    Names,
    link_problem,
)


def zip_members(file: IO[bytes], name: str, limits: Limits, packed: int) -> Iterator[Member]:
    meter = Meter(name, packed, limits)
    _check_zip_directory(file, packed, meter)
    try:
        archive = zipfile.ZipFile(file)
    except (*DAMAGE, NotImplementedError) as error:
        raise ArchiveError(name, f"expected a zip archive, found damage ({error})") from error
    names, infos = Names(), archive.infolist()
    paths = zip_names.paths(infos)
    for index, (info, raw) in enumerate(zip(infos, paths, strict=True)):
        meter.count()
        meter.spend(info.file_size)
        if not raw.endswith(b"/"):
            names.add(index, raw)
    # A wheel installs what it holds at the top; its one package is not a wrapper.
    wheel = any(".dist-info/" in path for path in names.last)
    prefix = "" if wheel else names.prefix()
    for index, (info, raw) in enumerate(zip(infos, paths, strict=True)):
        path, problem = names.place(index, raw, prefix)
        if not raw.endswith(b"/"):
            yield _zip_member(archive, info, raw, path, problem, prefix, meter)
        elif info.file_size:
            yield Member(path, info.file_size, None, problem or "special_file", FOLDER_WITH_DATA)


def _check_zip_directory(file: IO[bytes], packed: int, meter: Meter) -> None:
    """zipfile takes in the whole directory at once, so its size is looked at before."""
    file.seek(max(0, packed - 65_557 - 76))
    tail = file.read()
    end, end64 = tail.rfind(b"PK\5\6"), tail.rfind(b"PK\6\6")
    size = int.from_bytes(tail[end + 12 : end + 16], "little") if end >= 0 else 0
    if end64 >= 0:
        size = int.from_bytes(tail[end64 + 40 : end64 + 48], "little")
    # An entry takes 46 bytes, its name and what its writer adds.
    if size > 160 * meter.limits.max_files + MAX_HEADER:
        meter.files = meter.limits.max_files
        meter.count()


def _zip_member(
    archive: zipfile.ZipFile,
    info: zipfile.ZipInfo,
    raw: bytes,
    path: str,
    problem: str | None,
    prefix: str,
    meter: Meter,
) -> Member:
    mode = stat.S_IFMT(info.external_attr >> 16) if info.create_system == 3 else 0
    data, detail = None, None
    if problem is None and info.flag_bits & 0x41:
        problem = "encrypted"
    elif problem is None and mode not in (0, stat.S_IFREG, stat.S_IFLNK):
        problem, detail = "special_file", f"zip entry of mode {mode:o}"
    elif problem is None and info.file_size > meter.limits.max_file_bytes:
        problem, detail = "too_large", f"expected at most {meter.limits.max_file_bytes} bytes, found {info.file_size}"
    elif problem is None:
        try:
            with archive.open(info) as stream:
                data = stream.read(info.file_size) if info.file_size else stream.read()
        except NotImplementedError as error:
            problem, detail = "unsupported_compression", str(error)
        except DAMAGE as error:
            raise ArchiveError(meter.name, f"expected {info.filename}, found damage ({error})") from error
        if data is not None and len(data) != info.file_size:
            found = f"expected {info.file_size} bytes of {info.filename}, found {len(data)}"
            raise ArchiveError(meter.name, found)
    if mode == stat.S_IFLNK and data is not None:
        problem, detail = link_problem(raw, data[:4096], prefix, from_root=False)
    return Member(path, info.file_size, None if problem else data, problem, detail)
