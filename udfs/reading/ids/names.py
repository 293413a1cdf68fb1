"""How a list spells a repository, a path, a commit or a hash, and how we do; what is none of them."""

from __future__ import annotations

import re
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from udfs.reading import columns

_URL = re.compile(r"(?:git\+)?(?:https?|ssh|git)://(?:[^/@]*@)?([^/:]+)(?::\d+)?/(.+)", re.I)
_SCP = re.compile(r"(?:[\w.+-]+@)?([\w-]+(?:\.[\w-]+)+):(?!/)(.+)", re.ASCII)
_COMMIT = re.compile(r"[A-Za-z0-9_](?:[\w./-]{0,254}[\w])?", re.ASCII)
_USUAL_HOST = "github.com"
_SWHID = "swh:1:cnt:"
_LENGTHS = (40, 64)
_LONGEST = 4096


def repository(name: str) -> str:
    """`owner/name`; with its host in front where that is another one than GitHub. Letters stay as they are."""
    found = _URL.fullmatch(name.strip()) or _SCP.fullmatch(name.strip())
    host, path = found.groups() if found else ("", name.strip())
    path = path.strip("/").removesuffix(".git")
    host = host.lower().removeprefix("www.")
    return path if host in ("", _USUAL_HOST) else f"{host}/{path}"


def is_repository(name: str) -> bool:
    """Whether the name can be one of a folder below that of the mirrors."""
    return "\\" not in name and is_path(name)


def is_path(path: str) -> bool:
    """Whether it names a place below the one where it starts."""
    return len(path) <= _LONGEST and "\0" not in path and not {"", ".", ".."} & set(path.split("/"))


def is_commit(name: str) -> bool:
    """A commit's id, whole or its first digits, or a branch or tag; no expression of git."""
    return bool(_COMMIT.fullmatch(name)) and ".." not in name and "//" not in name


def texts(array: Any) -> Any:
    """A column of any kind as one of texts."""
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pa.types.is_string(array.type) or pa.types.is_large_string(array.type):
        try:
            array.validate(full=True)
            return array.cast(pa.string())
        except pa.ArrowInvalid:  # bytes that are no UTF-8: they are spelt out
            pass
    return pa.array(columns.texts(array), pa.string())


def repositories(array: Any) -> Any:
    """Names of repositories as `repository` spells them: each is looked at once, for lists name it for each file."""
    found = texts(array).dictionary_encode()
    spelled = [None if name is None else repository(name) for name in found.dictionary.to_pylist()]
    return pa.array(spelled, pa.string()).take(found.indices)


def paths(array: Any) -> Any:
    """Paths from the top of the repository."""
    return pc.replace_substring_regex(pc.utf8_ltrim(texts(array), characters="/"), r"^(\./+)+", "")


def hashes(array: Any) -> Any:
    """Hexadecimal digits in small letters, whether bytes, digits or SWHID; any other id as it is."""
    kind = array.type
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return pa.array([_hex(value) for value in array.to_pylist()], pa.string())
    plain = texts(array)
    if not _all_hashes(plain):
        plain = pc.replace_substring(pc.utf8_trim_whitespace(plain), _SWHID, "", max_replacements=1)
    return pc.if_else(_long_as_hashes(plain), pc.ascii_lower(plain), plain)


def _long_as_hashes(array: Any) -> Any:
    return pc.is_in(pc.binary_length(array), value_set=pa.array(_LENGTHS, pa.int32()))


def _all_hashes(array: Any) -> bool:
    return bool(pc.all(_long_as_hashes(array), skip_nulls=True).as_py())


def _hex(value: bytes | None) -> str | None:
    """Raw bytes of a hash, or its digits as bytes."""
    if value is None:
        return None
    return value.hex() if len(value) in (20, 32) else value.decode("utf-8", "backslashreplace").lower()
