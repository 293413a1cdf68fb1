"""Tests by inputs and outputs, as LiveCodeBench and APPS have them: a program's input and output, or a function's."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from udfs.execution.programs import Test

STDIN_STOPS = ("\n```", "\n<|", "\n'''", '\n"""', "\n### ", "\n[DONE]")
"""After a prompt in words, where the program reads and prints at the margin."""
PRELUDE = (
    "from string import *\nfrom re import *\nfrom datetime import *\nfrom collections import *\nfrom heapq import *\n"
    "from bisect import *\nfrom copy import *\nfrom math import *\nfrom random import *\nfrom statistics import *\n"
    "from itertools import *\nfrom functools import *\nfrom operator import *\nfrom io import *\nfrom sys import *\n"
    "from json import *\nfrom typing import *\nimport string, re, datetime, collections, heapq\n"
    "import bisect, copy, math, random, statistics, itertools, functools, operator, io, sys, json\n"
    "sys.setrecursionlimit(50000)\n"
)
"""What LiveCodeBench and APPS import before a solution: LeetCode's do without imports of their own."""
_ANSWER = "refinelake_answer"


def printed(inputs: Sequence[Any], outputs: Sequence[Any], numbers: float) -> tuple[Test, ...]:
    """Tests of a program that reads and writes; lists are lines. `numbers`: see Test."""
    pairs = zip(inputs, outputs, strict=True)
    return tuple(Test(str(n), stdin=_text(i), stdout=_text(o), numbers=numbers) for n, (i, o) in enumerate(pairs, 1))


def _text(lines: Any) -> str:
    text = "\n".join(map(str, lines)) if isinstance(lines, list) else str(lines)
    return text if text.endswith("\n") else text + "\n"


def called(inputs: Sequence[Sequence[Any]], outputs: Sequence[Any]) -> tuple[Test, ...]:
    """Tests of a function: arguments by place, the value it gives (a tuple counts as a list). See `callable_source`."""
    tests = []
    for number, (given, wanted) in enumerate(zip(inputs, outputs, strict=True), 1):
        code = (
            f"import json\nfound = {_ANSWER}(*json.loads({json.dumps(given)!r}))\n"
            f"found = list(found) if isinstance(found, tuple) else found\n"
            f"wanted = json.loads({json.dumps(wanted)!r})\n"
            "assert found == wanted, f'gave {repr(found)[:300]}, expected {repr(wanted)[:300]}'\n"
        )
        tests.append(Test(str(number), code))
    return tuple(tests)


def callable_source(answer: str, name: str) -> str:
    """A program whose function, or method of a class Solution, is called by one name, whatever it is."""
    return (
        f"{PRELUDE}\n{answer}\n\ndef {_ANSWER}(*given):\n"
        f"    home = globals().get('Solution')\n"
        f"    target = getattr(home(), {name!r}) if home is not None else globals()[{name!r}]\n"
        f"    return target(*given)\n"
    )


def question(words: str, starter: str) -> str:
    """What a chat model is asked."""
    if starter.strip():
        return f"{words.strip()}\n\nAnswer with a Python program that completes this code:\n\n```python\n{starter}\n```"
    return f"{words.strip()}\n\nAnswer with a Python program that reads from standard input and prints the result."


def prompt(words: str, starter: str) -> str:
    """What a base model continues."""
    kind = "Use the starter code." if starter.strip() else "Read from standard input, print to standard output."
    begun = f"\n{starter.rstrip()}" if starter.strip() else ""
    return f"### Question\n{words.strip()}\n\n{kind}\n\n### Answer\n```python{begun}"
