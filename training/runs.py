"""Runs that were carried out: their data opened again, so that any step can be looked at and any content traced."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from training.checkpoint import store
from training.data.feed import Feed
from training.inputs import Inputs, open_feed
from training.run_file import RUN_FILE, json_lines, logged, reopened
from training.settings import Data, Run
from udfs.tokens.tokenizer import TextTokenizer


@dataclass(frozen=True)
class Segment:
    """Steps from `first` to `last` (exclusive) whose batches `feed` gives from `inputs`."""

    first: int
    last: int
    inputs: Inputs
    feed: Feed


@dataclass(frozen=True)
class Carried:
    """A run folder: settings, inputs, run.json as it is, its tokenizer."""

    folder: Path
    run: Run
    inputs: Inputs
    whole: dict[str, Any]
    tokenizer: TextTokenizer

    @classmethod
    def open(cls, folder: str | Path) -> Carried:
        """Raises ValueError where the folder holds no run."""
        run, inputs, whole = reopened(Path(folder))
        return cls(Path(folder), run, inputs, whole, TextTokenizer.read(Path(folder) / "tokenizer"))

    def done(self) -> int:
        """Steps that were carried out for certain: those before the newest checkpoint or logged line."""
        logged = [row["step"] + 1 for row in self.log()]
        return int(max([self.whole["first_step"], *store.steps(self.folder / "checkpoints"), *logged]))

    def log(self) -> list[dict[str, Any]]:
        """Lines of log.jsonl; of a step that a resume carried out again, the last one."""
        return logged(self.folder)

    def events(self) -> list[dict[str, Any]]:
        """Lines of events.jsonl."""
        return json_lines(self.folder / "events.jsonl")

    def segments(self) -> Iterator[Segment]:
        """The stretches of steps that read and counted sequences in one way, with their data open."""
        parts = self.whole["segments"]
        ends = [part["step"] for part in parts[1:]] + [self.whole["last_step"]]
        for part, end in zip(parts, ends, strict=True):
            if "block" not in part["data"] and self.run.phase != "sft":
                raise ValueError(
                    f"{self.folder}: expected a run in this release's data order, found one from before sequences were "
                    "permuted; ask it with the release that trained it"
                )
            batch = replace(self.run.batch, size=part["size"], length=part["length"], micro=1)
            run = replace(self.run, batch=batch, data=Data(**part["data"]))
            inputs = Inputs.from_dict(part["inputs"])
            feed = open_feed(run, inputs, self.tokenizer)
            feed.begin(part["step"], part["sequence"])
            yield Segment(part["step"], end, inputs, feed)

    def segment(self, step: int) -> Segment:
        """The segment of a step; its feed gives one sequence a micro-batch. Raises ValueError."""
        for segment in self.segments():
            if segment.first <= step < segment.last:
                return segment
        first, last = self.whole["first_step"], self.whole["last_step"]
        raise ValueError(f"{self.folder}: expected a step from {first} to {last - 1}, found {step}")

    def seen(self, content_id: str) -> list[int]:
        """Steps carried out so far that read a content."""
        done = self.done()
        return sorted(s for seg in self.segments() for s in seg.feed.seen(content_id, min(seg.last, done)))


def below(root: str | Path) -> list[Path]:
    """Folders below `root` (itself included) that hold a run."""
    return sorted(file.parent for file in Path(root).rglob(RUN_FILE))
