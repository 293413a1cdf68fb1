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
_BEGUN = {"failed": "The result is wrong.", "compile_error": "The program does not compile."}
"""How a message begins, by status."""
_ROOM = 60
"""Characters that a message may begin with beside what was tried."""
_FRAME = re.compile(r'^\s*File "([^"]*)", line \d+')


@dataclass(frozen=True)
class Told:
    """Of one test: its status and detail, as in udfs/execution/programs.py; `call` is what was tried, where known."""

    status: str
    detail: str = ""
    call: str = ""


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
    """The message about a program that failed: about its first test that did not pass; "" where all did.

    At most `most` characters; of a long error the end stays, which names the exception.
    """
    wrong = next((test for test in tests if test.status != "passed"), None)
    return "" if wrong is None else _about(wrong, entry_point, most)


def _about(test: Told, entry_point: str, most: int) -> str:
    if test.status in ("cpu_limit", "wall_limit"):
        return "Execution timed out."
    if test.status in LIMITS_SAID:
        return f"Execution was stopped: {LIMITS_SAID[test.status]}."
    if missing := _not_defined(test.detail, entry_point):
        return f"The tests call `{missing}`, which the program does not define: give the function this name."
    begun = _BEGUN.get(test.status, "Execution ended with an error.") + "\n"
    if test.status == "failed" and test.call:
        begun += f"This does not hold: {output(test.call, most // 2)}\n"
    begun = begun[: most // 2 + _ROOM]
    return (begun + traceback(test.detail or test.status, most - len(begun))).rstrip()


def _not_defined(detail: str, entry_point: str) -> str:
    """The name that the tests call and the program lacks; "" where there is none, or the program itself lacks it."""
    missing = re.search(r"NameError: name '(\w+)' is not defined", detail)
    if not missing:
        return ""
    frames = [frame[1] for line in detail.split("\n") if (frame := _FRAME.match(line))]
    of_tests = not frames or frames[-1] == "<test>"
    return missing[1] if of_tests or missing[1] == entry_point else ""


def result_of(stdout: str, tests: Sequence[Told], most: int = OUTPUT_CHARS) -> str:
    """What a user pastes back after running a program: its output where it ended well, else what went wrong."""
    wrong = feedback(tests)
    shown = output(stdout, most)
    if not wrong:
        return shown or "(no output)"
    return f"{shown}\n{wrong}" if shown else wrong
