"""python -m benchmarks.train: the real train entry on one GPU (or a CPU), with MFU by both formulas, as JSON.

    python -m benchmarks.train --model 1.5b --micro 8 --steps 4 --out OUT
    python -m benchmarks.train --model toy --steps 4 --out OUT          (a CPU: what the tests run)

It is `training.train` itself: ZeRO 1, the data reader with its prefetch, clipping, fp32 master weights and fp32
accumulation, optimizer steps included, no checkpoint at the end. Documents are drawn from few ids and say everything
twice, so that 20 steps teach something; nothing is fetched and nothing but torch, transformers, deepspeed, pyarrow and
tokenizers is needed. What was measured is in the JSON file before the next part begins.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import math
import platform
import shutil
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq
import torch
from tokenizers import Tokenizer

from training.data.exported import export
from training.data.tables import SCHEMA, File, TokenTable
from training.files import write_json
from training.inputs import Inputs, named
from training.metrics import mfu, peak_flops
from training.recipes import pretrain
from training.settings import Batch, Duration, Run
from training.shapes import SHAPES, shape
from training.train import train
from udfs.tokens.tokenizer import TextTokenizer

WARM = 2
"""Steps before the first that counts: compiling, autotuning and the allocator settle."""


def main() -> int:
    args = arguments()
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="refinelake-bench-") as scratch:
        folder = Path(scratch)
        inputs = drawn_tokens(folder, args)
        result = measured(args, settings(args), inputs, folder)
        keep(result, out, args)
        if args.against_eager:
            result["against_eager"] = against_eager(args, inputs, folder)
            keep(result, out, args)
    print(json.dumps(result, indent=1))
    return 0


def keep(result: dict[str, Any], out: Path, args: argparse.Namespace) -> None:
    """Whole or not there: what is measured so far."""
    write_json(out / f"train-{args.name}.json", result)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.train", description=(__doc__ or "").partition(": ")[2])
    parser.add_argument("--model", default="1.5b", choices=sorted(SHAPES), help="shape (1.5b)")
    parser.add_argument("--length", type=int, help="tokens of a sequence (the shape's context)")
    parser.add_argument("--micro", type=int, default=8, help="sequences of a micro-batch (8)")
    parser.add_argument("--accumulation", type=int, default=10, help="micro-batches of a step (10)")
    parser.add_argument("--steps", type=int, default=3, help=f"measured steps, after {WARM} that are not (3)")
    parser.add_argument("--set", action="append", default=[], metavar="SECTION.NAME=VALUE", help="one setting")
    parser.add_argument(
        "--against-eager", action="store_true", help="compare 20 losses and gradient norms with eager layers"
    )
    parser.add_argument("--name", default="result", help="name of the JSON file")
    parser.add_argument("--out", required=True, metavar="DIR", help="folder for the JSON file")
    return parser.parse_args()


def settings(args: argparse.Namespace, steps: int = 0) -> Run:
    """The recipe of the shape with the benchmark's batch and duration."""
    from schemas.params import overridden

    length = args.length or SHAPES[args.model].context
    batch = Batch(args.micro * args.accumulation, length, args.micro)
    run = replace(pretrain(args.model), batch=batch, duration=Duration(steps=steps or WARM + args.steps))
    run = replace(run, saving=replace(run.saving, steps=0, last=False), seeing=replace(run.seeing, steps=1))
    run = replace(run, engine=replace(run.engine, zero=1))
    return replace(run, **overridden(run.sections(), None, args.set))


def drawn_tokens(folder: Path, args: argparse.Namespace) -> Inputs:
    """A token table of documents of 200 to 3,000 tokens, enough for all steps, and a tokenizer. A document draws its
    first half from 64 ids and repeats it.
    """
    vocabulary = SHAPES[args.model].vocabulary
    tokenizer = whole_tokenizer(vocabulary)
    tokenizer.save(folder / "tokenizer")
    run = settings(args, max(WARM + args.steps, 20 if args.against_eager else 0))
    rng = np.random.default_rng(0)
    few = rng.integers(0, vocabulary, 64, dtype=np.int32)
    rows, tokens = [], 0
    while tokens < run.batch.tokens * (run.duration.steps + 1):
        half = rng.choice(few, int(rng.integers(100, 1500)))
        ids = np.concatenate([half, half])
        tokens += len(ids)
        row = {"content_id": hashlib.sha256(str(len(rows)).encode()).hexdigest(), "chunk": 0, "source": "random"}
        row |= {"language": "none", "held_out": False, "tokens": ids, "n_tokens": len(ids), "text_bytes": 4 * len(ids)}
        rows.append(row | {"tokenizer_hash": tokenizer.hash})
    (folder / "made").mkdir()
    path = folder / "made" / "part.parquet"
    pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), path)
    system = pafs.SubTreeFileSystem(str(path.parent), pafs.LocalFileSystem())
    listed = export(TokenTable("made", "made", 0, (File(path.name, path.stat().st_size),), system), folder / "tokens")
    return Inputs(str(folder / "tokenizer"), (named("tokens", str(listed)),), str(folder / "cache")).pinned()


def whole_tokenizer(vocabulary: int) -> TextTokenizer:
    """A tokenizer with as many tokens as the shape has embeddings; most of them stand for nothing."""
    trained = TextTokenizer.train(["def f(x):\n    return x + 1\n"], 300)
    backend = Tokenizer.from_str(trained.serialised)
    backend.add_tokens([f"<token {number}>" for number in range(vocabulary - trained.size)])
    return TextTokenizer(backend, trained.special)


def measured(args: argparse.Namespace, run: Run, inputs: Inputs, folder: Path) -> dict[str, Any]:
    """Train and take the numbers of the steps after the warm ones."""
    began = time.monotonic()
    place = folder / "run"
    train(run, inputs, place)
    rows = [json.loads(line) for line in (place / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    counted = rows[WARM:]
    of, length = shape(args.model), run.batch.length
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    seconds = [row["seconds"] for row in counted]
    rate = run.batch.tokens / statistics.median(seconds)
    events = [json.loads(line) for line in (place / "events.jsonl").read_text(encoding="utf-8").splitlines()]
    result = {
        "machine": machine(device),
        "model": args.model,
        "settings": {"engine": run.as_dict()["engine"], "batch": run.as_dict()["batch"]},
        **{key: events[0][key] for key in ("attention", "kernels", "compiled", "eager")},
        "steps": len(counted),
        "micro_batches": len(counted) * args.accumulation,
        "seconds_a_step": {"median": statistics.median(seconds), "min": min(seconds), "max": max(seconds)},
        "ms_a_sequence": 1000 * statistics.median(seconds) / run.batch.size,
        "tokens_per_second": rate,
        **mfu(of, length, rate, peak_flops(device), 1),
        "flops_a_token": {"full": of.flops_per_token(length), "causal": of.flops_per_token(length, causal=True)},
        "data_wait": statistics.median(row["data_wait"] for row in counted),
        "peak_memory_gb": rows[-1]["memory_bytes"] / 1e9,
        "first_loss": rows[0]["loss"],
        "ln_vocabulary": math.log(of.vocabulary),
        "start_seconds": time.monotonic() - began - sum(row["seconds"] for row in rows),
        "compile_seconds": rows[0]["seconds"] - statistics.median(seconds),
        "matmul_8192_tflops": matmul(device),
    }
    shutil.rmtree(place)
    return result


def matmul(device: torch.device, size: int = 8192, repeats: int = 20) -> float | None:
    """Measured bf16 rate of a product of two size x size matrices, TFLOP/s; None on a CPU."""
    if device.type != "cuda":
        return None
    a, b = (torch.randn(size, size, device=device, dtype=torch.bfloat16) for _ in range(2))
    for _ in range(5):
        a @ b
    torch.cuda.synchronize()
    began = time.perf_counter()
    for _ in range(repeats):
        a @ b
    torch.cuda.synchronize()
    return 2 * size**3 * repeats / (time.perf_counter() - began) / 1e12


def against_eager(args: argparse.Namespace, inputs: Inputs, folder: Path) -> dict[str, Any]:
    """20 steps of one short sequence, at a rate that teaches, with the settings asked for and with eager attention.

    Losses alone would not tell: attention that gives nothing is first seen in the gradients.
    """
    found: dict[str, dict[str, list[float]]] = {}
    for name in ("asked", "eager"):
        run = settings(args, 20)
        short = Batch(1, min(run.batch.length, 1024), 1)
        run = replace(run, batch=short, rate=replace(run.rate, peak=1e-3, warmup=0))
        if name == "eager":
            run = replace(run, engine=replace(run.engine, compile=False, attention="math"))
        train(run, inputs, folder / name)
        lines = (folder / name / "log.jsonl").read_text(encoding="utf-8").splitlines()
        rows = [json.loads(line) for line in lines]
        found[name] = {key: [row[key] for row in rows] for key in ("loss", "norm")}
        shutil.rmtree(folder / name)
    apart = {key: _apart(found["asked"][key], found["eager"][key]) for key in ("loss", "norm")}
    learned = found["eager"]["loss"][-1] < 0.98 * found["eager"]["loss"][0]
    within = apart["loss"] < 0.01 and apart["norm"] < 0.05 and learned
    return {**found, "largest_relative_difference": apart, "learned": learned, "within": within}


def _apart(one: list[float], other: list[float]) -> float:
    return max(abs(a - b) / b for a, b in zip(one, other, strict=True))


def machine(device: torch.device) -> dict[str, Any]:
    """What the numbers depend on."""
    found: dict[str, Any] = {"python": platform.python_version()}
    for name in ("torch", "deepspeed", "transformers", "triton", "pyarrow"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    if device.type == "cuda":
        found |= {"gpu": torch.cuda.get_device_name(device), "cudnn": torch.backends.cudnn.version()}
        with contextlib.suppress(Exception):  # it asks nvidia-ml-py, which a bare image lacks
            found["clock_mhz"] = torch.cuda.clock_rate()
    return found


if __name__ == "__main__":
    sys.exit(main())
