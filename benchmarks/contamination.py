"""Copies of benchmark tasks that are found, look-alikes that are not, and what a text costs.

    python -m benchmarks.contamination --benchmarks ../shared/benchmarks --texts FOLDER [--curve FILE]

Tuned on HumanEval and MBPP's test split, scored on McEval's Python and BigCodeBench-Hard. FOLDER holds Python files
that are no copies: half of them say how common words are, the other half are looked at. Documents are counted once,
whatever number of parts is found in them.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks import copies
from udfs.contamination.frequencies import count
from udfs.contamination.index import Index
from udfs.contamination.items import Item, read
from udfs.contamination.matching import find
from udfs.contamination.rules import USUAL, Shares

_LEAST, _MOST = 300, 60_000
TEST_SPLIT = range(11, 511)
_THRESHOLDS = (0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--benchmarks", required=True, type=Path, metavar="DIR", help="mbpp/, mceval/, bigcodebench/")
    parser.add_argument("--texts", required=True, type=Path, metavar="DIR", help="Python files, any depth")
    parser.add_argument("--most", type=int, default=3_000, help="files to take")
    parser.add_argument("--curve", type=Path, metavar="FILE", help="write precision and recall over thresholds")
    args = parser.parse_args()
    known, looked_at = halves(args.texts, args.most)
    mbpp = read("mbpp", str(args.benchmarks / "mbpp/mbpp.jsonl"))
    test = [item for item in mbpp if int(item.item) in TEST_SPLIT]
    rest = [item for item in mbpp if int(item.item) not in TEST_SPLIT]
    tuned = read("humaneval", "") + test
    scored = read("mceval", str(args.benchmarks / "mceval/Python.jsonl.gz"))
    scored += read("bigcodebench", str(args.benchmarks / "bigcodebench/BigCodeBench_Hard.jsonl.gz"))
    for name, items, others in (("tuned on", tuned, rest), ("scored on", scored, mbpp)):
        index = Index(items, count({"code": known}))
        tasks = {"other tasks": [copies.python_text(item) for item in others]}
        same_name = {"other tasks of the same name": [t for item in items if (t := copies.namesake(item))]}
        others_ = {**copies.LOOK_ALIKES, **same_name, **tasks, "real files": looked_at}
        show(name, items, index, others_)
        if name == "tuned on":
            show_translated(index, args.benchmarks)
    if args.curve:
        args.curve.write_text(json.dumps(curve(scored, index, others_), indent=1) + "\n", encoding="utf-8")
    whole = [*tuned, *scored, *(i for f in sorted(args.benchmarks.glob("*/*-*.jsonl.gz")) for i in _any(f))]
    speed(whole, known, looked_at)
    return 0


def halves(folder: Path, most: int) -> tuple[list[str], list[str]]:
    """Texts to learn from, and texts to look at."""
    files = sorted(f for f in folder.rglob("*.py") if f.is_file() and _LEAST < f.stat().st_size < _MOST)
    random.Random(1).shuffle(files)
    texts = [f.read_text(encoding="utf-8", errors="replace") for f in files[:most]]
    return texts[::2], texts[1::2]


def _any(file: Path) -> list[Item]:
    try:
        return read(file.parent.name, str(file))
    except ValueError:
        return []  # answers of a model, no tasks


def show(name: str, items: Sequence[Item], index: Index, look_alikes: Mapping[str, Sequence[str]]) -> None:
    """A line for each kind of copy and of look-alike, then precision and recall of copies in the same language."""
    print(f"\n{name} {len(items)} tasks of {', '.join(sorted({i.benchmark for i in items}))}\n")
    print("| copies | found |\n| --- | --- |")
    hit = made = 0
    for kind, make in {**copies.SAME, "all names changed": copies.renamed}.items():
        texts = [text for item in items if (text := make(item))]
        found = sum(is_copy(text, index) for text in texts)
        print(f"| {kind} | {found} of {len(texts)} ({found / len(texts):.3f}) |")
        if kind in copies.SAME:
            hit, made = hit + found, made + len(texts)
    print("\n| no copies | taken for one |\n| --- | --- |")
    wrong = 0
    for kind, texts in look_alikes.items():
        taken = sum(is_copy(text, index) for text in texts)
        wrong += taken
        print(f"| {kind} | {taken} of {len(texts)} |")
    print(f"\nsame language: recall {hit / made:.3f}, precision {hit / (hit + wrong):.3f}")


def show_translated(index: Index, folder: Path) -> None:
    """HumanEval as MultiPL-E has it in other languages: with its question, without it, and its tests alone."""
    found: dict[str, list[bool]] = {"question and head": [], "head alone": [], "tests alone": []}
    for file in sorted((folder / "multipl-e").glob("humaneval-*.jsonl.gz")):
        for item in read("multipl-e", str(file)):
            task = re.match(r"HumanEval_(\d+)_", item.item)
            said = dict(item.parts)
            prompt = said.get("prompt", "")
            forms = {"question and head": prompt, "head alone": bare(prompt), "tests alone": said.get("tests", "")}
            for kind, text in forms.items():
                if task and text:
                    hits = (hit.item for hit in find(text, index) if hit.is_copy)
                    found[kind].append(f"HumanEval/{task[1]}" in hits)
    print("\n| translated, nine languages | found |\n| --- | --- |")
    for kind, seen in found.items():
        print(f"| {kind} | {sum(seen)} of {len(seen)} ({sum(seen) / len(seen):.3f}) |")


def bare(prompt: str) -> str:
    """A prompt without its comments, in languages that begin them with //, # or a star."""
    return "\n".join(line for line in prompt.splitlines() if not re.match(r"\s*(//|#|/?\*)", line))


def curve(items: Sequence[Item], index: Index, look_alikes: Mapping[str, Sequence[str]]) -> dict[str, object]:
    """Precision and recall of copies in the same language, by the share that a copy of a long part covers."""
    made = [text for make in copies.SAME.values() for item in items if (text := make(item))]
    others = [text for texts in look_alikes.values() for text in texts]
    points = []
    for least in _THRESHOLDS:
        p = replace(USUAL, least=least)
        found, wrong = (sum(is_copy(text, index, p) for text in texts) for texts in (made, others))
        points.append({"least": least, "recall": found / len(made), "precision": found / (found + wrong or 1)})
    in_force = next(point for point in points if point["least"] == USUAL.least)
    of = f"{len(made):,} copies of {len(items)} tasks, {len(others):,} texts that are none"
    return {"of": of, "in_force": in_force, "points": points}


def is_copy(text: str, index: Index, p: Shares = USUAL) -> bool:
    return any(hit.is_copy for hit in find(text, index, p))


def speed(items: Sequence[Item], known: Sequence[str], texts: Sequence[str]) -> None:
    """CPU time of a document of 4 kB, against all sets at once."""
    index = Index(items, count({"code": known}))
    find(texts[0], index)
    size = sum(len(text.encode()) for text in texts)
    began = time.process_time()
    for text in texts:
        find(text, index)
    took = (time.process_time() - began) / size * 4096
    print(f"\n{len(items):,} tasks, {len(index.parts):,} parts: {took * 1e6:.0f} CPU microseconds for 4 kB")


if __name__ == "__main__":
    raise SystemExit(main())
