"""Public interfaces are read from what is installed, and examples run against that version, in the sandbox."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import pytest

from tests.udfs.recipes.driving import Driven, drive
from tests.udfs.recipes.scripts import CASES, block, seed, settings
from udfs.execution.languages import Missing, tools
from udfs.execution.running import Runner
from udfs.recipes.book import RECIPES
from udfs.recipes.installed import Installed, installed

NODE = pytest.mark.skipif(isinstance(tools("javascript"), Missing), reason="no node")


def api(library: str, package: str, version: str = "", ecosystem: str = "python", **changed: object) -> Driven:
    given = seed({"ecosystem": ecosystem, "package": package, "version": version})
    return drive(RECIPES["package_api"], given, {}, settings("package_api", **changed), libraries=(library,))


def test_a_folder_says_what_is_installed(library: str) -> None:
    found = installed(library)
    assert Installed("python", "small", "1.2.3") in found and Installed("npm", "tiny", "2.0.0") in found
    assert [each.package for each in found] == ["tiny", "blinker", "small"]
    assert found[0].fields() == {"ecosystem": "npm", "package": "tiny", "version": "2.0.0"}
    with pytest.raises(ValueError, match="libraries: expected a folder of installed packages, found no folder"):
        installed(library + "/nowhere")


def test_what_is_public_is_a_seed_with_signature_and_version(library: str) -> None:
    rows = api(library, "small", "1.2.3").rows
    assert [row.parts["symbol"] for row in rows] == ["Box", "Box.open", "twice"]
    assert {row.target for row in rows} == {"seeds:package"}
    twice = rows[2].parts
    assert twice["signature"] == "twice(x, by=<object object>)" and twice["doc"] == "Twice of it."
    assert (twice["module"], twice["version"], twice["usage"]) == ("small", "1.2.3", "")
    assert api(library, "small", most_symbols=1).rows == rows[:1]
    assert all(len(row.parts["doc"]) <= 5 for row in api(library, "small", doc_chars=5).rows)


def test_a_real_package_is_read_as_it_is_installed(library: str) -> None:
    import inspect

    import blinker

    found = {row.parts["symbol"]: row.parts for row in api(library, "blinker").rows}
    here = metadata.version("blinker")
    assert found["Signal.connect"]["version"] == here
    assert found["Signal.connect"]["doc"] == inspect.getdoc(blinker.Signal.connect)
    assert found["Signal.connect"]["signature"].startswith("connect(self, receiver")


def test_what_is_not_installed_is_said(library: str) -> None:
    for found in (api(library, "nobody"), api(library, "small", "9.9"), api(library, "nobody", ecosystem="npm")):
        assert found.why == "not_installed"
    assert api(library, "small", ecosystem="cargo").why == "ecosystem"


@NODE
def test_exports_of_a_node_package_are_read_with_their_declarations(library: str) -> None:
    found = {row.parts["symbol"]: row.parts for row in api(library, "tiny", "2.0.0", "npm").rows}
    assert sorted(found) == ["Box", "half", "twice"]
    assert found["twice"]["signature"] == "function twice(x: number): number"
    assert found["twice"]["doc"] == "Twice of it.\n@param x a number"
    assert found["half"]["signature"] == "half(x, by = 2)" and found["Box"]["kind"] == "class"


def test_an_example_runs_against_the_version_of_its_seed(library: str) -> None:
    case = CASES["package"]
    found = drive(RECIPES["package"], case.seed, case.script, case.settings, libraries=(library,))
    (row,) = found.rows
    assert row.parts["version"] == "1.2.3" and row.language == "python" and row.stage == 2
    assert "version 1.2.3" in found.asked[0].body and "twice(x)" in found.asked[0].body
    other = replace(case.seed, fields={**case.seed.fields, "version": "1.0"})
    assert drive(RECIPES["package"], other, case.script, case.settings, libraries=(library,)).why == "tests_failed"
    assert drive(RECIPES["package"], case.seed, case.script, case.settings).why == "tests_failed"


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("assert 2 * 2 == 4", "import"),
        ("import small\nassert small.LIMIT == 3", "symbol"),
        ("from small import twice\nassert True", "symbol"),
        ("from small import twice\ntwice(2)", "assertions"),
        ("from small import twice as double\nassert double(2) == 4", ""),
        ("import small as s\nassert s.twice(2) == 4", ""),
        ("from small import twice\nassert twice(2) == 5", "failed"),
        ("from small import twice\nassert twice(", "code that parses"),
    ],
)
def test_an_example_has_to_use_the_symbol(library: str, code: str, why: str) -> None:
    case = CASES["package"]
    said = f"### Question\nHow?\n### Answer\n{block('python', code)}"
    played = drive(RECIPES["package"], case.seed, {"write": said}, case.settings, libraries=(library,)).played
    assert bool(played.rows) is not bool(why)
    assert not why or (played.dropped is not None and (played.dropped.detail or "").startswith(why))


@NODE
def test_an_example_of_a_node_package_runs(library: str) -> None:
    fields = {"ecosystem": "npm", "package": "tiny", "module": "tiny", "symbol": "twice", "version": "2.0.0"}
    code = "const assert = require('assert');\nconst { twice } = require('tiny');\nassert.strictEqual(twice(2), 4);"
    for version, source, rows in (("2.0.0", code, 1), ("2.0.1", code, 0), ("2.0.0", code.replace("4", "5"), 0)):
        given = seed(fields | {"version": version}, "javascript")
        said = f"### Question\nHow?\n### Answer\n{block('javascript', source)}"
        found = drive(RECIPES["package"], given, {"write": said}, libraries=(library,))
        assert len(found.rows) == rows, found.played.dropped


def test_a_folder_that_programs_cannot_read_is_refused_before_anything_runs() -> None:
    with pytest.raises(ValueError, match="libraries: expected folders of installed packages, found no folder"):
        Runner(libraries=("/nowhere",))
    if os.geteuid() == 0:
        with tempfile.TemporaryDirectory() as private, pytest.raises(ValueError, match="anybody may read"):
            Runner(libraries=(str(Path(private)),))
