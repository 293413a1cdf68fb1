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


ODD_OUTPUTS: list[tuple[Any, str]] = [
    (None, ""),
    (5, ""),
    ({}, ""),
    ("text", ""),
    ([None, 5, "text", []], ""),
    ([{"output_type": "error", "ename": "KeyError", "evalue": 5}], "KeyError: 5"),
    ([{"output_type": "error", "ename": None, "evalue": {"a": 1}}], ""),
    ([{"output_type": "execute_result", "data": {"text/plain": 2.5}}], "2.5"),
    ([{"output_type": "execute_result", "data": {"text/plain": True}}], "true"),
    ([{"output_type": "execute_result", "data": {"text/plain": ["a\n", 7, None]}}], "a\n7"),
    ([{"output_type": "execute_result", "data": {"text/plain": {"a": 1}}}], ""),
    ([{"output_type": "execute_result", "data": None}], ""),
    ([{"output_type": "stream", "text": 12}, {"output_type": ["x"]}], "12"),
    ([{"output_type": "stream", "text": None}], ""),
]


@pytest.mark.parametrize(("outputs", "result"), ODD_OUTPUTS)
def test_odd_outputs_do_not_drop_the_notebook(outputs: Any, result: str) -> None:
    text = converted({"cell_type": "code", "source": "f()", "outputs": outputs}).text
    assert text == '<code language="python">\nf()\n' + (f"<result>\n{result}\n" if result else "")


def test_without_outputs_there_is_no_result() -> None:
    assert converted({"cell_type": "code", "source": "f()"}).text == '<code language="python">\nf()\n'


def test_a_bar_in_many_pieces_leaves_room_for_the_result() -> None:
    bar = [{"output_type": "stream", "name": "stderr", "text": f"\r{n}%|{'#' * 50}|"} for n in range(101)]
    result = {"output_type": "execute_result", "data": {"text/plain": "0.97"}}
    assert converted(code("fit()", *bar, result), limit=100) == Structured(
        f'<code language="python">\nfit()\n<result>\n100%|{"#" * 50}|\n0.97\n', 0
    )


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


CELL_LANGUAGES = [
    ("%%bash\nls", {}, {}, "bash"),
    ("%%bash --out listing\nls", {}, {}, "bash"),
    ("%%script perl\nprint 1;", {}, {}, "perl"),
    ("%%script --no-raise-error /bin/sh\nls", {}, {}, "sh"),
    ("%%time\n%%R -i data\nsummary(data)", {}, {}, "r"),
    ("%%javascript\nalert(1)", {}, {}, "javascript"),
    ("%%SQL\nSELECT 1", {}, {}, "sql"),
    ("%sql\nSELECT 1", {}, {}, "sql"),
    ("%sql SELECT 1", {}, {}, "python"),
    ("%%time\nf()", {}, {}, "python"),
    ("%%bashful\nf()", {}, {}, "python"),
    ("%%writefile a.sh\nls", {}, {}, "python"),
    ("x = 1\n%%bash", {}, {}, "python"),
    ("#!fsharp\nlet a = 1", {}, {"kernelspec": {"language": "C#"}}, "fsharp"),
    ("#!/bin/bash\nls", {}, {}, "python"),
    ("a", {"vscode": {"languageId": "julia"}}, {}, "julia"),
    ("a", {"vscode": {"languageId": "shellscript"}}, {}, "bash"),
    ("a", {"vscode": None}, {}, "python"),
    ("a", {"dotnet_interactive": {"language": "pwsh"}}, {"language_info": {"name": "C#"}}, "powershell"),
    ("a", {"polyglot_notebook": {"kernelName": "fsharp"}}, {"language_info": {"name": "polyglot-notebook"}}, "fsharp"),
    ("a", {}, {"language_info": {"name": "polyglot-notebook"}, "kernelspec": {"language": "C#"}}, "csharp"),
    ("a", {"kernel": "R"}, {"kernelspec": {"name": "sos", "language": "sos"}}, "r"),
    ("a", {}, {"kernelspec": {"name": "ir", "display_name": "R"}}, "r"),
    ("a", {}, {"kernelspec": {"name": "conda-env-stats-r"}}, "r"),
    ("a", {}, {"kernelspec": {"name": "julia-1.9"}}, "julia"),
    ("a", {}, {"kernelspec": {"name": ".net-csharp"}}, "csharp"),
    ("a", {}, {"kernelspec": {"name": "c"}}, "c"),
    ("a", {}, {"kernelspec": {"name": "scala212"}}, "scala"),
    ("a", {}, {"kernelspec": {"name": "spark2-scala"}}, "scala"),
    ("a", {}, {"kernelspec": {"name": "spark2-python"}}, "python"),
    ("a", {}, {"kernelspec": {"name": "ark"}}, "r"),
    ("a", {}, {"kernelspec": {"name": "clojupyter-0.3"}}, "clojure"),
    ("a", {}, {"kernelspec": {"name": "xeus-c"}}, "c"),
    ("a", {}, {"kernelspec": {"name": "cpp17"}}, "c++"),
    ("a", {}, {"kernelspec": {"name": "x1", "display_name": "Julia 1.6"}}, "julia"),
    ("a", {}, {"kernelspec": {"name": 7}, "language_info": "R"}, "python"),
]


@pytest.mark.parametrize(("source", "of_cell", "of_notebook", "language"), CELL_LANGUAGES)
def test_a_cell_says_its_language(
    source: str, of_cell: dict[str, Any], of_notebook: dict[str, Any], language: str
) -> None:
    cell = {**code(source), "metadata": of_cell}
    assert f'<code language="{language}">\n{source}' in converted(cell, metadata=of_notebook).text


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
