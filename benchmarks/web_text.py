"""Texts of pages against what their authors wrote: code blocks of sources, and pages a second, beside two others.

    python -m benchmarks.web_text --packages held-out --to .cache/web

Documentation packages of Debian are fetched by `apt-get download` and read, never installed or run.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

import numba
import numpy as np

from benchmarks.web_truth import Truth, blocks_of, is_shown, squeezed, tidy
from udfs.reading.archives import Limits, members

DEVELOP = ("python3.11-doc", "python-flask-doc", "python-click-doc", "python-jinja2-doc", "python-werkzeug-doc")
DEVELOP += ("python-pytest-doc", "python-requests-doc", "cmake-doc", "nodejs-doc")
HELD_OUT = (
    "python-celery-doc",
    "python-tornado-doc",
    "borgbackup-doc",
    "python-aiohttp-doc",
    "python-cryptography-doc",
)
HELD_OUT += ("restic", "python-attr-doc", "python-structlog-doc", "git-doc")
SETS = {"develop": DEVELOP, "held-out": HELD_OUT}
LOST = 0.5
"""A block of which no more than this is found is lost."""
MOST_PAGES = 250


@dataclass(frozen=True)
class Page:
    """A page and the blocks that its source has and that are in it at all."""

    package: str
    path: str
    markup: str
    truth: list[Truth]
    not_shown: int


@numba.njit(cache=True)
def _distance(a: Any, b: Any) -> int:
    row = np.arange(b.size + 1)
    for i in range(a.size):
        before = row[0]
        row[0] = i + 1
        for j in range(b.size):
            cost = before if a[i] == b[j] else before + 1
            before = row[j + 1]
            row[j + 1] = min(cost, before + 1, row[j] + 1)
    return row[b.size]


def similarity(a: str, b: str) -> float:
    """1 - the edits between two texts for each character of the longer one."""
    if a == b:
        return 1.0
    longest = max(len(a), len(b))
    if not longest or min(len(a), len(b)) * 3 < longest:
        return 0.0
    left, right = (np.frombuffer(t.encode("utf-32-le"), np.uint32) for t in (a, b))
    return 1 - _distance(left, right) / longest


def best(truth: str, candidates: list[str]) -> float:
    """How much of a block is in the candidate that is most like it."""
    if truth in candidates:
        return 1.0
    lines = {line.strip() for line in truth.split("\n")}
    near = sorted(candidates, key=lambda c: -len(lines & {line.strip() for line in c.split("\n")}) - (truth in c))[:3]
    return max((similarity(truth, c) for c in near), default=0.0)


def fenced(text: str) -> list[str]:
    """The blocks between fences of a Markdown text."""
    found = re.findall(r"^(`{3,})[^\n]*\n(.*?)\n\1[ \t]*$", text, re.M | re.S)
    return [tidy(code) for _, code in found]


def windows(truth: str, text: str) -> list[str]:
    """Stretches of a text as long as the block, around each line that the block has too."""
    wanted, lines = truth.split("\n"), text.split("\n")
    places = dict[str, list[int]]()
    for at, line in enumerate(lines):
        places.setdefault(line.strip(), []).append(at)
    starts = {at - i for i, line in enumerate(wanted[:8]) if line.strip() for at in places.get(line.strip(), [])[:3]}
    return [tidy("\n".join(lines[max(0, s) : max(0, s) + len(wanted)])) for s in sorted(starts)[:12]]


def ours(markup: str) -> str:
    from udfs.web.page_text import page_content

    return page_content(markup).text


def resiliparse(markup: str) -> str:
    from resiliparse.extract.html2text import extract_plain_text
    from resiliparse.parse.html import HTMLTree

    return extract_plain_text(HTMLTree.parse(markup), main_content=True)


def trafilatura(markup: str) -> str:
    import trafilatura as library

    found = library.extract(markup, output_format="markdown", include_formatting=True, include_tables=True)
    return found or ""


EXTRACTORS: dict[str, Callable[[str], str]] = {"ours": ours, "Resiliparse": resiliparse, "trafilatura": trafilatura}


def fetched(package: str, folder: Path) -> Path:
    """The package's archive, from the distribution's servers if it is not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    if not list(folder.glob(f"{package}_*.deb")):
        subprocess.run(["apt-get", "download", package], cwd=folder, check=True, capture_output=True)
    return next(iter(sorted(folder.glob(f"{package}_*.deb"))))


def files_of(archive: Path) -> dict[str, bytes]:
    with archive.open("rb") as file:
        return {m.path: m.data for m in members(file, archive.name, Limits()) if m.data is not None}


def pages_of(package: str, folder: Path) -> Iterator[Page]:
    """Pages that have a source beside them, with blocks in it."""
    files = files_of(fetched(package, folder))
    for path, data in sorted(files.items()):
        if not path.endswith(".html"):
            continue
        source = next((s for s in _sources(path) if s in files), None)
        if source is None:
            continue
        text = gzip.decompress(files[source]) if source.endswith(".gz") else files[source]
        markup = data.decode("utf-8", "replace")
        page = squeezed(markup)
        written = blocks_of(source.removesuffix(".gz"), text.decode("utf-8", "replace"))
        truth = [block for block in written if is_shown(block.code, page)]
        if truth:
            yield Page(package, path, markup, truth, len(written) - len(truth))


def _sources(path: str) -> Iterator[str]:
    stem = path.removesuffix(".html")
    top, html, rest = stem.rpartition("/html/")
    for ending in (".rst.txt", ".txt", ".md.txt", ".md", ".md.gz", ".adoc", ".rst.txt.gz", ".md.txt.gz"):
        yield stem + ending
        if html:
            yield f"{top}/html/_sources/{rest}{ending}"
            yield f"{top}/rst/{rest}{ending}"


def measured(pages: list[Page], name: str, extract: Callable[[str], str]) -> dict[str, Any]:
    """Scores of one extractor over the pages, and its rate."""
    began = time.process_time()
    texts = [extract(page.markup) for page in pages]
    cpu = time.process_time() - began
    marked, kept = list[float](), list[float]()
    worst = list[tuple[float, str, str]]()
    for page, text in zip(pages, texts, strict=True):
        candidates = fenced(text)
        plain = tidy(text)
        for truth in page.truth:
            score = best(truth.code, candidates)
            marked.append(score)
            kept.append(max(score, best(truth.code, windows(truth.code, plain))))
            worst.append((score, f"{page.package}/{page.path.rpartition('/')[2]}", truth.code))
    worst.sort()
    return {
        "extractor": name,
        "pages": len(pages),
        "blocks": len(marked),
        "not_shown": sum(page.not_shown for page in pages),
        "similarity": mean(marked),
        "lost": sum(score < LOST for score in marked),
        "text_similarity": mean(kept),
        "pages_a_second": len(pages) / cpu,
        "worst": worst[:60],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packages", choices=SETS, default="held-out")
    parser.add_argument("--to", type=Path, default=Path(".cache/web"))
    parser.add_argument("--only", nargs="*", choices=EXTRACTORS, default=list(EXTRACTORS))
    parser.add_argument("--show", type=int, default=0, help="how many of the worst blocks to show")
    args = parser.parse_args()
    pages = [p for package in SETS[args.packages] for p in list(pages_of(package, args.to))[:MOST_PAGES]]
    ours(pages[0].markup)  # tables are loaded once
    rows = [measured(pages, name, EXTRACTORS[name]) for name in args.only]
    by_package = {p: [q for q in pages if q.package == p] for p in SETS[args.packages]}
    for package, some in by_package.items():
        row = measured(some, "ours", ours) if some else {}
        print(package, {k: v for k, v in row.items() if k != "worst"})
    for row in rows:
        print({k: v for k, v in row.items() if k != "worst"})
        for score, place, code in row["worst"][: args.show if row["extractor"] == "ours" else 0]:
            print(f"--- {score:.2f} {place}\n{code[:400]}")
    (args.to / f"{args.packages}.json").write_text(json.dumps(rows, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
