"""The languages a program may have: how each is compiled and run is data, and each tool is looked for here."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

_VERSION = re.compile(r"Python 3\.(\d+)\S*")
_OLDEST = 11
"""Of Python 3: before it had no way to leave a script's folder off the path and its order of sets as told."""
_ANSWER_SECONDS = 60
"""For a tool of this machine to say its version; no program of anybody else's runs here."""


@dataclass(frozen=True)
class Language:
    """A row of udfs/data/execution_languages.json, whose comment explains each field."""

    name: str
    packages: tuple[str, ...]
    needs: tuple[str, ...]
    version: tuple[str, ...]
    file: str
    run: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    root: tuple[str, ...] = ()
    compile: tuple[str, ...] = ()
    plain: tuple[str, ...] = ()
    end: str = ""
    main: bool = False
    before: str = ""
    closed_by: str = ""
    beside: Mapping[str, str] = field(default_factory=dict)
    memory: int = 0
    cache: str = ""
    warm: str = ""
    warmed_by: str = ""


@dataclass(frozen=True)
class Tools:
    """Where a language's executables are: folders to look in, folders outside of the distribution's, what it says."""

    path: str
    roots: tuple[str, ...]
    version: str
    python: str = ""
    packages: tuple[str, ...] = ()
    """Folders of installed Python packages."""


@cache
def languages() -> dict[str, Language]:
    text = (resources.files("udfs") / "data/execution_languages.json").read_text(encoding="utf-8")
    rows: dict[str, dict[str, Any]] = {k: row for k, row in json.loads(text).items() if k != "comment"}
    return {name: _language(name, row) for name, row in rows.items()}


def _language(name: str, row: Mapping[str, Any]) -> Language:
    frozen: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in row.items()}
    return Language(name=name, **frozen)


def language(name: str) -> Language:
    """By name or short form, in any case. Raises ValueError that lists what there is."""
    known = languages()
    by_short_form = {short: each for each in known.values() for short in each.aliases}
    found = known.get(name.lower()) or by_short_form.get(name.lower())
    if found is None:
        raise ValueError(f"language {name}: expected one of {', '.join(sorted(known))}, found none of that name")
    return found


@dataclass(frozen=True)
class Missing:
    """A language without its tools, and what to do about it."""

    name: str
    tools: tuple[str, ...]
    packages: tuple[str, ...]
    private: bool = False
    """Whether they are there, but where only their owner may go."""

    def __str__(self) -> str:
        which = " and ".join(self.tools)
        found = f"found {which} where only the owner may read" if self.private else f"found no {which}"
        return f"{self.name}: {found}; apt-get install {' '.join(self.packages)}"


def available() -> dict[str, Tools | Missing]:
    """Every language with its version, or with the Debian packages that would bring it."""
    return {name: tools(name) for name in languages()}


@cache
def tools(name: str, shared: bool = False) -> Tools | Missing:
    """Where a language's tools are. `shared`: those that another user of this machine may read and run."""
    row = language(name)
    if row.name == "python":
        return _python(shared) or Missing(name, row.needs, row.packages)
    places = [shutil.which(tool) for tool in row.needs]
    lacking = tuple(tool for tool, place in zip(row.needs, places, strict=True) if place is None)
    if lacking:
        return Missing(name, lacking, row.packages)
    root = _said(row.root) if row.root else ""
    folders = [os.path.join(root, "bin")] if root else [os.path.dirname(str(place)) for place in places]
    wanted = tuple(dict.fromkeys(folders))
    if shared and not all(_anyone_may_run(os.path.join(f, t)) for f in wanted for t in row.needs if _is_in(f, t)):
        return Missing(name, row.needs, row.packages, private=True)
    said = (_said(row.version).splitlines() or [""])[0]
    roots = (root,) if root and not root.startswith("/usr/") else ()
    return Tools(":".join((*wanted, "/usr/local/bin", "/usr/bin", "/bin")), roots, said)


def _is_in(folder: str, tool: str) -> bool:
    return os.path.exists(os.path.join(folder, tool))


def _python(shared: bool) -> Tools | None:
    """This process's interpreter with its packages, else one that others may run, which has none."""
    roots = tuple(dict.fromkeys((sys.prefix, sys.base_prefix)))
    own = os.path.realpath(sys.executable)
    if not shared or all(_anyone_may_run(place) for place in (own, *roots)):
        outside = tuple(root for root in roots if not root.startswith("/usr/") and root != "/usr")
        packages = tuple(path for path in sys.path if path.endswith(("site-packages", "dist-packages")))
        outside += tuple(p for p in packages if not p.startswith(("/usr/", *outside)))
        return Tools("/usr/local/bin:/usr/bin:/bin", outside, f"Python {sys.version.split()[0]}", own, packages)
    for name in ("/usr/bin/python3", "/usr/local/bin/python3"):
        if not os.path.exists(name) or not _anyone_may_run(os.path.realpath(name)):
            continue
        said = _said((name, "--version"))
        if (version := _VERSION.fullmatch(said)) and int(version[1]) >= _OLDEST:
            return Tools("/usr/local/bin:/usr/bin:/bin", (), said, os.path.realpath(name))
    return None


def _anyone_may_run(path: str) -> bool:
    """Whether a user who owns nothing gets there, every folder above included."""
    while True:
        if not os.path.exists(path) or not os.stat(path).st_mode & 0o001:
            return False
        if path == "/":
            return True
        path = os.path.dirname(path)


def checked_libraries(folders: Sequence[str], shared: bool) -> tuple[str, ...]:
    """Real places of folders of installed packages. Raises ValueError for one that programs could not read.

    `shared`: programs run as another user than this process.
    """
    found = tuple(os.path.realpath(folder) for folder in folders)
    for given, folder in zip(folders, found, strict=True):
        if not os.path.isdir(folder):
            raise ValueError(f"libraries: expected folders of installed packages, found no folder {given}; correct it")
        if shared and not _anyone_may_run(folder):
            raise ValueError(
                f"libraries: expected folders that anybody may read, as programs run as a user of their own, found "
                f"{given}; install the packages elsewhere, or open it and the folders above (chmod o+rx)"
            )
    return found


def _said(command: tuple[str, ...]) -> str:
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=_ANSWER_SECONDS, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return (run.stdout or run.stderr).strip()
