"""Rust signals of our own: the paper's families, tables of constants, and the marks of unsafe or unfinished code."""

from __future__ import annotations

from udfs.signals.lines import END, LineStarts, marked_lines, share_of_lines
from udfs.signals.registry import signal
from udfs.signals.views import View

_PUB = r"(?:pub(?:\([^)\n]*+\))?[ \t]++)?"
_LINES = LineStarts(
    functions=rf'{_PUB}(?:(?:const|async|unsafe|default|extern(?:[ \t]++"")?)[ \t]++)*+fn[ \t]',
    imports=rf"{_PUB}(?:use[ \t]++[\w:{{*]|extern[ \t]++crate\b|mod[ \t]++\w++[ \t]*+;)",
    prints=r"(?:std::)?(?:e?print(?:ln)?|dbg)![ \t]*+[(\[{]",
    types=rf"{_PUB}(?:unsafe[ \t]++)?(?:struct|enum|union|trait|impl|type|mod)\b",
    constants=rf"{_PUB}(?:const|static)[ \t]++(?:mut[ \t]++)?\w++[ \t]*+:",
    fields=rf"{_PUB}\w++[ \t]*+:[ \t]*+[^\n={{}}();]*+(?<=,){END}",
    attributes=r"#!?\[",
    names=rf"\w++,{END}",
    returns=rf"return(?:[ \t]++[\w.]++)?[ \t]*+;{END}",
)
_UNSAFE = marked_lines(r"unsafe(?<!\wunsafe)(?!\w)")
_UNWRAP = marked_lines(r"\.(?:unwrap\(\)|expect\()")
_UNFINISHED = marked_lines(r"(?:todo|unimplemented)!(?<!\wtodo!)")


@signal(170, family="rust")
def frac_lines_func_ratio(view: View) -> float | None:
    """Lines that begin a function / LC; null without lines."""
    return _LINES.share(view, "functions")


@signal(171, family="rust")
def frac_lines_import(view: View) -> float | None:
    """Lines that begin with use, extern crate, or are a `mod name;` / LC; null without lines."""
    return _LINES.share(view, "imports")


@signal(172, family="rust")
def score_lines_no_logic(view: View) -> float | None:
    """Lines that only declare: imports, heads of functions, types and impls, constants, fields, attributes, names
    alone, returns of a name / LC; null without lines.
    """
    return _LINES.share(view, "imports", "functions", "types", "constants", "fields", "attributes", "names", "returns")


@signal(173, family="rust")
def frac_lines_print(view: View) -> float | None:
    """Lines that begin with println!, print!, eprintln!, eprint! or dbg! / LC; null without lines."""
    return _LINES.share(view, "prints")


@signal(174, family="rust")
def frac_lines_const(view: View) -> float | None:
    """Lines that begin a const or static item / LC; null without lines."""
    return _LINES.share(view, "constants")


@signal(175, family="rust")
def frac_lines_unsafe(view: View) -> float | None:
    """Lines with the word unsafe / LC; null without lines."""
    return share_of_lines(view, _UNSAFE, "unsafe")


@signal(176, family="rust")
def frac_lines_unwrap(view: View) -> float | None:
    """Lines that call .unwrap() or .expect( / LC; null without lines."""
    return share_of_lines(view, _UNWRAP, ".unwrap()", ".expect(")


@signal(177, family="rust")
def frac_lines_unfinished(view: View) -> float | None:
    """Lines with todo! or unimplemented! / LC; null without lines."""
    return share_of_lines(view, _UNFINISHED, "todo!", "unimplemented!")
