"""What a call of a language model costs here: CPU of the client alone, calls a second, at several concurrencies.

    python -m benchmarks.calls --calls 4000

The endpoint is a process of its own that answers at once (a chat of 2 kB, an answer of 1 kB), so what is left is the
client. CPU milliseconds are of this process with all its threads; calls a second are of both together, on one machine.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from benchmarks.report import table
from udfs.calls.requests import Request
from udfs.calls.sending import send
from udfs.calls.settings import Settings

PROMPT, ANSWER = "def f(x):\n    return x\n" * 90, "It returns what it is given. " * 35


def serve() -> None:
    """Print the port, then answer until stopped."""
    usage = {"prompt_tokens": 500, "completion_tokens": 250}
    choice = {"index": 0, "message": {"role": "assistant", "content": ANSWER}, "finish_reason": "stop"}
    count = iter(range(10**12))

    async def answer(request: web.Request) -> web.StreamResponse:
        asked = await request.json()
        head = {"id": f"chat-{next(count)}", "model": asked["model"]}
        if not asked.get("stream"):
            return web.json_response({**head, "choices": [choice], "usage": usage})
        reply = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await reply.prepare(request)
        for start in range(0, len(ANSWER), 20):
            delta = {"index": 0, "delta": {"content": ANSWER[start : start + 20]}, "finish_reason": None}
            await reply.write(b"data: " + json.dumps({**head, "choices": [delta]}).encode() + b"\n\n")
        last = {"index": 0, "delta": {}, "finish_reason": "stop"}
        await reply.write(b"data: " + json.dumps({**head, "choices": [last], "usage": usage}).encode() + b"\n\n")
        await reply.write(b"data: [DONE]\n\n")
        return reply

    async def told(app: web.Application) -> None:
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
        await site.start()
        print(runner.addresses[0][1], flush=True)

    import asyncio

    app = web.Application()
    app.router.add_post("/v1/chat/completions", answer)
    loop = asyncio.new_event_loop()
    loop.run_until_complete(told(app))
    loop.run_forever()


@contextmanager
def endpoint() -> Iterator[str]:
    """Its base URL."""
    server = subprocess.Popen(
        [sys.executable, "-c", "from benchmarks.calls import serve; serve()"], stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    try:
        yield f"http://127.0.0.1:{server.stdout.readline().strip()}/v1"
    finally:
        server.terminate()
        server.wait()


def measure(url: str, calls: int, concurrency: int, stream: bool) -> tuple[float, float, float]:
    """(calls a second, CPU ms a call of the client, median latency in ms)."""
    settings = Settings({"m": [url]}, concurrency=concurrency, stream=stream, prices={"m": (1, 2)})
    asked = [
        Request("m", messages=({"role": "user", "content": f"{i} {PROMPT}"},), parameters={"max_tokens": 500})
        for i in range(calls)
    ]
    began, cpu = time.perf_counter(), time.process_time()
    outcomes = list(send(asked, settings))
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    assert {o.status for o in outcomes} == {"answered"}
    return calls / seconds, 1000 * cpu / calls, 1000 * sorted(o.latency_s for o in outcomes)[calls // 2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=3, help="the median by CPU is told")
    said = parser.parse_args()
    rows = []
    with endpoint() as url:
        measure(url, 200, 64, stream=False)
        for stream in (False, True):
            for concurrency in (1, 64, 256):
                found = [measure(url, said.calls, concurrency, stream) for _ in range(said.rounds)]
                rate, cpu, latency = sorted(found, key=lambda each: each[1])[said.rounds // 2]
                how = "stream of 52 events" if stream else "whole"
                rows.append([how, concurrency, f"{rate:,.0f}", f"{cpu:.2f}", f"{latency:.1f}"])
    print(table(["answer", "at once", "calls/s", "client CPU ms a call", "median latency ms"], rows))


if __name__ == "__main__":
    main()
