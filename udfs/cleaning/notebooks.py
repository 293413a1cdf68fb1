"""A Jupyter notebook as one structured text: markdown, code and result, in the order of the cells.

The paper (OpenCoder, appendix C.3) turns notebooks into a form of markdown, code and result and drops the script form;
its tags are not published, so these are ours. A part starts with a line that is a tag and runs to the next one:

    <markdown>
    # Penguins
    <code language="python">
    len(penguins)
    <result>
    344

A line of a cell that could be read as a tag gets a backslash in front (one more if it has some), so the parts can be
told apart again. Raw cells count as markdown, version 3 headings become `#` headings. Results are plain text: streams,
`text/plain` and `ename: evalue` of an error, as a terminal shows them at the end; images, HTML and tracebacks are left
out. Sources are not optional, results are: what is no output of the format does not drop the notebook.

The JSON is read here and not with nbformat: its upgrade and schema check cost most of the time, and refuse notebooks
whose cells are perfectly readable. Formats: nbformat.readthedocs.io, format_description (4.x `cells`, 3.x and 2.x
`worksheets`; 3.x code in `input`, streams of outputs `pyout`, `pyerr`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from udfs.cleaning import notebook_languages, terminal

_TAG_LINE = re.compile(r'^(?=\\*+<(?:markdown|result|code(?: language="[^"\n]{0,64}")?)>[ \t]*+\r?$)', re.M)
CUT_LINE = "... (output cut)"


class BrokenNotebook(ValueError):
    """The text is no notebook; the message starts with a machine-readable word."""


@dataclass(frozen=True, slots=True)
class Structured:
    text: str
    cells_cut: int


def to_text(text: str, max_output_chars: int) -> Structured:
    """The structured text; raises BrokenNotebook with what was found where there is none."""
    notebook = _parse(text)
    language = notebook_languages.of_notebook(notebook.get("metadata"))
    parts: list[str] = []
    cut = 0
    for number, cell in enumerate(_cells(notebook)):
        if not isinstance(cell, dict):
            raise BrokenNotebook(f"notebook_broken: cell {number} is {_kind(cell)}, not an object")
        source = _joined(cell.get("source", cell.get("input")), f"source of cell {number}")
        if cell.get("cell_type") != "code":
            _add(parts, "<markdown>", _heading(cell, source))
            continue
        _add(parts, f'<code language="{notebook_languages.of_cell(cell, source, language)}">', source)
        result, was_cut = _result(cell, max_output_chars)
        cut += was_cut
        _add(parts, "<result>", result)
    if not parts:
        raise BrokenNotebook("notebook_empty: no cell has any text")
    # An escape such as \ud800 in the JSON makes half a character, which no encoding can store.
    return Structured("".join(parts).encode("utf-8", "replace").decode(), cut)


def _parse(text: str) -> dict[str, Any]:
    try:
        notebook = json.loads(text.removeprefix("\ufeff"))
    except RecursionError:
        raise BrokenNotebook("notebook_broken: JSON nested too deeply") from None
    except ValueError as error:
        # A JSONDecodeError, or Python's refusal of an integer of thousands of digits.
        raise BrokenNotebook(f"notebook_broken: not JSON, {str(error)[:200]}") from None
    if not isinstance(notebook, dict):
        raise BrokenNotebook(f"notebook_broken: the JSON is {_kind(notebook)}, not an object")
    return notebook


def _cells(notebook: dict[str, Any]) -> Iterator[Any]:
    if isinstance(notebook.get("cells"), list):
        yield from notebook["cells"]
        return
    sheets = notebook.get("worksheets")
    if not isinstance(sheets, list):
        raise BrokenNotebook("notebook_broken: neither a list of cells nor of worksheets")
    for sheet in sheets:
        cells = sheet.get("cells", []) if isinstance(sheet, dict) else None
        if not isinstance(cells, list):
            raise BrokenNotebook("notebook_broken: a worksheet without a list of cells")
        yield from cells


def _add(parts: list[str], tag: str, body: str) -> None:
    body = body.strip("\n")
    if body.strip():
        parts.append(f"{tag}\n{_TAG_LINE.sub(_backslash, body)}\n")


def _backslash(_: re.Match[str]) -> str:
    return "\\"


def _heading(cell: dict[str, Any], source: str) -> str:
    if cell.get("cell_type") != "heading" or not source.strip():
        return source
    level = cell.get("level")
    return "#" * (level if isinstance(level, int) and 1 <= level <= 6 else 1) + " " + source.lstrip()


def _result(cell: dict[str, Any], limit: int) -> tuple[str, bool]:
    """The text of a cell's outputs, cut to `limit` characters, and whether something was cut.

    Results are optional: what is no output of the format is left out, for the cell is readable without it.
    """
    outputs = cell.get("outputs")
    groups: list[list[str]] = []
    last: Any = None
    for output in outputs if isinstance(outputs, list) else ():
        if not isinstance(output, dict):
            continue
        # One stream that comes in pieces is one text: the next piece may overwrite the line that the last one began.
        stream = (output.get("name"),) if output.get("output_type") == "stream" else None
        if stream is None or stream != last:
            groups.append([])
        groups[-1].append(_output(output))
        last = stream
    pieces: list[str] = []
    for piece in (terminal.shown("".join(group)) for group in groups):
        if pieces and piece and not pieces[-1].endswith("\n"):
            pieces.append("\n")
        pieces.append(piece)
    text = "".join(pieces).strip("\n")
    if len(text) <= limit:
        return text, False
    return f"{text[:limit].rstrip()}\n{CUT_LINE}", True


def _output(output: dict[str, Any]) -> str:
    match output.get("output_type"):
        case "stream":
            return _shown(output.get("text"))
        case "error" | "pyerr":
            return ": ".join(filter(None, (_shown(output.get("ename")), _shown(output.get("evalue")))))
        case "execute_result" | "display_data" | "pyout":
            data = output.get("data")
            # Version 3 has the text beside the images, version 4 has a bundle by MIME type.
            return _shown(data.get("text/plain") if isinstance(data, dict) else output.get("text"))
    return ""


def _shown(value: Any) -> str:
    """A multi-line string of an output. Some kernels write the number itself where the format wants its text."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        try:
            return "".join(value)
        except TypeError:
            return "".join(_shown(part) for part in value if not isinstance(part, list))
    return "" if value is None or isinstance(value, dict) else json.dumps(value)


def _joined(value: Any, what: str) -> str:
    """A multi-line string of the format: one string, or a list of them."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "".join(value)
    raise BrokenNotebook(f"notebook_broken: {what} is {_kind(value)}, not text")


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", int: "a number", float: "a number"}
    return names[type(value)]
