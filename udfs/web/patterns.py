"""URL patterns that people label: `%` stands for any run of characters; and patterns to propose to them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from urllib.parse import urlsplit

from udfs.web.captures import host_of

_SCHEME = re.compile(r"^https?://", re.I)
# Parts of a path that differ from page to page: numbers, dates, hashes, long names.
_OF_ONE_PAGE = re.compile(r"\d+|\d{4}-\d{2}.*|[0-9a-f]{8,}|.*\.\w{1,5}|.{40,}", re.I)


@dataclass(frozen=True, order=True)
class Pattern:
    """A pattern, the tag that its pages get, and who labelled it."""

    pattern: str
    tag: str
    label: bool = True
    by: str = "paper"


@cache
def paper_patterns() -> tuple[Pattern, ...]:
    """The paper's annotated domains, from udfs/data/web_domains.json."""
    file = resources.files("udfs").joinpath("data/web_domains.json")
    rows = json.loads(file.read_text(encoding="utf-8"))["patterns"]
    return tuple(Pattern(pattern, tag) for _, pattern, tag in rows)


class Patterns:
    """Which of many patterns match a URL, each URL in time of its own length and of the patterns that may match."""

    def __init__(self, patterns: Iterable[Pattern]) -> None:
        """Raises ValueError for a pattern that says nothing, as `%`: it would label every page."""
        self.patterns = tuple(sorted(set(patterns)))
        self._compiled = []
        for pattern in self.patterns:
            literals = [part for part in pattern.pattern.lower().split("%") if part]
            if not literals:
                raise ValueError(f"{pattern.pattern!r}: expected a URL pattern with letters beside %, found none")
            expression = re.compile(".*?".join(map(re.escape, pattern.pattern.lower().split("%"))), re.S)
            self._compiled.append((max(literals, key=len), expression, pattern))

    def matching(self, url: str) -> list[Pattern]:
        """The patterns that match the whole URL, in letters of any case, sorted. The scheme may be left out of it."""
        lower = url.lower()
        bare = _SCHEME.sub("", lower)
        return [
            pattern
            for literal, expression, pattern in self._compiled
            if literal in lower and (expression.fullmatch(lower) or expression.fullmatch(bare))
        ]


def proposals(url: str) -> Iterator[str]:
    """Patterns that a URL suggests, from the host alone to two parts of its path, without what is of one page."""
    host = host_of(url)
    if host is None:
        return
    yield f"%{host}%"
    path = f"%{host}"
    for part in urlsplit(url).path.split("/")[1:3]:
        if not part or "%" in part or _OF_ONE_PAGE.fullmatch(part):
            return
        path += f"/{part}"
        yield f"{path}/%" if not path.endswith("/") else f"{path}%"
