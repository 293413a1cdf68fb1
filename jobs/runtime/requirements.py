"""What refinelake requires, by its package's own metadata: the one list of packages is setup.cfg's."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, packages_distributions, requires

_LINE = re.compile(r'(?P<name>[A-Za-z0-9._-]+).*?(?:extra == "(?P<extra>[^"]+)")?', re.S)


def modules(extras: Iterable[str]) -> list[str]:
    """The modules of this environment that packages of the extras bring; of the hard requirements for an empty name.

    What is not here has no modules to name: there a run ends first. None at all where refinelake is a bare folder.
    """
    try:
        lines = requires("refinelake") or ()
    except PackageNotFoundError:
        return []
    parsed = [found for line in lines if (found := _LINE.fullmatch(line))]
    wanted = {normal(p["name"]) for p in parsed if (p["extra"] or "") in set(extras)}
    here = {m for m, names in packages_distributions().items() if wanted & {normal(n) for n in names}}
    return sorted(m for m in here if m.isidentifier() and not m.startswith("_"))


def normal(name: str) -> str:
    """A distribution's name as registries compare it."""
    return re.sub("[-_.]+", "-", name).lower()
