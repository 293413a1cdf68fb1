"""The benchmark's bundle: what it takes along, and what run.py takes of it on a machine that has some of it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import packaging
import pytest

from benchmarks import bundle

RUN = Path(bundle.__file__).with_name("bundled.py")


def test_all_that_the_benchmark_imports_is_in_it_but_what_every_image_has() -> None:
    """By what a process of its own imports: each package belongs to one that is taken, or to torch or numpy."""
    script = "import json, sys, benchmarks.train; from training.engine.quiet import deepspeed; deepspeed(); "
    script += "print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    modules = {name.partition(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}
    taken = set(bundle.needed("3.12"))
    assert {"deepspeed", "hjson", "pydantic", "pydantic-core", "transformers", "pyarrow"} <= taken
    assert not {"torch", "numpy", "triton", "deltalake", "pyspark"} & taken and not {"deltalake", "pyspark"} & modules
    needed_by_name = {"msgpack", "hjson", "einops", "psutil", "tqdm", "regex", "safetensors", "tokenizers", "filelock"}
    assert {name for name in needed_by_name if name in modules} <= taken


def test_what_the_machine_has_can_be_left_out() -> None:
    every, fewer = bundle.needed("3.12"), bundle.needed("3.12", ["PyArrow", "transformers"])
    assert "pyarrow" not in fewer and "transformers" not in fewer and "tokenizers" not in fewer
    assert set(fewer) < set(every) and "deepspeed" in fewer


def wheel(folder: Path, name: str, number: str, asks: str = "") -> None:
    told = f"Metadata-Version: 2.1\nName: {name}\nVersion: {number}\n" + (f"Requires-Dist: {asks}\n" if asks else "")
    with ZipFile(folder / f"{name}-{number}-py3-none-any.whl", "w") as made:
        made.writestr(f"{name}.py", f"version = {number!r}\n")
        made.writestr(f"{name}-{number}.data/purelib/{name}_more.py", "there = True\n")
        made.writestr(f"{name}-{number}.data/scripts/{name}", "#!python\n")
        made.writestr(f"{name}-{number}.dist-info/METADATA", told)


@pytest.mark.parametrize("there", ["2.0", "1.0", None])
def test_run_takes_what_is_missing_or_too_old_and_hides_nothing_else(tmp_path: Path, there: str | None) -> None:
    """needy asks for other>=1.5 and extra for nothing; `other` is on the machine in a version, or not at all."""
    wheels, image = tmp_path / "wheels", tmp_path / "image"
    wheels.mkdir()
    image.mkdir()
    shutil.copy(RUN, tmp_path / "run.py")
    wheel(wheels, "needy", "1.0", "other>=1.5")
    wheel(wheels, "other", "1.9")
    wheel(wheels, "present", "9.0")
    with ZipFile(wheels / "packaging-99.0-py3-none-any.whl", "w") as made:
        folder = Path(packaging.__file__).parent
        for file in folder.rglob("*.py"):
            made.write(file, f"packaging/{file.relative_to(folder)}")
        made.writestr("packaging-99.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: packaging\nVersion: 99.0\n")
    for name, number in (("other", there), ("present", "0.1")):
        if number:
            wheel(image, name, number)
            with ZipFile(image / f"{name}-{number}-py3-none-any.whl") as held:
                held.extractall(image)
    told = "import json, sys, needy, needy_more, other, present; print(json.dumps([other.version, present.version]))"
    (tmp_path / "source" / "benchmarks").mkdir(parents=True)
    (tmp_path / "source" / "benchmarks" / "train.py").write_text(f"{told}\nprint(json.dumps(sys.argv[1:]))\n")
    # -I -S: a Python without packages of its own, as far as run.py asks; it starts an ordinary one.
    env = {"PYTHONPATH": str(image), "PATH": "/usr/bin:/bin"}
    command = [sys.executable, "-S", str(tmp_path / "run.py"), "--steps", "1"]
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    *taken, versions, words = done.stdout.splitlines()
    assert json.loads(versions) == [{"2.0": "2.0", "1.0": "1.9", None: "1.9"}[there], "0.1"]
    assert json.loads(words) == ["--steps", "1", "--out", str(tmp_path / "results")]
    assert any("needy" in line for line in taken) and not any("present" in line for line in taken)
    assert not list((tmp_path / "site").glob("*.data")), "scripts stay behind"
    again = subprocess.run(command, capture_output=True, text=True, env=env, timeout=60)
    assert again.returncode == 0 and "taken" not in again.stdout
