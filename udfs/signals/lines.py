"""What the signals of single languages share: how the lines of code begin, in one pass, and which lines hold a mark.

All of it works on the bare code, where comments are gone and strings are emptied, so that no word of prose counts. A
class of lines is a pattern that is tried once, behind the line's indentation, and no repeat in it gives back: the
time is linear in the text. Shares are of LC, the lines of code that are not blank, and null without such lines.
"""

from __future__ import annotations

import re

from udfs.signals.views import View, share

END = r"[ \t]*+(?=\n|\Z)"


class LineStarts:
    """Classes of lines by how they begin. A line belongs to the first class that matches it, or to none."""

    def __init__(self, **classes: str) -> None:
        self.names = tuple(classes)
        named = "|".join(f"(?P<{name}>{pattern})" for name, pattern in classes.items())
        # The line feed in front is a literal to search for; an anchor would be tried at every character.
        self._pattern = re.compile(rf"\n[ \t]*+(?:{named})")

    def counts(self, view: View, bare: str | None = None) -> dict[str, int]:
        """Lines by class, computed once per view; `bare` is what to read instead of the view's bare code."""
        kept: dict[LineStarts, dict[str, int]] = vars(view).setdefault("line_starts", {})
        if self not in kept:
            found = dict.fromkeys(self.names, 0)
            for match in self._pattern.finditer("\n" + (view.bare if bare is None else bare)):
                assert match.lastgroup is not None
                found[match.lastgroup] += 1
            kept[self] = found
        return kept[self]

    def share(self, view: View, *names: str) -> float | None:
        """Lines of the named classes / LC."""
        if not view.num_code_lines:
            return None
        counts = self.counts(view)
        return share(sum(counts[name] for name in names), view.num_code_lines)


def marked_lines(pattern: str) -> re.Pattern[str]:
    """A pattern for lines that hold a mark; it takes the rest of the line along, so that a line counts once."""
    return re.compile(f"(?:{pattern})[^\\n]*+")


def share_of_lines(view: View, marked: re.Pattern[str], *needs: str) -> float | None:
    """Lines of bare code that hold a mark / LC. `needs` are words of which a marked line has at least one: without
    any of them nothing is searched.
    """
    if not view.num_code_lines:
        return None
    bare = view.bare
    asked = not needs or any(word in bare for word in needs)
    return share(len(marked.findall(bare)) if asked else 0, view.num_code_lines)


def modifiers(words: str) -> str:
    """Any number of the words, each followed by blanks."""
    return rf"(?:(?:{words})[ \t]++)*+"
