"""Small crawls on disk, whole runs of the web half over them, and pages of both sides."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from jobs.runtime import manifest, releases, runner
from jobs.runtime.accounting import StageResult
from jobs.runtime.tables import Lake
from jobs.web import flow
from jobs.web.ingest import web_ingest
from jobs.web.parameters import Recall, WebIngest
from schemas.recall import PAGE_LABELS, URL_PATTERNS
from tests.udfs.web.warcs import page
from udfs.web.classifier import Example, FastText, train
from udfs.web.labelling import page_rows, pattern_rows
from udfs.web.training import Said, say


def _words(*lines: str) -> list[str]:
    return " ".join(lines).split()


CODE_WORDS = _words(
    "function returns argument array pointer compiler module import class thread buffer parse syntax variable method",
    "string integer loop stack queue library package interface object template macro debugger exception socket kernel",
)
OTHER_WORDS = _words(
    "garden recipe butter flour mountain river holiday church painting autumn kitchen village music summer teacher",
    "window letter market bread winter bridge island forest flower sister brother evening dinner basket blanket candle",
)
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def prose(number: int, words: list[str], edits: int = 0) -> str:
    """Sentences about the same things; equal numbers give near duplicates that differ in `edits` sentences."""
    draw = random.Random(number)
    said = []
    for _ in range(24):
        a, b, c, d, e, f = draw.sample(words, 6)
        form = draw.choice(_FORMS)
        said.append(form.format(a=a, b=b, c=c, d=d, e=e, f=f))
    for edit in range(edits):
        said[edit] = f"Edited sentence number {edit} of text {number} says something else."
    return "".join(f"<p>{sentence}</p>" for sentence in said)


_FORMS = (
    "The {a} of every {b} is what a {c} needs before the {d} can be seen, but no {e} has it.",
    "When you have a {a} and the {b}, then it is time to look for that {c} with the {d}.",
    "Nobody should put an {a} on the {b} unless there are a {c} and an old {d} in the {e}.",
    "In the end this {a} was better than any {b}, so we have kept the {c} and given away the {d}.",
    "To find a {a} that the {b} will like, be patient and ask which {c} it had, and what {d}.",
)


def code_page(number: int, edits: int = 0, block: bool = False) -> bytes:
    """A page about programs, with a block of code or without."""
    code = f"<pre class='language-python'>{'x = total + 1 + index' * 4}\nprint({number})</pre>" if block else ""
    return f"<title>T{number}</title><main>{prose(number, CODE_WORDS, edits)}{code}</main>".encode()


def other_page(number: int, edits: int = 0) -> bytes:
    return f"<title>O{number}</title><main>{prose(number, OTHER_WORDS, edits)}</main>".encode()


@dataclass
class Crawls:
    """Crawl files below `root`: name -> [(url, body)], indexes and what the manifest says beside them."""

    root: Path
    files: dict[str, list[tuple[str, bytes]]] = field(default_factory=dict)
    indexes: dict[str, dict[str, list[tuple[str, bytes]]]] = field(default_factory=dict)
    lines: list[dict[str, Any]] = field(default_factory=list)

    def write(self) -> str:
        """Bring the files and the manifest to this state. A file that has not changed is not touched."""
        lines = []
        for name, pages in self.files.items():
            where = self.root / f"{name}.warc.gz"
            _put(where, b"".join(_member(url, body) for url, body in pages))
            lines.append({"kind": "warc", "location": str(where), "source_id": name})
        for name, crawl in self.indexes.items():
            lines.append(self._index(name, crawl))
        target = self.root / "web.jsonl"
        target.write_text("".join(json.dumps(line) + "\n" for line in [*lines, *self.lines]), encoding="utf-8")
        return str(target)

    def _index(self, name: str, crawl: dict[str, list[tuple[str, bytes]]]) -> dict[str, Any]:
        """An index over crawl files that no source names."""
        rows: dict[str, list[Any]] = {n: [] for n in ("url", "filename", "offset", "length")}
        for file, pages in crawl.items():
            members = [_member(url, body) for url, body in pages]
            _put(self.root / "far" / f"{file}.warc.gz", b"".join(members))
            for at, (url, _) in enumerate(pages):
                values = (url, f"{file}.warc.gz", sum(map(len, members[:at])), len(members[at]))
                for column, value in zip(rows.values(), values, strict=True):
                    column.append(value)
        where = self.root / f"{name}.parquet"
        table = pa.table(rows)
        if not where.exists() or pq.read_table(where) != table:
            pq.write_table(table, where)
        return {"kind": "index", "location": str(where), "source_id": name, "root": str(self.root / "far")}


def _member(url: str, body: bytes) -> bytes:
    return gzip.compress(page(body, url), mtime=0)


def _put(where: Path, data: bytes) -> None:
    where.parent.mkdir(parents=True, exist_ok=True)
    if not where.exists() or where.read_bytes() != data:
        where.write_bytes(data)


def classifier(folder: Path, threshold: float = 0.5) -> str:
    """A classifier of the two kinds of prose."""
    examples = [Example(_text(prose(n, words)), words is CODE_WORDS) for n in range(40) for words in _WORDS]
    small = FastText(dim=8, epochs=30, lr=0.5, min_count=1, buckets=2000, vocabulary=400)
    say(train(examples, folder, small), Said(threshold, 1))
    return str(folder)


_WORDS = (CODE_WORDS, OTHER_WORDS)


def _text(markup: str) -> str:
    return markup.replace("<p>", "").replace("</p>", "\n")


def label(lake: Lake, *labels: dict[str, Any]) -> None:
    """Write labels of pages and patterns."""
    usual = {"tag": "Code", "label": True, "by": "ann", "kind": None, "note": None, "held_out": False}
    rows = [usual | one for one in labels]
    for table, found in ((PAGE_LABELS, page_rows(rows, NOW)), (URL_PATTERNS, pattern_rows(rows, NOW))):
        lake.ensure(table)
        if found:
            lake.append(table, lake.spark.createDataFrame(pa.Table.from_pylist(found, table.arrow_schema())), {})


def run_web(
    lake: Lake, place: str, run_id: str, params: dict[type, Any] | None = None, stages: Iterable[Any] = flow.STAGES
) -> tuple[list[StageResult], list[str]]:
    """Ingest and every stage, then the release. Returns the results and the warnings."""
    run = runner.Run(lake, run_id, flow.STAGES, {WebIngest: WebIngest(paper_patterns=False)} | (params or {}))
    sources = manifest.read_manifest(place, manifest.WEB)
    said: list[str] = []

    def read_sources() -> StageResult:
        result, said[:] = web_ingest(run, sources, run.setting(WebIngest), allow_drop=True)
        return result

    results = runner.run_stages(run, tuple(stages), before=(("web_ingest", read_sources),))
    releases.name_versions(lake, run_id, flow.TABLES)
    run.held.let_go()
    return results, said


def by_model(place: str) -> dict[type, Any]:
    """Parameters with a classifier of Code."""
    return {Recall: Recall(models={"Code": place})}
