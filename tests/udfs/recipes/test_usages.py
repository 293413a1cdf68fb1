"""Which symbols of which packages a file uses, with the lines around."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from udfs.recipes.usages import MOST_CHARS, Usages, usages

PYTHON = """import os
import numpy as np
import torch.nn
from jinja2 import Template as T, Environment
from . import near


def f(x):
    os.remove(x)
    near.g()
    y = np.linalg.norm(x)
    layer = torch.nn.Linear(3, 4)
    return T("a").render(), Environment
"""
SCRIPT = """const fs = require('fs');
const chalk = require('chalk');
const { parse, satisfies: ok } = require("semver");
import Ajv from 'ajv/dist/2020';
import { z as zed } from "@scope/zod";
fs.readFileSync('a');
console.log(chalk.red('x'), parse('1.2.3'), ok('1', '2'));
new Ajv().compile(zed('a'));
my.parse(1);
"""


def test_python_uses_are_found_through_their_imports() -> None:
    found = usages(PYTHON, "python", Usages(around=0))
    assert {(u.package, u.symbol) for u in found} == {
        ("numpy", "linalg"),
        ("numpy", "norm"),
        ("torch", "nn"),
        ("torch", "Linear"),
        ("jinja2", "Template"),
        ("jinja2", "Environment"),
    }
    (linear,) = (u for u in found if u.symbol == "Linear")
    assert linear.lines == "    layer = torch.nn.Linear(3, 4)" and found[0].ecosystem == "python"


def test_node_uses_are_found_through_their_imports() -> None:
    found = usages(SCRIPT, "javascript")
    pairs = {(u.package, u.symbol) for u in found}
    assert pairs == {
        ("chalk", "red"),
        ("semver", "parse"),
        ("semver", "satisfies"),
        ("ajv", "ajv"),
        ("@scope/zod", "z"),
    }
    assert {u.ecosystem for u in found} == {"npm"} and "chalk.red" in found[0].lines


def test_what_is_shown_is_bounded() -> None:
    text = "import numpy as np\n" + "\n".join(f"np.f{n}('{'x' * 300}')" for n in range(100))
    found = usages(text, "python")
    assert len(found) == 40 and all(len(u.lines) <= 600 for u in found)
    assert usages("import a\na.b\n" * MOST_CHARS, "python") == [] == usages("import (", "python")
    assert usages(PYTHON, "go") == []


PIECES = st.sampled_from(
    ["import ", "from ", "require('a')", "const {a: b} = ", "a.b(", "\n", "a", " as ", "{", "}", ".", "\ud800"]
)


@settings(deadline=None)
@given(st.lists(PIECES | st.text(max_size=5), max_size=30).map("".join), st.sampled_from(["python", "javascript"]))
def test_no_text_raises(text: str, language: str) -> None:
    assert usages(text, language) == usages(text, language)
