"""What EvalPlus calls right (2305.01210), as the text of a test: copied into the sandbox, imports nothing of ours.

A canonical solution says what every input gives, and the candidate must give the same: equal, or within a tolerance
where floats are expected, or as the few tasks want it whose answer has no order, or no value that counts.
"""

from __future__ import annotations

import copy
import json
import math
import textwrap
import time

TYPE_CHECKING = False  # typing takes longer to import than a test to run
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

FLOATS_WITHIN = 1e-6
RELATIVE = 1e-7
LEAST_SECONDS, SECONDS_FACTOR = 1.0, 4.0
"""Of CPU for an input: the factor is of what the canonical solution takes."""
ANY_ORDER = {
    *("similar_elements", "find_char_long", "common_in_nested_lists", "extract_singly"),
    *("larg_nnum", "intersection_array", "find_dissimilar", "Diff"),
}
"""MBPP+: the elements count, neither their order nor how often."""
SOMETHING_OR_NOTHING = frozenset({"check_str", "text_match_three", "text_starta_endb"})
"""MBPP+: whether there is an answer, True or a match, or None."""
ALSO = {"are_equivalent": None, "sum_div": 0}
"""MBPP+ 164 and 295: what is right for every input beside what the canonical solution says; None: anything."""


def of_json(value: Any, shape: str) -> Any:
    """An argument as the function takes it: JSON has no tuples, sets and complex numbers.

    t: a tuple; lt, tt: a list or a tuple of tuples; tm: a tuple whose lists are tuples; ls: a list of sets; dt: values
    are tuples; deep: every list is a tuple; float, complex: from its text.
    """
    if shape == "t":
        return tuple(value)
    if shape in ("lt", "tt"):
        made = [tuple(each) for each in value]
        return made if shape == "lt" else tuple(made)
    if shape == "tm":
        return tuple(tuple(each) if isinstance(each, list) else each for each in value)
    if shape == "ls":
        return [set(each) if isinstance(each, list) and each else {} for each in value]
    if shape == "dt":
        return {name: tuple(each) for name, each in value.items()}
    if shape == "deep":
        return tuple(of_json(each, shape) for each in value) if isinstance(value, list) else value
    return {"float": float, "complex": complex}.get(shape, lambda same: same)(value)


def arguments(row: Sequence[Any], shapes: Sequence[str]) -> list[Any]:
    """The arguments of one input; a last shape `*` repeats the one before it."""
    if shapes and shapes[-1] == "*":
        shapes = [shapes[0]] * len(row)
    return [of_json(value, shapes[n] if n < len(shapes) else "") for n, value in enumerate(row)]


def are_floats(value: Any) -> bool:
    """A float, or a list or tuple of nothing else."""
    if isinstance(value, (list, tuple)):
        return all(isinstance(each, float) for each in value)
    return isinstance(value, float)


def close(found: Any, expected: Any, within: float) -> bool:
    """Numbers of the same arrangement, each within `within` + 1e-7 x the one expected. Raises TypeError for others."""
    if isinstance(expected, (list, tuple)) or isinstance(found, (list, tuple)):
        return len(found) == len(expected) and all(close(f, e, within) for f, e in zip(found, expected))  # noqa: B905
    if isinstance(found, str) or isinstance(expected, str):
        raise TypeError("a text has no distance")
    return bool(found == expected or abs(found - expected) <= within + RELATIVE * abs(expected) < math.inf)


def right(name: str, given: Sequence[Any], found: Any, expected: Any, within: float, exact: bool) -> bool:
    """Whether `found` is a right answer of the function `name` to `given`. May raise whatever comparing raises."""
    if name == "find_zero":
        return bool(abs(sum(c * math.pow(found, n) for n, c in enumerate(given[0]))) <= within)
    if name in ANY_ORDER:
        same = set(found) == set(expected)
    elif name in SOMETHING_OR_NOTHING:
        same = (found if isinstance(found, bool) else found is not None) == (expected is not None)
    else:
        same = found == expected or (name in ALSO and ALSO[name] in (None, found))
    if same or not within or exact:
        return bool(same)
    return type(found) is type(expected) and close(found, expected, within)


def held(contract: str, row: list[Any], canonical: Any) -> bool:
    """Whether an input holds a task's contract: assertions over the arguments' names."""
    names = canonical.__code__.co_varnames[: canonical.__code__.co_argcount]
    space = dict(canonical.__globals__)
    body = textwrap.indent(textwrap.dedent(contract.strip("\n")), " ")
    exec(f"def contract({', '.join(names)}):\n pass\n{body}\n", space)
    try:
        space["contract"](*copy.deepcopy(row))
    except Exception:
        return False
    return True


def timed(candidate: Callable[..., Any], row: list[Any], limit: float) -> Any:
    """What a candidate gives. Raises AssertionError where it took over `limit` CPU seconds.

    Of a candidate in another process only the clock is known: too late there, it is asked again in this one.
    """
    clock, used = time.monotonic(), time.process_time()
    found = candidate(*row)
    if time.monotonic() - clock > limit:
        apart = "refinelake_inside" in getattr(getattr(candidate, "__code__", None), "co_filename", "")
        assert not apart and time.process_time() - used <= limit, f"took over {limit:.1f} CPU seconds for an input"
    return found


def check(
    candidate: Callable[..., Any],
    name: str,
    canonical: str,
    inputs: str,
    shapes: Sequence[str],
    within: float,
    contract: str = "",
    exact: bool = False,
) -> None:
    """Raises AssertionError, which names the input, at the first answer that is wrong or too late. An input that breaks
    the contract is none: it is passed over. `exact`: floats have to be equal.
    """
    space: dict[str, Any] = {"__name__": "canonical"}
    exec(canonical, space)
    for number, row in enumerate(json.loads(inputs)):
        given = arguments(row, shapes)
        if contract and not held(contract, given, space[name]):
            continue
        begun = time.process_time()
        expected = space[name](*copy.deepcopy(given))
        limit = max(LEAST_SECONDS, SECONDS_FACTOR * (time.process_time() - begun))
        if not exact and not within and are_floats(expected):
            within = FLOATS_WITHIN
        found = timed(candidate, copy.deepcopy(given), limit)
        if not right(name, given, found, expected, within, exact):
            shown = ", ".join(map(repr, given))
            raise AssertionError(
                f"input {number}: {name}({shown[:300]}) gave {repr(found)[:300]}, expected {repr(expected)[:300]}"
            )
