"""Code part and comment part of a text, by one linear scan over the comment and string syntax of its language.

The split follows the Pygments token types that the RefineCode filter counts as comments (Comment.Single, .Multiline,
.Hashbang, .Special and String.Doc), with its input rules: a byte order mark goes, blank lines at both ends go, one
line feed ends the text. Three differences, on purpose: plain `Comment` tokens (CSS, makefiles, CMake) count too; a
line comment never holds the line feed that ends it, else `a; // x` and the next line of code become one line; and
every language of data/comment_syntax.json is split, where the authors fall back to a splitter that takes the rest of
the file for a comment (their defect B4). Preprocessor lines are code.
"""

from __future__ import annotations

from dataclasses import dataclass

from udfs.signals.comment_programs import program_of
from udfs.signals.comment_styles import COMMENT, DOC, NESTED, STRING, Style, languages, style
from udfs.signals.quoted import Quoted, quoted
from udfs.signals.scanned import _OPERATORS, _PREFIXES, Scanned


@dataclass(frozen=True, slots=True)
class Split:
    """`code` and `comments` partition the trimmed text; `how` names the style that was used, or "unknown"."""

    code: str
    comments: str
    how: str
    pieces: list[str]  # the code, cut so that each quoted string is one piece
    string_at: list[int]  # where in `pieces` the quoted strings are
    comment_tokens: list[str]
    comment_at: list[int]  # the piece, empty, in the place of each comment

    @property
    def strings(self) -> list[str]:
        """Quoted strings with their quotes, in order."""
        return [self.pieces[i] for i in self.string_at]

    @property
    def bare(self) -> str:
        """The code with every quoted string emptied."""
        pieces = self.pieces.copy()
        for i in self.string_at:
            pieces[i] = '""'
        return "".join(pieces)

    @property
    def emptied(self) -> bytes:
        """The code with "" for each string, docstrings included: those are statements of their own."""
        pieces = self.pieces.copy()
        for i in self.string_at:
            pieces[i] = '""'
        for i, token in zip(self.comment_at, self.comment_tokens, strict=True):
            if token[0] in "\"'":
                pieces[i] = '""'
        return "".join(pieces).encode("utf-8", "surrogatepass")

    @property
    def code_utf8(self) -> bytes:
        return self.code.encode("utf-8", "surrogatepass")

    @property
    def comment_chars(self) -> int:
        return len(self.comments)

    @property
    def comment_text(self) -> str:
        """Comments with a line feed after each, so that two never share a line."""
        return "\n".join(self.comment_tokens)

    @property
    def quoted(self) -> Quoted:
        """What stands between the quotes of the quoted strings."""
        return quoted(self.code, self.strings)


def trimmed(text: str) -> str:
    """The text as a Pygments lexer sees it; "" where nothing but blank lines is left."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = text.removeprefix("\ufeff").strip("\n")
    return text + "\n" if text else ""


def split(text: str, language: str) -> Split | Scanned:
    """Split `text` by the syntax of `language`, a name of the RefineCode language table. Unknown: all is code."""
    found = languages().get(language, "")
    how, text = found or "unknown", trimmed(text)
    if not text:
        return Split("", "", how, [""], [], [], [])
    program = program_of(found or "plain")
    if program:
        lined = "\n" + text if program.at_line else text
        return Scanned(lined.encode("utf-8", "surrogatepass"), program, int(program.at_line), how, program.docs)
    syntax = style(found)
    if syntax.pattern is None:
        return Split(text, "", how, [text], [], [], [])
    return _split(syntax, "\n" + text if syntax.at_line else text, how)


def _split(syntax: Style, lined: str, how: str) -> Split:
    """By the style's pattern."""
    nests = any(opener in lined for opener in syntax.nested)
    pieces, kinds = (_tokens_one_by_one if nests else _tokens)(syntax, lined)
    if syntax.at_line:
        pieces[0] = pieces[0][1:]  # the first piece starts with our line feed: no comment holds one at its start
    return _sorted(pieces, kinds, how)


def _tokens(syntax: Style, text: str) -> tuple[list[str], list[int]]:
    """Code and tokens by turns, code first and last, and the kind of each token: all found in one call."""
    assert syntax.pattern is not None
    start = text.find(syntax.island) if syntax.island else 0
    if start < 0:
        return [text], []
    found = syntax.pattern.split(text[start:])
    each = syntax.pattern.groups + 1
    pieces = [text[:start]] * (2 * (len(found) // each) + 1)
    pieces[::2], pieces[1::2] = found[::each], found[1::each]
    pieces[0] = text[:start] + pieces[0]
    kinds = [STRING] * (len(pieces) // 2)
    for kind, group, own in syntax.marks:
        for i, mark in enumerate(found[group::each]):
            if mark is not None:
                kinds[i] = kind
                if own:
                    _shorten(pieces, 2 * i + 1, found[own + i * each])
    return pieces, kinds


def _tokens_one_by_one(syntax: Style, text: str) -> tuple[list[str], list[int]]:
    """The same where comments may hold comments, whose end is searched for behind each opener."""
    assert syntax.pattern is not None
    pieces, kinds = list[str](), list[int]()
    done = resume = 0
    while resume >= 0:
        start, resume = resume, -1
        for match in syntax.pattern.finditer(text, start):
            begin, end = match.span()
            kind = next((mark.kind for mark in syntax.marks if match.start(mark.group) >= 0), STRING)
            if kind == NESTED:
                kind, end = COMMENT, _nested_end(syntax, text, begin, end)
                resume = end
            pieces += text[done:begin], text[begin:end]
            kinds.append(kind)
            done = end
            if resume >= 0:
                break
    pieces.append(text[done:])
    return pieces, kinds


def _shorten(pieces: list[str], at: int, comment: str) -> None:
    """Give what a token holds before its comment to the code before it."""
    pieces[at - 1] += pieces[at].removesuffix(comment)
    pieces[at] = comment


def _nested_end(syntax: Style, text: str, begin: int, end: int) -> int:
    """Where the nested comment that opens at `begin` ends; the text's end if it is never closed."""
    marks, close = syntax.nested[text[begin:end]]
    depth = 1
    for mark in marks.finditer(text, end):
        depth += -1 if mark.group() == close else 1
        if depth == 0:
            return mark.end()
    return len(text)


def _sorted(pieces: list[str], kinds: list[int], how: str) -> Split:
    """Take the comments out of the pieces."""
    comment_at: list[int] = []
    comments: list[str] = []
    docs = _Statements(pieces)
    for i, kind in enumerate(kinds):
        if kind < COMMENT:  # code or a string
            continue
        at = 2 * i + 1
        if kind == DOC and not docs.begins(at):
            kinds[i] = STRING
            continue
        comment_at.append(at)
        comments.append(pieces[at])
        pieces[at] = ""
    string_at = [2 * i + 1 for i, kind in enumerate(kinds) if kind == STRING]
    return Split("".join(pieces), "".join(comments), how, pieces, string_at, comments, comment_at)


class _Statements:
    """Says whether a triple-quoted string is a statement of its own. Looks at each piece of code once."""

    def __init__(self, pieces: list[str]) -> None:
        self.pieces, self.seen, self.last = pieces, 0, ""

    def begins(self, at: int) -> bool:
        """The string at this place of the pieces; the comments before it are taken out."""
        before = self.pieces[at - 1]
        line = before.rfind("\n")
        if (line < 0 and at > 1) or before[line + 1 :].strip().lower() not in _PREFIXES:
            return False
        for i in range(self.seen, at):
            code = self.pieces[i].rstrip()
            if i == at - 1 and line >= 0:
                code = before[:line].rstrip()  # without the string's own prefix letters
            self.last = code[-1] if code else self.last
        self.seen = at
        return self.last not in _OPERATORS
