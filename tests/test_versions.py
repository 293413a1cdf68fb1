"""What the wheel asks for holds with a platform's own packages, and what is pinned is what it asks for."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
LOCKED_EXTRAS = ("spark", "train", "tokens", "s3", "tracking", "dev")
PROVEN = dict(
    re.findall(r"^\| ([\w-]+) \| ([\d.]+) \|", (ROOT / "docs/decisions/versions.md").read_text(encoding="utf-8"), re.M)
)
"""Package and version of the page's table: the lowest of each with which the tests of the kernels were seen to pass."""


def _asked(key: str) -> list[str]:
    """The lines of a list in setup.cfg, comments included."""
    (found,) = re.findall(rf"^{key} =\n((?: .*\n|\n)+)", (ROOT / "setup.cfg").read_text(encoding="utf-8"), re.M)
    return [line.strip() for line in found.splitlines() if line.strip()]


def _requirements(lines: list[str]) -> list[Requirement]:
    return [Requirement(line) for line in lines if not line.startswith("#")]


REQUIRED = _asked("install_requires")


def test_the_lock_pins_what_setup_asks_for() -> None:
    lock = re.findall(r"^([\w.-]+)==(\S+)", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.M)
    pinned = {canonicalize_name(name): Version(version) for name, version in lock}
    asked = _requirements(REQUIRED)
    asked += [r for e in LOCKED_EXTRAS for r in _requirements(_asked(e))]
    assert [str(r) for r in asked if pinned[canonicalize_name(r.name)] not in r.specifier] == []


def test_an_upper_bound_of_the_wheel_stands_below_its_reason() -> None:
    bare, reason = [], False
    for line in REQUIRED:
        reason |= line.startswith("#")
        bounded = not line.startswith("#") and any(s.operator != ">=" for s in Requirement(line).specifier)
        bare += [line] if bounded and not reason else []
    assert bare == []


def test_a_floor_is_the_version_that_was_proven() -> None:
    floors = {r.name: s.version for r in _requirements(REQUIRED) for s in r.specifier if s.operator in (">=", "==")}
    assert {name: Version(v) for name, v in floors.items()} == {name: Version(v) for name, v in PROVEN.items()}


@pytest.mark.long
def test_the_kernels_give_the_same_with_every_package_at_its_floor(tmp_path: Path) -> None:
    """In an environment of its own: the tests of kernels and contracts, of which some need extras."""
    uv, env = str(Path(sys.executable).with_name("uv")), tmp_path / "env"
    python = str(env / "bin" / "python")
    subprocess.run([uv, "venv", "-q", "--python", sys.executable, str(env)], check=True)
    lowest = [uv, "pip", "compile", "-q", "--resolution", "lowest-direct", "setup.cfg", "-o", str(tmp_path / "floors")]
    subprocess.run(lowest, cwd=ROOT, check=True)
    install = [uv, "pip", "install", "-q", "--python", python]
    subprocess.run([*install, "-r", str(tmp_path / "floors")], check=True)
    more = [line for e in ("tokens", "dev", "spark") for line in _asked(e)]
    more = [
        line for line in more if re.match(r"tokenizers|transformers|jinja2|pytest|hypothesis|pygments|beau|esp", line)
    ]
    subprocess.run([*install, *more], check=True)
    subprocess.run([*install, "--no-deps", *_asked("spark"), "py4j"], check=True)
    tests = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/udfs", "tests/schemas"]
    done = subprocess.run(
        [*tests, "--deselect", "tests/udfs/rules/test_perplexity.py"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-3000:]
