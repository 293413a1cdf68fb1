"""Parameters in force: the defaults of the dataclasses, under one TOML file, under --set SECTION.NAME=VALUE."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

MOVED = {"near_duplicates": "dedup", "near_duplicates.level": "dedup.strategy"}
"""Sections, and names of a section, of earlier releases: what they are called now."""


def load_params(sections: Mapping[str, type], file: str | None = None, settings: Iterable[str] = ()) -> dict[type, Any]:
    """Instances by class, over each class's own defaults. Raises ValueError, see `overridden`."""
    found = overridden({name: cls() for name, cls in sections.items()}, file, settings)
    return {cls: found[name] for name, cls in sections.items()}


def overridden(defaults: Mapping[str, Any], file: str | None = None, settings: Iterable[str] = ()) -> dict[str, Any]:
    """Instances of frozen dataclasses by section, with what the file and then the settings say in place of their own.

    Raises ValueError that names the file or flag, the name, and the nearest known one.
    """
    values: dict[str, dict[str, Any]] = {name: {} for name in defaults}
    said_by: dict[tuple[str, str], str] = {}
    if file is not None:
        for section, given in _read_toml(file).items():
            _moved(file, section, given if isinstance(given, dict) else ())
            _known(file, section, defaults)
            if not isinstance(given, dict):
                raise ValueError(f"{file}: expected a table [{section}], found {given!r}; write [{section}] above it")
            values[section] |= given
            said_by |= {(section, name): file for name in given}
    for setting in settings:
        section, name, value = _parse_setting(setting)
        _moved("--set", section, (name,))
        _known("--set", section, defaults)
        values[section][name] = value
        said_by[section, name] = "--set"
    return {name: _instance(said_by, name, default, values[name]) for name, default in defaults.items()}


def _read_toml(file: str) -> dict[str, Any]:
    try:
        return tomllib.loads(Path(file).read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise ValueError(f"{file}: expected a TOML file of parameters, found none; see docs/parameters.md") from None
    except OSError as e:
        found = e.strerror or e
        raise ValueError(
            f"{file}: expected a TOML file of parameters, found {found}; name a file that is one"
        ) from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as e:
        raise ValueError(f"{file}: expected TOML, found an error: {e}") from None


def _parse_setting(setting: str) -> tuple[str, str, Any]:
    path, equals, value = setting.partition("=")
    section, dot, name = path.strip().partition(".")
    if not (equals and dot and section and name):
        raise ValueError(f"--set {setting}: expected SECTION.NAME=VALUE, as in fingerprint.bands=14")
    try:
        return section, name, tomllib.loads(f"v = {value}")["v"]
    except tomllib.TOMLDecodeError:
        return section, name, value.strip()


def _instance(said_by: dict[tuple[str, str], str], section: str, default: Any, given: dict[str, Any]) -> Any:
    known = {f.name: f for f in fields(default)}
    for name, value in given.items():
        where = said_by[section, name]
        _known(f"{where}: [{section}]", name, known)
        expected = type(getattr(default, name))
        if expected is float and isinstance(value, int) and not isinstance(value, bool):
            given[name] = float(value)
        elif not isinstance(value, (list, tuple) if expected is tuple else expected) or (
            isinstance(value, bool) and expected is not bool
        ):
            raise ValueError(
                f"{where}: {section}.{name}: expected {expected.__name__}, found {value!r} ({type(value).__name__})"
            )
    return replace(default, **given)


def _moved(where: str, section: str, names: Iterable[str]) -> None:
    if section not in MOVED:
        return
    for name in names:
        now = MOVED.get(f"{section}.{name}", f"{MOVED[section]}.{name}")
        raise ValueError(f"{where}: expected {now}, found its former name {section}.{name}; see docs/parameters.md")
    raise ValueError(f"{where}: expected [{MOVED[section]}], found its former name [{section}]")


def _known(where: str, name: str, known: Iterable[str]) -> None:
    names = list(known)
    if name not in names:
        near = difflib.get_close_matches(name, names, 1)
        hint = f"; did you mean {near[0]}?" if near else f"; known are {', '.join(names)}"
        raise ValueError(f"{where}: expected a known parameter name, found {name}{hint}")
