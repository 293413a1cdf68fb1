"""Shell signals of our own: output, plain settings, here-documents, and whether the script does anything."""

from __future__ import annotations

import re

from udfs.signals.lines import END, LineStarts
from udfs.signals.registry import signal
from udfs.signals.views import View, share

_LINES = LineStarts(
    prints=r"(?:echo|printf)\b(?![=-])",
    assigned=r"(?:(?:export|readonly|local|declare|typeset)[ \t]++(?:-\w++[ \t]++)*+)?[A-Za-z_]\w*+(?:\[[^\]\n]*+\])?"
    rf"\+?=[^\n ;|&()`]*+[ \t;]*+{END}|(?:export|readonly|local|declare|typeset)[ \t]++(?:-\w++[ \t]++)*+\w++{END}",
    settings=r"(?:alias|unalias|unset|set|setopt|unsetopt|shopt|bind|complete|umask|ulimit|bindkey|zstyle|"
    r"compdef)[ \t]",
    sources=r"(?:\.|source)[ \t]",
    functions=r"(?:function[ \t]++[\w:.\-]++|[\w:.\-]++[ \t]*+\([ \t]*+\))",
    installs=r"(?:sudo[ \t]++)?(?:(?:apt-get|apt|aptitude|yum|dnf|zypper|brew|pip[0-9.]*+|npm|gem|apk|snap|conda|cargo|"
    r"yarn|pacman|go|luarocks|cpanm?)[ \t]++(?:--?[\w\-=]++[ \t]++)*+(?:install|add|-S\w*+|get|global[ \t]++add)[ \t])",
    words=rf"(?:if|then|else|elif|fi|for|do|done|while|until|case|esac|in|exit|return|break|continue|shift|true|false|:)"
    rf"(?:[ \t]++-?\w++)?[ \t;]*+{END}",
    brackets=rf"(?:[{{}}()\[\];&|]|\\(?=\n)|;;)++{END}",
    commands=r"[^\s#]",
)
# Of a case's patterns (options, or ended by a bracket that nothing opened) and of globs the bars are no pipes.
_PIPELINE = re.compile(r"\n[ \t]*+(?!-|[^\n()]*+\))(?:[^|\n]++(?<=[ \t])\|(?!\|)){5}[^\n]*+")
_HEREDOC = re.compile(r"<<(?<!<<<)-?(?!<)[ \t]*+(?:([\"']?)([\w.!%-]++)\1|\\([\w.!%-]++))")


@signal(220, family="shell")
def frac_lines_print(view: View) -> float | None:
    """Lines that begin with echo or printf / LC; null without lines."""
    return _LINES.share(view, "prints")


@signal(221, family="shell")
def score_lines_no_logic(view: View) -> float | None:
    """Lines that only set: assignments of a plain value, with export or local too, alias, set, unset, shopt, bind,
    complete and their like, sourced files, heads of functions / LC; null without lines.
    """
    return _LINES.share(view, "assigned", "settings", "sources", "functions")


@signal(222, family="shell")
def frac_chars_heredoc(view: View) -> float | None:
    """Characters of the lines of here-documents, their last line included / C; null if C is empty. One that is not
    closed runs to the end, as in the shell.
    """
    if "<<" not in view.bare:
        return share(0, len(view.code))
    inside, waiting = 0, ""
    for line in view.code.splitlines(keepends=True):
        if waiting:
            inside += len(line)
            waiting = "" if line.strip() == waiting else waiting
        elif (found := _HEREDOC.search(line)) is not None:
            waiting = found[2] or found[3]
    return share(inside, len(view.code))


@signal(223, family="shell")
def cate_no_command(view: View) -> bool | None:
    """No command runs: every line prints, sets a value, sources a file, begins or ends a block; null without lines."""
    return _LINES.counts(view)["commands"] + _LINES.counts(view)["installs"] == 0 if view.num_code_lines else None


@signal(224, family="shell")
def frac_lines_install(view: View) -> float | None:
    """Lines that begin with the installation of packages (apt, yum, brew, pip, npm, ... install) / LC; null without
    lines.
    """
    return _LINES.share(view, "installs")


@signal(225, family="shell")
def frac_lines_long_pipe(view: View) -> float | None:
    """Lines with five or more pipes, each behind a blank, that are no patterns of a case / LC; null without lines."""
    if not view.num_code_lines:
        return None
    found = len(_PIPELINE.findall("\n" + view.bare)) if "|" in view.bare else 0
    return share(found, view.num_code_lines)
