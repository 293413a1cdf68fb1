"""Prompts: files of udfs/data/prompts, a head of TOML and sections that are filled by jinja2.

    +++
    version = 1
    temperature = 0.7
    max_tokens = 1024
    expected_tokens = 400
    +++
    ## system
    ...
    ## user
    {{ code }}

Sections are system, user and assistant, in their order (examples stand as user and assistant before the last user). A
section `completion` before them is for models that only continue a text: examples, and the beginning of one that the
answer ends; it ends before what `completion_stop` of the head says. Without one such a model is shown all sections.
What the head holds beside these and `version` and `expected_tokens` (the usual length of an answer, for estimates) are
parameters of the request. A field that is not given is an error, white space at the ends of a section does not count.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import jinja2

from schemas.identity import data_bytes
from udfs.calls.money import BYTES_A_TOKEN

FOLDER = "prompts"
_ROLES = ("system", "user", "assistant")
_COMPLETION = "completion"
_FILLING = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False, keep_trailing_newline=False)


class PromptError(ValueError):
    """A prompt file that cannot be used."""


@dataclass(frozen=True)
class Prompt:
    """`sections` are (role, template); `parameters` those of the request. `completion` is the text to be continued by
    a model that can nothing else, `stop` what its answer ends before.
    """

    name: str
    version: int
    expected_tokens: int
    parameters: Mapping[str, Any]
    sections: tuple[tuple[str, jinja2.Template], ...]
    completion: jinja2.Template | None = None
    stop: tuple[str, ...] = ()

    def fill(self, fields: Mapping[str, Any]) -> tuple[dict[str, str], ...]:
        """Messages. Raises PromptError for a field that the prompt asks for and that is not there."""
        return tuple({"role": role, "content": self._filled(text, fields)} for role, text in self.sections)

    def as_text(self, fields: Mapping[str, Any]) -> str:
        """The text to be continued: `completion`, else the parts under headings, and the heading of the answer. Raises
        PromptError as `fill`.
        """
        if self.completion is not None:
            return self._filled(self.completion, fields) + "\n"
        parts = [f"### {m['role'].capitalize()}\n{m['content']}\n" for m in self.fill(fields)]
        return "\n".join([*parts, "### Assistant\n"])

    def _filled(self, text: jinja2.Template, fields: Mapping[str, Any]) -> str:
        try:
            return text.render(fields).strip()
        except jinja2.UndefinedError as error:
            raise PromptError(f"prompt {self.name}: expected every field that it names, found {error}") from None


@cache
def prompt(name: str) -> Prompt:
    """A prompt by its name. Raises PromptError."""
    try:
        text = _text(name)
    except FileNotFoundError:
        raise PromptError(f"prompt {name}: expected one of {', '.join(names())}, found none of that name") from None
    return parse(name, text)


def _text(name: str) -> str:
    return data_bytes(f"{FOLDER}/{name}.md").decode()


def expected_tokens(name: str, field_bytes: float) -> tuple[float, int]:
    """(tokens asked, tokens answered) of a call that was never made: the prompt's own text, fields of so many bytes,
    and the answer's usual length. Raises PromptError.
    """
    answer = prompt(name).expected_tokens
    return (len(_text(name).encode()) + field_bytes) / BYTES_A_TOKEN, answer


def names() -> list[str]:
    """Names of all prompts."""
    files = resources.files("udfs").joinpath("data", FOLDER).iterdir()
    return sorted(f.name.removesuffix(".md") for f in files if f.name.endswith(".md"))


def parse(name: str, text: str) -> Prompt:
    """A prompt from its file's text. Raises PromptError."""
    match = re.fullmatch(r"\+\+\+\n(.*?)\n\+\+\+\n(.*)", text, re.DOTALL)
    if not match:
        raise PromptError(f"prompt {name}: expected a head between lines of +++, found none")
    head = tomllib.loads(match[1])
    parts = re.split(r"^## (\w+)\n", match[2], flags=re.MULTILINE)
    found = list(zip(parts[1::2], parts[2::2], strict=True))
    completion = found.pop(0)[1] if found and found[0][0] == _COMPLETION else None
    if parts[0].strip() or not found or any(role not in _ROLES for role, _ in found):
        raise PromptError(
            f"prompt {name}: expected sections {', '.join((_COMPLETION, *_ROLES))}, found {[r for r, _ in found]}"
        )
    if found[-1][0] != "user" or "max_tokens" not in head or "version" not in head:
        raise PromptError(f"prompt {name}: expected a last section user, and version and max_tokens in the head")
    version, expected = int(head.pop("version")), int(head.pop("expected_tokens", head["max_tokens"]))
    stop = tuple(head.pop("completion_stop", ()))
    sections = tuple((role, _FILLING.from_string(body)) for role, body in found)
    begun = None if completion is None else _FILLING.from_string(completion)
    return Prompt(name, version, expected, head, sections, begun, stop)
