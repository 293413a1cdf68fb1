"""Swift signals of our own: the paper's families and the operators that stop the program instead of handling a nil."""

from __future__ import annotations

from udfs.signals.lines import END, LineStarts, marked_lines, modifiers, share_of_lines
from udfs.signals.registry import signal
from udfs.signals.views import View

_MODIFIERS = modifiers(
    "public|private|internal|fileprivate|open|override|static|final|mutating|nonmutating|lazy|weak|unowned|required|"
    r"convenience|dynamic|indirect|nonisolated|class(?=[ \t]++(?:func|var)\b)|private\(set\)|@\w++(?:\([^\n()]*+\))?"
)
_LINES = LineStarts(
    imports=r"(?:@\w++[ \t]++)*+import[ \t]",
    prints=r"(?:Swift\.)?(?:print|debugPrint|dump|NSLog)[ \t]*+\(",
    functions=rf"{_MODIFIERS}(?:func|init|deinit|subscript)\b(?![ \t]*+[.,:=])",
    types=rf"{_MODIFIERS}(?:class|struct|enum|protocol|extension|actor|typealias|associatedtype)[ \t]++\w",
    fields=rf'{_MODIFIERS}(?:let|var)[ \t]++\w++[ \t]*+(?::[^\n={{]*+)?(?:=[ \t]*+(?:""|[\w.]++)[ \t]*+)?;?{END}|'
    r"(?:let|var)[ \t]++\w++[ \t]*+:[^\n={]*+\{[ \t]*+(?:get|set)\b",
    cases=rf"case[ \t]++\w++(?:[ \t]*+,[ \t]*+\w++)*+(?:\([^\n()]*+\))?(?:[ \t]*+=[ \t]*+(?:\"\"|-?\w++))?{END}",
    attributes=rf"@\w++(?:\([^\n()]*+\))?{END}",
    returns=rf"return(?:[ \t]++[\w.]++)?{END}",
)
_FORCE_UNWRAP = marked_lines(r"!(?<=[\w)\]]!)(?<!\btry!)(?<!\bas!)(?!=)")
_FORCE_TRY = marked_lines(r"!(?:(?<=\btry!)|(?<=\bas!))")


@signal(200, family="swift")
def frac_lines_func_ratio(view: View) -> float | None:
    """Lines that begin a function, an initialiser or a subscript / LC; null without lines."""
    return _LINES.share(view, "functions")


@signal(201, family="swift")
def frac_lines_import(view: View) -> float | None:
    """Lines that begin with import / LC; null without lines."""
    return _LINES.share(view, "imports")


@signal(202, family="swift")
def score_lines_no_logic(view: View) -> float | None:
    """Lines that only declare: imports, heads of functions and types, let and var without a value or with a plain one,
    cases of an enumeration, attributes, returns of a name / LC; null without lines.
    """
    return _LINES.share(view, "imports", "functions", "types", "fields", "cases", "attributes", "returns")


@signal(203, family="swift")
def frac_lines_print(view: View) -> float | None:
    """Lines that begin with print, debugPrint, dump or NSLog / LC; null without lines."""
    return _LINES.share(view, "prints")


@signal(204, family="swift")
def frac_lines_force_unwrap(view: View) -> float | None:
    """Lines with a ! behind a value or a type, try! and as! left out / LC; null without lines."""
    return share_of_lines(view, _FORCE_UNWRAP, "!")


@signal(205, family="swift")
def frac_lines_force_try(view: View) -> float | None:
    """Lines with try! or as! / LC; null without lines."""
    return share_of_lines(view, _FORCE_TRY, "try!", "as!")
