"""Views of one text that several signals share, each computed at most once.

Characters and words are counted in compiled loops over the UTF-8 bytes (udfs/signals/characters.py has the classes).
Names follow docs/rules.md: R raw text, V without whitespace, LR lines, C and K code and comments, LC and LK their
non-blank lines, WN and WR normalised and raw words.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from udfs.signals.characters import Counts
from udfs.signals.document_text import DocumentText, RawWords, counted, document_text
from udfs.signals.lexing import Split, split
from udfs.signals.ngrams import WordCounts, count_spaced, count_words, ngram_chars
from udfs.signals.once import once
from udfs.signals.python_text import PythonText
from udfs.signals.quoted import Quoted
from udfs.signals.scanned import Scanned
from udfs.signals.syntax import TooMuchToParse, parse
from udfs.signals.text_lines import CodeLines, TextLines, code_lines, text_lines
from udfs.signals.words import normalised, raw_words


class View:
    """One text, its language and its natural language."""

    def __init__(self, text: str, language: str, natural_language: str) -> None:
        self.language = language
        self.natural_language = natural_language
        self.raw = text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
        self.num_chars = len(self.raw)

    # Characters

    @once
    def utf8(self) -> bytes:
        return self.raw.encode("utf-8", "surrogatepass")

    @once
    def characters(self) -> Counts:
        return Counts(self.utf8)

    @once
    def num_visible(self) -> int:
        """Characters of V."""
        return self.num_chars - self.characters.spaces

    # Lines

    @once
    def raw_lines(self) -> list[str]:
        """LR without their line feeds."""
        lines = self.raw.split("\n")
        return lines if lines[-1] else lines[:-1]

    @once
    def lines(self) -> TextLines:
        """LR: how many, and the longest."""
        return text_lines(self.utf8)

    @once
    def stripped_lines(self) -> list[str]:
        return list(map(str.strip, self.raw_lines))

    @once
    def line_counts(self) -> Counter[str]:
        """LR, stripped, with how often each occurs."""
        return Counter(self.stripped_lines)

    # Words

    @once
    def words(self) -> WordCounts:
        """WN by number."""
        spaced, cut = normalised(self.utf8, self.natural_language)
        return count_spaced(spaced) if cut is None else count_words(cut)

    @once
    def document(self) -> DocumentText:
        return document_text(self.utf8)

    @property
    def word_forms(self) -> RawWords:
        """What the words of WR look like."""
        return self._cut_words if self.natural_language == "zh" else self.document.words

    @once
    def _cut_words(self) -> RawWords:
        return counted(self.raw_words)

    @once
    def raw_words(self) -> list[str]:
        return raw_words(self.raw, self.natural_language)

    @once
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

    @once
    def parts(self) -> Split | Scanned:
        return split(self.raw, self.language)

    @once
    def code(self) -> str:
        return self.parts.code

    @once
    def bare(self) -> str:
        """C with its strings emptied: where words of the language itself are looked for."""
        return self.parts.bare

    @once
    def bare_lower(self) -> str:
        return self.bare.lower()

    @once
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

    @once
    def code_lines(self) -> CodeLines:
        """LC without white space."""
        return code_lines(self.parts.code_utf8)

    @property
    def num_code_lines(self) -> int:
        return self.code_lines.total

    @once
    def comment_text(self) -> str:
        """Comments with a line feed after each, so that two never share a line."""
        return self.parts.comment_text

    @once
    def quoted(self) -> Quoted:
        """What stands between the quotes of the quoted strings of C."""
        return self.parts.quoted

    # What the signals of one language share

    @once
    def whole_tree(self) -> Any | None:
        """The tree of a text without an error, else None. Raises TooMuchToParse."""
        return None if self.tree.root_node.has_error else self.tree

    @once
    def python(self) -> PythonText:
        return PythonText(self.raw, self.parts)


def share(part: float, whole: float) -> float | None:
    """part / whole, None of nothing."""
    return part / whole if whole else None
