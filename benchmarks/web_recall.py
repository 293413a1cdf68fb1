"""Recall of pages of sites that no model saw: precision and recall of the rule, of the classifier, and of both.

    refinelake fetch web-bench --to .cache/web-bench
    python -m benchmarks.web_recall --to .cache/web-bench

Whole domains are left out in turn. Each page is scored by a model that saw no page of its domain, and judged with a
threshold that was chosen on pages of other domains. Prints Markdown and writes DIR/recall.json.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from udfs.web.classifier import FastText, train
from udfs.web.domains import domain_of
from udfs.web.pages import page_rows
from udfs.web.seeds import Labelled, Seeds, Streams, balanced, by_rule, folds, is_han, threshold
from udfs.web.thresholds import thresholds

LEAST_BYTES = 200
"""Shorter texts ("Moved!", "TODO", a list of links) say nothing of their subject, and are left out."""
SHOWN = 5
"""Pages of each kind of error that are listed for a site."""


@dataclass
class Page:
    """A labelled page. `score` is of a model that saw no page of its domain, `least` the threshold for it."""

    url: str
    domain: str
    text: str
    is_of_tag: bool
    kind: str | None = None
    code_bytes: int | None = None
    fold: int = 0
    score: float = 0.0
    least: float = 0.0

    @property
    def text_bytes(self) -> int:
        return len(self.text.encode())


@dataclass(frozen=True)
class Counts:
    """Right and wrong of a set of pages."""

    pages: int
    of_tag: int
    recalled: int
    right: int

    @property
    def precision(self) -> float | None:
        return self.right / self.recalled if self.recalled else None

    @property
    def recall(self) -> float | None:
        return self.right / self.of_tag if self.of_tag else None

    @property
    def wrongly(self) -> float | None:
        """Share of the pages not of the tag that were recalled."""
        others = self.pages - self.of_tag
        return (self.recalled - self.right) / others if others else None


def labelled_pages(folder: Path) -> list[Page]:
    """Distinct texts of the labelled pages of a set that `refinelake fetch` wrote, of LEAST_BYTES and more."""
    labels = {said["url"]: said for said in map(json.loads, (folder / "labels.jsonl").open(encoding="utf-8"))}
    found = dict[str, Page]()
    for source in map(json.loads, (folder / "web.jsonl").open(encoding="utf-8")):
        for row in page_rows(source["location"]):
            said = labels.get(row.url)
            if said is None or row.text is None or row.content_id is None or len(row.text.encode()) < LEAST_BYTES:
                continue
            domain = domain_of(row.host) or ""
            page = Page(str(row.url), domain, row.text, said["label"], said["kind"], row.code_bytes)
            found.setdefault(row.content_id, page)
    return list(found.values())


def score_unseen(pages: Sequence[Page], seeds: Seeds, fasttext: FastText, k: int, rounds: int) -> None:
    """Fold and score of every page. From the second round on, what the model before was wrong about is hard."""
    where = folds([(page.domain, page.is_of_tag) for page in pages], k)
    for page in pages:
        page.fold = where[page.domain]
    for fold in range(k):
        began = time.process_time()
        seen = [page for page in pages if page.fold != fold]
        unseen = [page for page in pages if page.fold == fold]
        hard = [False] * len(seen)
        with tempfile.TemporaryDirectory() as folder:
            for number in range(rounds):
                rows = zip(seen, hard, strict=True)
                examples = balanced([Labelled(p.text, p.is_of_tag, p.domain, p.kind, h) for p, h in rows], seeds)
                model = train(examples, Path(folder) / str(number), fasttext)
                if number + 1 < rounds:
                    scores = model.scores([page.text for page in seen])
                    hard = [(s >= 0.5) != page.is_of_tag for s, page in zip(scores, seen, strict=True)]
            for page, score in zip(unseen, model.scores([page.text for page in unseen]), strict=True):
                page.score = score
        print(
            f"fold {fold}: {len(examples)} examples, {sum(hard)} hard, {time.process_time() - began:.0f} s", flush=True
        )


def choose(pages: Sequence[Page], streams: Streams) -> None:
    """Each page's threshold: by recall, on the pages of the other folds that the rule does not decide."""
    for fold in {page.fold for page in pages}:
        rest = [p for p in pages if p.fold != fold and not by_rule(p.code_bytes, p.text_bytes, streams)]
        least = threshold([p.score for p in rest], [p.is_of_tag for p in rest], streams)
        for page in pages:
            if page.fold == fold:
                page.least = least


def rule(page: Page, streams: Streams) -> bool:
    return by_rule(page.code_bytes, page.text_bytes, streams) and page.score >= streams.rule_score


def classifier(page: Page, streams: Streams) -> bool:
    return page.score >= page.least


def both(page: Page, streams: Streams) -> bool:
    return rule(page, streams) or classifier(page, streams)


def counted(pages: Iterable[Page], recalls: Callable[[Page], bool]) -> Counts:
    some = [(page.is_of_tag, recalls(page)) for page in pages]
    of_tag, recalled = sum(o for o, _ in some), sum(r for _, r in some)
    return Counts(len(some), of_tag, recalled, sum(o and r for o, r in some))


def groups(pages: Sequence[Page]) -> dict[str, dict[str, list[Page]]]:
    """The pages by fold, language, kind and site."""
    found = defaultdict[str, dict[str, list[Page]]](lambda: defaultdict(list))
    for page in pages:
        found["fold"][str(page.fold)].append(page)
        found["language"]["Chinese" if is_han(page.text) else "English and others"].append(page)
        found["kind"][page.kind or "unknown"].append(page)
        found["site"][page.domain].append(page)
    return {name: dict(sorted(some.items())) for name, some in found.items()}


def report(pages: Sequence[Page], streams: Streams) -> tuple[dict[str, Any], str]:
    """What was measured, and the same as Markdown."""
    result: dict[str, Any] = {"thresholds": {str(p.fold): p.least for p in pages}}
    lines = ["| stream | pages | of the tag | recalled | precision | recall |", "| --- " * 6 + "|"]
    for name, stream in {
        "rule alone": lambda p: by_rule(p.code_bytes, p.text_bytes, streams),
        "rule with a score": lambda p: rule(p, streams),
        "classifier": lambda p: classifier(p, streams),
        "both": lambda p: both(p, streams),
    }.items():
        counts = result[name] = counted(pages, stream)
        lines.append(_row(name, counts))
    for group, some in groups(pages).items():
        lines += ["", f"| {group} | pages | of the tag | recalled | precision | recall |", "| --- " * 6 + "|"]
        result[group] = {name: counted(part, lambda p: both(p, streams)) for name, part in some.items()}
        lines += [_row(name, counts) for name, counts in result[group].items()]
    scores, sides = [p.score for p in pages], [p.is_of_tag for p in pages]
    result["of one threshold"] = [asdict(t) for t in thresholds(scores, sides)]
    lines += ["", *(f"{t.goal} {t.wanted}: {t}" for t in thresholds(scores, sides))]
    result["errors"] = errors(pages, streams)
    return result, "\n".join(lines)


def errors(pages: Sequence[Page], streams: Streams) -> list[dict[str, Any]]:
    """The worst errors of each site, the sites with most of them first."""
    wrong = defaultdict[tuple[str, bool], list[Page]](list)
    for page in pages:
        if both(page, streams) != page.is_of_tag:
            wrong[page.domain, page.is_of_tag].append(page)
    found = list[dict[str, Any]]()
    for (domain, of_tag), some in sorted(wrong.items(), key=lambda item: (-len(item[1]), item[0])):
        some.sort(key=lambda p: (p.score if of_tag else -p.score, p.url))
        worst = [{"url": p.url, "score": round(p.score, 3), "begins": p.text[:160]} for p in some[:SHOWN]]
        found.append({"site": domain, "error": "missed" if of_tag else "wrongly", "pages": len(some), "worst": worst})
    return found


def _row(name: str, c: Counts) -> str:
    shares = [f"{share:.3f}" if share is not None else "" for share in (c.precision, c.recall)]
    return "| " + " | ".join([name, str(c.pages), str(c.of_tag), str(c.recalled), *shares]) + " |"


def _as_json(value: Any) -> Any:
    if isinstance(value, Counts):
        return asdict(value) | {"precision": value.precision, "recall": value.recall, "wrongly": value.wrongly}
    raise TypeError(f"{type(value).__name__} has no JSON form")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", type=Path, default=Path(".cache/web-bench"), metavar="DIR")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--fasttext", type=json.loads, default={}, metavar="JSON", help="parameters other than default")
    parser.add_argument("--seeds", type=json.loads, default={}, metavar="JSON")
    parser.add_argument("--streams", type=json.loads, default={}, metavar="JSON")
    args = parser.parse_args()
    seeds, fasttext, streams = Seeds(**args.seeds), FastText(**args.fasttext), Streams(**args.streams)
    pages = labelled_pages(args.to)
    print(f"{len(pages)} labelled texts of {len({page.domain for page in pages})} domains")
    score_unseen(pages, seeds, fasttext, streams.folds, args.rounds)
    choose(pages, streams)
    result, text = report(pages, streams)
    print(text)
    result |= {"parameters": {name: asdict(p) for name, p in (("seeds", seeds), ("fasttext", fasttext))}}
    result["parameters"]["streams"] = asdict(streams)
    (args.to / "recall.json").write_text(json.dumps(result, indent=1, default=_as_json) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
