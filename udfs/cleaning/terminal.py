r"""What a terminal shows at the end of an output: progress bars in their last state, without colours and titles.

Programs overwrite what they wrote: by a carriage return, by backspaces, or by moving up (nested bars). Of a line that
was begun anew the last state is kept whole; a real terminal would leave the tail of a longer one beside it, which is
no state that the program ever meant to show. Sequences: ECMA-48, and xterm's "Operating System Commands".
"""

from __future__ import annotations

import re

_COLOUR = re.compile("\x1b\\[[0-9;]*+m")
_ESCAPES = re.compile(
    "(?:\x1b[\\]PX^_]|\x9d)[^\x07\x1b\x9c\n]*+(?:\x07|\x1b\\\\|\x9c)?"  # A title, a link, an image: up to its end mark.
    "|(?:\x1b\\[|\x9b)[0-?]*+[ -/]*+(?:[@IL-~]|(?![@-~]))"  # Colours, and all else that moves nothing.
    "|\x1b[ -/]*+[0-OQ-WYZ\\\\`-~]"
    "|\x1b(?!\\[)"
    "|[\0\x07]"
)
_MOVES = re.compile("[\r\n\b]|(?:\x1b\\[|\x9b)([0-?]*+)[ -/]*+([A-HJK])")
_CONTROLS = ("\x1b", "\b", "\x07", "\0", "\x9b", "\x9d")
_RETURNS = re.compile("\r+(?=\n|\\Z)")
# No screen is wider: a move to the right must not fill the memory.
_WIDEST = 1000


def shown(text: str) -> str:
    """The text that is left on the screen."""
    if "\x1b[" in text:
        text = _COLOUR.sub("", text)
    # One search for each is several times faster than one pattern for all, and most outputs have none.
    if any(control in text for control in _CONTROLS):
        text = _ESCAPES.sub("", text)
        if "\b" in text or "\x1b" in text or "\x9b" in text:
            return _Screen().play(text)
    if "\r" not in text:
        return text
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))


class _Screen:
    """Rows of characters and a cursor. Rows are lists, so that no sequence costs more than what it writes."""

    def __init__(self) -> None:
        self.rows: list[list[str]] = [[]]
        self.row = 0
        self.column = 0
        self.anew = False

    def play(self, text: str) -> str:
        end = 0
        # A return before a line feed, or at the very end, begins nothing anew.
        text = _RETURNS.sub("", text)
        for move in _MOVES.finditer(text):
            self._write(text[end : move.start()])
            self._move(move)
            end = move.end()
        self._write(text[end:])
        return "\n".join("".join(row) for row in self.rows)

    def _write(self, run: str) -> None:
        if not run:
            return
        row = self.rows[self.row]
        if self.anew:
            row.clear()
        if len(row) < self.column:
            row.extend(" " * (self.column - len(row)))
        row[self.column : self.column + len(run)] = run
        self.column += len(run)
        self.anew = False

    def _move(self, move: re.Match[str]) -> None:
        match move.group():
            case "\n":
                self._down()
            case "\r":
                self.column, self.anew = 0, True
            case "\b":
                self.column, self.anew = max(0, self.column - 1), False
            case _:
                numbers = [int(digits[:4]) if digits.isdigit() else 0 for digits in move.group(1).split(";")]
                self._sequence(move.group(2), numbers[0])

    def _down(self) -> None:
        self.row += 1
        if self.row == len(self.rows):
            self.rows.append([])
        self.column, self.anew = 0, True

    def _sequence(self, letter: str, number: int) -> None:
        steps = max(1, number)
        match letter:
            case "A" | "F":
                self.row = max(0, self.row - steps)
            case "B" | "E":
                self.row = min(len(self.rows) - 1, self.row + steps)
            case "C":
                self.column = max(self.column, min(_WIDEST, self.column + steps))
            case "D":
                self.column = max(0, self.column - steps)
            case "G":
                self.column = min(_WIDEST, steps - 1)
            case "H" if number < 2:
                self.row = self.column = 0
            case "K" if number != 1:
                del self.rows[self.row][0 if number == 2 else self.column :]
            case "J" if number != 1:
                self._clear(all_rows=number != 0)
        if letter in "EF":
            self.column, self.anew = 0, True
        elif letter in "CDG":
            self.anew = False

    def _clear(self, *, all_rows: bool) -> None:
        if all_rows:
            self.rows, self.row, self.column = [[]], 0, 0
            return
        del self.rows[self.row + 1 :]
        del self.rows[self.row][self.column :]
