"""HTML signals, rules 99 to 101 of the RefineCode filter, by one linear scan for the tags.

BeautifulSoup, which the authors use, gives the same text on pages without damage but builds a tree: 1 MB/s, and its
time grows with the square of the nesting. Every alternative of the scan matches once its opener is met, to the text's
end if need be, so no input makes it slow.
"""

from __future__ import annotations

import html
import re

from udfs.signals.registry import signal
from udfs.signals.views import View, share

# What get_text leaves out: comments, declarations, and all that stands in script, style and template.
_HIDDEN = re.compile(
    r"<(?:!--(?s:.*?)(?:-->|\Z)|"
    r"(?P<raw>script|style)\b[^>]*+>(?s:.*?)(?:</(?P=raw)(?=[\s/>])[^>]*+>?|\Z)|"
    r"(?P<tag>/?[a-z](?:[^>=]|=(?!\s*+[\"'])|=\s*+(?:\"[^\"]*+\"?|'[^']*+'?))*+)(?:>|\Z)|"
    r"!\[CDATA\[(?P<data>(?s:.*?))(?:\]\]>|\Z)|[!?/][^>]*+(?:>|\Z))",
    re.IGNORECASE,
)
_SPECIAL = re.compile(r"<(?P<end>/?)(?P<name>template|pre|textarea)(?=[\s/>])", re.IGNORECASE)
_SPACES = " \t\n\f\r"


@signal(99, family="html")
def cate_ast(view: View) -> bool:
    """Has at least one tag. Authors: whether BeautifulSoup returns an object, which it always does."""
    return _page(view)[1]


@signal(100, family="html")
def frac_words_text(view: View) -> float | None:
    """Characters of the text between the tags, spaces included, without script, style, template and comments / R; null
    if empty.
    """
    found = share(_page(view)[0], view.num_chars)
    return None if found is None else min(1.0, found)


@signal(101, family="html")
def num_chars_text(view: View) -> int:
    """Characters of the text between the tags, as in 100."""
    return _page(view)[0]


def _page(view: View) -> tuple[int, bool]:
    kept = vars(view)
    if "html" not in kept:
        kept["html"] = scan(view.raw.removeprefix("\ufeff"))
    found: tuple[int, bool] = kept["html"]
    return found


def scan(source: str) -> tuple[int, bool]:
    """Characters of visible text, entities read, and whether there is a tag. White space alone between two tags is one
    character, but not inside pre and textarea.
    """
    chars, tagged, done = 0, False, 0
    hidden, kept = 0, 0  # open elements whose text does not show, or keeps its spaces
    for match in _HIDDEN.finditer(source):
        begin, end = match.span()
        if begin > done and not hidden:
            chars += _length(source[done:begin], kept > 0)
        done = end
        kind = match.lastgroup
        if kind == "data":
            chars += 0 if hidden else len(match["data"])
        elif kind == "tag":
            tagged = True
            special = _SPECIAL.match(source, begin)
            if special and not (special["end"] == "" and source[end - 2 : end] == "/>"):
                step = -1 if special["end"] else 1
                if special["name"].lower() == "template":
                    hidden = max(0, hidden + step)
                else:
                    kept = max(0, kept + step)
        elif kind:
            tagged = True
    if done < len(source) and not hidden:
        chars += _length(source[done:], kept > 0)
    return chars, tagged


def _length(text: str, keeps_spaces: bool) -> int:
    if "&" in text:
        text = html.unescape(text)
    return len(text) if keeps_spaces or text.strip(_SPACES) else 1
