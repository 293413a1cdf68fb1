"""A benchmark task as data: what to ask, and which program an answer makes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from training.evaluation.completions import FUNCTION_STOPS
from udfs.execution.programs import Limits, Test

Parts = tuple[str, str | tuple[Test, ...]]
"""A program and the tests that follow it, which are run where the program cannot reach them if that can be done. Tests
that have names of their own are counted apart too.
"""


@dataclass(frozen=True)
class Task:
    """`prompt` for a base model (no white space at its end), `question` for a chat model; what answers make of them.

    An answer of a base model is the completion of the prompt, of a chat model a whole program. The first of `stops`
    ends a completion. `reference` is a right one. Where a set needs it: `limits` of a test, `files` beside the program,
    Python modules it `needs`, a `group` whose tasks
    are counted apart too (a language, a difficulty), and names of tests that are. `early`: tests end at the
    first that does not pass.
    """

    id: str
    prompt: str
    question: str
    reference: str
    complete: Callable[[str], Parts]
    whole: Callable[[str], Parts]
    language: str = "py"
    stops: tuple[str, ...] = FUNCTION_STOPS
    limits: Limits | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    group: str = ""
    apart: tuple[str, ...] = ()
    early: bool = False


def continued(completion: str) -> str:
    """What follows a prompt that is shown without its last line end, which the completion may or may not begin with."""
    return completion if completion.startswith("\n") else "\n" + completion
