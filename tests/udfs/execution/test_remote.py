# ruff: noqa: E501 (programs stand as they are run)
"""The client of SandboxFusion's protocol against a server that runs what it is sent, and against a broken one."""

from __future__ import annotations

import base64
import json
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from udfs.execution.programs import Limits, Program, Test
from udfs.execution.remote import RemoteRunner

COMMANDS = {"python": ("python3", "-I"), "bash": ("bash",), "nodejs": ("node",)}


class Server(BaseHTTPRequestHandler):
    """What run_code answers, by its API reference; what `broken` names it does instead."""

    broken = ""
    asked: list[dict[str, Any]]

    def do_POST(self) -> None:
        assert self.path == "/run_code"
        given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        type(self).asked.append(given)
        body = json.dumps(self.answered(given)).encode()
        if self.broken == "status":
            self.send_error(500)
        elif self.broken == "cut":
            self.send_response(200)
            self.send_header("Content-Length", str(len(body) + 10))
            self.end_headers()
            self.wfile.write(body[:20])
        else:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>" if self.broken == "html" else body)

    def answered(self, given: dict[str, Any]) -> dict[str, Any]:
        if self.broken == "sandbox":
            return {"status": "SandboxError", "message": "no room", "compile_result": None, "run_result": None}
        if self.broken == "fields":
            return {"state": "fine"}
        with tempfile.TemporaryDirectory() as folder:
            for name, content in given["files"].items():
                (Path(folder) / name).write_bytes(base64.b64decode(content))
            command = [*COMMANDS[given["language"]], "-c" if given["language"] != "nodejs" else "-e", given["code"]]
            try:
                ran = subprocess.run(
                    command,
                    input=given["stdin"],
                    timeout=given["run_timeout"],
                    cwd=folder,
                    capture_output=True,
                    text=True,
                )
            except subprocess.TimeoutExpired:
                late = {
                    "status": "TimeLimitExceeded",
                    "execution_time": 1.0,
                    "return_code": None,
                    "stdout": "",
                    "stderr": "",
                }
                return {"status": "Failed", "message": "", "compile_result": None, "run_result": late}
        result = {
            "status": "Finished",
            "execution_time": 0.1,
            "return_code": ran.returncode,
            "stdout": ran.stdout,
            "stderr": ran.stderr,
        }
        status = "Success" if ran.returncode == 0 else "Failed"
        return {"status": status, "message": "", "compile_result": None, "run_result": result, "files": {}}

    def log_message(self, *_: object) -> None:
        """Nothing beside the tests' own output."""


@pytest.fixture
def served() -> Iterator[tuple[str, type[Server]]]:
    handler = type("Handler", (Server,), {"asked": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", handler
        server.shutdown()
        thread.join()


def test_programs_are_judged_by_what_the_server_says(served: tuple[str, type[Server]]) -> None:
    url, handler = served
    runner = RemoteRunner(url, limits=Limits(cpu_seconds=1.0, wall=6.0))
    f = "def f(x): return x + 1"
    programs = [
        Program("python", f, (Test("right", "assert f(1) == 2"), Test("wrong", "assert f(1) == 3"))),
        Program("python", "import sys\nsys.exit(0)", (Test("early", "assert False"),)),
        Program("py", "print(input() + open('data').read())", (Test("out", stdin="a", stdout="ab"), Test("no", stdin="b", stdout="ab")), {"data": b"b"}),
        Program("python", "import time\ntime.sleep(60)", (Test("late"),)),
        Program("shell", "f() { echo 1; }", (Test("sh", "[ $(f) = 1 ]"),)),
        Program("java", "class A {}", (Test("java", "assert true"),)),
    ]  # fmt: skip
    found = [[(v.name, v.status, v.proof) for v in r.verdicts] for r in runner.run_all(programs)]
    assert found == [
        [("right", "passed", "same"), ("wrong", "failed", "")],
        [("early", "error", "")],
        [("out", "passed", "outside"), ("no", "failed", "")],
        [("late", "wall_limit", "")],
        [("sh", "passed", "same")],
        [("java", "no_tool", "")],
    ]
    assert {r.level for r in runner.run_all(programs[:1])} == {"remote"}
    assert {a["memory_limit_MB"] for a in handler.asked} == {1024} and {a["run_timeout"] for a in handler.asked} == {
        6.0
    }
    late = [a for a in handler.asked if "sleep" in a["code"]]
    assert len(late) == 2, "tried again, alone"


@pytest.mark.parametrize("broken", ["status", "cut", "html", "sandbox", "fields"])
def test_a_broken_server_gives_no_verdict(served: tuple[str, type[Server]], broken: str) -> None:
    url, handler = served
    handler.broken = broken
    result = RemoteRunner(url).run(Program("python", "pass"))
    assert result.status == "not_run" and not result.is_measure and url in result.detail


def test_nobody_there_is_no_verdict() -> None:
    assert RemoteRunner("http://127.0.0.1:9").run(Program("python", "pass")).status == "not_run"


def test_no_level_of_the_ladder_is_believed_of_a_server() -> None:
    with pytest.raises(ValueError, match="whose isolation is not known here"):
        RemoteRunner("http://127.0.0.1:9", need="rlimits")
