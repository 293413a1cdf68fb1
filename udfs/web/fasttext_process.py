"""fastText's training in a process of its own: `python -m udfs.web.fasttext_process SETTINGS`, settings as JSON.

With one thread fastText fills a tenth of its matrix and takes the rest as memory was, so that a model is another one
each time, and now and then none at all (NaN). Here all memory is zero: what is mapped is, and what malloc gives again
is told to be, without a cache that forgets to.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

_ZERO = {
    "MALLOC_MMAP_THRESHOLD_": "4096",
    # Filled with the complement of 255.
    "GLIBC_TUNABLES": "glibc.malloc.tcache_count=0:glibc.malloc.perturb=255",
}


def trained(lines: str, model: str, settings: dict[str, Any]) -> None:
    """Train from a file of lines into a file. Raises ValueError with what fastText says where it fails."""
    root = str(Path(__file__).parents[2])
    fresh = _ZERO | {"PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])}
    said = json.dumps({"input": lines, "output": model, **settings})
    command = [sys.executable, "-m", "udfs.web.fasttext_process", said]
    done = subprocess.run(command, env=os.environ | fresh, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip() or f"exit status {done.returncode}").splitlines()[-1]
        raise ValueError(f"{lines}: expected a model, found: {last}")


def main(said: str) -> None:
    import fasttext

    settings = json.loads(said)
    output = settings.pop("output")
    fasttext.train_supervised(**settings, verbose=0).save_model(output)


if __name__ == "__main__":
    main(sys.argv[1])
