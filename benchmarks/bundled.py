"""python3 run.py [arguments of benchmarks.train]: in a bundle's folder, with the Python that has PyTorch.

Without arguments: the 1.5B at its context with 8 sequences at once, compared with eager layers at the end. The JSON
file in `results` is written after each part, so what is measured is there when the machine is taken away. Of the
wheels those are unpacked into `site`, beside this file, whose package this Python lacks or which one of them needs
newer; nothing of the Python is changed.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from email.parser import Parser
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from zipfile import ZipFile

HERE = Path(__file__).resolve().parent
DEFAULTS = ["--model", "1.5b", "--micro", "8", "--accumulation", "5", "--steps", "3", "--against-eager"]


def main(given: list[str]) -> int:
    site, wheels = HERE / "site", {canonical(w.name.split("-")[0]): w for w in (HERE / "wheels").glob("*.whl")}
    for name in lacking(wheels):
        if not (site / wheels[name].name).exists():
            unpack(wheels[name], site)
            (site / wheels[name].name).touch()
            print(f"taken: {wheels[name].name}", flush=True)
    words = given or DEFAULTS
    words = words if "--out" in words else [*words, "--out", str(HERE / "results")]
    before = os.environ.get("PYTHONPATH")
    paths = [str(HERE / "source"), str(site), *([before] if before else [])]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    # -P: the folder that this was called in has no part in it.
    return subprocess.run([sys.executable, "-P", "-m", "benchmarks.train", *words], env=env).returncode


def lacking(wheels: dict[str, Path]) -> list[str]:
    """Wheels whose package this Python has not, and those that one of them needs newer than it is here."""
    here = {name: installed(name) for name in wheels}
    # Asked before: from now on the wheel's own is here.
    sys.path.append(str(wheels["packaging"]))
    from packaging.requirements import Requirement

    found = [name for name in sorted(wheels) if here[name] is None]
    for name in found:
        for text in required(wheels[name]):
            asked = Requirement(text)
            other, wanted = canonical(asked.name), asked.marker is None or asked.marker.evaluate({"extra": ""})
            there = here.get(other)
            if wanted and there and other not in found and not asked.specifier.contains(there):
                found.append(other)
    return found


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def installed(name: str) -> str | None:
    """The version that this Python has of a package."""
    try:
        return version(canonical(name))
    except PackageNotFoundError:
        return None


def required(wheel: Path) -> list[str]:
    """What a wheel's metadata ask for."""
    with ZipFile(wheel) as held:
        (name,) = (n for n in held.namelist() if n.endswith(".dist-info/METADATA"))
        return Parser().parsestr(held.read(name).decode("utf-8")).get_all("Requires-Dist") or []


def unpack(wheel: Path, site: Path) -> None:
    """A wheel's files where imports find them; its scripts and data files are left out."""
    with ZipFile(wheel) as held:
        for info in held.infolist():
            inner = re.sub(r"^[^/]+\.data/(purelib|platlib)/", "", info.filename)
            if not info.is_dir() and not re.match(r"^[^/]+\.data/", inner):
                target = site / inner
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(held.read(info))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
