"""Commits: a message, the files that it touched and what else in the repository bears on them become the change.

After CommitPack (OctoPack, 2308.07124): a commit is an instruction that somebody wrote for other reasons. Whether it is
a good one is scored twice, the change as code and the message as an instruction; the score is the square root of their
product, so that neither makes up for the other. It is stored: a threshold is `recipes.select`.
"""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from udfs.recipes.gates import PARSED, parses
from udfs.recipes.judging import Judging, judge
from udfs.recipes.rubrics import rubric
from udfs.recipes.steps import Dropped, Made, Recipe, Seed, Steps
from udfs.recipes.writing import at_least, fenced, pair, text_of

TARGET = "code_changes"
FORMS = ("diff", "files")
_TASK = "Change the code below as this message says.\n\n"


@dataclass(frozen=True)
class Commits:
    """Which changes are seeds: at most `most_files` files of at most `most_chars` characters each, `most_lines` lines
    taken out and put in, messages of `least_words` words up to `most_message` characters. `context` other files are
    shown, `context_chars` of each, those of `candidates` nearest ones that BM25 ranks first. No number is published.

    `judge`: score them; without, no model is asked and no row has a score. `form`: the answer is a diff, or the new
    files. `instructions`: each change as a conversation too, of `stage` 2.
    """

    most_files: int = 3
    most_chars: int = 16_000
    most_lines: int = 200
    least_words: int = 4
    most_message: int = 2_000
    context: int = 2
    context_chars: int = 2_000
    candidates: int = 500
    judge: bool = True
    form: str = "diff"
    instructions: bool = True
    reason_first: bool = True
    second: bool = False
    most: int = 3

    def __post_init__(self) -> None:
        at_least("commits", 1, most_files=self.most_files, most_chars=self.most_chars, most_lines=self.most_lines)
        at_least("commits", 1, least_words=self.least_words, most_message=self.most_message, most=self.most)
        at_least("commits", 0, context=self.context, candidates=self.candidates, context_chars=self.context_chars)
        if self.form not in FORMS:
            raise ValueError(f"commits.form: expected one of {', '.join(FORMS)}, found {self.form}")


def play(seed: Seed, p: Commits) -> Steps:
    """The change. Raises Dropped `syntax_error` where a file parsed before and does not after, else as asking does."""
    message = text_of(seed, "message")
    files, context = _read(seed, "files"), _read(seed, "context")
    for file in files:
        _still_parses(file)
    change = "\n".join(diff(file) for file in files)
    scores = {"files": float(len(files)), "lines": float(changed_lines(files))}
    if p.judge:
        judging = Judging(p.reason_first, p.second, p.most)
        code = yield from judge(message, fenced("diff", change), rubric("change"), judging, step="code")
        said = yield from judge(fenced("diff", change), message, rubric("message"), judging, step="message")
        scores |= code.as_scores("code") | said.as_scores("message") | {"score": math.sqrt(code.mean * said.mean)}
    row = Made(
        TARGET, text=document(message, files, context), language=seed.language, licence=seed.licence, scores=scores
    )
    rows = [replace(row, parts={"message": message, "diff": change, "commit": seed.fields.get("commit", "")})]
    if p.instructions:
        answer = fenced("diff", change) if p.form == "diff" else shown(files, "after")
        asked = f"{_TASK}{message}\n\n{_shown_context(context)}{shown(files, 'before')}"
        rows.append(replace(row, target="instructions", messages=pair(asked, answer), text="", stage=2))
    return rows


def _read(seed: Seed, name: str) -> list[Mapping[str, str]]:
    return list(json.loads(seed.fields.get(name) or "[]"))


def _still_parses(file: Mapping[str, str]) -> None:
    """Raises Dropped."""
    language = file["language"].casefold()
    if language not in PARSED or not file["after"].strip():
        return
    if parses(language, file["before"]) and not parses(language, file["after"]):
        raise Dropped("syntax_error", detail=file["path"])


def diff(file: Mapping[str, str]) -> str:
    """A unified diff with three lines around each change; a file without an end of line is told as git tells it."""
    return "".join(_told(line) for line in _diff_lines(file))


def _diff_lines(file: Mapping[str, str]) -> list[str]:
    before, after = (_lines(file[name]) for name in ("before", "after"))
    old = f"a/{file['path']}" if before else "/dev/null"
    return list(difflib.unified_diff(before, after, old, f"b/{file['path']}"))


def _lines(text: str) -> list[str]:
    """Lines with their ends. Only a line feed ends one, as for git; a text may hold form feeds and separators."""
    return [line for line in re.split(r"(?<=\n)", text) if line]


def _told(line: str) -> str:
    return line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def changed_lines(files: Sequence[Mapping[str, str]]) -> int:
    """Lines that are taken out or put in."""
    # The first two lines name the file.
    return sum(line[0] in "+-" for file in files for line in _diff_lines(file)[2:])


def shown(files: Sequence[Mapping[str, str]], side: str) -> str:
    """Files under their paths; one that is new has no text before."""
    there = [file for file in files if side == "after" or file[side]]
    new = [f"`{file['path']}` (new)" for file in files if side == "before" and not file[side]]
    return "\n\n".join([*(f"`{f['path']}`\n\n{fenced(f['language'], f[side])}" for f in there), *new])


def _shown_context(context: Sequence[Mapping[str, str]]) -> str:
    rows = [f"From `{one['path']}`:\n\n{fenced(one['language'], one['text'])}\n\n" for one in context]
    return "".join(rows)


def document(message: str, files: Sequence[Mapping[str, str]], context: Sequence[Mapping[str, str]]) -> str:
    """A change as one text: context, files before, message, diff."""
    parts = [f"# {one['path']}\n{one['text'].rstrip()}\n" for one in context]
    parts += [f"# {file['path']}\n{file['before'].rstrip()}\n" for file in files if file["before"]]
    return "\n".join([*parts, f"{message}\n", *(diff(file) for file in files)])


def times(p: Commits) -> dict[str, float]:
    """How often each step is asked of a change."""
    once = float(p.judge)
    return {"code": once, "message": once} | ({"code2": once, "message2": once} if p.second else {})


RECIPE = Recipe(
    "commits",
    "Commits of git sources: message, touched files and what bears on them, to the change.",
    play,
    Commits(),
    TARGET,
    asks=(("code", "judge", 1.0), ("message", "judge", 1.0)),
    takes=("history",),
    times=times,
)
