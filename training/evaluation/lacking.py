"""What a machine lacks to run tasks: tools of a language, Python packages. Such tasks are counted, never failed."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from importlib.machinery import PathFinder
from typing import Any

from training.evaluation.task import Task
from udfs.execution.languages import Missing, Tools
from udfs.execution.running import Runner

PACKAGES = {
    "Crypto": "pycryptodome",
    "Levenshtein": "levenshtein",
    "PIL": "pillow",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python-headless",
    "dateutil": "python-dateutil",
    "docx": "python-docx",
    "flask_login": "flask-login",
    "flask_mail": "flask-mail",
    "flask_restful": "flask-restful",
    "flask_wtf": "flask-wtf",
    "geopy": "geopy",
    "mpl_toolkits": "matplotlib",
    "pyquery": "pyquery",
    "pytesseract": "pytesseract",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}
"""Modules whose package on PyPI has another name."""


def what_lacks(tasks: Iterable[Task], runner: Runner) -> dict[str, Any]:
    """{"tasks": ids, "why": {what lacks: how many tasks want it}, "packages": what pip would install}, or {}."""
    why: dict[str, list[str]] = {}
    packages: dict[str, int] = {}
    for task in tasks:
        try:
            tools = runner.tools(task.language)
        except ValueError:
            why.setdefault(f"language {task.language}: none that this sandbox runs", []).append(task.id)
            continue
        if isinstance(tools, Missing):
            why.setdefault(str(tools), []).append(task.id)
            continue
        for name in task.needs:
            if not _importable(name, tools, runner.libraries):
                package = PACKAGES.get(name, name)
                packages[package] = packages.get(package, 0) + 1
                why.setdefault(f"Python package {package}", []).append(task.id)
    if not why:
        return {}
    most_first = sorted(why, key=lambda name: (-len(why[name]), name))
    ids = sorted({task for group in why.values() for task in group})
    return {"tasks": ids, "why": {name: len(why[name]) for name in most_first}, "packages": sorted(packages)}


def able(tasks: Sequence[Task], lacking: dict[str, Any]) -> list[Task]:
    """The tasks that can be run. Raises ValueError where there is none."""
    out = set(lacking.get("tasks", ()))
    found = [task for task in tasks if task.id not in out]
    if not found:
        why = "; ".join(lacking.get("why", ())) or "no task"
        raise ValueError(f"evaluation: expected what the tasks need to run, found {why}{advice(lacking)}")
    return found


def advice(lacking: dict[str, Any]) -> str:
    """What to do about packages that lack."""
    names = " ".join(lacking.get("packages", ()))
    return f"; --install, or pip install --target DIR {names} and --libraries DIR" if names else ""


def _importable(name: str, tools: Tools, libraries: Sequence[str]) -> bool:
    if name in sys.stdlib_module_names:
        return True
    return PathFinder.find_spec(name, [*libraries, *tools.packages]) is not None
