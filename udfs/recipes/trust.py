"""Whether tests can be trusted: several answers to one question are compared on the inputs of its tests.

A test that every answer fails while most of them give the same is suspect: it is rather the test that is wrong than all
of them in the same way (a fifth of a public set has no answer that passes its tests, mostly for wrong tests).
"""

from __future__ import annotations

import ast
import json
import warnings
from collections import Counter
from collections.abc import Sequence

from udfs.recipes.steps import Ran, Test

MARK = "@refinelake-compared "
_MOST_SHOWN = 120
"""Characters of an outcome; a longer one is told by its hash."""
# Runs behind an answer's code. Floats are compared by nine digits, sets by content, objects by what they say of
# themselves without their address.
_COMPARING = """

def _refinelake_compare(calls):
    import contextlib, hashlib, io, json, re
    def plain(value, depth=0):
        if depth > 20:
            return '...'
        if isinstance(value, float):
            return format(value, '.9g')
        if isinstance(value, dict):
            return '{' + ', '.join(sorted(plain(k, depth + 1) + ': ' + plain(v, depth + 1) for k, v in value.items())) + '}'
        if isinstance(value, (set, frozenset)):
            return 'set(' + ', '.join(sorted(plain(v, depth + 1) for v in value)) + ')'
        if isinstance(value, (list, tuple)):
            return type(value).__name__ + '(' + ', '.join(plain(v, depth + 1) for v in value) + ')'
        return re.sub(r'0x[0-9a-fA-F]+', '0x', repr(value))
    for number, text in calls:
        names = dict(globals())
        quiet = io.StringIO()
        with contextlib.redirect_stdout(quiet):
            try:
                exec(compile(text, '<call>', 'exec'), names)
                found = 'value ' + plain(names['_refinelake_found'])
            except Exception as error:
                found = 'raised ' + type(error).__name__
        if len(found) > MOST:
            found = found.split(' ')[0] + ' ' + hashlib.sha256(found.encode('utf-8', 'replace')).hexdigest()
        print('\\n' + MARK + json.dumps([number, found]), flush=True)

"""  # fmt: skip  # noqa: E501


def assertions(code: str, most: int) -> list[str]:
    """Tests of Python code: one for each `assert` of its top level, with the statements before it that are none.

    Functions that hold asserts and are called nowhere are called behind them. Nothing where the code does not parse.
    """
    tree = parsed(code)
    if tree is None:
        return []
    setup: list[ast.stmt] = []
    found: list[str] = []
    for node in tree.body:
        if isinstance(node, ast.Assert):
            found.append(_unparsed([*setup, node]))
            continue
        setup.append(node)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test") and _asserts(node) and not _needs(node):
            found.append(_unparsed([*setup, ast.Expr(ast.Call(ast.Name(node.name, ast.Load()), [], []))]))
    return [text for text in found if text][:most]


def _asserts(node: ast.AST) -> bool:
    return any(isinstance(inner, ast.Assert) for inner in ast.walk(node))


def _needs(node: ast.FunctionDef) -> bool:
    """Whether it cannot be called without arguments."""
    given = len(node.args.args) + len(node.args.posonlyargs) - len(node.args.defaults)
    return bool(given or node.decorator_list or None in node.args.kw_defaults)


def call_of(test: str, entry_point: str) -> str | None:
    """Statements that leave what the assertion calls in `_refinelake_found`; None where no call can be taken out.

    The calls of the entry point in the last assertion, those of them that hang on no name of an inner scope.
    """
    tree = parsed(test)
    if tree is None or not tree.body or not isinstance(tree.body[-1], ast.Assert):
        return None
    try:
        calls = _calls(tree.body[-1].test, entry_point)
    except RecursionError:  # an expression of hundreds of terms
        return None
    if not calls:
        return None
    found = ast.Assign([ast.Name("_refinelake_found", ast.Store())], ast.List(calls, ast.Load()))
    setup = [node for node in tree.body[:-1] if not isinstance(node, ast.Assert)]
    return _unparsed([*setup, ast.fix_missing_locations(found)]) or None


def _calls(node: ast.AST, name: str) -> list[ast.expr]:
    """Outermost calls of a function, in their order."""
    if isinstance(node, (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
        return []
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
        return [node]
    return [call for inner in ast.iter_child_nodes(node) for call in _calls(inner, name)]


def parsed(code: str) -> ast.Module | None:
    """The tree of a Python module; None where it is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _unparsed(nodes: list[ast.stmt]) -> str:
    try:
        text = ast.unparse(ast.Module(nodes, []))
        text.encode("utf-8")
        return text
    except (ValueError, RecursionError):
        return ""


def comparing(code: str, calls: Sequence[str | None]) -> str:
    """A program that runs the calls on an answer's code and writes what each gave, a line for each that is there."""
    numbered = [(number, text) for number, text in enumerate(calls) if text is not None]
    own = _COMPARING.replace("MOST", str(_MOST_SHOWN)).replace("MARK", repr(MARK))
    return f"{code.rstrip()}\n{own}_refinelake_compare({numbered!r})\n"


def outcomes(ran: Ran, count: int) -> list[str | None]:
    """Of each of `count` calls what it gave, from the run of such a program; None where it did not come to it."""
    found: list[str | None] = [None] * count
    for line in (line for test in ran.tests for line in test.stdout.split("\n") if line.startswith(MARK)):
        try:
            number, text = json.loads(line.removeprefix(MARK))
            if isinstance(number, int) and 0 <= number < count and isinstance(text, str):
                found[number] = text
        except (ValueError, TypeError, RecursionError):
            continue
    return found


def agreed(given: Sequence[str | None]) -> bool:
    """Whether more than half of the answers give the same to one call; what is not there agrees with nothing."""
    counts = Counter(each for each in given if each is not None)
    return len(given) > 1 and bool(counts) and 2 * max(counts.values()) > len(given)


def answers_agree(found: Sequence[Sequence[str | None]]) -> float | None:
    """Share of the calls on which most answers agree. `found`: for each answer what each call gave.

    None where there are fewer than two answers or nothing to compare: calls that no answer came to say nothing.
    """
    calls = [given for given in zip(*found, strict=True) if any(each is not None for each in given)]
    if len(found) < 2 or not calls:
        return None
    return sum(agreed(given) for given in calls) / len(calls)


def suspects(ran: Sequence[Ran], found: Sequence[Sequence[str | None]]) -> list[bool]:
    """For each test whether all answers fail it and most of them agree on what its call gives."""
    passed = [[test.status == "passed" for test in each.tests] for each in ran]
    by_test = zip(zip(*passed, strict=True), zip(*found, strict=True), strict=True)
    return [not any(statuses) and agreed(given) for statuses, given in by_test]


def tests_trust(ran: Sequence[Ran], found: Sequence[Sequence[str | None]]) -> float | None:
    """Share of the tests that are not suspect; None with fewer than two answers or no test."""
    doubted = suspects(ran, found)
    return None if len(ran) < 2 or not doubted else 1 - sum(doubted) / len(doubted)


def numbered(texts: Sequence[str]) -> tuple[Test, ...]:
    """Tests from their texts, named by their numbers from 1."""
    return tuple(Test(str(number), text) for number, text in enumerate(texts, 1))
