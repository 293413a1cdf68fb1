"""refinelake web train: train the classifier of a tag on what is labelled, in rounds, and pin the last one."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from jobs.commands.arguments import add_lake_arguments, add_writing_arguments
from jobs.commands.web_label import labels_of, write_labels
from jobs.commands.web_run import reading

if TYPE_CHECKING:
    from jobs.runtime.tables import Lake


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_lake_arguments(parser)
    add_writing_arguments(parser)
    parser.add_argument("--sources", metavar="FILE", help="read this manifest first, as web run --only web_ingest does")
    parser.add_argument("--from", dest="file", metavar="FILE", help="write these labels first, as web label does")
    parser.add_argument("--by", metavar="NAME", help="who says what is in --from, where its lines do not")
    parser.add_argument(
        "--tag",
        default="Code",
        help="what the classifier recalls (default: Code); RepoText: text files of repositories, see docs/web.md",
    )
    parser.add_argument("--to", metavar="URL", help="where models are put (default: WAREHOUSE/_models)")
    parser.add_argument("--rounds", type=int, metavar="N", help="at most so many rounds (rounds.most)")
    parser.add_argument("--no-pin", action="store_true", help="leave the classifier in force as it is")
    parser.add_argument("--pin", metavar="VERSION", help="train nothing: put a classifier of an earlier round in force")


def work(args: argparse.Namespace) -> int:
    from jobs.commands.run import new_run_id, open_lake
    from jobs.runtime.lease import as_only_writer
    from schemas.recall import TEXT_TAG

    if args.pin and (args.no_pin or args.rounds is not None or args.sources or args.file):
        raise ValueError("web train --pin: expected nothing else to do, found --no-pin, --rounds, --sources or --from")
    if args.tag == TEXT_TAG and args.sources:
        raise ValueError(f"web train --tag {TEXT_TAG}: expected no --sources, for it learns from files: refinelake run")
    labels = labels_of(args.file, args.by) if args.file else []
    if args.rounds is not None:
        args.set.append(f"rounds.most={args.rounds}")
    lake, params = open_lake(args)
    run_id = new_run_id()
    carry_out = (
        partial(_pin, lake, args.tag, args.pin) if args.pin else partial(_train, args, lake, params, run_id, labels)
    )
    try:
        rows = as_only_writer(lake, run_id, carry_out, args.break_lock)
    finally:
        lake.drop_staging(run_id)
    last = rows[-1]
    if last["pinned_at"] is None:
        print(f"no classifier was pinned; --pin {last['version']} puts the last one in force")
    else:
        print(f"the classifier of {args.tag} in force is {last['version']}, from a score of {last['threshold']:.3f} on")
        flow = "run" if args.tag == TEXT_TAG else "web run"
        print(f"next: refinelake {flow} --warehouse {args.warehouse} --sources FILE, and refinelake web report")
    return 0


def _train(
    args: argparse.Namespace, lake: Lake, params: dict[type, Any], run_id: str, labels: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    from jobs.commands.run import ask_workers
    from jobs.flows import CODE, WEB
    from jobs.runtime.places import absolute, files_place
    from jobs.runtime.progress import Console
    from jobs.runtime.runner import Run, run_stages
    from jobs.web.trained_from import LABELS
    from jobs.web.training_rounds import Training
    from schemas.recall import TEXT_TAG

    of_files = args.tag == TEXT_TAG
    ask_workers(lake, WEB, params)
    run = Run(lake, run_id, CODE.stages if of_files else WEB.stages, params, progress=Console())
    for table in LABELS if of_files else ():
        lake.ensure(table)  # where no page was ever read they are not there yet
    if args.sources:
        run_stages(run, (), before=((WEB.before[0], reading(args.sources, run)),))
    if labels:
        write_labels(lake, labels)
    place = absolute(args.to) if args.to else f"{files_place(lake.warehouse, lake.staging_root)}/_models"
    try:
        rows = Training(run, args.tag, place, partial(print, flush=True)).carry_out()
    finally:
        run.held.let_go()
    if not args.no_pin:
        rows[-1]["pinned_at"] = datetime.now(UTC)
    _write(lake, rows)
    return rows


def _pin(lake: Lake, tag: str, version: str) -> list[dict[str, Any]]:
    from schemas.recall import RECALL_MODELS
    from udfs.web.model_place import recall_model

    rows = [r for r in lake.small(RECALL_MODELS) if r["tag"] == tag]
    found = [r for r in rows if r["version"] == version]
    if not found:
        known = ", ".join(f"{r['version']} of round {r['round']}" for r in rows) or "none"
        raise ValueError(f"recall_models: expected a classifier of {tag} with version {version}, found {known}")
    if recall_model(found[-1]["location"]).version != version:
        raise ValueError(f"{found[-1]['location']}: expected classifier {version}, found another one; train it again")
    found[-1]["pinned_at"] = datetime.now(UTC)
    _write(lake, found[-1:])
    return found[-1:]


def _write(lake: Lake, rows: list[dict[str, Any]]) -> None:
    """A classifier that is trained again from the same pages is the same one: its row is replaced."""
    import pyarrow as pa
    from pyspark.sql import functions as F

    from jobs.runtime.frames import OP
    from schemas.recall import RECALL_MODELS

    lake.ensure(RECALL_MODELS)
    frame = lake.spark.createDataFrame(pa.Table.from_pylist(rows, RECALL_MODELS.arrow_schema()))
    lake.merge(RECALL_MODELS, frame.withColumn(OP, F.lit("update")), {"stage": "web_train"})
