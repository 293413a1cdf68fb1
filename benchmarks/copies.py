"""Copies of tasks as they come in corpora, and texts that look like copies and are none. All of our own making."""

from __future__ import annotations

import ast
import builtins
import random
import re
import textwrap
from collections.abc import Callable

from udfs.contamination.items import Item

PROSE = """Some notes from the week. We moved the build to another machine, and the tests are quicker by a third. The
old cache was thrown away, since nobody could say what was in it. Below is what we looked at on Friday.
"""
AROUND = '''import logging
import os

logger = logging.getLogger(__name__)


class Settings:
    """Where things lie, and how loud we are."""

    def __init__(self, folder, verbose=False):
        self.folder = os.path.abspath(folder)
        self.verbose = verbose

    def say(self, *words):
        if self.verbose:
            logger.info(" ".join(map(str, words)))

'''


def python_text(item: Item) -> str:
    """The task as one file: the prompt with what fills it, or the solution below its question."""
    said = dict(item.parts)
    prompt, solution = said.get("prompt", ""), said.get("solution", "")
    head = solution.split("\n", 1)[0]
    if "def " in prompt:
        body = solution.split("\n", 1)[1] if head.strip() and head.strip() in prompt else solution
        return f"{prompt.rstrip()}\n{body}"
    return f"# {prompt}\n{solution}"


def verbatim(item: Item) -> str:
    return python_text(item)


def own_paragraph(item: Item) -> str:
    question = question_of(item)
    return f"{PROSE}\n{question}\n\n{PROSE}"


def question_of(item: Item) -> str:
    """What is asked for in words: the docstring of a prompt, or all of it."""
    prompt = dict(item.parts).get("prompt", "")
    found = re.findall(r"(\"\"\"|''')(.*?)\1", prompt, re.DOTALL)
    return textwrap.dedent(found[-1][1]).strip() if found else prompt.strip()


def wrapped(item: Item) -> str:
    lines = textwrap.wrap(" ".join(question_of(item).split()), 48)
    return "\n".join(f"// {line}" for line in lines) + "\n" + dict(item.parts).get("solution", "")


def embedded(item: Item) -> str:
    return f"{AROUND}\n{python_text(item)}\n\n{AROUND.replace('Settings', 'Other')}"


def indented(item: Item) -> str:
    return "class Solutions:\n" + textwrap.indent(python_text(item).replace("    ", "\t"), "\t")


def stripped(item: Item) -> str | None:
    """The function without comments and docstring; None where it cannot be parsed."""
    tree = _tree(item)
    if tree is None:
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree)


def renamed(item: Item) -> str | None:
    """As `stripped`, with every name that the function gives."""
    text = stripped(item)
    if text is None:
        return None
    tree = ast.parse(text)
    given = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    given |= {n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)}
    given |= {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    draw = random.Random(item.item)
    letters = "abcdefghkmpqrstuvw"
    fresh = {name: f"{draw.choice(letters)}{draw.choice('aeiou')}{n}" for n, name in enumerate(sorted(given))}
    return ast.unparse(_Rename({k: v for k, v in fresh.items() if k not in dir(builtins)}).visit(tree))


class _Rename(ast.NodeTransformer):
    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self.names.get(node.id, node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.arg = self.names.get(node.arg, node.arg)
        self.generic_visit(node)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        node.name = self.names.get(node.name, node.name)
        self.generic_visit(node)
        return node


def _tree(item: Item) -> ast.Module | None:
    try:
        tree = ast.parse(python_text(item))
    except SyntaxError:
        return None
    return tree if any(isinstance(n, ast.FunctionDef) for n in tree.body) else None


def in_prose(item: Item) -> str:
    solution = dict(item.parts).get("solution", "")
    return f"{PROSE}\nThe question was: {question_of(item)}\n\nOne answer:\n\n```python\n{solution}\n```\n{PROSE}"


def two_turns(item: Item) -> str:
    solution = dict(item.parts).get("solution", "")
    return f"user: Please solve this. {question_of(item)}\nassistant: Sure, here it is.\n{solution}\nHope that helps."


SAME: dict[str, Callable[[Item], str | None]] = {
    "verbatim": verbatim,
    "own paragraph": own_paragraph,
    "wrapped in comments": wrapped,
    "embedded in a file": embedded,
    "indented anew": indented,
    "comments stripped": stripped,
    "in prose": in_prose,
    "over two turns": two_turns,
}
"""Copies in the same language."""

LICENCE = """# Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in
# compliance with the License. You may obtain a copy of the License at http://www.apache.org/licenses/LICENSE-2.0
"""
MAIN = 'if __name__ == "__main__":\n    main()\n'
ARGUMENTS = """parser = argparse.ArgumentParser(description="Count words.")
parser.add_argument("files", nargs="+", help="files to read")
parser.add_argument("-v", "--verbose", action="store_true")
args = parser.parse_args()
"""
CRUD = """@app.route("/users/<int:user_id>", methods=["GET"])
def get_user(user_id):
    user = User.query.get_or_404(user_id)
    return jsonify(user.to_dict())

@app.route("/users/<int:user_id>", methods=["DELETE"])
def delete_user(user_id):
    user = User.query.get_or_404(user_id)
    db.session.delete(user)
    db.session.commit()
    return "", 204
"""
FAMOUS = (
    "def gcd(a, b):\n    while b:\n        a, b = b, a % b\n    return a\n",
    "def fibonacci(n):\n    a, b = 0, 1\n    for _ in range(n):\n        a, b = b, a + b\n    return a\n",
    "def factorial(n):\n    if n <= 1:\n        return 1\n    return n * factorial(n - 1)\n",
    "def is_prime(n):\n    if n < 2:\n        return False\n    i = 2\n    while i * i <= n:\n        if n % i == 0:\n"
    "            return False\n        i += 1\n    return True\n",
    "def binary_search(values, target):\n    low, high = 0, len(values) - 1\n    while low <= high:\n"
    "        middle = (low + high) // 2\n        if values[middle] == target:\n            return middle\n"
    "        if values[middle] < target:\n            low = middle + 1\n        else:\n            high = middle - 1\n"
    "    return -1\n",
    "def bubble_sort(items):\n    n = len(items)\n    for i in range(n):\n        for j in range(0, n - i - 1):\n"
    "            if items[j] > items[j + 1]:\n                items[j], items[j + 1] = items[j + 1], items[j]\n"
    "    return items\n",
    "def quick_sort(items):\n    if len(items) <= 1:\n        return items\n    pivot = items[0]\n"
    "    low = [x for x in items[1:] if x < pivot]\n    high = [x for x in items[1:] if x >= pivot]\n"
    "    return quick_sort(low) + [pivot] + quick_sort(high)\n",
    "def sieve(limit):\n    marks = [True] * (limit + 1)\n    for p in range(2, int(limit ** 0.5) + 1):\n"
    "        if marks[p]:\n            for m in range(p * p, limit + 1, p):\n                marks[m] = False\n"
    "    return [n for n in range(2, limit + 1) if marks[n]]\n",
    "def is_palindrome(text):\n    return text == text[::-1]\n",
    "def flatten(nested):\n    out = []\n    for x in nested:\n        if isinstance(x, list):\n"
    "            out.extend(flatten(x))\n        else:\n            out.append(x)\n    return out\n",
)
_ASKED = (
    "sort a list of names by their length",
    "read a file and count its words",
    "check a password's strength",
    "find the cheapest flight in a table",
    "draw a triangle of stars",
    "merge two dictionaries of prices",
)
TEMPLATES = tuple(f"Write a {how} function to {task}." for how in ("Python", "python", "simple") for task in _ASKED)


def namesake(item: Item) -> str | None:
    """Another task whose function has the same name."""
    if not item.entry_point:
        return None
    return (
        f"def {item.entry_point}(path, encoding='utf-8'):\n    '''Read a table of settings and give it back.'''\n"
        "    with open(path, encoding=encoding) as file:\n"
        "        rows = [line.split('=') for line in file if '=' in line]\n"
        "    return {key.strip(): value.strip() for key, value in rows}\n"
    )


LOOK_ALIKES = {
    "licence": (LICENCE,),
    "main guard": (MAIN,),
    "arguments": (ARGUMENTS,),
    "CRUD": (CRUD,),
    "famous algorithms": FAMOUS,
    "templates": TEMPLATES,
}
