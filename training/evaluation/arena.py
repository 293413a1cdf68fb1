"""Answers judged against a baseline's, as CodeArena does (2412.05210): each pair in both orders, by a rubric as data.

Rows: question, baseline (the answer to beat), question_id or id if there are any.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.evaluation.reading import field, rows
from training.evaluation.writers import Writer
from udfs.calls.requests import Answer
from udfs.recipes import rubrics
from udfs.recipes.judging import Compared, compare
from udfs.recipes.prompts import prompt
from udfs.recipes.rubrics import Rubric
from udfs.recipes.steps import Ask, Dropped

RUBRIC = "solution"


@dataclass(frozen=True)
class Pair:
    """A question and the answer that ours is compared with."""

    id: str
    question: str
    baseline: str


def arena(file: str | Path) -> list[Pair]:
    """Questions of a file. Raises ValueError."""
    found = []
    for number, row in enumerate(rows(file), 1):
        name = str(row.get("question_id") or row.get("id") or number)
        question = field(row, "question", file, "instruction", "prompt")
        found.append(Pair(name, question, field(row, "baseline", file, "answer", "reference")))
    return found


def rubric_of(file: str) -> Rubric:
    """A rubric from a file, or the one for solutions. Raises ValueError."""
    if not file:
        return rubrics.rubric(RUBRIC)
    if not Path(file).is_file():
        raise ValueError(
            f"--rubric {file}: expected a TOML file with title, scale and criteria, found none; correct the path"
        )
    return rubrics.parse(file, Path(file).read_text(encoding="utf-8"))


def judged_pairs(
    writer: Writer, judge: Writer, pairs: Sequence[Pair], rubric: Rubric
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """({"tasks", "wins", "ties", "losses", "by_place", "unjudged", "win_rate"}, a row a question).

    A tie counts half in the win rate; pairs in which the judge preferred a place are ties, and counted as `by_place`.
    What got no answer in the form asked for after three tries is `unjudged` and in no rate.
    """
    answers = [said[0] for said in writer.answers([({"role": "user", "content": p.question},) for p in pairs])]
    games = [compare(p.question, answer, p.baseline, rubric) for p, answer in zip(pairs, answers, strict=True)]
    found = _played(games, judge)
    told: list[dict[str, Any]] = []
    for pair, answer, game in zip(pairs, answers, found, strict=True):
        about = {"task": pair.id, "raw": answer, "baseline": pair.baseline}
        if isinstance(game, Compared):
            verdict = {"winner": game.winner, "first": game.first, "swapped": game.swapped, "by_place": game.by_place}
            told.append(about | verdict)
        else:
            told.append(about | {"winner": "", "why": game.rule})
    won = [row["winner"] for row in told]
    scores: dict[str, Any] = {"tasks": len(pairs), "wins": won.count("a"), "ties": won.count("tie")}
    scores |= {"losses": won.count("b"), "by_place": sum(row.get("by_place", False) for row in told)}
    scores |= {"unjudged": won.count(""), "rubric": f"{rubric.name}@{rubric.version}"}
    of = len(pairs) - scores["unjudged"]
    return scores | {"win_rate": (scores["wins"] + scores["ties"] / 2) / of if of else None}, told


def _played(games: Sequence[Generator[Ask, Answer, Compared]], judge: Writer) -> list[Compared | Dropped]:
    """All comparisons side by side: what they ask for now goes out together."""
    found: list[Compared | Dropped | None] = [None] * len(games)
    waiting: dict[int, Ask] = {}

    def step(number: int, answer: Answer | None) -> None:
        try:
            game = games[number]
            waiting[number] = next(game) if answer is None else game.send(answer)
        except StopIteration as end:
            found[number] = end.value
        except Dropped as dropped:
            found[number] = dropped

    for number in range(len(games)):
        step(number, None)
    while waiting:
        asked, waiting = waiting, {}
        chats = [prompt(ask.prompt).fill(ask.fields) for ask in asked.values()]
        for number, said in zip(asked, judge.answers(chats), strict=True):
            step(number, Answer(said[0]))
    return [game for game in found if game is not None]
