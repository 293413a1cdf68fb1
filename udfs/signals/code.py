"""General code signals, rules 1 to 33 of the RefineCode filter (17, the size on disk, is in paths.py).

Numbers and names are the authors'. A docstring gives the definition and, after "Authors:", what they do otherwise.
"""

from __future__ import annotations

import re

from udfs.marks import says_generated
from udfs.signals.encoded import encoded_lengths
from udfs.signals.registry import signal
from udfs.signals.views import View, share

_AUTOGEN_WORDS = ("gen", "automatically", "do not", "don't", "never", " not be ")  # one of them is in every match
_HEX_WORD = re.compile(r"0[xX](?<!\w0[xX])[0-9a-fA-F]++(?!\w)")
# Each match runs to the end of its line, so a line counts once.
_PROMPT = re.compile(r"\b(?:(?:TODO|FIXME)\b|(?:[Tt]odo|[Ff]ixme)[ \t]{0,4}[:(]|(?i:your code here)\b)[^\n]*+")
_ASSERT = re.compile(r"assert(?<![a-z0-9]assert)[^\n]*+")
_CONCAT = re.compile(r'=[ \t]{0,8}(?:[rbuf]{1,2})?""[ \t]{0,8}\+[ \t]{0,8}(?:[rbuf]{1,2})?""[^\n]*+')


@signal(1, family="code")
def num_words(view: View) -> int:
    """Number of normalised words WN."""
    return view.words.total


@signal(2, family="code")
def num_chars(view: View) -> int:
    """Characters of the raw text R, with CRLF and CR read as LF."""
    return view.num_chars


@signal(3, family="code")
def mean_word_length(view: View) -> float | None:
    """Characters of WN / number of WN; null without words."""
    return share(view.words.chars, view.words.total)


@signal(4, family="code")
def frac_words_unique(view: View) -> float | None:
    """Distinct WN / WN; null without words."""
    return share(len(view.words.counts), view.words.total)


@signal(5, family="code")
def frac_chars_top_2grams(view: View) -> float:
    """Characters of the most frequent 2-gram of WN times its count / characters of WN; 0.0 if none occurs twice. Of
    equally frequent ones the first counts; overlaps cannot carry it above 1.0.
    """
    return view.top_ngram_share(2)


@signal(6, family="code")
def frac_chars_top_3grams(view: View) -> float:
    """As rule 5 with 3-grams."""
    return view.top_ngram_share(3)


@signal(7, family="code")
def frac_chars_top_4grams(view: View) -> float:
    """As rule 5 with 4-grams."""
    return view.top_ngram_share(4)


@signal(8, family="code")
def frac_chars_dupe_5grams(view: View) -> float:
    """Characters of WN covered by a 5-gram that occurs twice or more, each word once, the first occurrence too /
    characters of WN; 0.0 if there are fewer words.
    """
    return view.dupe_ngram_share(5)


@signal(9, family="code")
def frac_chars_dupe_6grams(view: View) -> float:
    """As rule 8 with 6-grams."""
    return view.dupe_ngram_share(6)


@signal(10, family="code")
def frac_chars_dupe_7grams(view: View) -> float:
    """As rule 8 with 7-grams."""
    return view.dupe_ngram_share(7)


@signal(11, family="code")
def frac_chars_dupe_8grams(view: View) -> float:
    """As rule 8 with 8-grams."""
    return view.dupe_ngram_share(8)


@signal(12, family="code")
def frac_chars_dupe_9grams(view: View) -> float:
    """As rule 8 with 9-grams."""
    return view.dupe_ngram_share(9)


@signal(13, family="code")
def frac_chars_dupe_10grams(view: View) -> float:
    """As rule 8 with 10-grams."""
    return view.dupe_ngram_share(10)


@signal(14, family="code")
def frac_chars_replacement_symbols(view: View) -> float | None:
    """U+FFFD characters / R; null if empty."""
    return share(view.raw.count("\ufffd"), view.num_chars)


@signal(15, family="code")
def frac_chars_digital(view: View) -> float:
    """Digits / characters that are not whitespace; 1.0 if there are none."""
    return view.characters.digits / view.num_visible if view.num_visible else 1.0


@signal(16, family="code")
def frac_chars_whitespace(view: View) -> float:
    """Whitespace characters / R; 1.0 if empty."""
    return view.characters.spaces / view.num_chars if view.num_chars else 1.0


@signal(18, family="code")
def num_lines(view: View) -> int:
    """Lines, blank ones included; a final line feed opens no further line."""
    return view.lines.total


@signal(19, family="code")
def num_chars_line_max(view: View) -> int:
    """Characters of the longest line, its line feed included."""
    return view.lines.longest


@signal(20, family="code")
def num_chars_line_mean(view: View) -> float | None:
    """Mean characters of a line, line feeds included; null without lines."""
    return share(view.num_chars, view.lines.total)


@signal(21, family="code")
def frac_chars_alphabet(view: View) -> float:
    """Letters of any script / characters that are not whitespace; 0.0 if there are none."""
    return view.characters.letters / view.num_visible if view.num_visible else 0.0


@signal(22, family="code")
def frac_chars_comments(view: View) -> float | None:
    """Characters of comments K with their markers / R; null if empty. Authors: Python has a second extractor on its
    own syntax tree that gives 0 for a file that does not parse (B15), and 350 languages without a Pygments lexer count
    all that follows the first comment (B4). Here one linear scanner serves every language.
    """
    return min(1.0, view.parts.comment_chars / view.num_chars) if view.num_chars else None


@signal(23, family="code")
def cate_xml_start(view: View) -> bool:
    """An XML declaration opens in the first 100 characters."""
    return "<?xml" in view.raw[:100]


@signal(24, family="code")
def frac_lines_dupe_lines(view: View) -> float | None:
    """LC without whitespace: all copies of lines that occur more than once, except lines of one character and the
    line of a closing brace and a comma / LC; null without lines.
    """
    return share(view.code_lines.copies, view.num_code_lines)


@signal(25, family="code")
def cate_autogen(view: View) -> bool:
    """In the first 200 characters a line, its comment signs aside, begins by saying that the file is generated:
    "auto-generated", "generated by", "@generated", "this file/code/... is generated", or "do not edit/modify" it.
    Prose about what is generated is no such line. Authors: the bare substring "generate" anywhere, which alone
    takes 9 % of the Python standard library (B6).
    """
    start = view.raw[:200]
    lowered = start.lower()
    return any(word in lowered for word in _AUTOGEN_WORDS) and says_generated(start.split("\n"))


@signal(26, family="code")
def frac_lines_long_string(view: View) -> float | None:
    """Lines of quoted strings of C with more than 20 word-punct tokens / LC, at most 1.0; null without lines.
    Authors: one quote pattern for every language; here a string is what the language's syntax says, so that
    apostrophes open none.
    """
    found = share(view.quoted.long_lines, view.num_code_lines)
    return None if found is None else min(1.0, found)


@signal(27, family="code")
def frac_chars_string_length(view: View) -> float | None:
    """Characters between the quotes of quoted strings / C; null if C is empty. Authors: only strings on one line;
    here a string that spans lines counts too.
    """
    return share(view.quoted.chars, len(view.code))


@signal(28, family="code")
def frac_chars_long_word_length(view: View) -> float | None:
    """Inside quoted strings, characters of whitespace-separated words longer than 20 that hold no http(s) address /
    C; null if C is empty. Authors: null when a regular expression takes a second; this one is linear.
    """
    return share(view.quoted.long_word_chars, len(view.code))


@signal(29, family="code")
def frac_lines_string_concat(view: View) -> float | None:
    """LC that assign a quoted string joined to another by plus / LC; null without lines. Authors: a second per line
    on a backtracking pattern; here on the code with its strings emptied, linear.
    """
    return share(len(_CONCAT.findall(view.bare_lower)), view.num_code_lines)


@signal(30, family="code")
def cate_encoded_data(view: View) -> bool:
    """Encoded data: runs of 64 or more base64 characters (over line ends, if every line but the last is that long), 8
    or more hexadecimal byte pairs, 8 or more \\u escapes. True if one is longer than 1,024 characters or all together
    are more than half of R. Authors: a base64 run may be cut into lines of any length, so a word list is one.
    """
    lengths = encoded_lengths(view.utf8)
    return bool(lengths) and (max(lengths) > 1024 or 2 * sum(lengths) > view.num_chars)


@signal(31, family="code")
def frac_chars_hex_words(view: View) -> float | None:
    """Characters of whole 0x... words in C / C; null if C is empty."""
    return share(sum(map(len, _HEX_WORD.findall(view.code))), len(view.code))


@signal(32, family="code")
def frac_lines_prompt_comments(view: View) -> float | None:
    """Comment lines that hold the words TODO or FIXME, todo or fixme before a colon or a bracket, or "your code
    here" in any case / all lines; null without lines. Authors: substrings in any case, so that Spanish "todo" counts
    (B14). Even so one such line in a file of fewer than 100 lines is above the threshold.
    """
    lower = view.comment_text.lower()
    asked = "todo" in lower or "fixme" in lower or "your code here" in lower
    return share(len(_PROMPT.findall(view.comment_text)) if asked else 0, view.lines.total)


@signal(33, family="code")
def frac_lines_assert(view: View) -> float | None:
    """LC with a name that starts with "assert" or has it after an underscore (assertEquals, ASSERT_EQ, static_assert,
    assert_eq!), strings left out / LC, at most 1.0; null without lines. Authors: the substring anywhere (B14).
    """
    found = share(len(_ASSERT.findall(view.bare_lower)), view.num_code_lines)
    return None if found is None else min(1.0, found)
