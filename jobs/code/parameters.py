"""Every number of the raw-code half, once, with where it comes from. A run overrides them from one TOML file or --set.

"Paper" is OpenCoder, arXiv 2411.04905; its section 2 describes RefineCode.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from udfs.cleaning.clean import Cleaning
from udfs.duplicates.fingerprint import Fingerprint
from udfs.quality.settings import QualityTraining


@dataclass(frozen=True)
class Ingest:
    """Limits of reading. Paper 2.1: files over 8 MB are mostly not source code."""

    max_file_bytes: int = 8 * 1024**2
    max_total_bytes: int = 4 * 1024**3
    max_ratio: int = 200
    max_files: int = 500_000
    max_drop: float = 0.05


@dataclass(frozen=True)
class FileRules:
    """Which files enter. The paper keeps 607 languages by type; licence, vendored and generated rules are ours, off.

    `min_stars` drops the files of repositories that are known to have fewer stars; 0 asks nobody. The paper tried 5 and
    advises against it (6.3): the loss is lower, the scores are worse. A repository whose stars nobody said (a package,
    a folder of your own) stays: unknown is not unpopular.
    """

    drop_vendored: bool = False
    drop_generated: bool = False
    licences: tuple[str, ...] = ()
    min_stars: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "licences", tuple(self.licences))
        if self.min_stars < 0:
            raise ValueError(f"file_rules.min_stars: expected 0 or more stars, found {self.min_stars}; 0 drops nothing")


@dataclass(frozen=True)
class RepositoryText:
    """Which text files (READMEs, documentation, other text) are recalled as being about code (paper C.2). `recall` is
    "auto" (by names and by a classifier, where `model` names one or `web train --tag RepoText` pinned one;
    else every text file stays), "names" (by names alone: what they do not decide stays) or "off".

    `rules` is "default" (udfs/data/text_names.toml) or a TOML file whose rules on names come before those. `threshold`
    is a score; 0 takes the one that training chose by recall.
    """

    recall: str = "auto"
    rules: str = "default"
    model: str = ""
    threshold: float = 0.0

    def __post_init__(self) -> None:
        if self.recall not in ("auto", "names", "off"):
            raise ValueError(f"repository_text.recall: expected auto, names or off, found {self.recall}")
        if not 0 <= self.threshold <= 1:
            raise ValueError(f"repository_text.threshold: expected a score from 0 to 1, found {self.threshold}")

    @property
    def by_model(self) -> bool:
        """Whether a classifier decides where names do not."""
        return bool(self.model) and self.recall == "auto"

    @property
    def by_name(self) -> bool:
        """Whether anything decides at all."""
        return self.by_model or self.recall == "names"


@dataclass(frozen=True)
class TextSeeds:
    """What `web train --tag RepoText` learns from: at most `most` text files, drawn, whose names say what
    they are, hints included, and what people said (page_labels). For each of them `others` files of kinds data and
    unknown are drawn as not about code: dumps and outputs under the name of a text look like those. Nobody's texts are
    drawn as such, for in repositories most text is about code. A model has `negatives` examples of the other side for
    each of the tag. `held_out` is the share of repositories, drawn by name, that no round is trained from. `recall` of
    the labelled texts about code, scored by models that saw no text of their repository, reach the threshold. The
    numbers did best on packages never seen (docs/performance.md).
    """

    most: int = 100_000
    others: float = 0.25
    negatives: float = 3.0
    held_out: float = 0.2
    recall: float = 0.95

    def __post_init__(self) -> None:
        if self.most < 1 or self.others < 0 or self.negatives <= 0:
            raise ValueError("text_seeds: expected most from 1, others from 0, negatives above 0")
        if not 0 <= self.held_out < 1 or not 0 < self.recall <= 1:
            raise ValueError("text_seeds: expected held_out from 0, below 1, and recall above 0, up to 1")


@dataclass(frozen=True)
class Dedup(Fingerprint):
    """What deduplication compares, and how near duplicates are fingerprinted (udfs/duplicates/fingerprint.py), found
    and verified.

    `strategy` is "file" (exact copies of files, then near ones; the paper's choice), "repository" (whole repositories,
    copies of files stay), "chunk" (runs of `chunk_tokens` tokens), "file+chunk" or "repository+chunk" (the one, then
    the other); see docs/decisions/dedup-strategy.md. `threshold` is on the estimated Jaccard index. The paper verifies
    nothing; 16 bands of 128 rows find few pairs below 0.95 (the S-curve's middle is 0.978), so 0.9 removes false
    candidates and no true one. In a bucket every unit is paired with the `neighbours` before it and with the first
    `pivots`, in a fixed order: linear in the bucket, and every pair of a bucket of up to neighbours + 1.
    """

    threshold: float = 0.9
    neighbours: int = 4
    pivots: int = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0.0 < self.threshold <= 1.0:
            raise ValueError(f"dedup: threshold is a Jaccard index in (0, 1], found {self.threshold}")
        if self.neighbours < 1 or self.pivots < 0:
            raise ValueError("dedup: neighbours must be at least 1 and pivots at least 0")


@dataclass(frozen=True)
class Signals:
    """What is measured. `authors` adds the versions of signals that the authors' filter computes and ours corrects,
    which filter.rules=compat decides by; measuring then takes 2.5 to 10 times as long.
    """

    authors: bool = False


@dataclass(frozen=True)
class Quality:
    """The scorer of the learned quality score (docs/quality.md): a folder or URL that `quality train` wrote; empty
    takes the one that it pinned, if it did; "off" scores nothing.
    """

    model: str = ""

    @property
    def scores(self) -> bool:
        """Whether there is a scorer."""
        return self.model not in ("", "off")


@dataclass(frozen=True)
class Filter:
    """Rule book in force: "default", "compat" (the authors' decisions, see docs/rules.md), "learned" (the default one,
    and the learned quality score, see docs/quality.md), or a TOML file laid over the default one.
    """

    rules: str = "default"


@dataclass(frozen=True)
class Sampling:
    """Rate per language. Paper 2.1: Java from 449 GB to 200, HTML from 474 GB to 64."""

    rates: dict[str, float] = field(default_factory=lambda: {"java": 200 / 449, "html": 64 / 474})
    seed: str = "refinelake"

    def __post_init__(self) -> None:
        wrong = {k: v for k, v in self.rates.items() if not 0 < v <= 1}
        if wrong:
            raise ValueError(f"sampling: a rate is a share in (0, 1], found {wrong}")


SECTIONS: dict[str, type] = {
    "ingest": Ingest,
    "file_rules": FileRules,
    "repository_text": RepositoryText,
    "text_seeds": TextSeeds,
    "dedup": Dedup,
    "cleaning": Cleaning,
    "signals": Signals,
    "quality": Quality,
    "quality_training": QualityTraining,
    "filter": Filter,
    "sampling": Sampling,
}
