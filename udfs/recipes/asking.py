"""Answers in a form that a recipe can use: strict JSON, texts under headings, code in fences, a draw by hash.

Each is either what was asked for or Dropped with a reason; nothing that a model writes raises anything else. What reads
JSON is imported where it is read: every command imports the list of recipes.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from udfs.calls.code_in_answers import code_of, fenced_code
from udfs.recipes.steps import Answer, Ask, Dropped

MOST_JSON_CHARS = 200_000
"""Of an answer that is to be JSON: longer ones are no answer."""
MOST_MENDED_CHARS = 6_000
"""Of a text that is mended, more than any prompt here allows for: the time goes by the square of it, and some texts of
80,000 characters take minutes.
"""
_MOST_LINES = 400
"""Of an answer without a fence in which code is looked for."""
_SHOWN = 200
_T = TypeVar("_T")


def said(text: str) -> str:
    """A model's text as it can be stored: without NUL and lone surrogates, which tables and JSON refuse."""
    return text.replace("\0", "").encode("utf-8", "surrogatepass").decode("utf-8", "replace").strip()


def ask_json(ask: Ask, schema: Mapping[str, Any], most: int = 3, stride: int = 1) -> Generator[Ask, Answer, Any]:
    """The JSON value of an answer: parsed, else mended, checked against the schema, else asked again.

    As a part of a recipe: `value = yield from ask_json(ask, schema)`. `most` answers are asked for; they are samples of
    the same request, `stride` apart where the recipe itself asks for several. Raises Dropped: `call_refused`,
    `answer_cut` or `not_json`, by what the last answer was.
    """
    why = Dropped("not_json", 0, most, ask.step)
    for number in range(most):
        answer = yield replace(ask, sample=ask.sample + number * stride, schema=schema, whole=False)
        if answer.refused:
            raise Dropped("call_refused", detail=f"{ask.step}: {answer.refused}")
        if answer.finish != "stop":
            why = Dropped("answer_cut", number + 1, most, f"{ask.step}: {answer.finish}")
            continue
        found, wrong = json_of(answer.text, schema)
        if not wrong:
            return found
        why = Dropped("not_json", number + 1, most, f"{ask.step}: {wrong}")
    raise why


def json_of(text: str, schema: Mapping[str, Any]) -> tuple[Any, str]:
    """(value, "") of a text that holds JSON by the schema, (None, what is wrong) of another."""
    from jsonschema import Draft202012Validator

    text = said(text)
    if len(text) > MOST_JSON_CHARS:
        return None, f"{len(text)} characters"
    wrong = "no JSON in it"
    fenced = fenced_code(text, "json")
    for read in (_strictly, _mended):
        for candidate in dict.fromkeys(filter(None, (text, fenced))):
            try:
                value = read(candidate)
                if error := next(Draft202012Validator(dict(schema)).iter_errors(value), None):
                    wrong = said(error.message)[:_SHOWN]
                    continue
                # Escapes may have brought in what no table takes.
                return json.loads(said(json.dumps(value, ensure_ascii=False, allow_nan=False))), ""
            except (ValueError, RecursionError, OverflowError) as error:
                wrong = said(str(error))[:_SHOWN] or type(error).__name__
            except Exception as error:  # a text of anybody's through a parser of somebody else's
                wrong = f"{type(error).__name__} of the parser"
    return None, wrong


def _strictly(text: str) -> Any:
    return json.loads(text)


def _mended(text: str) -> Any:
    if len(text) > MOST_MENDED_CHARS:
        raise ValueError(f"{len(text)} characters that are no JSON")
    import json_repair

    return json_repair.loads(text, skip_json_loads=True)


def sections(step: str, text: str, names: Sequence[str]) -> dict[str, str]:
    """Texts under headings `## NAME`, each once and none empty; what stands before the first is left out.

    A heading inside of a fence is none. Raises Dropped `not_in_form`.
    """
    found: dict[str, list[str]] = {}
    here: list[str] | None = None
    fence = ""
    wanted = {name.casefold(): name for name in names}
    for line in said(text).split("\n"):
        mark = re.match(r"\s*(`{3,})", line)
        if mark and (not fence or mark[1].startswith(fence)):
            fence = "" if fence else mark[1]
        heading = None if fence else re.fullmatch(r"#{1,4}\s+(.{1,80}?)\s*:?\s*", line)
        name = wanted.get(heading[1].strip("*").casefold()) if heading else None
        if name is None:
            if here is not None:
                here.append(line)
            continue
        if name in found:
            raise Dropped("not_in_form", detail=f"{step}: heading {name} twice")
        here = found[name] = []
    texts = {name: "\n".join(found.get(name, [])).strip() for name in names}
    if missing := [name for name, each in texts.items() if not each]:
        raise Dropped("not_in_form", detail=f"{step}: nothing under {', '.join(missing)}")
    return texts


def code_in(step: str, text: str, language: str) -> str:
    """Code of the language in an answer: of its first fence, or for Python the lines that parse. Raises Dropped.

    Language "": of the first fence whatever it names.
    """
    text = said(text)
    found = fenced_code(text, language)
    if found is None and "```" not in text and language == "python" and text.count("\n") < _MOST_LINES:
        found = code_of(text, language)
    if found is None or not found.strip():
        raise Dropped("no_code", detail=f"{step}: no block of {language}")
    return found.strip("\n") + "\n"


def whole(step: str, answer: Answer) -> str:
    """The text of an answer that was asked for with `whole=False`. Raises Dropped where it was refused or cut."""
    if answer.refused:
        raise Dropped("call_refused", detail=f"{step}: {answer.refused}")
    if answer.finish != "stop":
        raise Dropped("answer_cut", detail=f"{step}: {answer.finish}")
    return said(answer.text)


def usable(answer: Answer) -> bool:
    """Whether such an answer is there, at its end, and says something."""
    return not answer.refused and answer.finish == "stop" and bool(said(answer.text))


def drawn(about: str, choices: Sequence[_T], count: int = 1) -> list[_T]:
    """`count` different ones of the choices, in an order that hangs on `about` only: lowest hash first. A choice that
    is added later moves no other."""
    return sorted(choices, key=lambda each: (_hash(f"{about}\0{each}"), str(each)))[:count]


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def bounded(text: str, most: int) -> str:
    """The text, or its first `most` characters to the last whole line of them."""
    if len(text) <= most:
        return text
    head = text[:most]
    return head[: head.rfind("\n")] if "\n" in head else head
