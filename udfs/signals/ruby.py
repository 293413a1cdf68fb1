"""Ruby signals of our own: the paper's families, left-over debuggers and tables of plain values."""

from __future__ import annotations

import re

from udfs.signals.lines import END, LineStarts, marked_lines, share_of_lines
from udfs.signals.registry import signal
from udfs.signals.views import View

_PLAIN = r'(?:""|:\w++|-?[\d._]++|nil|true|false)'
_LINES = LineStarts(
    functions=r"(?:(?:private|public|protected|module_function)[ \t]++)?def[ \t]",
    imports=r"(?:require|require_relative|load|autoload|gem)\b(?![ \t]*+[=.])",
    prints=r"(?:\$std(?:out|err)\.|STD(?:OUT|ERR)\.|Kernel\.)?(?:puts|print|pp?)(?:\(|[ \t]++(?![-+*/|&=.?:<>]))",
    declared=r"(?:attr(?:_reader|_writer|_accessor)?|include|extend|prepend|alias|alias_method|undef|delegate|class|"
    r"module|def_delegators?|belongs_to|has_many|has_one|has_and_belongs_to_many|validates\w*+)(?=[ \t(])|"
    r"(?:private|public|protected|private_class_method|private_constant|module_function)\b(?![ \t]*+[=.])",
    values=rf'(?:(?:""|:?\w++)[ \t]*+=>[ \t]*+|(?:""|\w++):[ \t]++){_PLAIN}[ \t]*+,?{END}|{_PLAIN}[ \t]*+,{END}',
    returns=rf"return(?:[ \t]++@?\w++)?{END}",
)
_DEBUGGER = marked_lines(r"(?:binding\.(?:pry|irb)|byebug|debugger)(?!\w)(?![ \t]*+[=.(])")
_VARIABLE = re.compile(r"=(?<![=!<>]=)(?![=~>])|\|[ \t]*+\*?\w")


@signal(180, family="ruby")
def frac_lines_func_ratio(view: View) -> float | None:
    """Lines that begin a method with def / LC; null without lines."""
    return _LINES.share(view, "functions")


@signal(181, family="ruby")
def frac_lines_import(view: View) -> float | None:
    """Lines that begin with require, require_relative, load, autoload or gem / LC; null without lines."""
    return _LINES.share(view, "imports")


@signal(182, family="ruby")
def score_lines_no_logic(view: View) -> float | None:
    """Lines that only declare: requires, heads of methods, classes and modules, attr_*, include, alias, visibility,
    associations and validations, returns of a name / LC; null without lines.
    """
    return _LINES.share(view, "imports", "functions", "declared", "returns")


@signal(183, family="ruby")
def frac_lines_print(view: View) -> float | None:
    """Lines that begin with puts, print, p or pp / LC; null without lines."""
    return _LINES.share(view, "prints")


@signal(184, family="ruby")
def cate_var_zero(view: View) -> bool | None:
    """No assignment, no default value and no block parameter in the code; null without code lines."""
    return _VARIABLE.search(view.bare) is None if view.num_code_lines else None


@signal(185, family="ruby")
def frac_lines_values(view: View) -> float | None:
    """Lines that are one plain value (a string, a symbol, a number, nil, true, false) behind a key or before a comma /
    LC; null without lines.
    """
    return _LINES.share(view, "values")


@signal(186, family="ruby")
def frac_lines_debugger(view: View) -> float | None:
    """Lines that stop in a debugger (binding.pry, binding.irb, byebug, debugger) / LC; null without lines."""
    return share_of_lines(view, _DEBUGGER, "binding.", "byebug", "debugger")
