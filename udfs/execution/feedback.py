"""What a person is told of a run: a few lines that a model can mend its program by.

OpenCodeInterpreter (section 3 and its code): colours are taken out, images become `[image]`, long outputs keep their
head and tail, a traceback keeps the frames of the program itself, a wrong answer is told with what was expected; in its
evaluation at most 500 characters.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from udfs.execution.programs import LIMITS_SAID

MOST_CHARS = 500
"""Of a message, as in OpenCodeInterpreter's evaluation."""
HEAD = TAIL = 200
"""Characters that are kept at each end of an output over `OUTPUT_CHARS` (OpenCodeInterpreter: 1,000, 200, 200)."""
OUTPUT_CHARS = 1_000
IMAGE = "[image]"
_COLOUR = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))")
_IMAGE = re.compile(
    r"<Figure size [^>\n]{1,80}>|data:image/[\w+.-]+;base64,[A-Za-z0-9+/=\s]{40,}|<IPython[\w.]*Image object>"
)
_FRAME = re.compile(r'^\s*File "([^"]*)", line \d+')


@dataclass(frozen=True)
class Told:
    """Of one test: its status and detail, as in udfs/execution/programs.py; `call` is what was tried, where known."""

    status: str
    detail: str = ""
    call: str = ""
    stdout: str = ""


def output(text: str, most: int = OUTPUT_CHARS) -> str:
    """What a program wrote, as it is shown: without colours and images, head and tail of what is long."""
    text = _IMAGE.sub(IMAGE, _COLOUR.sub("", text)).replace("\r\n", "\n").strip("\n")
    if len(text) <= most:
        return text
    return f"{text[:HEAD]}\n... ({len(text) - HEAD - TAIL:,} characters left out)\n{text[-TAIL:]}"


def traceback(detail: str, most: int = MOST_CHARS) -> str:
    """The end of a traceback: frames of libraries are left out, the exception stays."""
    lines = output(detail, 20 * most).split("\n")
    kept: list[str] = []
    foreign = False
    for line in lines:
        frame = _FRAME.match(line)
        if frame:
            foreign = "/site-packages/" in frame[1] or "/lib/python" in frame[1]
        elif line and not line[0].isspace():
            foreign = False
        if not foreign:
            kept.append(line)
    said = "\n".join(kept).strip("\n")
    return said if len(said) <= most else said[-most:]


def feedback(tests: Sequence[Told], entry_point: str = "", most: int = MOST_CHARS) -> str:
    """The message about a program that failed: about its first test that did not pass; "" where all did."""
    wrong = next((test for test in tests if test.status != "passed"), None)
    if wrong is None:
        return ""
    return _about(wrong, entry_point, most)[:most].rstrip()


def _about(test: Told, entry_point: str, most: int) -> str:
    if test.status in ("cpu_limit", "wall_limit"):
        return "Execution timed out."
    if test.status in LIMITS_SAID:
        return f"Execution was stopped: {LIMITS_SAID[test.status]}."
    detail = traceback(test.detail, most)
    missing = re.search(r"name '(\w+)' is not defined", detail)
    if entry_point and missing and missing[1] == entry_point:
        return f"There is no `{entry_point}` in the program. Name the function that was asked for `{entry_point}`."
    if test.status == "failed":
        tried = f"This does not hold: {output(test.call, most // 2)}\n" if test.call else ""
        return f"The result is wrong.\n{tried}{detail}"
    if test.status == "compile_error":
        return f"The program does not compile.\n{detail}"
    return f"Execution ended with an error.\n{detail or test.status}"


def result_of(stdout: str, tests: Sequence[Told], most: int = OUTPUT_CHARS) -> str:
    """What a user pastes back after running a program: its output where it ended well, else what went wrong."""
    wrong = feedback(tests)
    shown = output(stdout, most)
    if not wrong:
        return shown or "(no output)"
    return f"{shown}\n{wrong}" if shown else wrong
