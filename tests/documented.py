"""Commands and flags that the pages show: in blocks, in indented lines and inline."""

from __future__ import annotations

import argparse
import re
import shlex
from dataclasses import dataclass
from importlib import import_module
from itertools import pairwise
from pathlib import Path

from jobs.cli import COMMANDS, TRAINING
from jobs.commands.instruct import PARTS as INSTRUCT_PARTS
from jobs.commands.quality import PARTS as QUALITY_PARTS
from jobs.commands.web import PARTS as WEB_PARTS
from schemas import command_line

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", "CONTRIBUTING.md", *(str(p.relative_to(ROOT)) for p in sorted((ROOT / "docs").rglob("*.md"))))
PARTS = {"web": WEB_PARTS, "instruct": INSTRUCT_PARTS, "quality": QUALITY_PARTS}
"""Commands that have parts."""
_PROGRAM = re.compile(
    r"(?:[A-Z_]+=\S+ )*"
    r"(?:refinelake[\w-]*|python|make|spark-submit|torchrun|deepspeed|sbatch|databricks|docker|pip|uv|jupyter) \S"
)
_FENCED = re.compile(r"```\w*\n(.*?)```", re.S)


@dataclass(frozen=True)
class Shown:
    """A command, or flags alone, as a page shows it."""

    page: str
    text: str

    @property
    def words(self) -> list[str]:
        return shlex.split(self.text, comments=True)


def commands() -> list[Shown]:
    """Every command of every page."""
    found = {}
    for page in PAGES:
        text = (ROOT / page).read_text(encoding="utf-8")
        apart = _FENCED.sub("", text)
        lines = [line for block in _FENCED.findall(text) for line in block.splitlines()]
        lines += re.findall(r"^    (\S.*)$", apart, re.M)
        for line in (*map(str.strip, lines), *_inline(apart)):
            if _PROGRAM.match(line):
                found[line.partition("  #")[0].strip()] = Shown(page, line.partition("  #")[0].strip())
    return list(found.values())


def flags() -> list[Shown]:
    """Every inline flag that stands alone, with its value if it has one."""
    pages = ((page, _FENCED.sub("", (ROOT / page).read_text(encoding="utf-8"))) for page in PAGES)
    return [Shown(page, text) for page, apart in pages for text in _inline(apart) if text.startswith("--")]


def _inline(text: str) -> list[str]:
    return [" ".join(code.split()) for code in re.findall(r"(?<!`)`([^`]+)`(?!`)", text)]


def parser_of(name: str, part: str = "") -> argparse.ArgumentParser:
    """The parser of a command of `refinelake`, or of a part of it. Raises KeyError where there is none of that name."""
    module, _ = (COMMANDS | import_module(TRAINING).COMMANDS)[name]
    return command_line.parser_of(f"{module}_{part}" if part in PARTS.get(name, {}) else module)


def settings_in(words: list[str]) -> list[str]:
    """Values of --set that are settings: a benchmark takes the name of a set."""
    return [after for word, after in pairwise(words) if word == "--set" and "=" in after]
