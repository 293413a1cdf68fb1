"""Document signals, rules 34 to 65 of the RefineCode filter (59, the file name, is in paths.py).

Numbers and names are the authors'. A docstring gives the definition and, after "Authors:", what they do otherwise.
"""

from __future__ import annotations

import re

import numpy as np

from udfs.signals.registry import signal
from udfs.signals.views import View, share
from udfs.signals.words import BULLETS, READ_MORE, stop_words

_LINK_OR_TAG = re.compile(r"\(https?://[^\s()]*+\)|<[^<>]++>")
_HEX_WORD = re.compile(r"0[xX](?<!\w0[xX])[0-9a-fA-F]++(?!\w)")
_CLOSING = " \t\r\v\f)]}>）］｝】》」』〉\"'"


@signal(34, family="doc")
def frac_chars_curly_bracket(view: View) -> float | None:
    """{ and } / R; null if empty."""
    return share(view.raw.count("{") + view.raw.count("}"), view.num_chars)


@signal(35, family="doc")
def frac_words_redpajama_stop(view: View) -> float | None:
    """Stop words / WN for English, French, Spanish, Italian and German; null otherwise and without words. The lists
    are ours: the authors take RedPajama's.
    """
    listed = stop_words(view.natural_language)
    if listed is None:
        return None
    return share(view.words.occurrences(listed), view.words.total)


@signal(36, family="doc")
def num_sentences(view: View) -> int:
    """Pieces between sentence terminators (. ! ? and the CJK, Arabic and Urdu forms) that hold a word character."""
    return view.document.sentences


@signal(37, family="doc")
def num_words(view: View) -> int:
    """Number of normalised words WN. Chinese: see udfs/signals/words.py; no conversion to simplified characters."""
    return view.words.total


@signal(38, family="doc")
def num_chars(view: View) -> int:
    """Characters of the raw text R."""
    return view.num_chars


@signal(39, family="doc")
def num_lines(view: View) -> int:
    """Lines, blank ones included; a final line feed opens no further line."""
    return view.lines.total


@signal(40, family="doc")
def mean_word_length(view: View) -> float | None:
    """Characters of WN / number of WN; null without words."""
    return share(view.words.chars, view.words.total)


@signal(41, family="doc")
def frac_words_full_bracket(view: View) -> float | None:
    """Tokens of WR with a lenticular bracket / WR; null without words. Authors: only a token that is the bracket
    alone, so one next to other punctuation is missed.
    """
    return share(view.word_forms.brackets, view.word_forms.total)


@signal(42, family="doc")
def frac_lines_end_with_readmore(view: View) -> float | None:
    """Lines that end, closing brackets and quotes trimmed, with an ellipsis or a Chinese, Arabic or Japanese "more",
    "details", "read on" / lines; null without lines. The word list is ours, after the authors' ten.
    """
    lines = view.raw_lines
    return share(sum(line.rstrip(_CLOSING).endswith(READ_MORE) for line in lines), len(lines))


@signal(43, family="doc")
def frac_lines_start_with_bullet(view: View) -> float | None:
    """Lines whose first visible character is a bullet (no ASCII hyphen or asterisk) / lines; null without lines."""
    lines = view.stripped_lines
    if view.raw.isascii():
        return share(0, len(lines))
    return share(sum(line[:1] in BULLETS for line in lines), len(lines))


@signal(44, family="doc")
def frac_words_unique(view: View) -> float | None:
    """Distinct WN / WN; null without words."""
    return share(len(view.words.counts), view.words.total)


@signal(45, family="doc")
def entropy_unigram(view: View) -> float | None:
    """Entropy of the distribution of WN, natural logarithm; null without words."""
    if not view.words.total:
        return None
    p = np.sort(view.words.counts) / view.words.total  # sorted: the sum then depends on the counts alone
    return abs(float(-(p * np.log(p)).sum()))


@signal(46, family="doc")
def frac_words_all_caps(view: View) -> float | None:
    """WR in capitals / WR; null without words."""
    return share(view.word_forms.capitals, view.word_forms.total)


@signal(47, family="doc")
def frac_lines_dupe_lines(view: View) -> float | None:
    """All copies of repeated lines, stripped, blank lines left out / lines that are not blank; null without any."""
    counts = view.line_counts
    return share(sum(n for line, n in counts.items() if n > 1 and line), counts.total() - counts[""])


@signal(48, family="doc")
def frac_chars_dupe_lines(view: View) -> float | None:
    """Characters of all copies of repeated lines / characters of all lines, stripped; null without any."""
    counts = view.line_counts
    whole = sum(len(line) * n for line, n in counts.items())
    return share(sum(len(line) * n for line, n in counts.items() if n > 1), whole)


@signal(49, family="doc")
def frac_chars_top_2grams(view: View) -> float:
    """As rule 5."""
    return view.top_ngram_share(2)


@signal(50, family="doc")
def frac_chars_top_3grams(view: View) -> float:
    """As rule 5 with 3-grams."""
    return view.top_ngram_share(3)


@signal(51, family="doc")
def frac_chars_top_4grams(view: View) -> float:
    """As rule 5 with 4-grams."""
    return view.top_ngram_share(4)


@signal(52, family="doc")
def frac_chars_dupe_5grams(view: View) -> float:
    """As rule 8."""
    return view.dupe_ngram_share(5)


@signal(53, family="doc")
def frac_chars_dupe_6grams(view: View) -> float:
    """As rule 8 with 6-grams."""
    return view.dupe_ngram_share(6)


@signal(54, family="doc")
def frac_chars_dupe_7grams(view: View) -> float:
    """As rule 8 with 7-grams."""
    return view.dupe_ngram_share(7)


@signal(55, family="doc")
def frac_chars_dupe_8grams(view: View) -> float:
    """As rule 8 with 8-grams."""
    return view.dupe_ngram_share(8)


@signal(56, family="doc")
def frac_chars_dupe_9grams(view: View) -> float:
    """As rule 8 with 9-grams."""
    return view.dupe_ngram_share(9)


@signal(57, family="doc")
def frac_chars_dupe_10grams(view: View) -> float:
    """As rule 8 with 10-grams."""
    return view.dupe_ngram_share(10)


@signal(58, family="doc")
def frac_chars_replacement_symbols(view: View) -> float | None:
    """U+FFFD characters / R; null if empty."""
    return share(view.raw.count("\ufffd"), view.num_chars)


@signal(60, family="doc")
def num_chars_sentence_length_mean(view: View) -> float | None:
    """Mean characters of the pieces between . ? ! and line feeds, stripped, empty ones left out; null without any."""
    return share(view.document.piece_chars, view.document.pieces)


@signal(61, family="doc")
def frac_chars_hyperlink_html_tag(view: View) -> float | None:
    """Characters of http(s) links in round brackets and of spans in angle brackets, the brackets included / R; null
    if empty.
    """
    return share(sum(map(len, _LINK_OR_TAG.findall(view.raw))), view.num_chars)


@signal(62, family="doc")
def frac_chars_alphabet(view: View) -> float:
    """Letters of any script / characters that are not whitespace; 0.0 if there are none. Authors: null unless the
    text is English, so that their Chinese rule on it never fires.
    """
    return view.characters.letters / view.num_visible if view.num_visible else 0.0


@signal(63, family="doc")
def frac_chars_digital(view: View) -> float:
    """Digits / characters that are not whitespace; 1.0 if there are none."""
    return view.characters.digits / view.num_visible if view.num_visible else 1.0


@signal(64, family="doc")
def frac_chars_whitespace(view: View) -> float:
    """Whitespace characters / R; 1.0 if empty."""
    return view.characters.spaces / view.num_chars if view.num_chars else 1.0


@signal(65, family="doc")
def frac_chars_hex_words(view: View) -> float | None:
    """Characters of whole 0x... words / R; null if empty."""
    return share(sum(map(len, _HEX_WORD.findall(view.raw))), view.num_chars)
