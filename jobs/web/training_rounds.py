"""The rounds of recall: seeds, classifier, recalled texts and domains, harder seeds (paper 2.1: three rounds).

No stage of a run: a classifier is a pinned artifact, so that nothing moves by night because a model did.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.runtime import places
from jobs.runtime.parquet_rows import rows_at
from jobs.runtime.runner import Run
from jobs.web.domain_decisions import domain_decisions
from jobs.web.rounds import PATTERN, SAMPLE, chosen, recalled, seeds
from jobs.web.trained_from import collection, of_tag
from schemas.recall import URL_PATTERNS
from udfs.spark.web import score_rows
from udfs.web.classifier import FastText
from udfs.web.training import Page, Settings, Trained, measured, train_round
from udfs.web.training import recalled as is_recalled

STRONGEST = 24
_SAMPLES = 8


class SeedsError(ValueError):
    """There is not enough labelled to train from: nothing was written."""


@dataclass
class Training:
    """The rounds of one tag: `to` is the folder or URL below which models are put."""

    run: Run
    tag: str
    to: str
    say: Callable[[str], None]
    rows: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.p, self.rounds, drawn = of_tag(self.run, self.tag)
        self.of = collection(self.run, self.tag)
        self.settings = Settings(self.p, drawn, self.run.setting(FastText))

    def carry_out(self) -> list[dict[str, Any]]:
        """All rounds; returns their rows of recall_models, none of them pinned. Raises SeedsError."""
        found = self._found()
        pages = self._pages(found)
        before: DataFrame | None = None
        hard = frozenset[str]()
        # The first round is trained from labelled pages, if they do; later ones also from what patterns bring in and
        # the round before missed.
        used = [page for page in pages if page.said != PATTERN]
        if not _both_sides(used):
            used = pages
        self._check(used)
        for number in range(1, self.rounds.most + 1):
            started = time.monotonic()
            trained, place = self._trained(used, hard, number)
            now = self._recalled(found, place, trained, number)
            facts = self._facts(now, before, pages, trained) | _of_seeds(used, hard)
            facts = facts if self.of.samples else _without_samples(facts)
            facts["seconds"] = round(time.monotonic() - started, 1)
            self.rows.append(self._row(number, place, trained, facts))
            self.say(_line(number, facts))
            if number > 1 and facts["new"] < self.rounds.least_new * max(1, facts["recalled"]):
                self.say(f"round {number} recalled less than {self.rounds.least_new:.0%} anew: there is no further one")
                break
            hard, before, used = trained.wrong, now, self._with_missed(used, pages, trained)
        return self.rows

    def _found(self) -> DataFrame:
        """The verdict on every text, set aside."""
        patterns = self.run.facts(URL_PATTERNS)
        found = seeds(self.of.pages(), self.of.facts(), self.of.labels(), patterns, self.tag, self.p)
        return self._aside(found, "seeds")

    def _pages(self, found: DataFrame) -> list[Page]:
        """The labelled texts, and some drawn from the others, here: what a model is trained from fits one machine."""
        positives = found.where("label and not held_out").count()
        some = chosen(found, int(self.rounds.sampled * positives), self.rounds.seed)
        beginning = F.substring("text", 1, self.settings.fasttext.most_chars).alias("text")
        texts = self.of.texts().select("content_id", beginning)
        place = self._place("pages")
        self._aside(some.join(texts, "content_id"), "pages")
        names = ("content_id", "url", "text", "label", "domain", "kind", "by_rule", "said", "held_out")
        return [Page(*row) for row in sorted(rows_at(place, *names))]

    def _check(self, used: list[Page]) -> None:
        if _both_sides(used):
            return
        ours = [page for page in used if not page.held_out]
        of_tag = sum(page.is_of_tag for page in ours)
        raise SeedsError(
            f"page_labels: expected pages of {self.tag} and others to train from, found {of_tag} of it and "
            f"{len(ours) - of_tag} others among the pages that are stored and of no held-out site; label more: "
            "refinelake web label"
        )

    def _trained(self, used: list[Page], hard: frozenset[str], number: int) -> tuple[Trained, str]:
        """(what was trained, the folder or URL that it is in now)."""
        with tempfile.TemporaryDirectory(prefix="refinelake-recall-") as folder:
            trained = train_round(used, hard, Path(folder) / "model", number, self.settings)
            place = f"{self.to}/{self.tag}/{trained.model.version}-{number}"
            places.put_folder(Path(folder) / "model", place)
            _ = trained.model.strongest(1)  # what is read lazily is read while it is there
            return trained, place

    def _recalled(self, found: DataFrame, place: str, trained: Trained, number: int) -> DataFrame:
        """What the round recalls of all texts."""
        texts = self.of.texts().withColumn("tag", F.lit(self.tag))
        scores = self._aside(score_rows(texts, {self.tag: place}).drop("tag"), f"scores{number}")
        return self._aside(recalled(found, scores, trained.threshold, self.p), f"recalled{number}")

    def _facts(self, now: DataFrame, before: DataFrame | None, pages: list[Page], trained: Trained) -> dict[str, Any]:
        """The numbers of a round, and what the report shows of it."""
        why = {r["why"]: r["count"] for r in now.groupBy("why").count().collect()}
        mine = now.where("why is not null")
        new = mine if before is None else mine.join(before.where("why is not null"), "content_id", "left_anti")
        decisions = now.select(F.col("content_id").alias("page_id"), F.lit(self.tag).alias("tag"), "content_id", "why")
        of_domain = now.select(F.col("content_id").alias("page_id"), F.nullif("domain", F.lit("")).alias("domain"))
        domains = domain_decisions(decisions, of_domain, self.p).where("keep")
        largest = domains.orderBy(F.desc("recalled"), "domain").limit(_SAMPLES).collect()
        yes, no = trained.model.strongest(STRONGEST)
        histogram = now.groupBy(F.least(F.floor(F.col("score") * 20), F.lit(19)).alias("bin"), "why").count().collect()
        return {
            "texts": sum(why.values()),
            "recalled": sum(n for w, n in why.items() if w),
            "why": {w: n for w, n in sorted(why.items(), key=str) if w},
            "new": new.count(),
            "domains": domains.count(),
            "largest_domains": [{k: r[k] for k in ("domain", "pages", "recalled")} for r in largest],
            "histogram": sorted([r["bin"], r["why"] or "", r["count"]] for r in histogram if r["bin"] is not None),
            "measured": measured(pages, trained.model, trained.threshold, self.p),
            "strongest": {"for": yes, "against": no},
        }

    def _row(self, number: int, place: str, trained: Trained, facts: dict[str, Any]) -> dict[str, Any]:
        said, seen = trained.model.facts, facts["measured"]
        return {
            "tag": self.tag,
            "version": trained.model.version,
            "round": number,
            "location": place,
            "threshold": trained.threshold,
            "thresholds": json.dumps(seen.get("thresholds", [])),
            "examples": said["examples"],
            "positives": said["positives"],
            "trained_from": said["trained_from"],
            "precision": seen.get("precision"),
            "recall": seen.get("recall"),
            "facts": json.dumps(facts, sort_keys=True),
            "trained_at": datetime.now(UTC),
            "pinned_at": None,
        }

    def _with_missed(self, used: list[Page], pages: list[Page], trained: Trained) -> list[Page]:
        """The seeds, and the pages of labelled patterns that the classifier missed."""
        known = {page.content_id for page in used}
        rest = [page for page in pages if page.content_id not in known]
        scores = trained.model.scores([page.text for page in rest])
        missed = [
            page
            for page, score in zip(rest, scores, strict=True)
            if is_recalled(page, score, trained.threshold, self.p) != page.is_of_tag
        ]
        return [*used, *missed]

    def _place(self, name: str) -> str:
        return f"{self.run.lake.staging(self.run.run_id)}/web_train.{name}"

    def _aside(self, rows: DataFrame, name: str) -> DataFrame:
        return self.run.lake.stage(rows, self.run.run_id, f"web_train.{name}")


def _without_samples(facts: dict[str, Any]) -> dict[str, Any]:
    """The numbers of a round alone."""
    seen = facts["measured"]
    return facts | {"measured": seen | {"missed": [], "wrong": []} if seen else seen, "largest_domains": []}


def _both_sides(pages: list[Page]) -> bool:
    return len({page.is_of_tag for page in pages if not page.held_out}) == 2


def _of_seeds(used: list[Page], hard: frozenset[str]) -> dict[str, int]:
    ours = [page for page in used if not page.held_out]
    return {
        "seeds": sum(page.is_of_tag for page in ours),
        "negatives": sum(not page.is_of_tag for page in ours),
        "sampled": sum(page.said == SAMPLE for page in ours),
        "by_pattern": sum(page.said == PATTERN for page in ours),
        "hard": sum(page.content_id in hard for page in ours),
        "sites": len({page.domain for page in ours}),
    }


def _line(number: int, facts: dict[str, Any]) -> str:
    """A round in one line."""
    said = f"round {number}: {facts['seeds']:,} seeds, {facts['recalled']:,} of {facts['texts']:,} texts recalled"
    said += f" ({facts['new']:,} anew), {facts['domains']:,} domains"
    seen = facts["measured"]
    if seen.get("precision") is not None and seen.get("recall") is not None:
        said += f"; on {seen['sites']} sites never seen precision {seen['precision']:.3f}, recall {seen['recall']:.3f}"
    return f"{said}; {facts['seconds']:.0f} s"
