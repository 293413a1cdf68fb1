"""Which texts are drawn for a recipe, and which of their seeds it takes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from schemas.identity import code_identity
from udfs.recipes.seeds import CodeSeeds, code_seeds, page_seeds

FILE_CHARS = 4_000
"""Of a file that is shown as a seed: its first whole lines."""


@dataclass(frozen=True)
class Draw:
    """From code_corpus, web_corpus or all pages, of these languages (() for all): seeds of these kinds, some a text.

    `algorithmic`: files of the algorithmic corpus come first (the paper's seeds of verified snippets).
    `each`: so many texts are drawn of each language, not of all together. `chars`: of a
    file its first whole lines of so many, or, `whole`, no seed of a longer one.
    """

    corpus: str
    kinds: tuple[str, ...]
    languages: tuple[str, ...] = ()
    most: int = 1
    algorithmic: bool = False
    each: bool = False
    chars: int = FILE_CHARS
    whole: bool = False


_SOME = ("c", "cpp", "csharp", "go", "java", "javascript", "kotlin", "php", "python", "ruby", "rust")
PROGRAMS = (*_SOME, "scala", "shell", "sql", "swift", "tsx", "typescript")
"""Languages with rules of their own (udfs/data/rules.toml), markup aside."""
DRAWN = {
    "snippets": Draw("code", ("file",), algorithmic=True),
    "textbooks": Draw("code", ("function",), ("python",), 3),
    "educational": Draw("code", ("function", "snippet")),
    "mceval": Draw("code", ("function", "snippet")),
    "oss_questions": Draw("code", ("function",), ("python",)),
    "rewriting": Draw("code", ("file",), ("python", "javascript", "typescript"), chars=12_000, whole=True),
    "traces": Draw("code", ("function",), ("python",), 3),
    "correction": Draw("code", ("function", "snippet"), ("python",)),
    "file_quality": Draw("code", ("file",), PROGRAMS, each=True),
    "diverse": Draw("web", ("page",)),
    "web_labels": Draw("pages", ("page",)),
}
"""Recipes that start from a text of a corpus; the others start from given tables and packages."""


def seeds_of(recipe: str, text: str, language: str, url: str = "") -> list[dict[str, str]]:
    """Fields of the seeds that a text gives to a recipe."""
    draw = DRAWN[recipe]
    if draw.corpus != "code":
        title = text.lstrip("# \n").split("\n", 1)[0] if text.startswith("#") else ""
        found = page_seeds(title, text)
    else:
        if draw.whole and len(text) > draw.chars:
            return []
        found = code_seeds(text, language.lower(), CodeSeeds(functions=draw.most, file_chars=draw.chars))
    about = {"url": url} if draw.corpus == "pages" else {}
    kept = [fields | about for kind, fields in found if kind in draw.kinds]
    return kept[: draw.most]


@cache
def seeds_version() -> str:
    """Hash of the code that draws seeds."""
    return code_identity(__name__)
