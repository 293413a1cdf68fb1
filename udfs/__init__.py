"""Kernels: plain Python over one text or one Arrow batch, in rooms by subject. Only udfs/spark imports Spark."""

import os
import tempfile
from pathlib import Path


def _where_compiled_kernels_may_lie() -> None:
    """numba refuses to compile where neither the package nor the home can be written, as in many containers."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")).absolute()
    places = [Path(__file__).parent, next((p for p in (home, *home.parents) if p.exists()), home)]
    if not any(os.access(place, os.W_OK) for place in places):
        mine = f"refinelake-kernels-{os.getuid() if hasattr(os, 'getuid') else 0}"
        os.environ.setdefault("NUMBA_CACHE_DIR", str(Path(tempfile.gettempdir()) / mine))


_where_compiled_kernels_may_lie()
