"""Where a base model's completion ends; the code in a chat answer is found by udfs/calls/code_in_answers.py."""

from __future__ import annotations

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


def cut(completion: str, stops: tuple[str, ...] = FUNCTION_STOPS) -> str:
    """The completion up to the first stop; the raw one is kept elsewhere."""
    found = [place for stop in stops if (place := completion.find(stop)) >= 0]
    return completion[: min(found)] if found else completion
