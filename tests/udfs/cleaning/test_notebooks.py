"""Notebooks to one text: parts, bounds, old formats, and what is no notebook."""

from __future__ import annotations

import json
from typing import Any

import pytest

from udfs.cleaning.notebooks import CUT_LINE, BrokenNotebook, Structured, to_text


def code(source: Any, *outputs: Any) -> dict[str, Any]:
    return {"cell_type": "code", "source": source, "outputs": list(outputs)}


def converted(*cells: Any, limit: int = 2_000, **top: Any) -> Structured:
    return to_text(json.dumps({"nbformat": 4, "cells": list(cells), **top}), limit)


def broken(text: str) -> str:
    with pytest.raises(BrokenNotebook) as error:
        to_text(text, 2_000)
    return str(error.value)


def test_markdown_code_and_result() -> None:
    result = {"output_type": "execute_result", "data": {"text/plain": ["3", "44"], "image/png": "AAAA"}}
    cells = ({"cell_type": "markdown", "source": ["# Penguins\n", "All of them."]}, code("len(penguins)\n", result))
    assert converted(*cells).text == (
        '<markdown>\n# Penguins\nAll of them.\n<code language="python">\nlen(penguins)\n<result>\n344\n'
    )


def test_outputs_are_plain_text() -> None:
    cell = code(
        "f()",
        {"output_type": "stream", "name": "stdout", "text": "one"},
        {"output_type": "display_data", "data": {"text/html": "<b>no</b>"}},
        {"output_type": "error", "ename": "ValueError", "evalue": "\x1b[31mbad\x1b[0m", "traceback": ["long"]},
    )
    assert converted(cell).text == '<code language="python">\nf()\n<result>\none\nValueError: bad\n'


def test_outputs_are_cut_and_counted() -> None:
    cell = code("f()", {"output_type": "stream", "text": "x" * 50})
    assert converted(cell, cell, limit=10) == Structured(
        f'<code language="python">\nf()\n<result>\n{"x" * 10}\n{CUT_LINE}\n' * 2, 2
    )
    assert converted(cell, limit=50).cells_cut == 0


def test_the_kernel_names_the_language() -> None:
    assert '<code language="julia">' in converted(code("x"), metadata={"language_info": {"name": "Julia"}}).text
    assert '<code language="r">' in converted(code("x"), metadata={"kernelspec": {"language": "R"}}).text
    assert '<code language="python">' in converted(code("x"), metadata={"language_info": {"name": 'a">\n'}}).text


def test_lines_like_tags_are_escaped() -> None:
    source = 'a\n<result>\n\\<markdown>\n<code language="c">\n <result>\n<result> x'
    assert converted({"cell_type": "markdown", "source": source}).text == (
        '<markdown>\na\n\\<result>\n\\\\<markdown>\n\\<code language="c">\n <result>\n<result> x\n'
    )


def test_version_3_and_2() -> None:
    output = {"output_type": "pyout", "text": "2"}
    cells = [
        {"cell_type": "heading", "level": 2, "source": ["Title"]},
        {
            "cell_type": "code",
            "language": "python",
            "input": ["1 + 1"],
            "outputs": [output],
        },
        {"cell_type": "raw", "source": "as it is"},
    ]
    for version in (2, 3):
        text = json.dumps({"nbformat": version, "worksheets": [{"cells": cells}]})
        assert to_text(text, 100).text == (
            '<markdown>\n## Title\n<code language="python">\n1 + 1\n<result>\n2\n<markdown>\nas it is\n'
        )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        '{"cells": {}}',
        '{"cells": [1]}',
        '{"cells": [{"cell_type": "code", "source": 1}]}',
        '{"cells": [{"cell_type": "code", "source": ["a", 1]}]}',
        '{"cells": [{"cell_type": "code", "source": "a", "outputs": 1}]}',
        '{"cells": [{"cell_type": "code", "source": "a", "outputs": [[]]}]}',
        '{"worksheets": [1]}',
        "[" * 200_000,
        '{"cells": ' + "[" * 200_000,
        "1" * 10_000,
    ],
)
def test_broken_notebooks_say_what_was_found(text: str) -> None:
    assert broken(text).startswith("notebook_broken: ")


def test_notebooks_without_text() -> None:
    assert broken('{"cells": []}').startswith("notebook_empty: ")
    assert broken('{"cells": [{"cell_type": "code", "source": " ", "outputs": []}]}').startswith("notebook_empty: ")


def test_half_characters_become_question_marks() -> None:
    assert converted({"cell_type": "markdown", "source": "a\ud800b"}).text == "<markdown>\na?b\n"
