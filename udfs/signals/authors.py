"""General and document signals as the authors' filter computes them, where ours correct it: for filter.rules=compat.

Names are ours plus "_authors", measured on request only. Definitions are those of docs/rules.md; what is not said there
(two regular expressions, word lists) is read as plainly as possible. Random decisions are not reproduced.
"""

from __future__ import annotations

import ast
import io
import json
import re
import tokenize
from collections import Counter
from functools import cache
from importlib import resources

from udfs.signals.registry import signal
from udfs.signals.views import View, share

_LINE_COMMENT = re.compile(r"^[ \t]*+(?:#|//|--)", re.MULTILINE)
_QUOTED = re.compile(r"'''(?s:(.*?))'''|\"\"\"(?s:(.*?))\"\"\"|'(?s:(.*?))'|\"(?s:(.*?))\"")
_QUOTED_IN_LINE = re.compile(r"'''(?s:(.*?))'''|\"\"\"(?s:(.*?))\"\"\"|'([^'\n]*+)'|\"([^\"\n]*+)\"")
_TOKENS = re.compile(r"\w+|[^\w\s]+")
_ENCODED = (
    re.compile(r"[A-Za-z0-9+/=\n]{64,}+"),
    re.compile(r"(?:\b(?:0x|\\x)?[0-9A-Fa-f]{2}(?:,|\b\s*+)){8,}+"),
    re.compile(r"(?:\\u[0-9a-fA-F]{4}){8,}+"),
)
_HEX_WORD = re.compile(r"0[xX](?<!\w0[xX])[0-9a-fA-F]++(?!\w)")
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@cache
def without_lexer() -> frozenset[str]:
    """Languages that no Pygments lexer is called by."""
    file = resources.files("udfs").joinpath("data/no_lexer.json")
    return frozenset(json.loads(file.read_text(encoding="utf-8"))["languages"])


def code_lines(view: View) -> list[str]:
    """LC of the authors' C, in lower case."""
    kept = vars(view)
    if "authors_lines" not in kept:
        kept["authors_lines"] = [line for line in _parts(view)[0].lower().split("\n") if line.strip()]
    lines: list[str] = kept["authors_lines"]
    return lines


def share_with(view: View, *words: str) -> float | None:
    """LC that hold one of the words as a substring / LC; null without lines."""
    lines = code_lines(view)
    return share(sum(any(word in line for word in words) for line in lines), len(lines))


def _parts(view: View) -> tuple[str, str]:
    """C and K. Without a lexer all that follows the first line of comment is comment (B4)."""
    if view.language not in without_lexer():
        return view.code, view.comment_text
    first = _LINE_COMMENT.search(view.raw)
    at = first.start() if first else len(view.raw)
    return view.raw[:at], view.raw[at:]


def _strings(pattern: re.Pattern[str], view: View) -> list[str]:
    return ["".join(found) for found in pattern.findall(_parts(view)[0])]


@signal(301, family="code", authors=True)
def frac_chars_comments(view: View) -> float | None:
    """As 22. For Python docstrings by the ast and comment tokens without their hash, 0 for what fails (B15); without a
    lexer all that follows the first line of comment (B4).
    """
    chars = _python_comments(view.raw) if view.language == "python" else len(_parts(view)[1])
    return min(1.0, chars / view.num_chars) if view.num_chars else None


def _python_comments(source: str) -> int:
    chars = 0
    try:
        nodes = ast.walk(ast.parse(source))
        chars += sum(len(ast.get_docstring(n, clean=False) or "") for n in nodes if isinstance(n, _DOCUMENTED))
    except (SyntaxError, ValueError):
        pass
    try:
        tokens = tokenize.generate_tokens(io.StringIO(source).readline)
        chars += sum(len(t.string) - 1 for t in tokens if t.type == tokenize.COMMENT)
    except (SyntaxError, tokenize.TokenError):
        pass
    return chars


@signal(302, family="code", authors=True)
def frac_lines_dupe_lines(view: View) -> float | None:
    """As 24 on the authors' C (B4)."""
    lines = ["".join(line.split()) for line in code_lines(view)]
    copies = sum(n for line, n in Counter(lines).items() if n > 1 and len(line) > 1 and line != "},")
    return share(copies, len(lines))


@signal(303, family="code", authors=True)
def cate_autogen(view: View) -> bool:
    """The first 200 characters hold "generate", "autogen" or "do not edit" in any case (B6)."""
    start = view.raw[:200].lower()
    return "generate" in start or "autogen" in start or "do not edit" in start


@signal(304, family="code", authors=True)
def frac_lines_long_string(view: View) -> float | None:
    """As 26 with one pattern of quotes for every language, so that two apostrophes make a string."""
    lines = [line for string in _strings(_QUOTED, view) for line in string.split("\n") if len(line) > 20]
    found = share(sum(len(_TOKENS.findall(line)) > 20 for line in lines), len(code_lines(view)))
    return None if found is None else min(1.0, found)


@signal(305, family="code", authors=True)
def frac_chars_string_length(view: View) -> float | None:
    """As 27 with that pattern, single and double quotes on one line only."""
    return share(sum(map(len, _strings(_QUOTED_IN_LINE, view))), len(_parts(view)[0]))


@signal(306, family="code", authors=True)
def frac_chars_long_word_length(view: View) -> float | None:
    """As 28 in the strings of 305."""
    words = [w for s in _strings(_QUOTED_IN_LINE, view) if len(s) > 20 for w in s.split() if len(w) > 20]
    chars = sum(len(w) for w in words if "http://" not in w and "https://" not in w)
    return share(chars, len(_parts(view)[0]))


@signal(307, family="code", authors=True)
def cate_encoded_data(view: View) -> bool:
    """As 30, but a base64 run may be cut into lines of any length, so that a word list is one."""
    lengths = [len(run) for pattern in _ENCODED for run in pattern.findall(view.raw)]
    return bool(lengths) and (max(lengths) > 1024 or 2 * sum(lengths) > view.num_chars)


@signal(308, family="code", authors=True)
def frac_chars_hex_words(view: View) -> float | None:
    """As 31 on the authors' C (B4)."""
    code = _parts(view)[0]
    return share(sum(map(len, _HEX_WORD.findall(code))), len(code))


@signal(309, family="code", authors=True)
def frac_lines_prompt_comments(view: View) -> float | None:
    """As 32 with substrings in any case, so that Spanish "todo" counts (B14)."""
    lines = _parts(view)[1].lower().split("\n")
    asking = sum("todo" in line or "fixme" in line or "your code here" in line for line in lines)
    return share(asking, view.lines.total)


@signal(310, family="code", authors=True)
def frac_lines_assert(view: View) -> float | None:
    """As 33 with the substring, strings included (B14)."""
    return share_with(view, "assert")


@signal(311, family="doc", authors=True)
def frac_words_full_bracket(view: View) -> float | None:
    """As 41, but only tokens that are a lenticular bracket alone."""
    return share(sum(word in ("【", "】") for word in view.raw_words), len(view.raw_words))


@signal(312, family="doc", authors=True)
def frac_chars_alphabet(view: View) -> float | None:
    """As 62, but null unless the text is English."""
    if view.natural_language != "en":
        return None
    return view.characters.letters / view.num_visible if view.num_visible else 0.0
