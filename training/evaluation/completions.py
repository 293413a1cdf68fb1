"""From what a model wrote to a program: cut a base model's completion, find the code in a chat answer."""

from __future__ import annotations

import ast
import re

# A base model goes on after its function: the first of these at the start of a line ends the completion.
FUNCTION_STOPS = (
    "\nclass ",
    "\ndef ",
    "\nasync def ",
    "\n@",
    "\n#",
    "\nif ",
    "\nprint(",
    "\nassert ",
    "\nfrom ",
    "\nimport ",
    "\n```",
    "\n<|",
    "\n'''",
    '\n"""',
)
"""After a prompt that holds the function's head: whatever begins at the margin is not the function's."""
PROGRAM_STOPS = ("\nassert ", "\nprint(", "\nif __name__", '\n"""', "\n'''", "\n```", "\n<|")
"""After a prompt in words: imports, classes and functions are the answer itself, tests of it are not."""
_FENCE = re.compile(r"^[ \t]*```[ \t]*([\w+#-]*)[^\n]*\n(.*?)(?:^[ \t]*```[ \t]*$|\Z)", re.DOTALL | re.MULTILINE)
# Further words for a language that models write after a fence.
_TAGS = {
    "py": ("python", "python3"),
    "js": ("javascript", "node", "nodejs"),
    "sh": ("bash", "shell", "zsh"),
    "rb": ("ruby",),
    "rs": ("rust",),
    "cpp": ("c++", "cc", "cxx"),
}
_MOST_LINES = 2_000


def cut(completion: str, stops: tuple[str, ...] = FUNCTION_STOPS) -> str:
    """The completion up to the first stop; the raw one is kept elsewhere."""
    found = [place for stop in stops if (place := completion.find(stop)) >= 0]
    return completion[: min(found)] if found else completion


def code_of(answer: str, language: str = "py") -> str:
    """The code of a chat answer: the first fenced block of the language (else the first one), else, for Python, the
    longest run of lines that parses, else the answer as it stands. Languages have MultiPL-E's names.
    """
    blocks = _FENCE.findall(answer)
    named = [body for tag, body in blocks if tag.lower() in (language, *_TAGS.get(language, ()))]
    if named or blocks:
        return str((named or [body for _, body in blocks])[0])
    return longest_run_that_parses(answer) if language == "py" else answer


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
