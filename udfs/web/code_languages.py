"""The language that a page names for a code block, by the class names and attributes of udfs/data/web_code.json."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib import resources
from typing import Any

_ATTRIBUTE = re.compile(r"""\s([a-zA-Z][\w:-]*)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
_NAME = re.compile(r"[a-z0-9][-a-z0-9+#._]{0,30}")
# brush: python; toolbar: false - and the space behind the colon that class names do not have.
_SPACED = re.compile(r":\s+")


@cache
def table() -> dict[str, Any]:
    """udfs/data/web_code.json."""
    file = resources.files("udfs").joinpath("data/web_code.json")
    data: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return data


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern, re.I) for pattern in table()["language_patterns"])


@cache
def _attributes() -> frozenset[str]:
    return frozenset(table()["language_attributes"])


@cache
def _bare() -> frozenset[str]:
    return frozenset(table()["bare_names"])


@cache
def _not_languages() -> frozenset[str]:
    return frozenset(table()["not_languages"])


def attributes_of(tag: str) -> dict[str, str]:
    """The attributes of an opening tag, such as `<pre class="brush: js">`."""
    return {name.lower(): a or b or c for name, a, b, c in _ATTRIBUTE.findall(tag)} if "=" in tag else {}


def language_of(attributes: Mapping[str, str], is_code: bool) -> str:
    """The language that attributes name; empty where they name none. Where they are of code (pre, code), a class or a
    lang attribute may be the bare name of a language."""
    if not attributes:
        return ""
    for name, value in attributes.items():
        if name in _attributes() and (found := _known(value)):
            return found
    if "class" in attributes and (found := language_of_classes(attributes["class"], is_code)):
        return found
    said = (attributes.get(name, "").lower() for name in table()["plain_attributes"])
    return next((_known(name) for name in said if name in _bare()), "") if is_code else ""


@lru_cache(4096)
def language_of_classes(classes: str, is_code: bool) -> str:
    """The language that a class attribute names."""
    tokens = _SPACED.sub(":", classes).replace(";", " ").replace(",", " ").split()
    for pattern in _patterns():
        for token in tokens:
            if (match := pattern.match(token)) and (found := _known(match[1])):
                return found
    return next((_known(t) for t in tokens if t.lower() in _bare()), "") if is_code else ""


def _known(name: str) -> str:
    """The name in lower case, one name for one language, empty for what is none."""
    name = name.strip().lower()
    if name in _not_languages() or not _NAME.fullmatch(name):
        return ""
    alias: str = table()["aliases"].get(name, name)
    return alias


@lru_cache(4096)
def language_of_tags(*tags: str) -> str:
    """The language that the first of these opening tags of code names."""
    said = (language_of(attributes_of(tag), is_code=True) for tag in tags)
    return next((found for found in said if found), "")
