"""Start training on the GPUs of a Spark cluster (Databricks, or spark-submit): pyspark's DeepSpeed distributor.

spark-submit jobs/ops/train.py --nodes 2 --gpus 8 -- train pretrain --model 1.5b --tokens ... --tokenizer ... --to ...
"""

from __future__ import annotations

import argparse
import sys
from importlib.util import find_spec
from pathlib import Path

from jobs.cli import guarded
from jobs.runtime.session import session


def entry() -> str:
    """The file that every rank runs: `python -m training` as a path, which is what the distributor takes."""
    found = find_spec("training")
    if found is None or found.origin is None:
        raise ValueError("training: expected the package of refinelake's wheel, found none; install it with [train]")
    return str(Path(found.origin).with_name("__main__.py"))


def distribute(arguments: list[str], nodes: int = 1, gpus: int = 1, cpu: bool = False) -> None:
    """Run `python -m training ARGUMENTS` on nodes x gpus ranks and wait. With `cpu`, on the driver without GPUs.

    The settings of DeepSpeed are derived by the ranks, so none are handed over here. Raises what the ranks end with.
    """
    from pyspark.ml.deepspeed.deepspeed_distributor import DeepspeedTorchDistributor

    session()
    alone = nodes == 1
    distributor = DeepspeedTorchDistributor(numGpus=gpus, nnodes=nodes, localMode=alone, useGpu=not cpu)
    distributor.run(entry(), *arguments)


def main(argv: list[str] | None = None) -> None:
    """Entry point `refinelake-distribute`. Raises SystemExit with a code other than 0."""
    if code := exit_code(argv):
        raise SystemExit(code)


def exit_code(argv: list[str] | None = None) -> int:
    """Carry out a command line; the codes are those of `refinelake`."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--nodes", type=int, default=1, metavar="N", help="nodes (1: the driver's own GPUs)")
    parser.add_argument("--gpus", type=int, default=1, metavar="N", help="GPUs of a node")
    parser.add_argument("--cpu", action="store_true", help="no GPU: for trying a cluster out")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="-- train ...", help="what refinelake takes")
    args = parser.parse_args(argv)
    given = args.arguments[1:] if args.arguments[:1] == ["--"] else args.arguments
    if not given:
        print("refinelake: train: expected the arguments of `refinelake train` after --, found none", file=sys.stderr)
        return 2
    return guarded(lambda: distribute(given, args.nodes, args.gpus, args.cpu))


if __name__ == "__main__":
    main()
