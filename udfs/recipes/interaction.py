"""Interaction simulation: a weak model answers, its program runs, a strong one repairs, a simulated user goes on.

OpenCodeInterpreter (2402.14658, section 2.2): GPT-3.5 answers, so that errors occur, the code runs, output or traceback
goes back as a message, GPT-4 repairs; a simulated user adds requests and criticism.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

from udfs.calls.code_in_answers import code_blocks
from udfs.execution.feedback import Told, result_of
from udfs.recipes.asking import drawn, said
from udfs.recipes.dialogue_rows import TARGET, row, turn
from udfs.recipes.steps import Answer, Ask, Dropped, Ran, Recipe, Run, Seed, Steps
from udfs.recipes.writing import at_least, text_of, tongue

WISHES = (
    "wants one thing added to the program, as somebody who uses it would.",
    "has a doubt about one detail of the answer, and says which.",
    "wants it faster or smaller, and says how large the inputs are.",
    "asks why one part is done as it is.",
    "gives an input on which the result surprised them.",
    "wants the same for another kind of data.",
)
_PYTHON = ("python", "py", "python3")


@dataclass(frozen=True)
class Interaction:
    """`repairs` of one program at most, `follow_ups` of the simulated user, `most_turns` answers and `most_chars`
    characters in all: whichever comes first ends the dialogue. The paper states none. `steps`: of models: `answer`
    (the weak one), `repair`, `follow` and `user` (strong ones), by calls.models. `least_turns` makes a row.
    """

    repairs: int = 2
    follow_ups: int = 1
    most_turns: int = 6
    most_chars: int = 24_000
    least_turns: int = 2
    cpu_seconds: float = 0.0

    def __post_init__(self) -> None:
        at_least("interaction", 0, repairs=self.repairs, follow_ups=self.follow_ups)
        at_least("interaction", 1, most_turns=self.most_turns, least_turns=self.least_turns)


@dataclass
class _Talk:
    """What was said so far, and what happened."""

    messages: list[dict[str, str]]
    runs: int = 0
    failed: int = 0
    mended: int = 0
    last: bool = True
    history: list[tuple[str, str]] = field(default_factory=list)

    @property
    def turns(self) -> int:
        return len(self.messages) // 2

    def over(self, p: Interaction) -> bool:
        return self.turns >= p.most_turns or sum(len(m["content"]) for m in self.messages) >= p.most_chars


def play(seed: Seed, p: Interaction) -> Steps:
    """One dialogue. Raises Dropped `too_few_turns`, `unmended` where the last program fails, and what asking raises."""
    question = text_of(seed, "question")
    talk = _Talk([])
    yield from _answered(talk, question, "answer")
    yield from _run_and_mended(talk, p)
    for wish in drawn(seed.seed_id, WISHES, p.follow_ups):
        if talk.over(p):
            break
        fields = {"turns": talk.messages, "wish": wish, "tongue": tongue(question)}
        asked: Answer = yield Ask("user", "simulated_user", fields)
        request = said(asked.text)
        if not request or request.strip(".!").upper() == "DONE":
            break
        yield from _answered(talk, request, "follow")
        yield from _run_and_mended(talk, p)
    if talk.turns < p.least_turns:
        raise Dropped("too_few_turns", talk.turns, p.least_turns)
    scores = {"runs": float(talk.runs), "failed": float(talk.failed), "mended": float(talk.mended)}
    return [row(seed, "interaction", talk.messages, seed.language or "python", scores)]


def _answered(talk: _Talk, request: str, step: str) -> Generator[Any, Any, None]:
    """A message of the user and its answer."""
    fields = {"pairs": list(talk.history), "question": request, "tongue": tongue(request)}
    answer: Answer = yield Ask(step, "answer", fields)
    text = said(answer.text)
    if not text:
        raise Dropped("empty", detail=step)
    talk.messages += [turn("user", request), turn("assistant", text)]
    talk.history.append((request, text))


def _run_and_mended(talk: _Talk, p: Interaction) -> Generator[Any, Any, None]:
    """Run the program of the last answer, and let it be repaired while it fails. An answer without one is a talk."""
    for left in range(p.repairs, -1, -1):
        code = program_in(talk.messages[-1]["content"])
        if not code:
            return
        ran: Ran = yield Run("run", "python", code, cpu_seconds=p.cpu_seconds)
        talk.runs += 1
        talk.mended += int(ran.passed and not talk.last)
        talk.last = ran.passed
        if ran.passed:
            return
        talk.failed += 1
        if not left or talk.over(p):
            raise Dropped("unmended", talk.mended, talk.failed)
        told = [Told(test.status, test.detail) for test in ran.tests]
        shown = said(result_of("".join(test.stdout for test in ran.tests), told))
        yield from _answered(talk, f"Execution result:\n\n{shown}", "repair")


def program_in(answer: str) -> str:
    """The last block of Python of an answer; a block without a name counts where none is named."""
    blocks = code_blocks(answer)
    named = [body for tag, body in blocks if tag in _PYTHON]
    plain = [body for tag, body in blocks if not tag] if not named else []
    return (named or plain or [""])[-1].strip("\n")


RECIPE = Recipe(
    "interaction",
    "Dialogues with a weak model, results of runs, repairs by a strong one, and a simulated user.",
    play,
    Interaction(),
    TARGET,
    asks=(
        ("answer", "answer", 1.0),
        ("repair", "answer", 1.0),
        ("user", "simulated_user", 1.0),
        ("follow", "answer", 1.0),
    ),
    runs=2.0,
    needs=("python",),
    takes=("query",),
    times=lambda p: {"repair": p.repairs / 2, "user": p.follow_ups, "follow": p.follow_ups},
)
