"""The code blocks of a page: cut out of its markup, then found in its tree, each with its language.

Most blocks are `pre` elements of text and colours. They are cut out before the page is parsed, which spares thousands
of nodes; a mark with the block's number stands for each. The tree then says which of them are content, what is around
them, and which blocks are made of anything else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from udfs.web.code_languages import language_of, language_of_classes, language_of_tags, table
from udfs.web.code_lines import code_of, tidy
from udfs.web.inline_code import BLOCK, CLOSE, FORMULA, OPEN, OURS, with_tags

# A `pre` with no other inside; one that takes the end of a script or a page with it is no element of the page.
_PRE = re.compile(r"<pre\b([^<>]*+)>([^<]*+(?:<(?!/?pre\b|/?(?:script|body|html)\b)[^<]*+)*+)</pre\s*+>", re.I | re.A)
_CLASS = re.compile(r"""class=["']?([^"'>]{2,})""")
_CODE_TAG = re.compile(r"<code\b[^<>]*+>", re.I)
# The tag that names a language stands at the beginning of a block.
_TAGS_WITHIN = 400
_MARK = re.compile(BLOCK.format("(\\d+)"))
FORMULA_MARK = re.compile(FORMULA.format("(\\d+)"))
# Of the elements around a block so many may name its language.
_AROUND = 3
_NUMBERED_LINES = re.compile(r"\s*\d+(?:\s+\d+)+\s*")
# An item of a list that is a line of code and nothing else.
_LINE = re.compile(rf"(?:\s*{OPEN}[^\x02\x03]*{CLOSE})+\s*")
_ELEMENTS = "pre, xmp, listing, ol, code, tt, samp, kbd"
_OUTER = ("pre", "xmp", "listing")


@dataclass(frozen=True)
class Block:
    """A code block. `language` is as the page names it, in lower case; empty where it does not."""

    code: str
    language: str


@dataclass
class Blocks:
    """The blocks of one page. `cut` has the attributes and the inner markup of those that were cut out of it, `found`
    the blocks of its tree by number. `formulas` are the page's, for those that stand in code."""

    cut: list[tuple[str, str]] = field(default_factory=list)
    found: dict[int, Block] = field(default_factory=dict)
    formulas: list[str] = field(default_factory=list)
    added: int = 0

    def inner(self, number: int) -> tuple[str, str]:
        """Attributes and inner markup of one that was cut out."""
        attributes, inner = self.cut[number]
        return attributes, _widened(inner)

    def dissolved(self, number: int) -> str:
        """The code of one that turns out to be a part of another block."""
        if number < len(self.cut):
            self.found.pop(number, None)
            return code_of(self.inner(number)[1])
        return self.found.pop(number, Block("", "")).code

    def add(self, block: Block) -> int:
        number = len(self.cut) + self.added
        self.added += 1
        self.found[number] = block
        return number


def narrowed(markup: str) -> str:
    """The bytes of a page, one a character. What is looked for in it is ASCII, and Python searches a text of one byte a
    character much faster: one character of another script anywhere makes a page of two or four."""
    return markup if markup.isascii() else markup.encode("utf-8", "replace").decode("latin-1")


def _widened(narrow: str) -> str:
    return narrow if narrow.isascii() else narrow.encode("latin-1").decode("utf-8", "replace")


def cut_blocks(markup: str) -> tuple[str, Blocks]:
    """The markup, narrowed, with a mark in each `pre`, and what was in them."""
    pieces = _PRE.split(markup)
    cut = list(zip(pieces[1::3], pieces[2::3], strict=True))
    pieces[1::3] = [f"<pre{attributes}>" for attributes, _ in cut]
    pieces[2::3] = [f"{BLOCK.format(number)}</pre>" for number in range(len(cut))]
    return "".join(pieces), Blocks(cut)


def remove_copies(document: Any, classes: str) -> None:
    """Take out what a page has beside its code: columns of line numbers, buttons, second copies for the clipboard."""
    for key in ("copies", "gutter_cells"):
        for needle, selector in table()[key]:
            if needle in classes:
                for element in document.query_selector_all(selector).values():
                    element.remove()


def find_blocks(tree: Any, classes: str, blocks: Blocks) -> None:
    """Find the blocks that are in the tree; there a mark with its number stands for each."""
    document = tree.document
    for needle, selector in table()["blocks_without_pre"]:
        if needle in classes:
            for element in document.query_selector_all(selector).values():
                _take(tree, element, blocks)
    inner = 0
    for element in document.query_selector_all(_ELEMENTS).values():
        name = element.local_name
        if inner:
            inner -= 1
        elif name == "ol":
            inner = _take(tree, element, blocks) if _is_of_code_lines(element) else 0
        elif name not in _OUTER:
            inner = _take_or_mark(tree, element, blocks)
        elif found := _MARK.fullmatch(element.text_content or ""):
            if int(found[1]) < len(blocks.cut):
                _accept(element, int(found[1]), blocks)
        else:
            inner = _take(tree, element, blocks)


def _is_of_code_lines(element: Any) -> bool:
    """A numbered list whose items are a line of code each."""
    if OPEN not in (element.text_content or ""):
        return False
    items = element.children.values()
    return len(items) > 1 and all(_LINE.fullmatch(item.text_content or "") for item in items)


def _accept(element: Any, number: int, blocks: Blocks) -> None:
    """A block that was cut out is in the tree."""
    attributes, inner = blocks.inner(number)
    code = code_of(inner)
    if not code or _is_gutter(element, code):
        element.remove()
    else:
        blocks.found[number] = Block(code, _language(element, f"<pre{attributes}>", inner))


def _take(tree: Any, element: Any, blocks: Blocks) -> int:
    """Take any other block out of the tree. Returns how many elements of code it held, which are gone with it."""
    inner = element.inner_html
    code = code_of(with_tags(inner))
    code = _MARK.sub(lambda found: blocks.dissolved(int(found[1])), code)
    code = tidy(OURS.sub("", FORMULA_MARK.sub(lambda found: blocks.formulas[int(found[1])], code)))
    if not code or _is_gutter(element, code):
        element.remove()
    else:
        opening = element.outer_html.partition(">")[0] + ">"
        mark = tree.create_text_node(BLOCK.format(blocks.add(Block(code, _language(element, opening, inner)))))
        element.replace_children(mark)
        if element.local_name not in ("pre", "div"):
            block = tree.create_element("pre")
            element.replace_with(block)
            block.append(mark)
    return sum(inner.count(f"<{name}>") + inner.count(f"<{name} ") for name in _ELEMENTS.split(", "))


def _take_or_mark(tree: Any, element: Any, blocks: Blocks) -> int:
    """Code outside of a block whose tag was left, as it may name a language: of several lines it is a block."""
    text = element.text_content or ""
    if "\n" in text.strip() or element.query_selector("br") is not None:
        return _take(tree, element, blocks)
    if OPEN not in text:
        element.prepend(tree.create_text_node(OPEN))
        element.append(tree.create_text_node(CLOSE))
    return 0


def _language(element: Any, opening: str, inner: str) -> str:
    """The language that the block names, or code in it, or what is around it."""
    code = _CODE_TAG.search(inner, 0, _TAGS_WITHIN)
    own = language_of_tags(opening, code[0] if code else "")
    return own or next((found for found in _around(element) if found), "")


def _around(element: Any) -> Iterator[str]:
    around = element.parent_element
    for _ in range(_AROUND):
        if around is None:
            return
        classes = around.class_name
        found = language_of_classes(classes, is_code=False) if classes else ""
        # What a whole page is called by is no language of one block.
        if found and around.local_name not in ("html", "body", "main", "article"):
            yield found
        for name in around.attribute_names:
            if name in table()["language_attributes"]:
                yield language_of({name: around.getattr(name)}, is_code=False)
        around = around.parent_element


def _is_gutter(element: Any, code: str) -> bool:
    """A table cell of consecutive numbers beside the code."""
    if not code[-1].isdigit() or not _NUMBERED_LINES.fullmatch(code) or element.closest("td") is None:
        return False
    numbers = [int(n) for n in code.split() if len(n) < 10]
    return numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def classes_of(markup: str) -> str:
    """The class names of a page, for `remove_copies` and `find_blocks`."""
    return " ".join(set(_CLASS.findall(markup)))
