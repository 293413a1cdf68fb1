"""Code inside of paragraphs: its tags become marks before a page is parsed, and the marks back ticks afterwards.

On the tree this would cost more than the extraction itself: pages of a reference have hundreds of names in code.
"""

from __future__ import annotations

import re
from functools import lru_cache

# Control characters, which no page may send: around inline code, and where a block or a formula was taken out.
OPEN, CLOSE = "\x02", "\x03"
BLOCK, FORMULA = "\x01b{}\x04", "\x01f{}\x04"
SIGNS = "\x01\x02\x03\x04"
OURS = re.compile(f"[{SIGNS}]")
_NAMES = "code|tt|samp|kbd"
# A piece of inline code with no other inside: the attributes of its tag, and what is in it.
_TAGS = re.compile(
    rf"<(?:{_NAMES})(?![-\w])([^<>]*+)>([^<]*+(?:<(?!/?(?:{_NAMES})\b)[^<]*+)*+)</(?:{_NAMES})\s*+>", re.I | re.A
)
_SIMPLE = re.compile(f"{OPEN}([^\\s`\x01-\x04](?:[^\n`\x01-\x04]*[^\\s`\x01-\x04])?){CLOSE}")
_ANY = re.compile("\x02+([^\x02\x03]*)\x03+")
_LANGUAGE = re.compile(r"lang|hljs|brush|sourcecode|highlight|prettyprint", re.I)
# Code around such is no word in a paragraph; where the first is a break, it is lines.
_ROWS = re.compile(r"<(?:(br)|pre|table|div|p|li|ol|ul)\b", re.I)
_BREAK = re.compile(r"<br\b[^<>]*+>", re.I)
_TAG = re.compile(r"<[^<>]*+>")
_TICKS = re.compile("`+")


def marked(markup: str) -> str:
    """The markup of a page with the tags of inline code as marks. Code of several lines becomes a block."""
    # Splitting is much faster than re.sub with a function.
    pieces = _TAGS.split(markup)
    pieces[2::3] = [
        OPEN + code + CLOSE if "<" not in code and (not said or _says_little(said)) else _marked(said, code)
        for said, code in zip(pieces[1::3], pieces[2::3], strict=True)
    ]
    pieces[1::3] = [""] * (len(pieces) // 3)
    return "".join(pieces)


@lru_cache(65536)
def _says_little(attributes: str) -> bool:
    """A tag that may name the language of a block stays a tag, for the block may be around it."""
    return not _LANGUAGE.search(attributes)


def _marked(attributes: str, code: str) -> str:
    # Most of all is Sphinx's one span in a code.
    if code.startswith("<span") and code.endswith("</span>") and code.count("<") == 2 and _says_little(attributes):
        return OPEN + code[code.find(">") + 1 : -7] + CLOSE
    rows = _ROWS.search(code)
    if rows and rows[1] and _says_little(attributes):
        return f"<pre>{'<br>'.join(map(_line, _BREAK.split(code)))}</pre>"
    if rows or not _says_little(attributes):
        return f"<code{attributes}>{code}</code>"
    return OPEN + _TAG.sub("", code) + CLOSE


def _line(code: str) -> str:
    """Code between two breaks. A line feed beside one is the source's own, and so is the indentation behind it."""
    inner = code.strip()
    before, _, after = code.partition(inner) if inner else (code, "", "")
    return ("" if "\n" in before else before) + inner + ("" if "\n" in after else after)


def with_tags(markup: str) -> str:
    """Marks as tags again, where they are lines of a block."""
    return markup.replace(OPEN, "<code>").replace(CLOSE, "</code>")


def ticked(text: str) -> tuple[str, int]:
    """The text with marks as back ticks, and how many pieces of code there are."""
    pieces = _SIMPLE.split(text)
    pieces[1::2] = [f"`{code}`" for code in pieces[1::2]]
    text, simple = "".join(pieces), len(pieces) // 2
    if OPEN not in text:
        return text, simple
    text, others = _ANY.subn(_between_ticks, text)
    return text, simple + others


def _between_ticks(found: re.Match[str]) -> str:
    """Between more back ticks than any run inside; without code or with lines, as it is."""
    code = found[1].strip()
    if not code:
        return ""
    if "\n" in code or "\x01" in code:
        return found[1]
    ticks = "`" * (1 + max(map(len, _TICKS.findall(code)), default=0))
    code = f" {code} " if len(ticks) > 1 else code
    before, after = " " if found[1][0].isspace() else "", " " if found[1][-1].isspace() else ""
    return f"{before}{ticks}{code}{ticks}{after}"
