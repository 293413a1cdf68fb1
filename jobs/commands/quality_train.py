"""refinelake quality train: make a scorer from labelled files, and pin it; or pin an earlier one."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from jobs.commands.arguments import add_lake_arguments, add_writing_arguments

if TYPE_CHECKING:
    from jobs.runtime.tables import Lake
    from udfs.quality.labelling import Given


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_lake_arguments(parser)
    add_writing_arguments(parser)
    parser.add_argument(
        "--labels",
        action="append",
        default=[],
        metavar="FILE",
        help="labels beside file_labels: JSON lines or Parquet with clean_id or content, language, score, repo",
    )
    parser.add_argument("--to", metavar="URL", help="where scorers are put (default: WAREHOUSE/_models)")
    parser.add_argument("--no-pin", action="store_true", help="leave the scorer in force as it is")
    parser.add_argument("--pin", metavar="VERSION", help="train nothing: put an earlier scorer in force")
    parser.add_argument("--unpin", action="store_true", help="train nothing: put no scorer in force")


def work(args: argparse.Namespace) -> int:
    from jobs.commands.run import new_run_id, open_lake
    from jobs.runtime.lease import as_only_writer

    if sum((bool(args.pin), args.unpin, bool(args.labels or args.to or args.no_pin))) > 1:
        raise ValueError("quality train: expected --pin or --unpin alone, found more; leave the rest out")
    given = [label for file in args.labels for label in labels_of(file)]
    lake, params = open_lake(args)
    run_id = new_run_id()
    if args.pin or args.unpin:
        carry_out = partial(_pin, lake, args.pin)
    else:
        carry_out = partial(_train, args, lake, params, run_id, given)
    try:
        row = as_only_writer(lake, run_id, carry_out, args.break_lock)
    finally:
        lake.drop_staging(run_id)
    if row is None:
        print("no scorer is in force; stored scores stay until two other scorers were used")
    elif row["pinned_at"] is None:
        print(f"no scorer was pinned; --pin {row['version']} puts this one in force")
    else:
        print(f"the scorer in force is {row['version']}, of {', '.join(row['languages'])}")
        print(f"next: refinelake run, then refinelake tune qsc_learned_rank, with --warehouse {args.warehouse}")
    return 0


def labels_of(file: str) -> list[Given]:
    """The labels of a file. Raises ValueError, naming it, where it cannot be read."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from jobs.runtime.places import driver, read_text
    from udfs.quality.labelling import read_lines, read_rows

    try:
        if not file.endswith(".parquet"):
            return read_lines(file, read_text(file))
        fs, path = driver(file)
        with fs.open(path, "rb") as opened:
            return read_rows(file, pq.read_table(opened).to_pylist())
    except (OSError, UnicodeDecodeError, pa.ArrowException) as error:
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ValueError(
            f"{file}: expected labels in JSON lines (UTF-8) or Parquet, found {said}; correct it"
        ) from None


def _train(
    args: argparse.Namespace, lake: Lake, params: dict[type, Any], run_id: str, given: list[Given]
) -> dict[str, Any]:
    from jobs.code.quality_training import Training
    from jobs.runtime.places import absolute, files_place
    from udfs.quality.settings import QualityTraining

    place = absolute(args.to) if args.to else f"{files_place(lake.warehouse, lake.staging_root)}/_models"
    row = Training(lake, run_id, given, place, params[QualityTraining], partial(print, flush=True)).carry_out()
    row["trained_at"] = datetime.now(UTC)
    if not args.no_pin:
        row["pinned_at"] = row["trained_at"]
    _write(lake, [row])
    return row


def _pin(lake: Lake, version: str | None) -> dict[str, Any] | None:
    """Put a scorer in force, or none. Raises ValueError where it is not known, or is not there any more."""
    from schemas.quality import QUALITY_MODELS
    from udfs.quality.scorer import scorer

    rows = lake.small(QUALITY_MODELS)
    if version is None:
        _write(lake, [r | {"pinned_at": None} for r in rows if r["pinned_at"] is not None])
        return None
    found = [r for r in rows if r["version"] == version]
    if not found:
        known = ", ".join(r["version"] for r in rows) or "none"
        raise ValueError(f"quality_models: expected a scorer of version {version}, found {known}; give one of these")
    if scorer(found[0]["location"]).version != version:
        raise ValueError(f"{found[0]['location']}: expected scorer {version}, found another one; train it again")
    row = found[0] | {"pinned_at": datetime.now(UTC)}
    _write(lake, [row])
    return row


def _write(lake: Lake, rows: list[dict[str, Any]]) -> None:
    """A scorer that is made again from the same labels is the same one: its row is replaced."""
    import pyarrow as pa
    from pyspark.sql import functions as F

    from jobs.runtime.frames import OP
    from schemas.quality import QUALITY_MODELS

    if rows:
        lake.ensure(QUALITY_MODELS)
        frame = lake.spark.createDataFrame(pa.Table.from_pylist(rows, QUALITY_MODELS.arrow_schema()))
        lake.merge(QUALITY_MODELS, frame.withColumn(OP, F.lit("update")), {"stage": "quality_train"})
