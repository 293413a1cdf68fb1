"""What a program writes: head and tail of its output, and where its harness says that a test begins."""

from __future__ import annotations

from collections import deque
from typing import Any

_BEGUN = b"begun".hex().encode()


class Tail:
    """Head and tail of a stream, and its size."""

    def __init__(self, shown: int) -> None:
        self.half, self.size = max(1, shown // 2), 0
        self.head = bytearray()
        self.tail: deque[bytes] = deque()
        self._kept = 0

    def add(self, chunk: bytes) -> None:
        self.size += len(chunk)
        room = self.half - len(self.head)
        self.head += chunk[:room] if room > 0 else b""
        rest = chunk[max(0, room) :]
        if rest:
            self.tail.append(rest)
            self._kept += len(rest)
            while self._kept - len(self.tail[0]) >= self.half:
                self._kept -= len(self.tail.popleft())

    def shown(self) -> dict[str, Any]:
        tail = b"".join(self.tail)[-self.half :]
        left_out = self.size - len(self.head) - len(tail)
        between = f"\n[{left_out} bytes left out]\n".encode() if left_out else b""
        text = (bytes(self.head) + between + tail).decode("utf-8", "replace")
        return {"text": text, "size": self.size}


class Reports(Tail):
    """What a harness reports, and how many tests it says have begun: only a line with its word says so."""

    def __init__(self, shown: int, word: str) -> None:
        super().__init__(shown)
        self.begun, self.frozen = 0, False
        self._word, self._line = word.encode(), b""

    def add(self, chunk: bytes) -> None:
        if self.frozen:  # what is told of a tree that has been sentenced comes too late
            return
        super().add(chunk)
        if self._word:
            *lines, self._line = (self._line + chunk).split(b"\n")
            self.begun += sum(line.startswith(self._word + b"\t") and _BEGUN in line for line in lines)
