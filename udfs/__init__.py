"""Kernels: plain Python over one text or one Arrow batch, in rooms by subject. Only udfs/spark imports Spark."""

import hashlib
import os
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_CACHE = "NUMBA_CACHE_DIR"
_OURS = "refinelake-kernels-"


def _compiled_kernels_place() -> Path:
    """A folder for what numba compiles, named by numba's version and the source of all compiled kernels.

    numba itself looks at the file of a function and not at those of the functions that it calls: after an upgrade of
    one of these it would go on with what it compiled from the old one. Two environments with different numbas would
    overwrite each other's files, and one would load the other's. It also gives up where neither the package nor
    the home can be written, as in many containers; the temporary folder is then the place.
    """
    sources = (file.read_bytes() for file in sorted(Path(__file__).parent.rglob("*.py")))
    compiled = [_numba(), *(source for source in sources if b"numba" in source)]
    digest = hashlib.sha256(b"\0".join(compiled)).hexdigest()[:12]
    home = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "refinelake")
    try:
        home.mkdir(parents=True, exist_ok=True)
        root = home if os.access(home, os.W_OK) else Path(tempfile.gettempdir())
    except OSError:
        root = Path(tempfile.gettempdir())
    return root / f"{_OURS}{os.getuid() if hasattr(os, 'getuid') else 0}-{digest}"


def _numba() -> bytes:
    try:
        return version("numba").encode()
    except PackageNotFoundError:
        return b""


def _say_where_to_compile() -> None:
    """To numba, if it is loaded already or not; a place that the user has named stays."""
    if _OURS in os.environ.get(_CACHE, _OURS):
        os.environ[_CACHE] = str(_compiled_kernels_place())
        if numba := sys.modules.get("numba"):
            numba.config.CACHE_DIR = os.environ[_CACHE]


_say_where_to_compile()
