"""OpenCodeInterpreter's evaluation (2402.14658, section 4): what failed is tried once more, after a word on it.

The word is what running the program said, or what a second model writes in the place of a user; that one may be shown
the reference solution (oracle), which it is not to give away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from training.evaluation.benchmark import LIMITS, Row, judged, runnable, summed
from training.evaluation.task import Task
from training.evaluation.writers import Message, Writer
from udfs.execution.feedback import Told, feedback
from udfs.execution.running import Runner

KINDS = ("execution", "human", "human-oracle")
_TURN = "The program does not pass its tests.\n\n{found}\n\nCorrect it, and answer with the whole program."
_REVIEW = (
    "You review the program that somebody wrote for a task, as the user who set it. Say in at most three sentences, "
    "without any code, what is wrong and what to look at.{secret}\n\n<task>\n{question}\n</task>\n<program>\n"
    "{program}\n</program>\n<result>\n{found}\n</result>{oracle}"
)
_SECRET = " You also see a right solution: use it to judge, and do not give it away."


@dataclass(frozen=True)
class Feedback:
    """`kind` is one of KINDS; `reviewer` writes what a user would say, where the kind is not execution.

    Raises ValueError for another kind, and without a reviewer where one is needed.
    """

    kind: str = "execution"
    reviewer: Writer | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"--feedback: expected one of {', '.join(KINDS)}, found {self.kind}")
        if self.kind != "execution" and self.reviewer is None:
            raise ValueError(
                f"--feedback {self.kind}: expected --judge-endpoint and --judge-model, found none; name them"
            )

    def words(self, tasks: Sequence[Task], rows: Sequence[Row]) -> list[str]:
        """What the second turn says of each failed answer."""
        if self.reviewer is None or self.kind == "execution":
            return [told(row) for row in rows]
        chats = [self._asked(task, row) for task, row in zip(tasks, rows, strict=True)]
        return [said[0] for said in self.reviewer.answers(chats)]

    def _asked(self, task: Task, row: Row) -> tuple[Message, ...]:
        shown = self.kind == "human-oracle" and task.reference
        oracle = f"\n<right_solution>\n{task.reference}\n</right_solution>" if shown else ""
        text = _REVIEW.format(
            question=task.question,
            program=row["raw"],
            found=told(row),
            secret=_SECRET if shown else "",
            oracle=oracle,
        )
        return ({"role": "user", "content": text},)


def told(row: Row) -> str:
    """What running an answer says to its writer, in at most 500 characters, by the formatter of the recipes."""
    return feedback([Told(row["outcome"], row["detail"].strip())])


def scored_with_feedback(
    writer: Writer,
    tasks: Sequence[Task],
    feedback: Feedback,
    isolation: str = "rlimits",
    workers: int = 2,
    libraries: Sequence[str] = (),
    references: bool = False,
) -> tuple[dict[str, Any], list[Row]]:
    """({"tasks", "samples", "pass@1" after both turns, "first_turn": pass@1 of the first}, a row a task).

    A row is the last answer's, with `feedback` and the `first` answer's row where there were two. One greedy answer a
    turn. Tasks that cannot be run here are counted as `scored` does. Raises ValueError.
    """
    with Runner(isolation, LIMITS, libraries=libraries) as runner:
        asked, lacking = runnable(runner, tasks, references, workers)
        opened: list[tuple[Message, ...]] = [({"role": "user", "content": task.question},) for task in asked]
        texts = [said[0] for said in writer.answers(opened)]
        first = judged(runner, [(t, 0, text) for t, text in zip(asked, texts, strict=True)], True, workers)
        failed = [n for n, row in enumerate(first) if row["outcome"] != "passed"]
        words = feedback.words([asked[n] for n in failed], [first[n] for n in failed]) if failed else []
        chats = [_second(opened[n], texts[n], word) for n, word in zip(failed, words, strict=True)]
        again = [said[0] for said in writer.answers(chats)] if chats else []
        second = judged(runner, [(asked[n], 0, text) for n, text in zip(failed, again, strict=True)], True, workers)
    rows = list(first)
    for n, word, row in zip(failed, words, second, strict=True):
        rows[n] = row | {"feedback": word, "first": first[n]}
    scores = summed(asked, rows) | {"feedback": feedback.kind, "first_turn": summed(asked, first)["pass@1"]}
    return scores | ({"cannot_run": lacking} if lacking else {}), rows


def _second(opened: Sequence[Message], answer: str, word: str) -> tuple[Message, ...]:
    turn = _TURN.format(found=word)
    return (*opened, {"role": "assistant", "content": answer}, {"role": "user", "content": turn})
