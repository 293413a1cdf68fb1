"""Runs of a tiny model on the committed token tables, in this process; and the script of the tests with two ranks."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from training.inputs import Inputs, named
from training.recipes import recipe
from training.settings import Batch, Run
from training.train import train

FIXTURES = Path(__file__).parent / "fixtures"
TOKENIZER = str(FIXTURES / "tokenizer")


def tiny(name: str = "pretrain", steps: int = 6, **sections: dict[str, Any]) -> Run:
    """A recipe with a tiny model: 8 sequences of 64, two at once, a checkpoint every 3 steps."""
    run = recipe(name, "tiny")
    if run.phase != "sft":
        run = replace(run, rate=replace(run.rate, peak=3e-3, warmup=1))
    given = {"batch": Batch(8, 64, 2), "seeing": replace(run.seeing, steps=1), "saving": replace(run.saving, steps=3)}
    run = replace(run, **given)
    if run.phase != "sft":
        run = replace(run, duration=replace(run.duration, steps=steps))
    return replace(run, **{part: replace(getattr(run, part), **values) for part, values in sections.items()})


def held_out_table(folder: Path, table: str = "documents", every: int = 4) -> str:
    """The committed table once more, in `folder`: every fourth row is held out, every other one in another language."""
    listed = json.loads((FIXTURES / table / "files.json").read_text(encoding="utf-8"))
    folder.mkdir(parents=True)
    for file in listed["files"]:
        rows = pq.read_table(FIXTURES / table / file["path"])
        made = {
            "held_out": pa.array([n % every == 0 for n in range(len(rows))]),
            "language": pa.array(["go" if n // every % 2 else "python" for n in range(len(rows))]),
        }
        for name, column in made.items():
            rows = rows.set_column(rows.schema.get_field_index(name), name, column)
        pq.write_table(rows, folder / file["path"])
        file["size"] = (folder / file["path"]).stat().st_size
    listed["identity"] = str(folder)
    (folder / "files.json").write_text(json.dumps(listed), encoding="utf-8")
    return str(folder / "files.json")


def inputs(cache: Path, table: str = "documents", stage: int = 0) -> Inputs:
    """The committed table, or the one of a list of files, with its cache below a folder of the test's."""
    listed = table if table.endswith(".json") else FIXTURES / table / "files.json"
    return Inputs(TOKENIZER, (named("tokens", str(listed)),), str(cache), stage).pinned()


def carried(run: Run, folder: Path, resume: Any = "never", table: str = "documents", stage: int = 0) -> dict[int, Any]:
    """Train, then (loss, norm, rate, tokens) by step, as logged."""
    train(run, inputs(folder.parent / "cache", table, stage), folder, resume)
    return logged(folder)


def logged(folder: Path) -> dict[int, tuple[float, float, float, int]]:
    """What log.jsonl says of each step; of one that was done again, the last line."""
    rows = [json.loads(line) for line in (folder / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    return {row["step"]: (row["loss"], row["norm"], row["rate"], row["tokens"]) for row in rows}


def lines(folder: Path) -> list[dict[str, Any]]:
    """The lines of log.jsonl."""
    return [json.loads(line) for line in (folder / "log.jsonl").read_text(encoding="utf-8").splitlines()]


def events(folder: Path, name: str) -> list[dict[str, Any]]:
    """Events of this name."""
    rows = [json.loads(line) for line in (folder / "events.jsonl").read_text(encoding="utf-8").splitlines()]
    return [row for row in rows if row["event"] == name]
