"""Where compiled kernels are kept: an edit of a function that a kernel calls is an edit of the kernel."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import udfs

ROOT = Path(__file__).parents[2]
CALLED = "import numba\n\n\n@numba.njit(cache=True)\ndef called():\n    return {}\n"
CALLS = (
    "import numba\n\nfrom udfs.called import called\n\n\n"
    "@numba.njit(cache=True)\ndef kernel():\n    return called() + 1\n"
)


def test_a_kernel_is_compiled_anew_where_what_it_calls_has_changed(tmp_path: Path) -> None:
    package = tmp_path / "udfs"
    package.mkdir()
    shutil.copy(udfs.__file__, package / "__init__.py")
    (package / "kernel.py").write_text(CALLS)
    said = []
    for value in (1, 10):
        (package / "called.py").write_text(CALLED.format(value))
        said.append(ran(tmp_path, "from udfs.kernel import kernel; print(kernel())"))
    assert said == ["2", "11"]
    assert len(list((tmp_path / "cache" / "refinelake").iterdir())) == 2, "kept, each by its source"


def test_another_numba_compiles_into_a_place_of_its_own(tmp_path: Path) -> None:
    """Two environments of one user, at the same time: an index of one led to code of the other."""
    about = tmp_path / "numba-0.1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Name: numba\nVersion: 0.1\n")
    where = "import os, udfs; print(os.environ['NUMBA_CACHE_DIR'])"
    ours = ran(ROOT, where, XDG_CACHE_HOME=str(tmp_path))
    assert ran(ROOT, where, XDG_CACHE_HOME=str(tmp_path), PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}") != ours


@pytest.mark.parametrize("home", ["/proc/nowhere", "/dev/null"])
def test_without_a_home_the_temporary_folder_keeps_them(tmp_path: Path, home: str) -> None:
    said = ran(ROOT, "import os, udfs; print(os.environ['NUMBA_CACHE_DIR'])", XDG_CACHE_HOME=home, TMPDIR=str(tmp_path))
    assert said.startswith(f"{tmp_path}/refinelake-kernels-")


def test_a_place_that_the_user_names_stays(tmp_path: Path) -> None:
    assert ran(ROOT, "import os, udfs; print(os.environ['NUMBA_CACHE_DIR'])", NUMBA_CACHE_DIR=str(tmp_path)) == str(
        tmp_path
    )


def ran(folder: Path, program: str, **more: str) -> str:
    """What a program prints that imports `udfs` from a folder."""
    env = {k: v for k, v in os.environ.items() if k != "NUMBA_CACHE_DIR"}
    env |= {"PYTHONPATH": str(folder), "XDG_CACHE_HOME": str(folder / "cache"), **more}
    done = subprocess.run([sys.executable, "-c", program], cwd=folder, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
