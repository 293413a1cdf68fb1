"""python -m benchmarks.stand_in_stars --sources MANIFEST --to FILE: the manifest with a stand-in for stars.

A registry says no stars. What stands for them is a count that anybody can repeat: how many other source packages of
Debian 12 depend on a package, directly, by the package list that `refinelake fetch` brought through apt. A package that
Debian has not is depended on by none. It says how much is built on a package, not how well it is liked.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jobs.cli import guarded

SUITE = "bookworm"
_FIELD = re.compile(r"^(Package|Source|Depends|Pre-Depends|Provides): (.*)$", re.MULTILINE)


def main() -> int:
    about = (__doc__ or "").partition(": ")[2]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stand_in_stars", description=about)
    parser.add_argument("--sources", required=True, metavar="FILE", help="manifest, as `refinelake fetch` wrote it")
    parser.add_argument("--to", required=True, metavar="FILE", help="the manifest to write")
    args = parser.parse_args()
    return guarded(lambda: run(Path(args.sources), Path(args.to)))


def run(manifest: Path, to: Path) -> int:
    """Write the manifest, and say how many packages have five or more."""
    sources = [json.loads(line) for line in manifest.read_text(encoding="utf-8").splitlines()]
    stars = counted(listed(manifest.absolute().parent / f".apt-{SUITE}"), sources)
    lines = [json.dumps(source | {"stars": stars[source["source_id"]]}) + "\n" for source in sources]
    to.write_text("".join(lines), encoding="utf-8")
    print(f"{to}: {sum(n >= 5 for n in stars.values())} of {len(stars)} sources have 5 or more")
    return 0


def listed(home: Path) -> str:
    """Debian's package list, as apt tells it. Raises ValueError where the fetch left none."""
    if not any((home / "lists").glob(f"*_{SUITE}_main_binary-*")):
        raise ValueError(f"{home}: expected apt's lists, found none; refinelake fetch demo --to another folder")
    places = [f"-oDir::State::Lists={home}/lists", f"-oDir::State::status={home}/status", f"-oDir::Cache={home}/cache"]
    kept = [f"-oDir::Etc::sourcelist={home}/sources.list", "-oDir::Etc::sourceparts=/dev/null"]
    done = subprocess.run(["apt-cache", *places, *kept, "dumpavail"], capture_output=True, check=True, timeout=600)
    return done.stdout.decode("utf-8", errors="replace")


def counted(packages: str, sources: Iterable[dict[str, Any]]) -> dict[str, int]:
    """By source_id: how many source packages depend on it, itself left out. A dependency on a name that a package
    provides is one on it.
    """
    users: dict[str, set[str]] = defaultdict(set)
    source_of, provides = {}, defaultdict(set)
    for block in packages.split("\n\n"):
        fields = dict(_FIELD.findall(block))
        if name := fields.get("Package"):
            source_of[name] = source = fields.get("Source", name).split()[0]
            provides[name] |= {name, *_names(fields.get("Provides", ""))}
            for dependency in _names(f"{fields.get('Depends', '')},{fields.get('Pre-Depends', '')}"):
                users[dependency].add(source)
    built = defaultdict(set)
    for name, source in source_of.items():
        built[source].add(name)
    found = {}
    for source in sources:
        binaries = _binaries(source["source_id"].split(":")[0], source["repo"], built) & source_of.keys()
        names = {name for binary in binaries for name in provides[binary]}
        found[source["source_id"]] = len({u for n in names for u in users[n]} - {source_of[b] for b in binaries})
    return found


def _names(field: str) -> list[str]:
    """Of "a (>= 1) | b:any, c"."""
    found = (re.split(r"[ (:\[]", part.strip(), maxsplit=1)[0] for part in re.split(r"[,|]", field))
    return [name for name in found if name]


def _binaries(registry: str, name: str, built: dict[str, set[str]]) -> set[str]:
    """Debian's names for a package of a registry: its own, those of a source, by the policies of Python and Node."""
    plain = name.lower()
    if registry == "debsrc":
        return built.get(name, set())
    if registry == "npm":
        return {"node-" + plain.lstrip("@").replace("/", "-")}
    return {name} if registry == "deb" else {f"python3-{plain}", plain}


if __name__ == "__main__":
    sys.exit(main())
