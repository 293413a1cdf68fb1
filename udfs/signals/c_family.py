"""What C, C++, C# and Java share: patterns of declarations, and counts of the lines they start.

The patterns work on bare code, comments gone and strings emptied, from the start of a line. All repeats are possessive
and a bracketed list holds one more level at most, so a match fails after a few brackets: linear on any input. They
read declarations without knowing types: two words and a name before a bracket, of which the first is no statement's.
"""

from __future__ import annotations

import re
from typing import Any

from udfs.signals.views import View, share

# No declaration starts with one of these.
_STATEMENTS = (
    "return|else|if|for|foreach|while|do|switch|case|default|goto|throw|new|delete|sizeof|typedef|using|namespace|"
    "break|continue|yield|await|assert|import|package|lock|friend|co_return|co_await|co_yield|and|or|not|in|is|as|"
    "catch|try|finally|require|requires|typename|operator|template[ \\t]++class|where|select|from|let|join|orderby"
)
# A type of one word, what may stand between, and further words up to the name. The word boundary keeps "int f" apart.
_TYPE = rf"(?!(?:{_STATEMENTS})\b)[A-Za-z_@\[~][\w:.<>,?\[\]@~]*+"
_HEAD = _TYPE + r"[ \t*&]++(?=[A-Za-z_~])[\w:.<>,?\[\]@~ \t*&]*+"
BRACKETS = r"\([^()]*+(?:\([^()]*+\)[^()]*+)*+\)"
_OPERATOR = r"(?:(?<=operator)(?:\(\)|[^\w\s(;]{1,3})[ \t]*+)?"
# After the list: qualifiers, exceptions, one more list as in noexcept(...), and the mark that ends a declaration.
_TAIL = (
    rf"\s*+(?:throws\b[^;{{}}()=]*+)?[^;{{}}()=,:]{{0,200}}+(?:{BRACKETS}[^;{{}}()=,:]{{0,200}}+)?"
    r"(?:[{;:]|=>|=[ \t]*+(?:0|default|delete)\b)"
)
FUNCTION = re.compile(rf"\n[ \t]*+{_HEAD}{_OPERATOR}{BRACKETS}{_TAIL}")
# The type stands on the line above, as GNU writes it, or the name is the class's own: only with a body.
NAME_FIRST = re.compile(
    rf"\n(?:(?!(?:{_STATEMENTS})\b)[A-Za-z_]\w*+(?:::~?\w++)*+|[ \t]*+~\w++)"
    rf"[ \t]*+{BRACKETS}[^;{{}}()=,:]{{0,200}}+[{{:]"
)
VARIABLE = re.compile(rf"\n[ \t]*+(?!(?:class|struct|enum|union|interface)[ \t]++\w++[ \t]*+;){_HEAD}(?=[=;])")
BARE_VARIABLE = re.compile(rf"\n[ \t]*+(?!(?:class|struct|enum|union|interface)[ \t]++\w++[ \t]*+;){_HEAD};")
_BASIC = (
    "void|bool|_Bool|char|short|int|long|float|double|size_t|ssize_t|wchar_t|u?int(?:8|16|32|64)_t|unsigned|signed|"
    "string|auto"
)
BASIC_VARIABLE = re.compile(
    rf"\n[ \t]*+(?:(?:static|const|extern|volatile|register|constexpr|mutable|inline|std::)[ \t]*+)*+(?:{_BASIC})\b"
    r"[\w \t*&,\[\]]*+;"
)
CLASS = re.compile(
    r"\n[ \t]*+(?:(?:public|private|protected|internal|static|abstract|final|sealed|partial|typedef|unsafe|readonly|"
    r"strictfp|non-sealed|template[ \t]*+<[^<>\n]*+>)[ \t]++)*+"
    r"(?:class|struct|interface|@interface|enum(?:[ \t]++class)?|union|record)\b(?=[^;{}()=\n]*+[\n]?[^;{}()=\n]*+[{(])"
)
SIMPLE_RETURN = re.compile(r"\n[ \t]*+return\b[ \t]*+-?[\w.:]*+(?:\"\")?[ \t]*+;")
RETURN = re.compile(r"\n[ \t]*+return\b")
INCLUDE = re.compile(r"\n[ \t]*+#[ \t]*+(?:include|import)\b")
GOTO = re.compile(r"goto(?<!\wgoto)(?!\w)[^\n]*+")
_DIRECTIVE = re.compile(
    r"\n[ \t]*+#[ \t]*+(?:define|undef|include|import|if|ifdef|ifndef|elif|elifdef|elifndef|else|endif|error|warning|"
    r"pragma|line|embed)\b[^\n]*+|(?:struct|using)(?<!\wstruct)(?<!\wusing)(?!\w)[^\n]*+"
)
_MAIN = re.compile(rf"main(?<!\wmain)[ \t]*+{BRACKETS}\s*+\{{")


def per_line(part: int, view: View) -> float | None:
    """Share of LC, at most 1.0, since a line can hold two; null without lines."""
    found = share(part, view.num_code_lines)
    return None if found is None else min(1.0, found)


def kept(view: View) -> dict[Any, Any]:
    """What this view's signals share, by name or by the text of a pattern."""
    found: dict[Any, Any] = vars(view).setdefault("c_family", {})
    return found


def lines_of(view: View) -> str:
    """Bare code with a line feed in front: every line then starts with one."""
    shared = kept(view)
    if "lines" not in shared:
        shared["lines"] = "\n" + view.bare
    lines: str = shared["lines"]
    return lines


def count(pattern: re.Pattern[str], view: View) -> int:
    shared, key = kept(view), pattern.pattern  # a pattern's own hash is anew that of its whole program
    if key not in shared:
        shared[key] = len(pattern.findall(lines_of(view)))
    found: int = shared[key]
    return found


def functions(view: View) -> int:
    """Functions of C and C++, definitions and declarations."""
    return count(FUNCTION, view) + count(NAME_FIRST, view)


def mains(view: View) -> int:
    return len(_MAIN.findall(view.bare))


def directives(view: View) -> int:
    return count(_DIRECTIVE, view)


def no_logic(view: View) -> float | None:
    """The sum of C and C++ that `score_lines_no_logic` divides."""
    parts = (INCLUDE, BASIC_VARIABLE, SIMPLE_RETURN, CLASS)
    return share(functions(view) + sum(count(each, view) for each in parts), view.num_code_lines)
