"""Which seeds a text gives: pure functions of it, bounded in number and size; odd input gives none.

A seed is (kind, fields): `function` (name, signature, doc, code), `snippet` (code), `file` (code), `page` (title,
text), `dialogue` (dialogue, question, answer). Made elsewhere: `package` (ecosystem, package, version; installed.py),
`symbol` (of recipe `package_api`), `question` (question: of rows of the instructions).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

from udfs.instructions.functions import documented

Found: TypeAlias = tuple[str, dict[str, str]]


@dataclass(frozen=True)
class Keywords:
    """Words that make a file a part of the algorithmic corpus (paper, annealing data: files of the pre-training data
    that contain "leetcode", "def solution" or "class solution"; case and word boundaries are said nowhere).

    `any_case`: Solution is solution. `whole_words`: no letter, digit or underscore before or behind. `languages`: only
    of these, () of all. `spaces`: a blank of a keyword stands for any number of blanks and tabs.
    """

    words: tuple[str, ...] = ("leetcode", "def solution", "class solution")
    any_case: bool = True
    whole_words: bool = False
    spaces: bool = True
    languages: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.words or not all(word.strip() for word in self.words):
            raise ValueError(f"algorithmic.words: expected words that are not empty, found {self.words}; give some")


@dataclass(frozen=True)
class CodeSeeds:
    """Seeds of a file of code.

    `functions`: of a file at most so many documented ones (Python). `snippets`: so many pieces of 1 to `lines` (15)
    consecutive lines, each from a start that the text's hash draws (Magicoder, OSS-Instruct: one of a document).
    `file_chars`: the file itself, its first whole lines up to so many characters (OpenCoder's verified snippets start
    from algorithmic files); 0: not.
    Longer texts than `most_chars` are data more often than written; pieces with fewer letters than `least_letters`
    say nothing.
    """

    functions: int = 5
    snippets: int = 1
    lines: int = 15
    file_chars: int = 0
    most_chars: int = 200_000
    least_letters: int = 20

    def __post_init__(self) -> None:
        if min(self.functions, self.snippets) < 0 or self.lines < 1:
            raise ValueError(f"code_seeds: expected counts from 0 and lines from 1 on, found {self}; correct them")


@dataclass(frozen=True)
class TextSeeds:
    """Seeds of a page or of a dialogue: of a page `paragraphs` whole ones up to `most_chars` characters, of a dialogue
    the turns up to so many; less than `least_chars` says too little.
    """

    most_chars: int = 6_000
    least_chars: int = 200
    least_question: int = 10
    paragraphs: int = 40


def algorithmic(text: str, language: str = "", rules: Keywords = Keywords()) -> list[str]:
    """The keywords that the text holds, in the order of the settings."""
    return list(keyword_counts(text, language, rules))


def keyword_counts(text: str, language: str = "", rules: Keywords = Keywords()) -> dict[str, int]:
    """How often each keyword that is there stands in the text."""
    if rules.languages and language not in rules.languages:
        return {}
    counts = ((word, sum(1 for _ in pattern.finditer(text))) for word, pattern in _patterns(rules))
    return {word: count for word, count in counts if count}


@cache
def _patterns(rules: Keywords) -> list[tuple[str, re.Pattern[str]]]:
    found = []
    for word in rules.words:
        parts = [re.escape(part) for part in word.split()]
        body = (r"[ \t]+" if rules.spaces else " ").join(parts)
        if rules.whole_words:
            body = rf"(?<!\w){body}(?!\w)"
        found.append((word, re.compile(body, re.IGNORECASE if rules.any_case else 0)))
    return found


def storable(text: str) -> bool:
    """Whether a table takes it and a program can be made of it."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def code_seeds(text: str, language: str, p: CodeSeeds = CodeSeeds()) -> list[Found]:
    """Seeds of a file of code: its documented functions, then pieces of it."""
    if len(text) > p.most_chars or not text.strip() or not storable(text):
        return []
    found: list[Found] = []
    if language == "python" and p.functions:
        for function in documented(text):
            if len(found) == p.functions:
                break
            fields = {"name": function.name, "signature": function.signature, "doc": function.doc}
            found.append(("function", fields | {"code": function.source}))
    if p.file_chars and (head := _head(text, p.file_chars)):
        found.append(("file", {"code": head}))
    pieces = dict.fromkeys(_snippet(text, number, p) for number in range(p.snippets))
    return found + [("snippet", {"code": piece}) for piece in pieces if piece]


def _head(text: str, most: int) -> str:
    """The first whole lines of so many characters."""
    head = text if len(text) <= most else text[: text.rfind("\n", 0, most) + 1]
    return head.strip("\n")


def _snippet(text: str, number: int, p: CodeSeeds) -> str:
    """1 to `lines` lines from a start that a hash draws; the same text gives the same."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    digest = hashlib.sha256(f"snippet {number}\0{text}".encode()).digest()
    start = int.from_bytes(digest[:8], "big") % len(lines)
    count = 1 + int.from_bytes(digest[8:16], "big") % p.lines
    piece = "\n".join(lines[start : start + count]).strip("\n")
    letters = sum(character.isalpha() for character in piece)
    return piece if letters >= p.least_letters else ""


def page_seeds(title: str, text: str, p: TextSeeds = TextSeeds()) -> list[Found]:
    """One seed of a page: its title and its first paragraphs, none cut unless the first alone is too long."""
    if not storable(title + text):
        return []
    kept: list[str] = []
    size = 0
    for paragraph in re.split(r"\n\s*\n", text[: 4 * p.most_chars])[: p.paragraphs]:
        paragraph = paragraph.strip("\n")
        if kept and size + len(paragraph) > p.most_chars:
            break
        if paragraph.strip():
            kept.append(paragraph[: p.most_chars])
            size += len(paragraph) + 2
    found = "\n\n".join(kept)
    if len(found) < p.least_chars:
        return []
    return [("page", {"title": " ".join(title.split())[:300], "text": found})]


_ROLES = {"human": "user", "user": "user", "gpt": "assistant", "assistant": "assistant", "chatgpt": "assistant"}
_ROLES |= {"bing": "assistant", "bard": "assistant", "model": "assistant", "system": "system"}


def dialogue_seeds(row: Mapping[str, object], p: TextSeeds = TextSeeds()) -> list[Found]:
    """One seed of a row: WildChat's `conversation` of role and content, ShareGPT's and Infinity-Instruct's
    `conversations` of from and value, `messages`, else instruction (with input) and output.

    `dialogue` is JSON of its turns, from the first question on and to the last answer that still fits; `question` and
    `answer` are the first ones. A row whose turns do not alternate, or hold something else than texts, gives none.
    """
    turns = _turns(row)
    while turns and turns[-1]["role"] != "assistant":
        turns.pop()
    kept: list[dict[str, str]] = []
    size = 0
    for question, answer in zip(turns[::2], turns[1::2], strict=True):
        size += len(question["content"]) + len(answer["content"])
        if size > p.most_chars:
            break
        kept += [question, answer]
    if not kept or len(kept[0]["content"].strip()) < p.least_question:
        return []
    fields = {"dialogue": json.dumps(kept, ensure_ascii=False), "question": kept[0]["content"]}
    return [("dialogue", fields | {"answer": kept[1]["content"]})]


def _turns(row: Mapping[str, object]) -> list[dict[str, str]]:
    """Questions and answers in turn, a system text aside; [] where they are something else."""
    given = next((row[c] for c in ("conversation", "conversations", "messages") if _filled(row.get(c))), None)
    if given is None:
        asked = [_text(row, names) for names in (("instruction", "question", "query"), ("input",))]
        answer = _text(row, ("output", "response", "answer"))
        pair = [("user", "\n\n".join(part for part in asked if part)), ("assistant", answer)]
        turns = [{"role": role, "content": content} for role, content in pair]
    else:
        turns = [turn for turn in map(_turn, given) if turn.get("role") != "system"]  # type: ignore[call-overload]
    good = all(
        turn.get("role") == ("user", "assistant")[number % 2] and turn["content"].strip() and storable(turn["content"])
        for number, turn in enumerate(turns)
    )
    return turns if good else []


def _turn(given: object) -> dict[str, str]:
    if not isinstance(given, Mapping):
        return {"role": "", "content": ""}
    role = given.get("role") or given.get("from")
    content = given.get("content") if given.get("content") is not None else given.get("value")
    known = _ROLES.get(role.lower(), "") if isinstance(role, str) else ""
    return {"role": known if isinstance(content, str) else "", "content": content if isinstance(content, str) else ""}


def _filled(value: object) -> bool:
    """Whether it is a list with something in it; a table's array of numpy counts, a text does not."""
    return not isinstance(value, (str, bytes, Mapping)) and hasattr(value, "__len__") and len(value) > 0


def _text(row: Mapping[str, object], names: Sequence[str]) -> str:
    values = (row.get(name) for name in names)
    return next((value for value in values if isinstance(value, str) and value.strip()), "")
