"""The code in what a model wrote: fenced blocks, and for Python the lines that parse where nothing is fenced."""

from __future__ import annotations

import ast
import re

_FENCE = re.compile(r"^[ \t]*```[ \t]*([\w+#-]*)[^\n]*\n(.*?)(?:^[ \t]*```[ \t]*$|\Z)", re.DOTALL | re.MULTILINE)
# Further words for a language that models write after a fence; names are MultiPL-E's and those of udfs/execution.
_TAGS = {
    "py": ("python", "python3"),
    "python": ("py", "python3"),
    "js": ("javascript", "node", "nodejs"),
    "javascript": ("js", "node", "nodejs"),
    "typescript": ("ts",),
    "sh": ("bash", "shell", "zsh"),
    "shell": ("bash", "sh", "zsh"),
    "rb": ("ruby",),
    "ruby": ("rb",),
    "rs": ("rust",),
    "rust": ("rs",),
    "cpp": ("c++", "cc", "cxx"),
    "csharp": ("c#", "cs"),
    "go": ("golang",),
}
_MOST_LINES = 2_000


def code_blocks(answer: str) -> list[tuple[str, str]]:
    """(word after the fence in lower case, code) of every block; one that is not closed goes to the end."""
    return [(tag.lower(), body) for tag, body in _FENCE.findall(answer)]


def fenced_code(answer: str, language: str = "") -> str | None:
    """The first block of the language, else the first one that names none, else None. No language: the first block."""
    blocks = code_blocks(answer)
    names = (language, *_TAGS.get(language, ())) if language else tuple(tag for tag, _ in blocks)
    named = [body for tag, body in blocks if tag in names]
    plain = [body for tag, body in blocks if not tag]
    return next(iter(named or plain), None)


def code_of(answer: str, language: str = "py") -> str:
    """The code of a chat answer: the first fenced block of the language (else the first one), else, for Python, the
    longest run of lines that parses, else the answer as it stands. Languages have MultiPL-E's names or ours.
    """
    blocks = code_blocks(answer)
    named = [body for tag, body in blocks if tag in (language, *_TAGS.get(language, ()))]
    if named or blocks:
        return (named or [body for _, body in blocks])[0]
    return longest_run_that_parses(answer) if language in ("py", "python") else answer


def longest_run_that_parses(text: str) -> str:
    """The longest stretch of consecutive lines that is Python with something in it; the text itself if none is."""
    lines = text.splitlines()[:_MOST_LINES]
    best = (0, 0)
    for first in range(len(lines)):
        last = len(lines)
        while last - first > best[1] - best[0]:
            wrong = _first_wrong_line(lines[first:last])
            if wrong is None:
                best = (first, last)
            else:
                # Lines after the one that is wrong cannot mend it; an unfinished statement is wrong where it begins.
                last = min(last - 1, first + wrong)
    return "\n".join(lines[best[0] : best[1]]) + "\n" if best[1] > best[0] else text


def _first_wrong_line(lines: list[str]) -> int | None:
    """Number (from 1) of the line a parser complains of, None if it has nothing to say."""
    try:
        tree = ast.parse("\n".join(lines))
    except SyntaxError as error:
        return max(1, min(error.lineno or 1, len(lines)))
    except (ValueError, RecursionError, MemoryError):
        return 1
    return None if tree.body else 1
