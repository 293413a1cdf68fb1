"""What a classifier of a tag is trained from: pages of crawls, or text files of repositories as if they were pages."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.code.draws import draw
from jobs.code.name_columns import with_names
from jobs.code.parameters import RepositoryText, TextSeeds
from jobs.runtime.runner import Run
from jobs.web.parameters import Recall, Rounds
from schemas.code import CONTENTS, RAW_FILES, REPOSITORIES
from schemas.recall import PAGE_LABELS, TEXT_TAG, URL_PATTERNS
from schemas.web import PAGE_TEXTS, WEB_PAGES
from udfs.rules.text_names import load_names
from udfs.web.seeds import Seeds

_OTHERS = ("data", "unknown")


class Collection(Protocol):
    """Texts with addresses and sites, and what is said of them. `samples`: whether a round may keep some of them beside
    its numbers.
    """

    samples: bool

    def pages(self) -> DataFrame:
        """(page_id, content_id, url, domain) of every occurrence of a text."""

    def facts(self) -> DataFrame:
        """(content_id, text_bytes, code_bytes) of every text."""

    def texts(self) -> DataFrame:
        """(content_id, text) of every text."""

    def labels(self) -> DataFrame:
        """Rows of page_labels."""


@dataclass(frozen=True)
class Pages:
    """The pages of the web half."""

    run: Run
    samples: bool = True

    def pages(self) -> DataFrame:
        return self.run.facts(WEB_PAGES)

    def facts(self) -> DataFrame:
        return self.run.facts(PAGE_TEXTS)

    def texts(self) -> DataFrame:
        return self.run.read(PAGE_TEXTS).select("content_id", "text")

    def labels(self) -> DataFrame:
        return self.run.facts(PAGE_LABELS)


@dataclass(frozen=True)
class RepositoryTexts:
    """Text files of the raw-code half, and some of data and of no known kind: `repo/path` is the address, the
    repository the site, and a name that says what the file is a rule's label. No samples are kept: who asks for the
    removal of a repository is not to find it there.
    """

    run: Run
    samples: bool = False

    def pages(self) -> DataFrame:
        return self._files().select("page_id", "content_id", "url", "domain")

    def facts(self) -> DataFrame:
        texts = self.run.facts(CONTENTS).select("content_id", "text_bytes", F.lit(0).alias("code_bytes"))
        return texts.join(self._files().select("content_id").distinct(), "content_id", "left_semi")

    def texts(self) -> DataFrame:
        texts = self.run.read(CONTENTS).select("content_id", "text")
        return texts.join(self._files().select("content_id").distinct(), "content_id", "left_semi")

    def labels(self) -> DataFrame:
        """What people said, and what names say of at most so many files, drawn, with some repositories held out."""
        p = self.run.setting(TextSeeds)
        named = with_names(self._files(), load_names(self.run.setting(RepositoryText).rules))
        is_text = F.col("kind") == "text"
        said = {
            "name_why": F.when(is_text, F.col("name_why")).otherwise(F.col("kind")),
            "name_recall": F.when(is_text, F.col("name_recall")).otherwise(F.lit(False)),
        }
        named = named.withColumns(said).where("name_why is not null")
        share = p.most / max(p.most, named.count())
        drawn = named.where(draw(F.col("page_id"), "text_seeds:") < share)
        nothing = F.lit(None)
        rules = drawn.select(
            "url",
            F.lit(TEXT_TAG).alias("tag"),
            F.lit("rule").alias("by"),
            F.col("name_recall").alias("label"),
            F.col("name_why").alias("kind"),
            (draw(F.col("domain"), "held_out:") < p.held_out).alias("held_out"),
            nothing.cast("string").alias("note"),
            nothing.cast("timestamp").alias("labelled_at"),
        )
        return self.run.facts(PAGE_LABELS).select(*PAGE_LABELS.names).unionByName(rules)

    def _files(self) -> DataFrame:
        """(page_id, content_id, url, domain, path, kind) of every text file and of those drawn to be told from it."""
        repos = self.run.facts(REPOSITORIES).select("repo_id", F.col("repo").alias("domain"))
        wanted = (F.col("kind") == "text") | (draw(F.col("file_id"), "others:") < self._share_of_others)
        files = self.run.facts(RAW_FILES).where(F.col("kind").isin("text", *_OTHERS) & wanted).join(repos, "repo_id")
        # What follows a # is no part of an address.
        url = F.regexp_replace(F.concat_ws("/", "domain", "path"), "#", "%23")
        page = F.col("file_id").alias("page_id")
        return files.select(page, "content_id", url.alias("url"), "domain", "path", "kind")

    @cached_property
    def _share_of_others(self) -> float:
        kinds = self.run.facts(RAW_FILES).groupBy("kind").count().collect()
        number = {row["kind"]: row["count"] for row in kinds}
        wanted = self.run.setting(TextSeeds).others * number.get("text", 0)
        return float(wanted / max(1, wanted, sum(number.get(kind, 0) for kind in _OTHERS)))


def collection(run: Run, tag: str) -> Collection:
    """What the classifier of a tag is trained from."""
    return RepositoryTexts(run) if tag == TEXT_TAG else Pages(run)


def of_tag(run: Run, tag: str) -> tuple[Recall, Rounds, Seeds]:
    """The numbers by which it is trained."""
    p, rounds, seeds = run.setting(Recall), run.setting(Rounds), run.setting(Seeds)
    if tag != TEXT_TAG:
        return p, rounds, seeds
    own = run.setting(TextSeeds)
    return replace(p, recall=own.recall), replace(rounds, sampled=0.0), replace(seeds, negatives=own.negatives)


LABELS = (PAGE_LABELS, URL_PATTERNS)
"""Tables that may not be there yet where no page was ever read."""
