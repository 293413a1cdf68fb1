"""Views of one text that several signals share, each computed at most once.

Counting is done on the UTF-8 bytes where ASCII decides and on the distinct other characters where it does not.
Names follow docs/rules.md: R raw text, V without whitespace, LR lines, C and K code and comments, LC and LK their
non-blank lines, WN and WR normalised and raw words.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np

from udfs.lexing import Split, split
from udfs.signals.ngrams import WordCounts, count_spaced, count_words, ngram_chars
from udfs.signals.python_text import PythonText
from udfs.signals.syntax import TooMuchToParse, parse
from udfs.signals.words import normalised, normalised_words, raw_words

_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_OTHER_SPACE = re.compile(r"[^\S\x00-\x7f]+")
_BLANKS = b" \t\r\v\f\x1c\x1d\x1e\x1f"
_SPACES = np.frombuffer(b"\n" + _BLANKS, np.uint8)
_DIGITS = np.frombuffer(string.digits.encode(), np.uint8)
_LETTERS = np.frombuffer(string.ascii_letters.encode(), np.uint8)


class View:
    """One text, its language and its natural language."""

    def __init__(self, text: str, language: str, natural_language: str) -> None:
        self.language = language
        self.natural_language = natural_language
        self.raw = text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
        self.num_chars = len(self.raw)

    # Characters

    @cached_property
    def utf8(self) -> bytes:
        return self.raw.encode("utf-8", "surrogatepass")

    @cached_property
    def byte_counts(self) -> np.ndarray:
        return np.bincount(np.frombuffer(self.utf8, np.uint8), minlength=128)

    @cached_property
    def others(self) -> Counter[str]:
        """Characters outside ASCII with their counts."""
        if self.raw.isascii():
            return Counter()
        return Counter("".join(_NOT_ASCII.findall(self.raw)))

    def count(self, ascii_codes: np.ndarray, other: Callable[[str], bool]) -> int:
        return int(self.byte_counts[ascii_codes].sum()) + sum(n for c, n in self.others.items() if other(c))

    @cached_property
    def num_whitespace(self) -> int:
        return self.count(_SPACES, str.isspace)

    @cached_property
    def num_digits(self) -> int:
        return self.count(_DIGITS, str.isdigit)

    @cached_property
    def num_letters(self) -> int:
        return self.count(_LETTERS, str.isalpha)

    @cached_property
    def num_visible(self) -> int:
        """Characters of V."""
        return self.num_chars - self.num_whitespace

    # Lines

    @cached_property
    def raw_lines(self) -> list[str]:
        """LR without their line feeds."""
        lines = self.raw.split("\n")
        return lines if lines[-1] else lines[:-1]

    @cached_property
    def longest_line(self) -> int:
        """Characters of the longest line, its line feed included."""
        lines = self.raw_lines
        if self.raw.endswith("\n"):
            return max(map(len, lines)) + 1
        return max(max(map(len, lines[:-1]), default=-1) + 1, len(lines[-1])) if lines else 0

    @cached_property
    def stripped_lines(self) -> list[str]:
        return [line.strip() for line in self.raw_lines]

    # Words

    @cached_property
    def words(self) -> WordCounts:
        """WN by number."""
        spaced, cut = normalised(self.utf8, self.natural_language)
        return count_spaced(spaced) if cut is None else count_words(cut)

    @cached_property
    def normalised_words(self) -> list[str]:
        """WN as text."""
        return normalised_words(self.utf8, self.natural_language)

    @cached_property
    def raw_words(self) -> list[str]:
        return raw_words(self.raw, self.natural_language)

    @cached_property
    def _ngrams(self) -> tuple[dict[int, int], dict[int, int]]:
        return ngram_chars(self.words)

    def top_ngram_share(self, n: int) -> float:
        """Characters of the most frequent word n-gram times its count / characters of all words; 0.0 if no n-gram
        occurs twice. Overlapping occurrences all count, so the share is capped at 1.0.
        """
        return min(1.0, self._ngrams[0][n] / self.words.chars) if self.words.chars else 0.0

    def dupe_ngram_share(self, n: int) -> float:
        """Characters of words covered by a repeated word n-gram / characters of all words; 0.0 without words."""
        return self._ngrams[1][n] / self.words.chars if self.words.chars else 0.0

    # Code and comments

    @cached_property
    def parts(self) -> Split:
        return split(self.raw, self.language)

    @cached_property
    def code(self) -> str:
        return self.parts.code

    @cached_property
    def bare(self) -> str:
        """C with its strings emptied: where words of the language itself are looked for."""
        return self.parts.bare

    @cached_property
    def bare_lower(self) -> str:
        return self.bare.lower()

    @cached_property
    def _parsed(self) -> Any:
        try:
            return parse(self.utf8.removeprefix(b"\xef\xbb\xbf"), self.language)
        except TooMuchToParse as error:  # kept, so that no other signal tries again
            return error

    @property
    def tree(self) -> Any:
        """The tree-sitter tree of the text, without a byte order mark. Raises TooMuchToParse."""
        if isinstance(self._parsed, TooMuchToParse):
            raise self._parsed
        return self._parsed

    @cached_property
    def dense_code_lines(self) -> list[bytes]:
        """LC with all whitespace removed, as UTF-8."""
        code = self.code if self.code.isascii() else _OTHER_SPACE.sub("", self.code)
        return [line for line in code.encode("utf-8", "surrogatepass").translate(None, _BLANKS).split(b"\n") if line]

    @property
    def num_code_lines(self) -> int:
        return len(self.dense_code_lines)

    @cached_property
    def comment_text(self) -> str:
        """Comments with a line feed after each, so that two never share a line."""
        return "\n".join(self.parts.comment_tokens)

    @cached_property
    def strings(self) -> list[str]:
        """What stands between the quotes of the quoted strings of C, in order."""
        return [_inside(s) for s in self.parts.strings]

    # What the signals of one language share

    @cached_property
    def whole_tree(self) -> Any | None:
        """The tree of a text without an error, else None. Raises TooMuchToParse."""
        return None if self.tree.root_node.has_error else self.tree

    @cached_property
    def python(self) -> PythonText:
        return PythonText(self.raw, self.parts)


def _inside(quoted: str) -> str:
    quote = quoted[:3] if quoted.startswith(('"""', "'''")) else quoted[0]
    inner = quoted[len(quote) :]
    return inner.removesuffix(quote)


def share(part: float, whole: float) -> float | None:
    """part / whole, None of nothing."""
    return part / whole if whole else None
