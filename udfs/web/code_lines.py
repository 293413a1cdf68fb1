"""From the markup of a code block to its lines: gutters and buttons out, every way to write a line is a line."""

from __future__ import annotations

import html
import re
from functools import cache, lru_cache

from udfs.web.code_languages import table

# Bounded: markup that opens what it does not close is not looked through from each of its beginnings.
_IN_TAG = r"""[^<>"']*+(?:"[^"]{0,2000}+"[^<>"']*+|'[^']{0,2000}+'[^<>"']*+){0,60}+>"""
_TAG = re.compile(rf"<(/?)([a-zA-Z][^\s/>]*)({_IN_TAG[:-1]})>", re.S)
_ANY_TAG = re.compile(rf"</?[a-zA-Z]{_IN_TAG}", re.S)
_OPENING = re.compile(r"<[a-zA-Z][^>]*")
_CLASSES = re.compile(r"""\bclass\s*=\s*(?:"([^"]*)|'([^']*)|([^\s"'>]+))""", re.I)
_ROWS = frozenset(("div", "li", "tr", "p", "pre", "table", "tbody", "ol", "ul", "figure", "dd", "dt", "section"))
_CELLS = frozenset(("td", "th"))
_VOID = frozenset(
    ("br", "img", "input", "hr", "wbr", "col", "area", "base", "embed", "link", "meta", "source", "track")
)
_NEVER = frozenset(("button", "svg", "style", "script", "textarea", "select", "template", "clipboard-copy"))
# What a block of nothing but text and colours does not contain.
_STRUCTURE = _ROWS | _CELLS | _NEVER | {"br"}
_SIMPLE_TAG = re.compile(r"<[^<>]*+>")
_INLINE = ("span", "b", "i", "em", "strong", "font", "u", "var", "code")
_COLOURS = re.compile(rf"</?(?:{'|'.join(_INLINE)})(?![-\w]){_IN_TAG}", re.I)
_LINE_SPANS = re.compile(r"</span>(?:\s|&nbsp;)*+<span\b[^<>]*\bclass=[\"']?[^\"'<>]*\b(?:line|code-line|row)\b")
_LINE_CODES = re.compile(r"</code>\s*<code\b")
_SPACES = str.maketrans({"\xa0": " ", "\u200b": None, "\ufeff": None})
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#39;", "'"), ("&#x27;", "'"), ("&nbsp;", " "))


@cache
def _skipped() -> frozenset[str]:
    return frozenset(name.lower() for key in ("gutters", "not_code") for name in table()[key])


@lru_cache(65536)
def _kind(tag: str) -> str:
    """What an opening tag is for a block: `row`, `other` (a number, a button), both of which make lines of their own
    account, `numbers` (the second inside of a line), or nothing but colour."""
    name = tag[1:].split()[0].rstrip("/>").lower()
    found = _CLASSES.search(tag)
    classes = next((c for c in found.groups() if c), "") if found else ""
    if not _skipped().isdisjoint(classes.lower().split()):
        return "numbers" if name in _INLINE else "other"
    return "row" if name in _STRUCTURE else ""


def code_of(markup: str) -> str:
    """The code in the markup inside of one block, as it was sent or as a browser serialises it."""
    if "\r" in markup:
        markup = markup.replace("\r\n", "\n").replace("\r", "\n")
    if "<" not in markup:
        return tidy(_unescaped(markup))
    kinds = {_kind(tag) for tag in set(_OPENING.findall(markup))}
    if kinds == {""} or not kinds:
        # As many of one as of the other: none stands in an attribute, and tags are found twice as fast.
        text = (_SIMPLE_TAG if markup.count("<") == markup.count(">") else _ANY_TAG).sub("", markup)
        if "<" in text:
            text = _without_comments(text)
        # Each line an element, and no line feed between.
        if "\n" in text.strip() or not (_LINE_SPANS.search(markup) or _LINE_CODES.search(markup)):
            return tidy(_unescaped(text))
        return tidy(_lines(markup, _ROWS | {"span", "code"}))
    markup = _without_comments(markup)
    return tidy(_lines(markup if "numbers" in kinds else _COLOURS.sub("", markup), _ROWS))


def _without_comments(markup: str) -> str:
    pieces, at = list[str](), 0
    while (begin := markup.find("<!--", at)) >= 0 and (end := markup.find("-->", begin)) >= 0:
        pieces.append(markup[at:begin])
        at = end + 3
    return "".join(pieces) + markup[at:]


def tidy(code: str) -> str:
    """Without empty lines at both ends and without what is invisible; tabs and indentation stay."""
    if not code.isascii():
        code = code.translate(_SPACES)
    first = len(code) - len(code.lstrip())
    return code[code.rfind("\n", 0, first) + 1 :].rstrip()


def _unescaped(text: str) -> str:
    """`html.unescape`, faster where there are only the entities that code needs."""
    if "&" not in text:
        return text
    plain = text
    for entity, sign in _ENTITIES:
        plain = plain.replace(entity, sign)
    rest = plain.replace("&amp;", "")
    return html.unescape(text) if "&" in rest else plain.replace("&amp;", "&")


def _lines(markup: str, rows: frozenset[str]) -> str:
    lines = _Lines()
    skipping, depth, at = "", 0, 0
    for tag in _TAG.finditer(markup):
        if not skipping and tag.start() > at:
            lines.text(markup[at : tag.start()])
        at = tag.end()
        closing, name, attributes = tag[1], (tag[2] or "").lower(), tag[3] or ""
        if skipping:
            if name == skipping:
                depth += -1 if closing else 1
                skipping = skipping if depth else ""
        elif not closing and name not in _VOID and _is_skipped(name, attributes):
            skipping, depth = name, 1
        elif name == "br":
            lines.end()
        elif name in rows:
            lines.close() if closing else lines.open()
        elif name in _CELLS and not closing:
            lines.cell()
    if not skipping:
        lines.text(markup[at:])
    return lines.joined()


def _is_skipped(name: str, attributes: str) -> bool:
    return name in _NEVER or _kind(f"<{name}{attributes}") in ("other", "numbers")


class _Lines:
    """Lines so far, and the pieces of the one that is open. An element that is a row of its own begins and ends a line,
    and is an empty one where nothing is in it; white space between rows is none of theirs."""

    def __init__(self) -> None:
        self.lines = list[str]()
        self.open_line = list[str]()
        self.opened = [0]
        self.between = False

    def text(self, markup: str) -> None:
        if self.between and "\n" in markup and not markup.strip():
            return
        self.between = False
        first, *others = _unescaped(markup).split("\n")
        self.open_line.append(first)
        for piece in others:
            self.end()
            self.open_line.append(piece)

    def end(self) -> None:
        self.lines.append("".join(self.open_line))
        self.open_line.clear()
        self.between = False

    def open(self) -> None:
        if any(self.open_line):
            self.end()
        self.open_line.clear()
        self.opened.append(len(self.lines))
        self.between = True

    def close(self) -> None:
        began = self.opened.pop() if len(self.opened) > 1 else 0
        if any(self.open_line) or began == len(self.lines):
            self.end()
        self.between = True

    def cell(self) -> None:
        if any(self.open_line):
            self.open_line.append("\t")

    def joined(self) -> str:
        if any(self.open_line):
            self.end()
        return "\n".join(self.lines)
