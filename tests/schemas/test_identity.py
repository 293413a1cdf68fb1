"""What a stored result hangs on moves with the code that made it, at any depth, and with nothing else."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas import identity
from schemas.identity import code_identity, reachable


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package `toyhouse` of three modules, of which the first imports the second, and that one the third."""
    package = tmp_path / "toyhouse"
    package.mkdir()
    for name, source in {
        "__init__": "",
        "top": "from toyhouse import middle\n\n\ndef f():\n    return middle.g()\n",
        "middle": "def g():\n    from toyhouse.low import LIMIT\n\n    return LIMIT\n",
        "low": '"""Doc."""\n\nLIMIT = 3  # why\n"""Of what."""\n',
        "aside": "X = 1\n",
    }.items():
        (package / f"{name}.py").write_text(source)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(identity, "PROJECT", ("toyhouse",))
    yield package
    for name in [n for n in sys.modules if n.split(".")[0] == "toyhouse"]:
        del sys.modules[name]
    _forget()


def _forget() -> None:
    for known in (identity.code_identity, identity.reachable, identity._parsed, identity._is_module):
        known.cache_clear()


def _identity() -> str:
    _forget()
    return code_identity("toyhouse.top")


def test_all_that_is_imported_is_reached(project: Path) -> None:
    assert reachable("toyhouse.top") == {"toyhouse.top", "toyhouse.middle", "toyhouse.low"}


def test_a_change_two_imports_away_moves_it(project: Path) -> None:
    before = _identity()
    (project / "low.py").write_text("LIMIT = 4\n")
    assert _identity() != before


@pytest.mark.parametrize(
    "source",
    ["LIMIT = 3\n", '"""Another doc."""\nLIMIT = 3\n', "# a comment\n\n\nLIMIT = (\n    3\n)\n"],
)
def test_words_about_code_do_not(project: Path, source: str) -> None:
    before = _identity()
    (project / "low.py").write_text(source)
    assert _identity() == before


def test_a_module_that_is_not_reached_does_not(project: Path) -> None:
    before = _identity()
    (project / "aside.py").write_text("X = 2\n")
    assert _identity() == before


def test_imports_for_the_type_checker_and_of_a_script_are_not_reached(project: Path) -> None:
    (project / "top.py").write_text(
        textwrap.dedent("""
        from typing import TYPE_CHECKING
        if TYPE_CHECKING:
            import toyhouse.middle
        if __name__ == "__main__":
            from toyhouse import aside
        """)
    )
    _forget()
    assert reachable("toyhouse.top") == {"toyhouse.top"}


def test_data_counts() -> None:
    assert code_identity("schemas.ops", data=("no_lexer.json",)) != code_identity("schemas.ops")


def test_every_kernel_reaches_what_it_calls() -> None:
    assert "udfs.signals.lexing" in reachable("udfs.signals")
    assert {"udfs.cleaning.headers", "udfs.cleaning.credentials"} <= reachable("udfs.cleaning.clean")
    assert {"udfs.reading.git", "udfs.languages.detect"} <= reachable("udfs.reading.records")


def test_a_module_that_is_missing_is_named() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"udfs\.nowhere: expected a module"):
        code_identity("udfs.nowhere")
