"""One try of one call over HTTP: a reply, or a fault that says what to do."""

from __future__ import annotations

import asyncio
import select
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from udfs.calls.answers import Reply, read_answer, read_json
from udfs.calls.bodies import path_of
from udfs.calls.endpoints import Endpoint
from udfs.calls.events import Stream
from udfs.calls.faults import Fault, fault_of
from udfs.calls.requests import Request
from udfs.calls.settings import Settings
from udfs.calls.twice import Seen

KEEP_ALIVE_S = 4.0
"""Below uvicorn's 5 s: a connection that the server closes while a call is on its way is a call in doubt."""
ERROR_BYTES = 65536


_TAKEN: ContextVar[tuple[Any, int]] = ContextVar("taken")
"""The connection of this task's call (with its port), which aiohttp takes from a reply with its last byte."""


class _Connector(aiohttp.TCPConnector):
    """Takes no connection again on which more came than was asked for: aiohttp would read a second copy of an answer as
    the next row's. What the loop has not read yet counts too, and so does an end.
    """

    async def connect(self, req: Any, traces: Any, timeout: Any) -> Any:
        taken = await super().connect(req, traces, timeout)
        _TAKEN.set((taken.protocol, _port(taken.protocol)))
        return taken

    async def _get(self, key: Any, traces: Any) -> Any:
        for proto, _ in self._conns.get(key, ()):
            if proto.should_close or _readable(proto.transport):
                proto.close()
        return await super()._get(key, traces)


def _readable(transport: asyncio.Transport | None) -> bool:
    kept = transport.get_extra_info("socket") if transport is not None else None
    if kept is None or kept.fileno() < 0:
        return True
    asked = select.poll()
    asked.register(kept.fileno(), select.POLLIN)
    return bool(asked.poll(0))


@asynccontextmanager
async def session(settings: Settings) -> AsyncIterator[aiohttp.ClientSession]:
    """Connections are kept and used again; how many there are is for the pool to say."""
    connector = _Connector(limit=0, ttl_dns_cache=60, keepalive_timeout=KEEP_ALIVE_S, ssl=settings.verify_tls)
    timeout = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(
        connector=connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=True
    ) as opened:
        yield opened


def _port(kept: Any) -> int:
    """Of this side of the connection, which tells it from others."""
    name = kept.transport.get_extra_info("sockname") if kept.transport is not None else None
    return int(name[1]) if isinstance(name, tuple) and len(name) > 1 else 0


_HERE = ("localhost", "127.0.0.1", "::1")


def proxy_of(url: str) -> str | None:
    """As the environment says (HTTP_PROXY and so on); none for this machine."""
    parts = urlsplit(url)
    if parts.hostname in _HERE:
        return None
    found = urllib.request.getproxies().get(parts.scheme)
    return None if not found or urllib.request.proxy_bypass(parts.netloc) else found


class Trying:
    """Tries of one session."""

    def __init__(self, opened: aiohttp.ClientSession, settings: Settings) -> None:
        self._session, self._settings = opened, settings
        urls = {url for all_of_one in settings.endpoints.values() for url in all_of_one}
        self._proxies = {url: proxy_of(url) for url in urls}
        self._seen = {url: Seen() for url in urls}

    async def once(self, endpoint: Endpoint, request: Request, body: bytes, most_s: float) -> Reply:
        """Raises Fault."""
        settings = self._settings
        idle = settings.idle_s if settings.stream else None
        timeout = aiohttp.ClientTimeout(
            total=min(settings.timeout_s, most_s), sock_connect=settings.connect_s, sock_read=idle
        )
        try:
            async with self._session.post(
                endpoint.address(path_of(request)),
                data=body,
                headers=endpoint.headers,
                timeout=timeout,
                allow_redirects=False,
                proxy=self._proxies[endpoint.url],
            ) as reply:
                kept, connection = _TAKEN.get()
                found = await self._read(reply, request)
                if self._seen[endpoint.url].again(found.identifier, connection):
                    kept.close()
                    raise Fault("malformed", "expected an answer, found one that came before", uncertain=True)
                return found
        except Fault:
            raise
        except (TimeoutError, aiohttp.ClientError, OSError) as why:
            raise _broken(why) from None

    async def _read(self, reply: aiohttp.ClientResponse, request: Request) -> Reply:
        if reply.status != 200:
            raise fault_of(reply.status, reply.headers, await _start(reply))
        try:
            return await self._answer(reply, request)
        except Fault as fault:
            fault.status = fault.status or reply.status
            raise

    async def _answer(self, reply: aiohttp.ClientResponse, request: Request) -> Reply:
        kind = reply.content_type
        if kind == "text/event-stream":
            return await self._stream(reply, request)
        body = bytearray()
        async for piece in reply.content.iter_any():
            body += piece
            self._bounded(len(body))
        if kind in ("text/html", "application/xhtml+xml"):
            raise Fault("malformed", f"expected JSON, found {kind} {_beginning(body)}", uncertain=True)
        return read_answer(read_json(bytes(body)), request)

    async def _stream(self, reply: aiohttp.ClientResponse, request: Request) -> Reply:
        events, size = Stream(), 0
        async for piece in reply.content.iter_any():
            size += len(piece)
            self._bounded(size)
            events.feed(piece)
        return read_answer(events.whole(), request)

    def _bounded(self, size: int) -> None:
        if size > self._settings.answer_bytes:
            most = self._settings.answer_bytes
            raise Fault("malformed", f"expected at most {most} bytes, found more", uncertain=True)


async def _start(reply: aiohttp.ClientResponse) -> bytes:
    """An error's first bytes; the status tells enough where even these do not come."""
    found = bytearray()
    try:
        async for piece in reply.content.iter_any():
            found += piece
            if len(found) >= ERROR_BYTES:
                break
    except (TimeoutError, aiohttp.ClientError, OSError):
        pass
    return bytes(found)


def _beginning(body: bytearray) -> str:
    return repr(body[:80].decode("utf-8", "replace"))


def _broken(why: Exception) -> Fault:
    """Of the transport. Only where no connection came about nothing can have been billed."""
    name = f"{type(why).__name__}: {why}".rstrip(": ")
    if isinstance(why, (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)):
        return Fault("connection", name)
    if isinstance(why, asyncio.TimeoutError):
        return Fault("timeout", name, uncertain=True)
    if isinstance(why, aiohttp.ClientPayloadError):
        return Fault("cut", name, uncertain=True)
    if isinstance(why, (aiohttp.ClientResponseError, aiohttp.ClientPayloadError)):
        return Fault("malformed", name, uncertain=True)
    return Fault("connection", name, uncertain=True)
