"""From the markup of a page to its text with code as code: one pass over the tree, then Resiliparse's main content.

Before the extraction each code block and each formula is taken out of the tree, and a mark of characters that no text
contains stands for it; afterwards the marks become fenced blocks and TeX. What Resiliparse would do to code (line
numbers as text, no languages, no inline marks) can then not happen, and no block is lost with what it leaves out.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import Any

from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import HTMLTree

from udfs.web.code_blocks import (
    FORMULA_MARK,
    Block,
    Blocks,
    classes_of,
    cut_blocks,
    find_blocks,
    narrowed,
    remove_copies,
)
from udfs.web.code_languages import table
from udfs.web.depth import check_depth
from udfs.web.inline_code import BLOCK, FORMULA, OURS, SIGNS, marked, ticked
from udfs.web.mathematics import formulas, has_written_formulas

_BLOCK_MARK = re.compile(BLOCK.format("(\\d+)"))
# Of few blocks among many, the place between their neighbours is enough; a page is not extracted anew for them.
_FEW = 20
# Our signs as character references, which a page may not send either.
_WRITTEN_OUT = re.compile(r"&#(?:x0*|0*)[1-4](?![0-9a-f]);?", re.I)
_FENCE = re.compile("^`{3,}", re.M)
_EMPTY_LINES = re.compile(r"\n(?:[ \t]*\n){2,}")
_LONGEST_LABEL = 40
_ANCHOR_SIGN = re.compile(r"¶(?=\n|\Z)")
_SHALLOW = "body > ul, body > * > ul, body > * > * > ul"
_KEPT = ("ul", "nav", "aside", "footer")
_NAMES = ("class", "id", "role", "style", "hidden", "aria-hidden", "data-ad")


@dataclass(frozen=True)
class PageContent:
    """The text of a page. `code_bytes` is of the code in its blocks; `languages` are those that blocks name, the most
    frequent first; `has_mathematics` where formulas were found as TeX."""

    title: str
    text: str
    code_blocks: int
    code_bytes: int
    languages: tuple[str, ...]
    inline_marks: int
    has_mathematics: bool


def page_content(markup: str) -> PageContent:
    """The text of a page: code in fences, inline code in back ticks, formulas as TeX. Raises TooDeepError."""
    return content_of(*parse(markup))


def parse(markup: str) -> tuple[HTMLTree, str, Blocks]:
    """The tree of a page with marks for its code, the markup that it was made from, and the blocks cut out of it, the
    last two as bytes of UTF-8 one a character. Raises TooDeepError (udfs/web/depth.py)."""
    if any(sign in markup for sign in SIGNS):
        markup = OURS.sub("", markup)
    narrow = narrowed(markup)
    if "&#" in narrow:
        narrow = _WRITTEN_OUT.sub("", narrow)
    narrow, blocks = cut_blocks(narrow)
    narrow = marked(narrow)
    data = narrow.encode("latin-1")
    check_depth(data)
    return HTMLTree.parse_from_bytes(data, "utf-8"), narrow, blocks


def content_of(tree: HTMLTree, markup: str, blocks: Blocks) -> PageContent:
    """`page_content` of what `parse` gave, which is used up."""
    document: Any = tree.document
    title = " ".join(OURS.sub("", tree.title or "").split())
    if document is None or tree.body is None:
        return PageContent(title, "", 0, 0, (), 0, False)
    classes = classes_of(markup)
    remove_copies(document, classes)
    maths = formulas(document, markup, classes)
    for number, (element, _) in enumerate(maths):
        element.replace_with(tree.create_text_node(FORMULA.format(number)))
    blocks.formulas = [tex for _, tex in maths]
    find_blocks(tree, classes, blocks)
    _keep_lists(tree)
    text = extract_plain_text(tree, main_content=True)
    lost = blocks.found.keys() - {int(n) for n in _BLOCK_MARK.findall(text)}
    if len(lost) * _FEW > len(blocks.found):
        text = _again(tree, lost)
    return _finished(title, text, blocks.found, blocks.formulas)


def _keep_lists(tree: Any) -> None:
    """Lists that stand near the body are navigation for Resiliparse; those of more text than links are not."""
    for element in tree.document.query_selector_all(_SHALLOW).values():
        linked = sum(len(a.text_content or "") for a in element.query_selector_all("a").values())
        if 2 * linked < len((element.text_content or "").strip()):
            _bury(tree, element)


def _bury(tree: Any, element: Any) -> None:
    """Put three boxes around an element: it is not near the body any more."""
    outer = inner = tree.create_element("div")
    for _ in range(2):
        box = tree.create_element("div")
        inner.append(box)
        inner = box
    element.replace_with(outer)
    inner.append(element)


def _again(tree: Any, lost: set[int]) -> str:
    """The extraction once more, where code stands in what looks like no content: there it does not any more."""
    for element in tree.document.query_selector_all("pre, div, ol").values():
        number = (
            _BLOCK_MARK.fullmatch((element.text_content or "").strip()) if element.child_element_count == 0 else None
        )
        if number and int(number[1]) in lost:
            _uncover(tree, element)
    return extract_plain_text(tree, main_content=True)


def _uncover(tree: Any, element: Any) -> None:
    while element is not None and element.local_name not in ("body", "html"):
        for name in _NAMES:
            if element.has_attribute(name):
                element.remove_attribute(name)
        above = element.parent_element
        if element.local_name in _KEPT:
            _bury(tree, element)
        element = above


def _finished(title: str, text: str, blocks: dict[int, Block], maths: list[str]) -> PageContent:
    text, marks = ticked(_ANCHOR_SIGN.sub("", text) if "¶" in text else text)
    if maths:
        text = FORMULA_MARK.sub(lambda found: maths[int(found[1])], text)
    has_mathematics = bool(maths) or has_written_formulas(text)
    text = _with_blocks(text, blocks)
    languages = Counter(block.language for block in blocks.values() if block.language)
    ordered = sorted(languages, key=lambda name: (-languages[name], name))
    size = sum(len(block.code.encode()) for block in blocks.values())
    return PageContent(title, text, len(blocks), size, tuple(ordered), marks, has_mathematics)


def _with_blocks(text: str, blocks: dict[int, Block]) -> str:
    """The text with each block in a fence on lines of its own. A block that is in no other place stands behind the one
    that is before it in the page, or at the end."""
    parts = _BLOCK_MARK.split(text)
    numbers = [int(n) for n in parts[1::2]]
    lost = blocks.keys() - set(numbers)
    pieces, seen = [_prose(parts[0])], set[int]()
    for number, after in zip(numbers, parts[2::2], strict=True):
        while number in blocks and number not in seen:
            seen.add(number)
            pieces.append(fenced(blocks[number]))
            number += number + 1 in lost
        pieces.append(_prose(after))
    pieces += [fenced(block) for number, block in sorted(blocks.items()) if number not in seen]
    text = "\n\n".join(piece for piece in pieces if piece)
    # Half of a mark, where the markup is broken.
    return OURS.sub("", text) if any(sign in text for sign in SIGNS) else text


def fenced(block: Block) -> str:
    """A block in a fence longer than any inside."""
    longest = max(map(len, _FENCE.findall(block.code)), default=2) if "```" in block.code else 2
    ticks = "`" * (longest + 1)
    return f"{ticks}{block.language}\n{block.code}\n{ticks}"


def _prose(text: str) -> str:
    """Text between two blocks, without the labels of buttons."""
    text = text.strip("\n").rstrip()
    if "\n\n" in text or " \n" in text:
        text = _EMPTY_LINES.sub("\n\n", text)
    while text and _is_label(text[text.rfind("\n") + 1 :]):
        text = text[: max(0, text.rfind("\n"))].rstrip()
    while text and _is_label(text.partition("\n")[0]):
        text = text.partition("\n")[2].lstrip("\n")
    return text


def _is_label(line: str) -> bool:
    return len(line) < _LONGEST_LABEL and line.strip().lower() in _labels()


@cache
def _labels() -> frozenset[str]:
    return frozenset(table()["copy_labels"])
