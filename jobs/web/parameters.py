"""Every number of the web half, once, with where it comes from."""

from __future__ import annotations

from dataclasses import dataclass, field

from jobs.code.parameters import Dedup
from udfs.web.classifier import FastText
from udfs.web.seeds import Seeds, Streams


@dataclass(frozen=True)
class WebIngest:
    """Limits of reading: the largest page in bytes, and the share of the stored pages that may go without being asked.
    `paper_patterns` lays the paper's annotated domains (Table 14) into `url_patterns`.
    """

    max_page_bytes: int = 8 * 1024**2
    max_drop: float = 0.05
    paper_patterns: bool = True


@dataclass(frozen=True)
class Recall(Streams):
    """Which pages are of a tag. `models` are folders of classifiers by tag; without any, those that `refinelake web
    train` pinned in `recall_models`. `thresholds` by tag take the place of those chosen at training, by recall.

    Two streams recall: pages with code in blocks are of the tag Code by rule (`code_bytes`, `code_share`,
    `rule_score`), all others by the classifier (udfs/web/seeds.py). A domain is of a tag from `domain_pages` pages on,
    if the lower end of Wilson's interval of the recalled share is above `domain_share` (paper 2.1: 10 %). Pages that
    ask not to be used stay out only if you say so.
    """

    models: dict[str, str] = field(default_factory=dict)
    thresholds: dict[str, float] = field(default_factory=dict)
    domain_pages: int = 20
    domain_share: float = 0.1
    drop_no_index: bool = False
    drop_no_ai: bool = False
    drop_tdm_reserved: bool = False

    def __post_init__(self) -> None:
        wrong = {tag: at for tag, at in self.thresholds.items() if not 0 <= at <= 1}
        if wrong:
            raise ValueError(f"recall.thresholds: expected scores from 0 to 1, found {wrong}")
        unknown = sorted(self.thresholds.keys() - self.models.keys())
        if unknown and self.models:
            raise ValueError(f"recall.thresholds: expected tags that have a model, found {', '.join(unknown)}")
        if not 0 <= self.domain_share < 1 or self.domain_pages < 1:
            raise ValueError("recall: expected domain_share from 0 to 1 and domain_pages from 1")
        if not 0 < self.recall <= 1 or self.folds < 2:
            raise ValueError("recall: expected recall above 0, up to 1, and folds from 2")


@dataclass(frozen=True)
class Rounds:
    """How `refinelake web train` goes on: at most `most` rounds (paper 2.1: 3), fewer where one recalls less than the
    share `least_new` of its texts anew. Texts that nobody labelled are drawn as not of the tag, up to
    `sampled` for each labelled one that is.
    """

    most: int = 3
    least_new: float = 0.02
    sampled: float = 1.0
    seed: str = "refinelake"

    def __post_init__(self) -> None:
        if self.most < 1 or not 0 <= self.least_new < 1 or self.sampled < 0:
            raise ValueError("rounds: expected most from 1, least_new from 0 to 1, sampled from 0")


@dataclass(frozen=True)
class WebDedup(Dedup):
    """As `dedup`, of the texts of pages, which are compared as wholes."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.strategy != "file":
            raise ValueError(f"web_dedup.strategy: expected file, found {self.strategy}: a page is in no repository")


SECTIONS: dict[str, type] = {
    "web_ingest": WebIngest,
    "recall": Recall,
    "web_dedup": WebDedup,
    "rounds": Rounds,
    "seeds": Seeds,
    "fasttext": FastText,
}
