"""A language model's endpoint for tests: a real HTTP server that speaks the protocol, and fails as it is told.

    with Endpoint(teacher=lambda body: "yes", script=[Fault("status", status=429), Fault("hang")]) as endpoint:
        ...endpoint.url, endpoint.log, endpoint.billed

Written on the standard library's server, so that it shares no line with the client's library. It writes its bytes by
hand, since most faults are no HTTP any more.
"""

from __future__ import annotations

import json
import os
import select
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Said:
    """What a teacher may say instead of a text. `logprobs`: for each of the first tokens {token: log-probability}, the
    chosen one first.
    """

    text: str
    reasoning: str = ""
    finish: str | None = "stop"
    logprobs: Sequence[Mapping[str, float]] = ()


Teacher = Callable[[dict[str, Any]], "str | Said"]

BEFORE = frozenset({"status", "reset_before"})
"""Nothing is worked off, nothing billed, unless the fault says so."""
LATE_S = 0.03
KINDS = BEFORE | {
    "ok",
    "hang",  # works, never answers
    "slow",  # answers after `after_s`
    "reset_headers",  # after the head of the reply
    "cut_body",  # closes before Content-Length, or within a stream, is reached
    "early_end",  # whole HTTP, but a stream ends early, and an answer has no finish reason
    "stall",  # half of it, then nothing more
    "not_json",
    "html",
    "no_choices",
    "no_finish",
    "no_usage",
    "no_done",  # a stream without [DONE], but with its finish reason
    "duplicate",  # the whole reply twice
    "late_duplicate",  # and again, LATE_S later
    "wrong_model",
    "filtered",  # finish reason content_filter
    "error_inside",  # status 200 with an error
}


@dataclass(frozen=True)
class Fault:
    """One way to fail; `billed` overrides whether the work is done and counted. `body` is that of a status."""

    kind: str = "ok"
    status: int = 500
    retry_after: str = ""
    after_s: float = 0.0
    body: str = ""
    billed: bool | None = None

    def __post_init__(self) -> None:
        assert self.kind in KINDS, self.kind


Script = Callable[["Arrived"], "Fault | None"]
OK = Fault()


@dataclass
class Arrived:
    """A call as it arrived: `at` is monotonic, `number` counts from 0. `gone_s`: when a client that was left hanging
    went, seconds after `at`.
    """

    number: int
    at: float
    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]
    fault: Fault = OK
    billed: bool = False
    gone_s: float | None = None
    connection: int = 0

    @property
    def said(self) -> str:
        """The last message, or the text to be continued."""
        return str(self.body["messages"][-1]["content"] if "messages" in self.body else self.body["prompt"])


def echo(body: dict[str, Any]) -> str:
    """Says what it was told last, so that an answer in a wrong row shows."""
    return f"echo {body['messages'][-1]['content'] if 'messages' in body else body['prompt']}"


@dataclass
class Endpoint:
    """`script`: faults in the order of arrival (then none), or a function of what arrived. `usage`: count tokens."""

    teacher: Teacher = echo
    script: Sequence[Fault] | Script = ()
    usage: bool = True
    key: str = ""
    tls: ssl.SSLContext | None = None
    log: list[Arrived] = field(default_factory=list)
    most_at_once: int = 0
    _at_once: int = 0

    def __enter__(self) -> Endpoint:
        self.closing = threading.Event()
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.endpoint = self
        self.port = self._server.server_address[1]
        if self.tls is not None:
            self._server.socket = self.tls.wrap_socket(self._server.socket, server_side=True)
        self.url = f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def billed(self) -> int:
        """Calls worked off: what one would pay."""
        return sum(a.billed for a in self.log)

    def arrived(self, path: str, headers: Mapping[str, str], body: dict[str, Any], connection: int) -> Arrived:
        with self._lock:
            call = Arrived(len(self.log), time.monotonic(), path, headers, body, connection=connection)
            self.log.append(call)
        if self.key and headers.get("authorization") != f"Bearer {self.key}":
            told = json.dumps({"error": {"message": f"Incorrect API key: {headers.get('authorization')}"}})
            call.fault = Fault("status", status=401, body=told)
        elif callable(self.script):
            call.fault = self.script(call) or OK
        else:
            call.fault = self.script[call.number] if call.number < len(self.script) else OK
        call.billed = call.fault.kind not in BEFORE if call.fault.billed is None else call.fault.billed
        return call

    def count(self, by: int) -> None:
        with self._lock:
            self._at_once += by
            self.most_at_once = max(self.most_at_once, self._at_once)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 1024
    endpoint: Endpoint

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that are gone are expected."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_POST(self) -> None:
        endpoint = self.server.endpoint
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        headers = {name.lower(): value for name, value in self.headers.items()}
        endpoint.count(1)
        try:
            self._act(endpoint.arrived(self.path, headers, body, self.client_address[1]))
        finally:
            endpoint.count(-1)

    def _act(self, call: Arrived) -> None:
        fault = call.fault
        if fault.after_s:
            self._wait(call, fault.after_s)
        if fault.kind == "reset_before":
            return self._reset()
        if fault.kind == "status":
            return self._status(fault)
        if fault.kind == "hang":
            return self._wait(call, 3600.0)
        if fault.kind == "html":
            return self._send("text/html; charset=utf-8", b"<html><body>Bad Gateway</body></html>")
        streams = bool(call.body.get("stream"))
        said = self.server.endpoint.teacher(call.body)
        said = said if isinstance(said, Said) else Said(said)
        reply = reply_of(call, said, self.server.endpoint.usage)
        if fault.kind == "error_inside":
            reply = {"error": {"message": "overloaded", "code": 503}}
        parts = list(stream_of(reply, call)) if streams else [json.dumps(reply).encode()]
        if fault.kind == "not_json":
            parts = [b"data: {not json\n\n"] if streams else [b'{"choices": [']
        if fault.kind in ("early_end", "no_finish") and streams:
            parts = parts[: len(parts) // 2] if fault.kind == "early_end" else parts
        self._say(call, parts, "text/event-stream" if streams else "application/json")

    def _say(self, call: Arrived, parts: list[bytes], kind: str) -> None:
        fault, whole = call.fault.kind, b"".join(parts)
        if fault == "reset_headers":
            self._write(_head(kind, len(whole)))
            return self._reset()
        if fault in ("cut_body", "stall"):
            self._write(_head(kind, len(whole)) + whole[: len(whole) // 2])
            if fault == "stall":
                self._wait(call, 3600.0)
            self.close_connection = True
            return None
        if fault == "duplicate":
            self._write(2 * (_head(kind, len(whole)) + whole))
        elif kind == "application/json":
            self._send(kind, whole)
        else:
            self._write(_head(kind, None))
            for part in parts:
                self._write(b"%x\r\n%s\r\n" % (len(part), part))
            self._write(b"0\r\n\r\n")
        if fault == "late_duplicate":
            self._wait(call, LATE_S)
            self._send(kind, whole)
        return None

    def _status(self, fault: Fault) -> None:
        more = f"Retry-After: {fault.retry_after}\r\n" if fault.retry_after else ""
        body = (fault.body or json.dumps({"error": {"message": f"as told: {fault.status}"}})).encode()
        self._write(_head("application/json", len(body), fault.status, more) + body)

    def _send(self, kind: str, body: bytes) -> None:
        self._write(_head(kind, len(body)) + body)

    def _write(self, data: bytes) -> None:
        try:
            self.wfile.write(data)
        except OSError:
            self.close_connection = True

    def _wait(self, call: Arrived, seconds: float) -> None:
        """So long, or until the client goes or the endpoint closes."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and not self.server.endpoint.closing.is_set():
            readable, _, _ = select.select([self.connection], [], [], min(left, 0.02))
            if readable and not self._alive():
                call.gone_s = time.monotonic() - call.at
                self.close_connection = True
                return

    def _alive(self) -> bool:
        try:
            return bool(self.connection.recv(1, socket.MSG_PEEK))
        except OSError:
            return False

    def _reset(self) -> None:
        """A TCP reset, not an end."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())


def _head(kind: str, length: int | None, status: int = 200, more: str = "") -> bytes:
    size = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    return f"HTTP/1.1 {status} As told\r\nContent-Type: {kind}\r\n{size}\r\n{more}\r\n".encode()


def reply_of(call: Arrived, said: Said, usage: bool) -> dict[str, Any]:
    """In the shape of the API that was called."""
    fault, chat = call.fault.kind, "messages" in call.body
    finish = {"no_finish": None, "early_end": None, "filtered": "content_filter"}.get(fault, said.finish)
    choice: dict[str, Any] = {"index": 0, "finish_reason": finish, "logprobs": _logprobs(said, chat)}
    if chat:
        choice["message"] = {"role": "assistant", "content": said.text}
        if said.reasoning:
            choice["message"]["reasoning_content"] = said.reasoning
    else:
        choice["text"] = said.text
    model = "another" if fault == "wrong_model" else call.body["model"]
    reply: dict[str, Any] = {"id": f"call-{call.number}", "model": model, "choices": [choice]}
    if fault == "no_choices":
        reply["choices"] = []
    if usage and fault != "no_usage":
        asked, told = len(call.said.encode()), len((said.text + said.reasoning).encode())
        tokens = min(told // 4 + 1, call.body.get("max_tokens", told // 4 + 1))
        reply["usage"] = {"prompt_tokens": asked // 4 + 1, "completion_tokens": tokens}
    return reply


def _logprobs(said: Said, chat: bool) -> dict[str, Any] | None:
    if not said.logprobs:
        return None
    if chat:
        tops = [[{"token": t, "logprob": p} for t, p in each.items()] for each in said.logprobs]
        return {"content": [{**top[0], "top_logprobs": top} for top in tops]}
    chosen = [next(iter(each.items())) for each in said.logprobs]
    tokens, numbers = [t for t, _ in chosen], [p for _, p in chosen]
    return {"tokens": tokens, "token_logprobs": numbers, "top_logprobs": [dict(e) for e in said.logprobs]}


def stream_of(reply: dict[str, Any], call: Arrived) -> Iterator[bytes]:
    """The same as events: the text in pieces of five characters, the finish reason, the usage, and [DONE]."""

    def event(**said: Any) -> bytes:
        return b"data: " + json.dumps({"id": reply["id"], "model": reply["model"], **said}).encode() + b"\n\n"

    if "error" in reply:
        yield b"data: " + json.dumps(reply).encode() + b"\n\n"
        return
    for choice in reply["choices"]:
        fields = choice.get("message") or {"text": choice["text"]}
        for name in ("reasoning_content", "content", "text"):
            text = fields.get(name, "")
            for start in range(0, len(text), 5):
                piece = {name: text[start : start + 5]}
                part = {"index": 0, "finish_reason": None}
                yield event(choices=[part | ({"delta": piece} if "message" in choice else piece)])
        last = {"index": 0, "finish_reason": choice["finish_reason"], "logprobs": choice["logprobs"]}
        yield event(choices=[last | ({"delta": {}} if "message" in choice else {"text": ""})])
    if "usage" in reply and call.body.get("stream_options", {}).get("include_usage"):
        yield event(choices=[], usage=reply["usage"])
    if call.fault.kind not in ("no_done", "no_finish"):
        yield b": a comment\n\ndata: [DONE]\n\n"
