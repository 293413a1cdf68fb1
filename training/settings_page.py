"""The settings in docs/training.md, written from the dataclasses: each section's docstring, then its names and values.

REFRESH_GOLDEN=1 .venv/bin/python -m pytest tests/training/test_settings_page.py rewrites that part of the page.
"""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

from training.recipes import recipe

BEGIN, END = "<!-- settings: written by training/settings_page.py -->", "<!-- end of settings -->"


def settings() -> str:
    """Markdown: a heading, the docstring and a table (setting, value in the recipe pretrain of the 1.5B) a section."""
    lines: list[str] = []
    for name, section in recipe("pretrain", "1.5b").sections().items():
        lines += [f"### {name}", "", " ".join((type(section).__doc__ or "").split()), ""]
        lines += ["| setting | pretrain, 1.5b |", "| --- | --- |"]
        lines += [f"| `{name}.{f.name}` | `{_toml(getattr(section, f.name))}` |" for f in fields(section)] + [""]
    return "\n".join(lines)


def unexplained() -> list[str]:
    """Settings that the docstring of their section does not name."""
    found = recipe("pretrain", "1.5b").sections().items()
    return [f"{n}.{f.name}" for n, s in found for f in fields(s) if f"`{f.name}`" not in (type(s).__doc__ or "")]


def with_settings(page: str) -> str:
    """The page with its part between the two marks written anew. Raises ValueError where they are not there."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"docs/training.md: expected the marks {BEGIN} and {END}, found none; put them back")
    return f"{before}{BEGIN}\n\n{settings()}\n{END}{after}"


def _toml(value: Any) -> str:
    """A value as --set takes it."""
    return json.dumps(value if not isinstance(value, tuple) else list(value))
