"""refinelake plan: command, DeepSpeed settings, memory a GPU, tokens/s, days and money of a run, before it starts."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from dataclasses import replace
from typing import Any

from training.commands.arguments import Asked, add_run, asked
from training.data.mixture import ANNEALING
from training.planning import MFU, PRICE
from training.settings import Run
from training.settled import settled


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run(parser)
    parser.add_argument("--gpus", type=int, default=8, metavar="N", help="GPUs in all (default 8)")
    parser.add_argument("--per-node", type=int, default=8, metavar="N", help="GPUs of a node (default 8)")
    parser.add_argument("--mfu", type=float, default=MFU, metavar="X", help=f"assumed share of the peak ({MFU})")
    parser.add_argument("--price", type=float, default=PRICE, metavar="USD", help=f"a GPU hour (default {PRICE})")
    parser.add_argument("--gpu-gb", type=float, default=80.0, metavar="GB", help="memory of a GPU (default 80)")
    parser.add_argument("--launcher", choices=("torchrun", "deepspeed", "slurm"), default="torchrun")


def work(args: argparse.Namespace) -> int:
    import torch

    from training.engine.configuration import deepspeed_config

    _refuse_nothing(args)
    args.unnamed = not (args.tokens or args.part or args.mixture)
    if args.unnamed:
        # A plan needs no data; the command it prints then has a place to fill in.
        parts = [] if args.recipe != "anneal" else [f"{name}=TOKENS" for name in ANNEALING]
        args.part, args.tokens = parts, None if parts else "TOKENS"
    args.tokenizer = args.tokenizer or "TOKENIZER"
    wanted = asked(args)
    chosen = settled(wanted.run, _shape(wanted), args.gpus, args.gpu_gb * 1e9)
    wanted = replace(wanted, run=chosen.run)
    config = deepspeed_config(wanted.run, args.gpus, torch.bfloat16)
    print(f"# {wanted.run.name}: {args.gpus} GPUs, ZeRO {wanted.run.engine.zero}\n")
    print(command(args, wanted) + "\n")
    print("chosen, as the run will be\n" + "".join(f"  {line}\n" for line in chosen.why or ("nothing was left open",)))
    print(json.dumps(config, indent=1) + "\n")
    steps = _steps(args, wanted)
    print("\n".join([*_memory(args, wanted), "", *_time(args, wanted, steps), *_tables(args, wanted, steps)]))
    return 0


def _refuse_nothing(args: argparse.Namespace) -> None:
    for name in ("gpus", "per_node", "mfu", "gpu_gb"):
        if getattr(args, name) <= 0:
            flag = name.replace("_", "-")
            raise ValueError(f"--{flag}: expected a number above 0, found {getattr(args, name)}; name another")
    _nodes(args)


def command(args: argparse.Namespace, wanted: Asked) -> str:
    """The shell command that starts the run on every node."""
    own = ["train", *_own(sys.argv[1:])]
    nodes, gpus = _nodes(args)
    if args.launcher == "slurm":
        start = ["sbatch", f"--nodes={nodes}", f"--gpus-per-node={gpus}", "docker/train.sbatch"]
        return f"GPUS={gpus} " + shlex.join([*start, *own])
    if args.launcher == "deepspeed":
        return "deepspeed --hostfile hostfile --module training " + shlex.join(own)
    start = ["torchrun", "--nproc_per_node", str(gpus)]
    if nodes > 1:
        start += ["--nnodes", str(nodes), "--rdzv_backend", "c10d", "--rdzv_endpoint", "FIRST_NODE:29500"]
    return shlex.join([*start, "-m", "training", *own])


def _nodes(args: argparse.Namespace) -> tuple[int, int]:
    """Nodes, and GPUs of each. Raises ValueError where the nodes would not be alike."""
    nodes = -(-args.gpus // args.per_node)
    if args.gpus < 1 or args.gpus % nodes:
        raise ValueError(
            f"--gpus: expected equally many on each node of up to {args.per_node}, found {args.gpus} on {nodes} nodes; "
            "name another number, or another --per-node"
        )
    return nodes, args.gpus // nodes


_PLAN_ONLY = ("--gpus", "--per-node", "--mfu", "--price", "--gpu-gb", "--launcher")


def _own(argv: list[str]) -> list[str]:
    """The arguments that train takes too."""
    kept: list[str] = []
    skip = False
    for word in argv[1:]:
        name = word.partition("=")[0]
        if skip:
            skip = False
        elif name in _PLAN_ONLY:
            skip = "=" not in word
        else:
            kept.append(word)
    return kept


def _shape(wanted: Asked) -> Any:
    from transformers import AutoConfig

    from training import shapes

    name = wanted.run.start.model
    if name in shapes.SHAPES:
        return shapes.shape(name, qk_norm=wanted.run.start.qk_norm)
    return shapes.shape_of(AutoConfig.from_pretrained(name))


def _memory(args: argparse.Namespace, wanted: Asked) -> list[str]:
    from training.planning import checkpoint_bytes, copy_bytes, host_bytes, memory

    shape = _shape(wanted)
    held = memory(wanted.run, shape, args.gpus)
    lines = [f"parameters           {shape.parameters():,}", "", "memory a GPU (derived, before fragmentation)"]
    for name in ("weights", "gradients", "optimizer", "activations", "loss"):
        lines.append(f"  {name:<19}{getattr(held, name) / 1e9:8.1f} GB")
    lines.append(f"  {'in all':<19}{held.total / 1e9:8.1f} GB of {args.gpu_gb:g}")
    lines += _changes(args, wanted.run, shape)
    if host := host_bytes(wanted.run, shape, args.gpus):
        lines.append(f"  host memory a rank {host / 1e9:8.1f} GB")
    lines.append(f"a checkpoint         {checkpoint_bytes(shape) / 1e9:,.0f} GB")
    if wanted.run.saving.background:
        copied = copy_bytes(shape, args.gpus, args.per_node)
        lines.append(f"  its copy           {copied / 1e9:,.0f} GB of a node's host memory")
    return lines


def _changes(args: argparse.Namespace, run: Run, shape: Any) -> list[str]:
    """The settings with which the run fits, or is faster on so many GPUs; none where it is well as it is."""
    from training.planning import ROOM, fitting, memory

    found = fitting(run, shape, args.gpus, args.gpu_gb * 1e9)
    if found is None:
        return [f"  too much, whatever the settings, with {1 - ROOM:.0%} left free: take more GPUs, or engine.offload"]
    changed = [
        f"--set {section}.{key}={json.dumps(value)}"
        for section, kept in found.as_dict().items()
        if isinstance(kept, dict)
        for key, value in kept.items()
        if value != run.as_dict()[section][key]
    ]
    if not changed:
        return []
    total = memory(found, shape, args.gpus).total / 1e9
    fits = memory(run, shape, args.gpus).total <= ROOM * args.gpu_gb * 1e9
    why = "faster on so many GPUs" if fits else f"with {1 - ROOM:.0%} left free it fits"
    return [f"  {why} with {' '.join(changed)}: {total:.1f} GB"]


def _steps(args: argparse.Namespace, wanted: Asked) -> int | None:
    """Optimizer steps of the run; None for epochs over rows that are not named."""
    run = wanted.run
    if run.phase != "sft" or run.duration.steps:
        return run.duration.optimizer_steps(run.batch, 0)
    if args.unnamed:
        return None
    from training.inputs import open_feed
    from udfs.tokens.tokenizer import TextTokenizer

    feed = open_feed(run, wanted.inputs.pinned(), TextTokenizer.read(wanted.inputs.tokenizer))
    return run.duration.optimizer_steps(run.batch, feed.steps_an_epoch)


def _time(args: argparse.Namespace, wanted: Asked, steps: int | None) -> list[str]:
    from training.planning import duration

    run = wanted.run
    if steps is None:
        return ["steps                unknown without the rows: name them by --tokens"]
    time = duration(run, _shape(wanted), args.gpus, steps, args.mfu, args.price)
    return [
        f"steps                {time.steps:,} of {run.batch.size:,} x {run.batch.length:,}, "
        f"{run.batch.accumulation(args.gpus):,} micro-batches a rank",
        f"tokens               {time.tokens:,}",
        f"tokens/s             {time.tokens_per_second:,.0f} at an assumed MFU of {args.mfu:.0%}",
        f"days                 {time.days:,.1f}",
        f"GPU hours            {time.gpu_hours:,.0f}",
        f"money                {time.money:,.0f} USD at {args.price:g} a GPU hour",
    ]


def _tables(args: argparse.Namespace, wanted: Asked, steps: int | None) -> list[str]:
    """Whether the pinned versions will still be there when the run ends."""
    if args.unnamed or steps is None:
        return []
    from training.data.readable import readable_until
    from training.planning import duration

    run, lines = wanted.run, [""]
    seconds = duration(run, _shape(wanted), args.gpus, steps, args.mfu, args.price).days * 86_400
    for name, table in wanted.inputs.pinned().tables().items():
        found = readable_until(table, seconds)
        lines.append(f"{name}: {table.name} version {table.version}, {len(table.files)} files")
        lines += [f"  {said}" for said in (*found.errors, *found.warnings)] or ["  readable to the end of the run"]
    return lines
