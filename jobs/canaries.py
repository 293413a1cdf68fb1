"""Canaries: files of which it is known what has to become of them, planted in a run to see that it does.

Copies to the letter, near copies, secrets in plain sight, and tasks of HumanEval. All are made here, by a seed: no
secret was ever one.
"""

from __future__ import annotations

import ast
import random
import string
from collections.abc import Callable
from dataclasses import dataclass

from udfs.contamination.items import Item, read

EXACT, NEAR, SECRET, COPY = "exact copies", "near copies", "secrets", "tasks of humaneval"
KINDS = (EXACT, NEAR, SECRET, COPY)
_LISTED = """account amount balance batch bucket buffer budget cargo carrier charge client cluster column counter
currency customer deadline delivery depot device distance driver engine entry factor filter folder
fraction gateway harbour height index interest invoice journal kernel ledger length limit margin
market meter module network number offer offset order packet parcel payment permit phase pointer
policy portion price product profile quota radius ratio receipt region reserve route sample schedule
sector segment shipment signal supplier surface tariff ticket vehicle vendor vessel volume voucher
warehouse weight window worker zone"""
_WORDS = _LISTED.split()


@dataclass(frozen=True)
class Canary:
    """A file. Of copies `pair` names both; `secret` must not be in what is published; `task` is what must be found."""

    kind: str
    repo: str
    path: str
    text: str
    pair: str = ""
    secret: str = ""
    task: str = ""


def planted(each: int, seed: int) -> list[Canary]:
    """`each` of every kind, of copies as many pairs: a function of the seed."""
    draw = random.Random(seed)
    tasks = draw.sample([item for item in read("humaneval", "") if _parses(_task(item))], each)
    found = []
    for n in range(each):
        first = program(draw)
        found += _pair(EXACT, n, first, first)
        second = "\n".join(program(draw) for _ in range(5))
        found += _pair(NEAR, n, second, second.replace("Add up", "Sum up", 1))
        secret, line = _SECRETS[n % len(_SECRETS)](draw)
        found.append(_canary(SECRET, n, f"{line}\n\n\n{program(draw)}", secret=secret))
        found.append(_canary(COPY, n, f"{program(draw)}\n\n{_task(tasks[n])}", task=tasks[n].item))
    return found


def _pair(kind: str, n: int, *texts: str) -> list[Canary]:
    name = f"{kind} {n}"
    return [_canary(kind, n, text, pair=name, side=side) for side, text in zip(("first", "second"), texts, strict=True)]


def _canary(kind: str, n: int, text: str, side: str = "", **about: str) -> Canary:
    name = kind.replace(" ", "_")
    side = f"_{side}" if side else ""
    return Canary(kind, f"canaries/{name}{side}", f"src/{name}_{n}{side}.py", text, **about)


def _parses(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


def _task(item: Item) -> str:
    parts = dict(item.parts)
    body = parts["solution"].split("\n", 1)[1]
    return f"{parts['prompt'].rstrip()}\n{body.rstrip()}\n"


def program(draw: random.Random) -> str:
    """A module of some functions that no other one is near: names, numbers and steps are drawn."""
    return "\n\n".join(_function(draw) for _ in range(draw.randint(4, 6))) + "\n"


def _function(draw: random.Random) -> str:
    names = draw.sample(_WORDS, 7)
    name, first, second, total, each, step, left = names
    low, high = draw.randint(2, 90), draw.randint(100, 999)
    sign = draw.choice("+-*")
    return f'''def {name}_{step}_of_{first}({first}, {second}={high}):
    """Add up the {left} of each {each} of a {first}, as far as the {second} goes."""
    {total} = {low}
    for {each} in {first}:
        {left} = {each} {sign} {draw.randint(2, 9)}
        if {left} > {second}:
            {total} -= {left} // {draw.randint(2, 9)}
        elif {left} % {draw.randint(3, 11)} == {draw.randint(0, 2)}:
            {total} += {left}
    return {total}'''


def _letters(draw: random.Random, some: str, length: int) -> str:
    return "".join(draw.choice(some) for _ in range(length))


def _access_key(draw: random.Random) -> tuple[str, str]:
    key = "AKIA" + _letters(draw, string.ascii_uppercase + "234567", 16)
    return key, f'ACCESS_KEY_ID = "{key}"'


def _token(draw: random.Random) -> tuple[str, str]:
    token = "ghp_" + _letters(draw, string.ascii_letters + string.digits, 36)
    return token, f'GITHUB_TOKEN = "{token}"'


def _password(draw: random.Random) -> tuple[str, str]:
    word = _letters(draw, string.ascii_letters, 9) + _letters(draw, string.digits, 3) + "!"
    return word, f'DATABASE = {{"user": "reporting", "password": "{word}"}}'


def _mail(draw: random.Random) -> tuple[str, str]:
    address = f"{_letters(draw, string.ascii_lowercase, 8)}@{_letters(draw, string.ascii_lowercase, 9)}.org"
    return address, f'CONTACT = "{address}"'


def _address(draw: random.Random) -> tuple[str, str]:
    address = ".".join(str(draw.randint(20, 220)) for _ in range(4))
    return address, f'HOST = "{address}"'


_SECRETS: tuple[Callable[[random.Random], tuple[str, str]], ...] = (_access_key, _token, _password, _mail, _address)
