"""Execution traces: a function of the corpus runs on inputs, and what each line does to its variables is written down.

Models that were shown what code does, line by line, predict and repair it better (SemCoder 2406.01006, NExT
2404.14662). Inputs are those of the docstring's own examples, else a model's; the trace is what the run gave, never
what a model says.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any

from udfs.recipes import tracer, trust
from udfs.recipes.asking import code_in
from udfs.recipes.steps import Answer, Ask, Dropped, Made, Ran, Recipe, Run, Seed, Steps
from udfs.recipes.writing import at_least, fenced, pair, text_of, why

TARGET = "execution_traces"
_EXAMPLE = re.compile(r"^[ \t]*>>>[ \t]*(.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Traces:
    """At most `calls` traces of a function, each of at most `most_steps` lines that ran, values shown up to
    `most_chars` characters. Traces with fewer steps than `least_steps` show nothing. `instructions`: each as a question
    with its answer too.
    """

    calls: int = 2
    least_steps: int = 3
    most_steps: int = 60
    most_chars: int = 120
    instructions: bool = True
    cpu_seconds: float = 0.0

    def __post_init__(self) -> None:
        at_least("traces", 1, calls=self.calls, least_steps=self.least_steps, most_steps=self.most_steps)
        at_least("traces", 10, most_chars=self.most_chars)


def play(seed: Seed, p: Traces) -> Steps:
    """A row for each call that was traced to its end. Raises Dropped `no_calls`, `tests_failed`, `no_trace`."""
    code, name = text_of(seed, "code"), text_of(seed, "name")
    calls = calls_in(seed.fields.get("doc", ""), name)[: p.calls]
    if not calls:
        answer: Answer = yield Ask("inputs", "trace_inputs", {"code": code, "name": name, "calls": p.calls})
        calls = calls_of(code_in("inputs", answer.text, "python").splitlines(), name)[: p.calls]
    if not calls:
        raise Dropped("no_calls", 0, 1, name)
    # A line of the report has room for every event with every character escaped.
    shown = min(4 << 20, p.calls * p.most_steps * 20 * (6 * p.most_chars + 200))
    ran: Ran = yield Run("trace", "python", traced(code, calls, p), cpu_seconds=p.cpu_seconds, shown=shown)
    if not ran.passed:
        raise Dropped("tests_failed", 0, 1, why(ran))
    rows = [made for told in reports(ran) for made in _rows(seed, code, calls, told, p)]
    if not rows:
        raise Dropped("no_trace", 0, p.least_steps, name)
    return rows


def calls_in(doc: str, name: str) -> list[str]:
    """Calls of a function in the examples of its docstring."""
    return calls_of(_EXAMPLE.findall(doc), name)


def calls_of(lines: Sequence[str], name: str) -> list[str]:
    """Lines that are one call of the function with literal arguments, each once."""
    found = []
    for line in lines:
        tree = trust.parsed(line.strip())
        if tree is None or len(tree.body) != 1 or not isinstance(tree.body[0], ast.Expr):
            continue
        call = tree.body[0].value
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == name):
            continue
        values = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg)]
        if len(values) == len(call.args) + len(call.keywords) and all(map(_literal, values)):
            found.append(ast.unparse(call))
    return list(dict.fromkeys(found))


def _literal(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError, RecursionError, MemoryError, SyntaxError):
        return False
    return True


@cache
def _source() -> str:
    return (resources.files("udfs.recipes") / "tracer.py").read_text(encoding="utf-8")


def traced(code: str, calls: Sequence[str], p: Traces) -> str:
    """The function, the tracer behind it, and its calls."""
    given = f"{list(enumerate(calls))!r}, {p.most_steps}, {p.most_chars}"
    return f"{code.rstrip()}\n\n\n{_source()}\n_refinelake_trace({given})\n"


def reports(ran: Ran) -> list[dict[str, Any]]:
    """What the tracer said of each call; a line that was cut is none."""
    found = []
    for line in (line for test in ran.tests for line in test.stdout.split("\n") if line.startswith(tracer.MARK)):
        try:
            said = json.loads(line.removeprefix(tracer.MARK))
        except (ValueError, RecursionError):
            continue
        if isinstance(said, dict) and isinstance(said.get("events"), list) and isinstance(said.get("call"), int):
            found.append(said)
    return found


def _rows(seed: Seed, code: str, calls: Sequence[str], told: Mapping[str, Any], p: Traces) -> list[Made]:
    steps = [event for event in told["events"] if isinstance(event, dict)]
    if told.get("cut") or not p.least_steps <= len(steps) or not 0 <= told["call"] < len(calls):
        return []
    call = calls[told["call"]]
    end = f"It returns {told['value']}." if "value" in told else f"It raises {told.get('raised', 'an exception')}."
    trace = "\n".join([*map(_line, steps), end])
    scores = {"steps": float(len(steps)), "raised": float("raised" in told)}
    parts = {"code": code, "call": call, "value": str(told.get("value", "")), "raised": str(told.get("raised", ""))}
    text = f"{code.rstrip()}\n\n# {call}\n" + "\n".join(f"# {line}" for line in trace.splitlines()) + "\n"
    traced_row = Made(TARGET, text=text, language="python", licence=seed.licence, scores=scores, parts=parts)
    rows = [traced_row]
    if p.instructions:
        question = f"What happens, step by step, when `{call}` runs?\n\n{fenced('python', numbered(code))}"
        rows.append(
            replace(traced_row, target="instructions", messages=pair(question, trace), text="", stage=2, parts={})
        )
    return rows


def _line(event: Mapping[str, Any]) -> str:
    """One step: the line that is reached, and what is new before it runs."""
    changed = event.get("changed")
    news = ", ".join(f"{name} = {value}" for name, value in changed.items()) if isinstance(changed, dict) else ""
    where = f"{event.get('function')} line {event.get('line')}"
    if event.get("event") == "call":
        return f"call of {where}" + (f": {news}" if news else "")
    if event.get("event") == "return":
        return f"{where} returns {event.get('value')}" + (f" ({news})" if news else "")
    if event.get("event") == "exception":
        return f"{where}: an exception" + (f" ({news})" if news else "")
    return f"{where}" + (f": {news}" if news else "")


def numbered(code: str) -> str:
    """Code with the numbers of its lines, as the trace tells them."""
    lines = code.rstrip().splitlines()
    return "\n".join(f"{number:>{len(str(len(lines)))}}  {line}" for number, line in enumerate(lines, 1))


RECIPE = Recipe(
    "traces",
    "What each line of a function does to its variables, on inputs of its docstring or of a model.",
    play,
    Traces(),
    TARGET,
    asks=(("inputs", "trace_inputs", 1.0),),
    runs=1.0,
    needs=("python",),
    takes=("function",),
)
