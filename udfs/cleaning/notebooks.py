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
`text/plain` and `ename: evalue` of an error; images, HTML and tracebacks are left out.

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

_TAG_LINE = re.compile(r'^(?=\\*+<(?:markdown|result|code(?: language="[^"\n]{0,64}")?)>[ \t]*+\r?$)', re.M)
_COLOUR = re.compile(r"\x1b\[[0-9;?]{0,32}[A-Za-z]|\x1b")
_NAME = re.compile(r"[\w+#.\- ]{1,32}")
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
    language = _language(notebook)
    parts: list[str] = []
    cut = 0
    for number, cell in enumerate(_cells(notebook)):
        if not isinstance(cell, dict):
            raise BrokenNotebook(f"notebook_broken: cell {number} is {_kind(cell)}, not an object")
        source = _joined(cell.get("source", cell.get("input")), f"source of cell {number}")
        if cell.get("cell_type") != "code":
            _add(parts, "<markdown>", _heading(cell, source))
            continue
        _add(parts, f'<code language="{_cell_language(cell, language)}">', source)
        result, was_cut = _result(cell, number, max_output_chars)
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


def _result(cell: dict[str, Any], number: int, limit: int) -> tuple[str, bool]:
    """The text of a cell's outputs, cut to `limit` characters, and whether something was cut."""
    outputs = cell.get("outputs", [])
    if not isinstance(outputs, list):
        raise BrokenNotebook(f"notebook_broken: outputs of cell {number} are {_kind(outputs)}, not a list")
    pieces: list[str] = []
    for output in outputs:
        piece = _COLOUR.sub("", _output(output, number))
        if pieces and piece and not pieces[-1].endswith("\n"):
            pieces.append("\n")
        pieces.append(piece)
    text = "".join(pieces).strip("\n")
    if len(text) <= limit:
        return text, False
    return f"{text[:limit].rstrip()}\n{CUT_LINE}", True


def _output(output: Any, number: int) -> str:
    if not isinstance(output, dict):
        raise BrokenNotebook(f"notebook_broken: an output of cell {number} is {_kind(output)}, not an object")
    what = f"an output of cell {number}"
    match output.get("output_type"):
        case "stream":
            return _joined(output.get("text"), what)
        case "error" | "pyerr":
            return f"{_joined(output.get('ename'), what)}: {_joined(output.get('evalue'), what)}"
        case "execute_result" | "display_data" | "pyout":
            data = output.get("data")
            # Version 3 has the text beside the images, version 4 has a bundle by MIME type.
            return _joined(data.get("text/plain") if isinstance(data, dict) else output.get("text"), what)
    return ""


def _language(notebook: dict[str, Any]) -> str:
    """Language of the code cells: of the kernel's information, of the kernel, else Python as in the format's past."""
    metadata = notebook.get("metadata")
    for key, field in (("language_info", "name"), ("kernelspec", "language")):
        info = metadata.get(key) if isinstance(metadata, dict) else None
        name = info.get(field) if isinstance(info, dict) else None
        if isinstance(name, str) and _NAME.fullmatch(name):
            return name.lower()
    return "python"


def _cell_language(cell: dict[str, Any], default: str) -> str:
    """Version 3 names the language of each cell."""
    name = cell.get("language")
    return name.lower() if isinstance(name, str) and _NAME.fullmatch(name) else default


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
