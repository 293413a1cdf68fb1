"""The code in a text, as far as an @ may be an operator in it: of a program, and of what is no program but holds some.

A notebook's cells, fences of Markdown, blocks of reStructuredText, Org, AsciiDoc and TeX, elements of HTML, prompts of
doctests, examples of roxygen, programs that a shell hands to an interpreter; in a program also what its strings fill in
and what its documentation shows.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from typing import Any

from schemas.identity import data_bytes
from udfs.cleaning.secrecy import DATA

_DATA: dict[str, Any] = json.loads(data_bytes(DATA))
OPERATORS = frozenset(_DATA["at_operator_languages"].split(", "))
_ALIASES = {alias: name for name, some in _DATA["at_operator_aliases"].items() for alias in some.split()}
_HOLDERS = frozenset(_DATA["code_holders"].split(", "))
_DEEPEST = 4  # code in a string in code
_LONGEST_HOLE = 2_000

_NAME = r"[{ \t.]*(?:code-cell[ \t]+)?(?P<name>[\w+#-]*)"
_INDENTED = r"(?P<body>(?:(?P=indent)[ \t]+[^\n]*\n?|[ \t]*\n)+)"
# Each finds a block: the name of its language, if any, and its body.
_REST = r"(?P<body>(?s:.*?))"
_FENCE = (
    rf"^(?P<before>[ \t>*#/!':;%|-]*)(?P<fence>`{{3,}}|~{{3,}}){_NAME}[^\n`]*\n{_REST}(?:^(?P=before)(?P=fence)|\Z)"
)
_CELL = rf"^<code language=\"(?P<name>[^\"\n]*)\">\n{_REST}(?=^<(?:markdown|result|code(?: language=[^\n>]*)?)>$|\Z)"
_RST = (
    r"^(?P<indent>[ \t]*)\.\. (?:code-block|code|code-cell|sourcecode|ipython|jupyter-execute|prompt|(?P<own>plot"
    rf"|doctest|testcode|testsetup|exec|pyscript))::{_NAME}[^\n]*\n{_INDENTED}"
)
_LITERAL = rf"^(?P<indent>[ \t]*)\S[^\n]*::[ \t]*\n[ \t]*\n{_INDENTED}"
_ORG = rf"^[ \t]*#\+begin_(?:src|example){_NAME}[^\n]*\n{_REST}(?:^[ \t]*#\+end_|\Z)"
_ASCIIDOC = rf"^\[source[,%\w]*?,{_NAME}[^\n]*\n(?P<rule>-{{4,}}|={{4,}})\n{_REST}(?:^(?P=rule)|\Z)"
_TEX = (
    r"\\begin\{(?:minted|lstlisting|verbatim|pythoncode|python|code|Verbatim|Sinput)\}(?:\[[^\]\n]{0,200}\])?"
    rf"(?:\{{(?P<name>\w*)\}})?{_REST}(?:\\end\{{|\Z)"
)
_ELEMENT = (
    r"<(?P<tag>code|pre(?![^<>\n]{0,300}>\s{0,9}<code)|script|samp|kbd|tt|syntaxhighlight|py-\w+)\b(?P<attributes>[^>\n]{0,300})>"
    rf"{_REST}(?:</(?P=tag)|\Z)"
)
_PROMPT = r"^[ \t>*#/'!-]*?(?P<name>>>>|\.\.\.|In \[\d*\]:|julia>|scala>|sage:)[ \t](?P<body>[^\n]*)"
_ROXYGEN = r"^#'[ \t]*@(?P<name>example)s?\b[^\n]*\n(?P<body>(?:#'(?![ \t]*@)[^\n]*\n?)+)"
_HANDED = (
    r"\b(?P<name>python|Rscript|R|julia)[\d.]*\b[^\n|]{0,200}<<-?[ \t]*[\"']?(?P<end>\w+)[\"']?[^\n]*\n"
    rf"{_REST}(?:^[ \t]*(?P=end)\b|\Z)"
)
_INLINE = r"(?<!`)`{1,2}(?!`)(?P<body>[^`\n]{3,200})`"
_ALL = [
    (sign, re.compile(pattern, re.M | (re.I if pattern in (_ORG, _ELEMENT) else 0)))
    for sign, pattern in (
        ("<code language=", _CELL), ("```", _FENCE), ("~~~", _FENCE), ("::", _RST), ("::", _LITERAL), ("#+", _ORG),
        ("[source", _ASCIIDOC), ("\\begin{", _TEX), ("</", _ELEMENT), (">>>", _PROMPT), ("julia>", _PROMPT),
        ("scala>", _PROMPT), ("In [", _PROMPT), ("sage:", _PROMPT), ("#'", _ROXYGEN), ("<<", _HANDED), ("`", _INLINE),
    )
]  # fmt: skip
# Pages are long, and hold code in elements only.
_IN_PAGES = [block for block in _ALL if block[0] in ("</", ">>>")]
_PAGES = frozenset(_DATA["pages_with_code"].split(", "))
_OF_ELEMENT = (
    re.compile(r"(?:lang(?:uage)?-|brush: ?|highlight-|source-)([\w+#]+)", re.I),
    re.compile(r"(?:lang(?:uage)?=[\"']?|class=[\"']?|type=[\"']?text/)([\w+#-]+)", re.I),
)
_OWN_NAMES = {">>>": "python", "...": "python", "julia>": "julia", "scala>": "scala", "sage:": "python", "example": "r"}
# What shows that a block without a name is Python: most of what is written with this operator.
_PYTHON = re.compile(
    r"^[ \t]*(?:>>>|In \[|import \w|from [\w.]+ import|def \w+\(|class \w+[(:]|@\w+$"
    r"|(?:for|if|while|with) [^\n]*:[ \t]*$)|\b(?:np|torch|tf|jnp|self|numpy|F)\.\w"
    r"|\b\w+(?:\.\w+){0,3}\([^\n\"']{0,80}\w@\w"
    r"|^[ \t]*(?!(?:e?mail|user|from|to|cc|owner|author|contact|admin|sender|login|name|addr)\w* )[a-zA-Z]\w{0,7} = "
    r"[^\n\"'<]{0,80}\w@\w",
    re.M,
)
# Lines of a cell that a shell runs, not the language.
_MAGIC = re.compile(r"^[ \t]*(?:[\w, ]+=[ \t]*)?[!%][^\n]*", re.M)
# Of a block with prompts the other lines are results.
_PROMPTED = re.compile(r"^[ \t]*(?:>>>|In \[\d*\]:)", re.M)
_RESULT = re.compile(r"^(?![ \t]*(?:>>>|\.\.\.|In \[\d*\]:))[^\n]*", re.M)
# How a string begins to fill in code, and the bracket that it counts; in Python and its like behind a letter.
_HOLE = re.compile(r"\{\{|[$#]\{|[$\\]\(|\{")
_CLOSERS = {"{": "}", "(": ")"}
_FORMATTED = re.compile(r"[fFtT][rR]?\Z|[rR][fFtT]\Z|\$@?\Z|@\$\Z|\bfmt\Z|&\Z")
_BY_LETTER = frozenset(("python", "cython", "sage", "starlark", "mojo", "f#", "nim"))


def code_of(text: str, language: str | None, kind: str, depth: int = 0) -> str:
    """All code with an @ of languages that have such an operator, strings emptied; empty where there is none."""
    if "@" not in text or depth > _DEEPEST:
        return ""
    if language in OPERATORS and kind not in ("text", "notebook"):
        return _of_program(text, language or "", depth)
    if kind in ("text", "notebook") or language in _HOLDERS or language is None:
        return "\n".join(_of_blocks(text, depth, _IN_PAGES if language in _PAGES else _ALL))
    return ""


def _of_program(text: str, language: str, depth: int) -> str:
    """Outside of its strings and comments, and what those show."""
    # Most texts hold no address: they need no lexer, nor its compiler.
    from udfs.signals.lexing import split

    cut = split(text, language)
    found = [cut.bare, *_of_blocks(cut.comment_text, depth)]
    pieces = cut.pieces
    for at, piece in enumerate(pieces):
        if "@" not in piece or piece[:1] not in "\"'`":
            continue
        for hole in _holes(piece, language in _BY_LETTER, pieces[at - 1] if at else ""):
            found.append(code_of(hole, language, "code", depth + 1))
        if "```" in piece or ">>>" in piece or "::" in piece:
            found += _of_blocks(piece, depth)
    return "\n".join(found)


def _of_blocks(text: str, depth: int, blocks: list[tuple[str, re.Pattern[str]]] = _ALL) -> Iterator[str]:
    """Of each block of code in a text that is none."""
    for sign, pattern in blocks if "@" in text else ():
        if sign not in text:
            continue
        for match in pattern.finditer(text):
            if "@" not in match["body"]:
                continue
            body = _without_signs(match)
            language = _named(match) or (_PYTHON.search(body) and "python")
            if language in OPERATORS:
                body = _RESULT.sub("", body) if _PROMPTED.search(body) else _MAGIC.sub("", body)
                yield code_of(body, language, "code", depth + 1)


def _without_signs(match: re.Match[str]) -> str:
    """The body without what stands before each line of a comment or a quotation."""
    sign = (match.groupdict().get("before") or "").strip() or ("#'" if match[0].startswith("#'") else "")
    body = html.unescape(match["body"]) if "attributes" in match.groupdict() else match["body"]
    return re.sub(rf"^[ \t]*{re.escape(sign)}", "", body, flags=re.M) if sign else body


def _named(match: re.Match[str]) -> str | None:
    """The language that the block names, as udfs/languages/detect.py names it."""
    groups = match.groupdict()
    if groups.get("own"):
        return "python"
    name = (groups.get("name") or "").lower()
    if "attributes" in groups:
        said = (pattern.search(groups["attributes"] or "") for pattern in _OF_ELEMENT)
        name = next((found[1].lower() for found in said if found), "")
    name = _OWN_NAMES.get(name, name)
    return _ALIASES.get(name, name) or None


def _holes(string: str, by_letter: bool, before: str) -> Iterator[str]:
    """What a string fills in by an expression."""
    at = 0
    while mark := _HOLE.search(string, at):
        at = mark.end()
        opens = mark[0] != "{{" and (len(mark[0]) > 1 or not by_letter or _FORMATTED.search(before[-4:]) is not None)
        if opens:
            end = _closed(string, at, mark[0][-1])
            yield string[at:end]
            at = end


def _closed(string: str, at: int, opener: str) -> int:
    """Where the bracket that is open before `at` ends."""
    depth, closer = 1, _CLOSERS[opener]
    for i in range(at, min(len(string), at + _LONGEST_HOLE)):
        depth += (string[i] == opener) - (string[i] == closer)
        if not depth:
            return i
    return at
