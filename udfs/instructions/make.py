"""Instructions that need no language model: documented Python functions, file summaries, rows of given tables.

A documented function becomes the request to write it (its docstring and signature) with the function as the answer; a
file that opens with a description becomes the question what it does. What is asked is worded by one of a few fixed
phrases, chosen by a hash, so that a rebuild asks alike. Only functions that stand by themselves are taken: built-ins,
their own names and the file's absolute imports, which the answer repeats.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from schemas.identity import code_identity
from udfs.instructions import descriptions, functions
from udfs.tokens.chat import Message, RowError, check

# Read once: what runs is what was imported, whatever happens to the file meanwhile.
_CODE = code_identity(__name__)
MAX_TEXT_CHARS = 200_000
"""Longer texts are data or generated more often than written."""
MAX_FUNCTIONS = 20
"""Of one file, in its order: no file is to fill the table."""
_WRITE = (
    "Write a Python function with the signature `{signature}` that does the following.\n\n{doc}",
    "Implement this Python function:\n\n```python\n{signature}\n```\n\n{doc}",
    "{doc}\n\nWrite it as the Python function `{name}`:\n\n```python\n{signature}\n```",
    "I need a Python function `{name}`. Its signature is `{signature}`, and this is what it is for:\n\n{doc}",
    "Complete the following function by its description.\n\n```python\n{signature}\n```\n\n{doc}",
)
_EXPLAIN = (
    "What does this {language} file do?\n\n```{language}\n{code}\n```",
    "Summarise the purpose of the following {language} code.\n\n```{language}\n{code}\n```",
    "```{language}\n{code}\n```\n\nDescribe what this file is for.",
    "Write the description that belongs at the top of this {language} file.\n\n```{language}\n{code}\n```",
)


class Found(NamedTuple):
    """One instruction: kind is docstring or summary."""

    kind: str
    question: str
    answer: str

    def messages(self) -> list[Message]:
        return [{"role": "user", "content": self.question}, {"role": "assistant", "content": self.answer}]


def instruction_id(messages: Sequence[Message]) -> str:
    """SHA-256 of the messages as JSON with sorted keys and no spaces."""
    canonical = json.dumps(list(messages), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def find(text: str, language: str) -> list[Found]:
    """What a text gives, in its order, the summary first; nothing where it is too long or cannot be parsed."""
    if len(text) > MAX_TEXT_CHARS:
        return []
    found = []
    if described := descriptions.description(text, language):
        question = _worded(_EXPLAIN, described.text).format(language=language, code=described.code)
        found.append(Found("summary", question, described.text))
    if language == "python":
        found += list(_documented(text))
    return found


def _documented(text: str) -> Iterator[Found]:
    for number, function in enumerate(functions.documented(text)):
        if number == MAX_FUNCTIONS:
            return
        question = _worded(_WRITE, function.name + function.doc).format(
            name=function.name, signature=function.signature, doc=function.doc
        )
        yield Found("docstring", question, f"```python\n{function.source}\n```")


def _worded(phrases: Sequence[str], about: str) -> str:
    return phrases[int.from_bytes(hashlib.sha256(about.encode()).digest()[:4], "big") % len(phrases)]


QUESTIONS = ("instruction", "question", "prompt")
ANSWERS = ("output", "answer", "response")


def given(row: dict[str, object]) -> list[Message]:
    """The conversation of a row of a given table: its `messages`, else question, `input` and answer.

    `input` follows the instruction, as in Alpaca's tables, or is the question where there is no other; `system` goes
    before either. Every answer is trained, so a row with one that is not to be (`weight` 0, `train` false), or only in
    part, is refused. Raises RowError with the reason.
    """
    messages = row.get("messages")
    if isinstance(messages, list):
        if not all(isinstance(message, dict) for message in messages):
            raise RowError("not_a_message: null")
        check(messages)
        for message in messages:
            _refuse_untrained(message)
        found: list[Message] = [{"role": m["role"], "content": m["content"]} for m in messages]
    else:
        asked = [_said(row, QUESTIONS), _said(row, ("input",))]
        question, answer = "\n\n".join(part for part in asked if part), _said(row, ANSWERS)
        if not question:
            raise RowError("no_question")
        if not answer:
            raise RowError("no_answer")
        found = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    found = _with_system(found, _said(row, ("system",)))
    if any(m["role"] == "user" and not m["content"].strip() for m in found):
        raise RowError("empty_user_turn")
    if not found[-1]["content"].strip():
        raise RowError("no_answer")
    if found[-1]["role"] != "assistant":
        raise RowError("no_answer_at_the_end")
    return found


def _refuse_untrained(message: dict[str, object]) -> None:
    weight, train = message.get("weight"), message.get("train")
    if message["role"] == "assistant" and (weight not in (None, 1) or train is False):
        raise RowError(f"untrained_answer: weight {weight}, train {train}")


def _with_system(talk: list[Message], system: str) -> list[Message]:
    """A row's own system text before its turns; a conversation that opens with another one has two."""
    if not system:
        return talk
    if talk[0]["role"] != "system":
        return [{"role": "system", "content": system}, *talk]
    if talk[0]["content"] != system:
        raise RowError("two_system_messages")
    return talk


def _said(row: dict[str, object], names: Sequence[str]) -> str:
    """The first of the columns that says something."""
    values = (row.get(name) for name in names)
    return next((value for value in values if isinstance(value, str) and value.strip()), "")


def version() -> str:
    """Part of the key of what was found: the kernels' source and the Python that parses."""
    return hashlib.sha256(f"{_CODE} {sys.version_info[:2]}".encode()).hexdigest()[:16]
