"""Labels of source files: a model scores the beginning of a file by a rubric, for the learned quality score.

Every newer corpus of code filters by a score that was learned from a model's labels (docs/quality.md). Files are drawn
language by language; a label is the mean of the criteria of `file_quality`.
"""

from __future__ import annotations

from dataclasses import dataclass

from udfs.recipes.judging import Judging, judge
from udfs.recipes.rubrics import rubric
from udfs.recipes.steps import Made, Recipe, Seed, Steps
from udfs.recipes.writing import at_least, text_of

RUBRIC = "file_quality"


@dataclass(frozen=True)
class FileQuality:
    """`reason_first`, `second`: see udfs/recipes/judging.py; with a second judge the label is the mean of both. `most`
    answers are asked for until one is JSON by the rubric.
    """

    reason_first: bool = True
    second: bool = False
    most: int = 3

    def __post_init__(self) -> None:
        at_least("file_quality", 1, most=self.most)


def play(seed: Seed, p: FileQuality) -> Steps:
    """One label: `label` and the score of each criterion. Raises what asking raises."""
    judging = Judging(p.reason_first, p.second, p.most)
    found = yield from judge("", text_of(seed, "code"), rubric(RUBRIC), judging, step="score")
    scores = found.as_scores(RUBRIC)
    label = (scores[RUBRIC] + scores.get(f"{RUBRIC}2", scores[RUBRIC])) / 2
    # Equal texts of rows are copies: a label's text is the name of what it is about.
    return [Made("file_labels", text=seed.seed_id, licence=seed.licence, scores=scores | {"label": label})]


RECIPE = Recipe(
    RUBRIC,
    "Labels of source files by a rubric, drawn language by language, for the learned quality score.",
    play,
    FileQuality(),
    "file_labels",
    asks=(("score", "judge", 1.0),),
    takes=("file",),
    times=lambda p: {"score2": 1} if p.second else {},
)
