"""Package-Instruct: questions about a symbol of an installed package, with an example that runs against that version.

OpenCoder, stage 2 (170,943 rows published): a teacher is given signature, text and usage and writes questions and
answers with current calls. Here the example is run: it has to import the package, use the symbol and end well, under
the version that the seed names.
"""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass

from udfs.recipes.asking import bounded, code_in, sections
from udfs.recipes.package_api import LANGUAGES
from udfs.recipes.steps import Answer, Ask, Dropped, Ran, Recipe, Seed, Steps, Test
from udfs.recipes.writing import at_least, instruction, need_passed, program, text_of, tongue


@dataclass(frozen=True)
class Package:
    """`usage_chars` of how the corpus uses the symbol are shown. `asserts`: the example has to hold at least so many
    assertions, so that it says what it expects. `cpu_seconds`: importing may take more than a test does.
    """

    usage_chars: int = 2_000
    asserts: int = 1
    cpu_seconds: float = 30.0

    def __post_init__(self) -> None:
        at_least("package", 0, usage_chars=self.usage_chars, asserts=self.asserts)


def play(seed: Seed, p: Package) -> Steps:
    """One row. Raises Dropped `symbol_not_used`, `tests_failed` and what asking raises."""
    names = ("ecosystem", "package", "module", "symbol", "version")
    about = {name: text_of(seed, name) for name in names}
    if about["ecosystem"] not in LANGUAGES:
        raise Dropped("ecosystem", detail=about["ecosystem"])
    language = LANGUAGES[about["ecosystem"]]
    more = {name: seed.fields.get(name, "") for name in ("signature", "doc", "kind")}
    usage = bounded(seed.fields.get("usage", ""), p.usage_chars)
    fields = about | more | {"usage": usage, "language": language, "tongue": tongue(more["doc"])}
    answer: Answer = yield Ask("write", "package", fields)
    found = sections("write", answer.text, ("Question", "Answer"))
    code = code_in("write", found["Answer"], language)
    missing = _missing(code, language, about, p.asserts)
    if missing:
        raise Dropped("symbol_not_used", detail=missing)
    ran: Ran = yield program("run", language, code, (_version_test(about), Test("example")), p)
    need_passed(ran)
    parts = about | {"code": code, "signature": more["signature"], "tool": ran.version}
    return [instruction(seed, found["Question"], found["Answer"], 2, language, scores={"verified": 1.0}, parts=parts)]


def _version_test(about: dict[str, str]) -> Test:
    """That the version is the one that the seed names: else it would teach what was not run."""
    package, version = json.dumps(about["package"]), json.dumps(about["version"])
    if about["ecosystem"] == "python":
        code = f"import importlib.metadata as _m\nassert _m.version({package}) == {version}, _m.version({package})"
        return Test("version", code)
    # By file: a package may hide its package.json from require.
    read = (
        "process.env.NODE_PATH.split(':').map((f) => { try { return JSON.parse(require('fs').readFileSync("
        f"f + '/' + {package} + '/package.json')).version }} catch {{ return undefined }} }})"
    )
    return Test("version", f";require('assert').strictEqual({read}.find((v) => v), {version});")


def _missing(code: str, language: str, about: dict[str, str], asserts: int) -> str:
    """What an example lacks: "" where it imports the package, uses the symbol and says what it expects."""
    if language == "python":
        return _missing_in_python(code, about, asserts)
    name, package = about["symbol"].split(".")[-1], re.escape(about["package"])
    if not re.search(rf"""(?:require\s*\(|from|import\s*\()\s*['"]{package}(?:/[^'"]*)?['"]""", code):
        return "import"
    if name != about["package"] and not re.search(rf"(?<![\w$]){re.escape(name)}(?![\w$])", code):
        return "symbol"
    return "assertions" if len(re.findall(r"\bassert\b", code)) < asserts else ""


def _missing_in_python(code: str, about: dict[str, str], asserts: int) -> str:
    try:
        nodes = list(ast.walk(ast.parse(code)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "code that parses"
    top, name = about["module"].split(".")[0], about["symbol"].split(".")[-1]
    imported = {alias.name.split(".")[0] for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    imported |= {
        (node.module or "").split(".")[0] for node in nodes if isinstance(node, ast.ImportFrom) if not node.level
    }
    if top not in imported:
        return "import"
    # An import alone is no use, unless it renames the symbol: then the new name is what is used.
    renamed = {
        alias.asname
        for node in nodes
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name == name and alias.asname
    }
    used = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    used |= {node.id for node in nodes if isinstance(node, ast.Name)}
    if not used & {name, *renamed}:
        return "symbol"
    return "assertions" if sum(isinstance(node, ast.Assert) for node in nodes) < asserts else ""


RECIPE = Recipe(
    "package",
    "Questions about symbols of installed packages, with examples that run against that version.",
    play,
    Package(),
    "instructions",
    asks=(("write", "package", 1.0),),
    runs=1.0,
    needs=("python", "javascript"),
    takes=("symbol",),
)
