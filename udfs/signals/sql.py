"""SQL signals of our own: dumps of rows, statements that only administer, and files without a statement."""

from __future__ import annotations

import re

from udfs.signals.lines import END, LineStarts, modifiers
from udfs.signals.registry import signal
from udfs.signals.views import View, share

_NAME = r'(?:""|`?\w++`?|\[\w++\])'
_TYPES = (
    "(?:tiny|small|medium|big)?int|integer|(?:big|small)?serial|n?char|n?varchar2?|character|(?:tiny|medium|long)?text|"
    "date(?:time)?2?|timestamp(?:tz)?|time|bool(?:ean)?|bit|decimal|numeric|number|float|double|real|money|uuid|jsonb?|"
    "xml|bytea|(?:tiny|medium|long)?blob|enum|inet"
)
_KINDS = modifiers(
    r"or[ \t]++replace|temp(?:orary)?|global|local|unique|unlogged|external|foreign|clustered|nonclustered"
)
_NO_COLUMN = r"(?!(?:select|returns?|where|and|or|on|as|by|then|else|set|declare|from|join|alter)\b)"
_LINES = LineStarts(
    inserts=r"(?:insert[ \t]++(?:ignore[ \t]++)?into|replace[ \t]++into|values)\b|"
    rf"\([^\n()]*+(?:\([^\n()]*+\)[^\n()]*+)*+\)[ \t]*+[,;]{END}",
    administers=r"(?:set|grant|revoke|comment[ \t]++on|lock|unlock|use|begin|commit|rollback|start[ \t]++transaction|"
    r"analyze|vacuum|drop|go|delimiter|spool|prompt|reset|savepoint)\b|"
    r"alter[ \t][^\n;o]*+(?:o(?!wner[ \t]++to\b)[^\n;o]*+)*+owner[ \t]",
    prints=r"(?:print|raise[ \t]++notice|dbms_output)\b|\\echo\b",
    declares=rf"{_NO_COLUMN}(?:{_NAME}[ \t]++(?:{_TYPES})\b|(?:(?:primary|foreign|unique)[ \t]++)?key\b|constraint\b|"
    rf"create[ \t]++{_KINDS}(?:table|index|sequence|schema|database|type|domain)\b)",
)
_STATEMENT = re.compile(
    r"\b(?:select|insert|update|delete|create|alter|drop|with|merge|grant|revoke|begin|call|exec|execute|set|declare|"
    r"truncate|explain|pragma|use|values|copy|replace|comment|do|if|print|show|rename|load)\b"
)
_ASKS = re.compile(r"\b(?:select|update|delete|create|alter|with|merge|declare|function|procedure|call|exec)\b")


def _share(view: View, *names: str) -> float | None:
    if not view.num_code_lines:
        return None
    if _LINES not in vars(view).get("line_starts", {}):
        _LINES.counts(view, view.bare_lower)
    return _LINES.share(view, *names)


@signal(230, family="sql")
def frac_lines_insert(view: View) -> float | None:
    """Lines that begin with INSERT INTO, REPLACE INTO or VALUES, or are one row in brackets / LC; null without
    lines.
    """
    return _share(view, "inserts")


@signal(231, family="sql")
def frac_lines_admin(view: View) -> float | None:
    """Lines that administer: SET, GRANT, REVOKE, COMMENT ON, LOCK, USE, DROP, transactions, OWNER TO / LC; null
    without lines.
    """
    return _share(view, "administers")


@signal(232, family="sql")
def cate_no_statement(view: View) -> bool:
    """No word that begins a statement stands in the code."""
    return _STATEMENT.search(view.bare_lower) is None


@signal(233, family="sql")
def cate_insert_only(view: View) -> bool:
    """Rows are inserted, but nothing is selected, changed, created or declared."""
    return "insert" in view.bare_lower and _ASKS.search(view.bare_lower) is None


@signal(234, family="sql")
def frac_lines_copy(view: View) -> float | None:
    """Lines of data between COPY ... FROM stdin and its closing backslash and dot / lines; null without lines."""
    lines = view.raw_lines
    if "stdin" not in view.raw.lower():
        return share(0, len(lines))
    rows, copying = 0, False
    for line in lines:
        if copying:
            copying = not line.startswith("\\.")
            rows += copying
        else:
            head = line[:5].lower()
            copying = head == "copy " and line.rstrip().lower().endswith("from stdin;")
    return share(rows, len(lines))


@signal(235, family="sql")
def frac_lines_declare(view: View) -> float | None:
    """Lines that declare a table, an index, a column, a key or a constraint / LC; null without lines."""
    return _share(view, "declares")


@signal(236, family="sql")
def frac_lines_print(view: View) -> float | None:
    """Lines that begin with PRINT, PROMPT, RAISE NOTICE, DBMS_OUTPUT or \\\\echo / LC; null without lines."""
    return _share(view, "prints")
