"""Run the code cells of a notebook in this process, one after the other, as Jupyter would; pictures are not shown."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import matplotlib


def cells(file: Path) -> list[str]:
    """The source of each code cell."""
    book = json.loads(file.read_text(encoding="utf-8"))
    return ["".join(cell["source"]) for cell in book["cells"] if cell["cell_type"] == "code"]


def run(file: Path) -> dict[str, object]:
    """The notebook's names after its last cell."""
    matplotlib.use("Agg")
    names: dict[str, object] = {"__name__": "__main__"}
    for number, source in enumerate(cells(file)):
        exec(compile(source, f"{file.name}, cell {number}", "exec"), names)
    return names


if __name__ == "__main__":
    run(Path(sys.argv[1]))
