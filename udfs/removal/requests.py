"""Requests to be removed, one a line, in the forms that public opt-out lists use."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from udfs.removal.names import asked_domain, asked_owner, asked_repo, author_names

KINDS = ("repo", "owner", "author", "path", "content", "domain", "issues")
REACHES = ("repository", "text", "near")
_HASH = re.compile(r"[0-9a-f]{64}")
_PARTS = re.compile(r"[\s,;:\[\]\"']+")
_URL_PARTS = re.compile(r"[\s,;\[\]\"']+")
_WILD = re.compile(r"[*?\[]")


class RequestError(ValueError):
    """A request that names nothing that could be removed."""


@dataclass(frozen=True)
class Request:
    """What is to go: every file of a name, of these only a path (or a pattern of paths) where one is given.

    `reach`: `repository` takes these files alone; `text` every copy of their texts; `near` their near copies too.
    `issues` are asked for by opt-out lists; the tables hold none, and the request is kept for those that will.
    """

    kind: str
    name: str
    path: str | None = None
    reach: str = "repository"

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise RequestError(f"expected a kind out of {', '.join(KINDS)}, found {self.kind!r}")
        if self.reach not in REACHES:
            raise RequestError(f"expected a reach out of {', '.join(REACHES)}, found {self.reach!r}")
        object.__setattr__(self, "name", _spelled(self.kind, self.name))
        if self.path is not None and not self.path.strip("/"):
            raise RequestError(f"expected a path or a pattern of paths, found {self.path!r}")
        if self.kind == "domain" and (self.path is not None or self.reach == "near"):
            raise RequestError("expected a domain as a whole, of reach repository or text, found a path or reach near")
        if self.kind == "content":
            object.__setattr__(self, "reach", "text" if self.reach == "repository" else self.reach)

    @property
    def pattern(self) -> str | None:
        """The path as a regular expression, where it has a wildcard."""
        return path_pattern(self.path) if self.path and _WILD.search(self.path) else None


def _spelled(kind: str, name: str) -> str:
    """The name as hashes are made of it. Raises RequestError."""
    spelled = {"repo": asked_repo, "owner": asked_owner, "domain": asked_domain}.get(kind, lambda n: n.strip())(name)
    if kind == "author":
        spelled = next(iter(author_names(name)), "")
    if kind == "content" and not _HASH.fullmatch(spelled):
        raise RequestError(f"expected 64 hexadecimal digits of a text's SHA-256, found {name!r}")
    if kind != "path" and not spelled:
        raise RequestError(f"expected the name of a {kind}, found {name!r}")
    return "" if kind == "path" else spelled


def path_pattern(glob: str) -> str:
    """A glob as a regular expression for Java and Python: `*` and `?` stop at `/`, `**` does not; without `/` it may
    stand in any folder.
    """
    parts = re.split(r"(\*\*/|\*\*|\*|\?|\[!?[^\]/]+\])", glob.lstrip("/"))
    kinds = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    made = "".join(kinds.get(part) or (_letters(part) if n % 2 else re.escape(part)) for n, part in enumerate(parts))
    return f"^{'' if '/' in glob else '(?:.*/)?'}{made}$"


def _letters(part: str) -> str:
    inside = part[1:-1].replace("\\", r"\\").replace("^", r"\^").replace("&", r"\&")
    return f"[^{inside[1:]}/]" if inside.startswith("!") else f"[{inside}]"


def listed(lines: Iterable[str], reach: str = "repository") -> Iterator[Request]:
    """The requests of a list: `user/repo`; `user` or `user: all`; `user: commits`; `user, repo-a, user/repo-b`; an
    e-mail address; 64 digits of a text; or a JSON object with kind, name, path, reach. `#` begins a remark.

    Raises RequestError that names the line.
    """
    for number, line in enumerate(lines, start=1):
        said = re.sub(r"(^|\s)#.*", "", line.strip())
        if not said:
            continue
        try:
            yield from _of_object(said, reach) if said.startswith("{") else _of_line(said, reach)
        except (RequestError, ValueError, RecursionError) as error:
            raise RequestError(f"line {number}: {error}") from None


def _of_object(said: str, reach: str) -> Iterator[Request]:
    row = json.loads(said)
    named = [(kind, row[kind]) for kind in KINDS if kind in row and kind != "path"] or [("path", "")]
    if row.keys() - {*KINDS, "reach"} or len(named) > 1 or (named[0][0] == "path" and "path" not in row):
        raise RequestError(f"expected one of {', '.join(KINDS)}, path or reach beside it, found {sorted(row)}")
    if wrong := [repr(value)[:80] for value in row.values() if not isinstance(value, str)]:
        raise RequestError(f"expected names, paths and a reach as texts, found {wrong[0]}")
    yield Request(*named[0], path=row.get("path"), reach=row.get("reach", reach))


def _of_line(said: str, reach: str) -> Iterator[Request]:
    parts = [part for part in (_URL_PARTS if "://" in said else _PARTS).split(said) if part]
    if not parts:
        raise RequestError(f"expected the name of a repository, an owner or an author, found {said[:80]!r}")
    first, rest = parts[0], parts[1:]
    if not rest:
        yield _named(first, reach)
        return
    if "/" in first:
        yield from (_named(part, reach) for part in parts)
        return
    for word in rest:
        yield {
            "all": lambda: Request("owner", first, reach=reach),
            "commits": lambda: Request("author", first, reach=reach),
            "issues": lambda: Request("issues", first, reach=reach),
        }.get(
            word.lower(), lambda word=word: Request("repo", word if "/" in word else f"{first}/{word}", reach=reach)
        )()


def _named(word: str, reach: str) -> Request:
    if _HASH.fullmatch(word):
        return Request("content", word, reach=reach)
    if "@" in word and "/" not in word and ":" not in word:
        return Request("author", word, reach=reach)
    return Request("repo" if "/" in word else "owner", word, reach=reach)
