"""A stream of events put together to the reply that it would have been without streaming."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from udfs.calls.answers import parts
from udfs.calls.faults import Fault, error_in


class Stream:
    """Feed it bytes as they come, then take the `whole`. Raises Fault where an event is no JSON, or an error."""

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[bytes] = []
        self._texts: dict[str, list[str]] = {"content": [], "reasoning_content": [], "text": [], "refusal": []}
        self._logprobs: dict[str, list[Any]] = {}
        self._finish: str | None = None
        self._chat = False
        self._choices = 0
        self._head: dict[str, Any] = {}
        self.done = False
        """Whether [DONE] came: what follows is not read."""

    def feed(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._line(line.removesuffix(b"\r"))

    def whole(self) -> Mapping[str, Any]:
        """The reply. A finish reason says that the text is whole: a missing [DONE] alone does not spoil it."""
        if self._rest or self._data:
            self.feed(b"\n\n")
        if not self._choices:
            raise Fault("cut", "expected a stream of choices, found its end", uncertain=True)
        texts = {name: "".join(parts) for name, parts in self._texts.items() if parts}
        choice: dict[str, Any] = {"finish_reason": self._finish, "logprobs": self._logprobs or None}
        choice |= {"message": texts} if self._chat else {"text": texts.get("text", "")}
        return {**self._head, "choices": [choice]}

    def _line(self, line: bytes) -> None:
        if self.done:
            return
        if line.startswith(b"data:"):
            self._data.append(line[5:].strip())
            # Servers that forget the empty line between events send one line an event.
            if self._data[-1] == b"[DONE]":
                self.done, self._data = True, self._data[:-1]
                self._event()
        elif not line:
            self._event()
        elif line.lstrip().startswith((b"<", b"{")) and not self._choices:
            beginning = line[:80].decode("utf-8", "replace")
            raise Fault("malformed", f"expected a stream of events, found {beginning!r}", uncertain=True)

    def _event(self) -> None:
        data, self._data = b"\n".join(self._data), []
        for said in _events(data):
            if not isinstance(said, dict):
                raise Fault("malformed", f"expected objects as events, found {type(said).__name__}", uncertain=True)
            if said.get("error"):
                raise error_in(said["error"], uncertain=True)
            self._take(said)

    def _take(self, said: Mapping[str, Any]) -> None:
        self._head |= {name: said[name] for name in ("id", "model", "usage") if said.get(name)}
        for choice in said.get("choices") or ():
            if not isinstance(choice, dict) or choice.get("index", 0) != 0:
                continue
            self._choices += 1
            delta = choice.get("delta")
            self._chat |= isinstance(delta, dict)
            given = dict(delta if isinstance(delta, dict) else choice)
            if isinstance(given.get("content"), list):
                given["content"], given["reasoning_content"] = parts(given["content"])
            for name in self._texts:
                value = given.get(name)
                if name == "reasoning_content" and not value:
                    value = given.get("reasoning")
                if isinstance(value, str):
                    self._texts[name].append(value)
            self._finish = choice.get("finish_reason") or self._finish
            for name, values in (choice.get("logprobs") or {}).items():
                if isinstance(values, list):
                    self._logprobs.setdefault(name, []).extend(values)


def _events(data: bytes) -> Iterator[Any]:
    if not data:
        return
    try:
        yield json.loads(data)
        return
    except (ValueError, RecursionError):
        pass
    for line in data.split(b"\n"):
        try:
            yield json.loads(line)
        except (ValueError, RecursionError):
            beginning = line[:80].decode("utf-8", "replace")
            raise Fault("malformed", f"expected JSON in an event, found {beginning!r}", uncertain=True) from None
