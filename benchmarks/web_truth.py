"""Code blocks as the authors of a documentation wrote them: from its reST, Markdown or AsciiDoc sources."""

from __future__ import annotations

import html
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

CODE_DIRECTIVES = {"code-block", "code", "sourcecode", "parsed-literal", "highlight-block", "prompt", "testcode"}
CODE_DIRECTIVES |= {"doctest", "ipython", "code-cell", "console"}
# Directives whose content the page does not show, or shows elsewhere.
HIDDEN = {"testsetup", "testcleanup", "only", "ifconfig", "todo", "comment", "index", "toctree", "productionlist"}
_DIRECTIVE = re.compile(r"^(\s*)(?:\.\. )?\.\. ([\w:-]+)::(.*)$")
_COMMENT = re.compile(r"^(\s*)\.\.(?:$| (?!\[|_|\|)(?![\w:+.-]+::))")
_BULLET = re.compile(r"\s*(?:[-*+\u2022]|\(?(?:\d{1,3}|#|[a-z])[.)])\s+(?=\S)")
# Sphinx takes them off.
_DOCTEST_FLAG = re.compile(r"[ \t]*#[ \t]*doctest:[^\n]*")
_FENCE = re.compile(r"^( {0,3})(`{3,}|~{3,}|:{3,})\s*(.*)$")
_MYST = re.compile(r"^\{([\w:-]+)\}")


@dataclass(frozen=True)
class Truth:
    """One block of a source."""

    code: str


def blocks_of(name: str, source: str) -> list[Truth]:
    """The code blocks in a source, by the ending of its name."""
    source = source.replace("\r\n", "\n")
    if name.endswith((".md", ".md.txt")):
        found = markdown(source)
    elif name.endswith((".adoc", ".asciidoc")) or (name.endswith(".txt") and not name.endswith(".rst.txt")):
        found = asciidoc(source)
    else:
        found = rest(source)
    cleaned = (tidy(code) for code in found)
    return [Truth(code) for code in cleaned if code]


def tidy(code: str) -> str:
    code = _DOCTEST_FLAG.sub("", code)
    lines = [line.rstrip() for line in textwrap.dedent(code.expandtabs(8)).split("\n")]
    return "\n".join(lines).strip("\n")


def is_shown(code: str, page: str) -> bool:
    """Whether half of a block's lines are anywhere in a page, white space aside: some sources say what no build shows
    (directives of a missing extension). `page` is the page's text without tags and white space."""
    lines = ["".join(line.split()) for line in code.split("\n") if line.strip()]
    return 2 * sum(line in page for line in lines) >= len(lines)


def squeezed(markup: str) -> str:
    """The text of a page without tags and white space."""
    return "".join(html.unescape(re.sub(r"<[^>]*>", "", markup)).split())


def rest(source: str) -> Iterator[str]:
    """Literal blocks, blocks of code directives, and doctests, nested ones too."""
    lines, at = source.expandtabs(8).split("\n"), 0
    while at < len(lines):
        line = lines[at]
        bullet = _BULLET.match(line)
        # What belongs to an item of a list stands under its text, not under its bullet.
        indent = bullet.end() if bullet else len(line) - len(line.lstrip())
        directive = _DIRECTIVE.match(line)
        if directive and directive[2].split(":")[-1] in CODE_DIRECTIVES:
            body, at = _indented(lines, at + 1, len(directive[1]))
            if not any(line.strip() == ":hide:" for line in body):
                yield "\n".join(_without_options(body))
        elif (directive and directive[2] in HIDDEN) or _COMMENT.match(line):
            _, at = _indented(lines, at + 1, indent)
        elif line.rstrip().endswith("::") and not directive and not line.lstrip().startswith(".. "):
            body, at = _indented(lines, at + 1, indent)
            if body and not body[0].strip():
                yield "\n".join(body)
        elif line.lstrip().startswith(">>> ") and (at == 0 or not lines[at - 1].strip()):
            end = at
            while end < len(lines) and lines[end].strip():
                end += 1
            yield "\n".join(lines[at:end])
            at = end
        else:
            at += 1


def _indented(lines: list[str], at: int, indent: int) -> tuple[list[str], int]:
    end = at
    while end < len(lines) and (not lines[end].strip() or len(lines[end]) - len(lines[end].lstrip()) > indent):
        end += 1
    return lines[at:end], end


def _without_options(body: list[str]) -> list[str]:
    at = 0
    while at < len(body) and re.match(r"\s+:[\w-]+:", body[at]):
        at += 1
    return body[at:]


def markdown(source: str) -> Iterator[str]:
    """Fenced blocks; of MyST the directives of code, and what stands in other directives."""
    lines, at = source.split("\n"), 0
    while at < len(lines):
        fence = _FENCE.match(lines[at])
        if not fence:
            at += 1
            continue
        end = at + 1
        while end < len(lines) and not re.match(rf"^\s*{re.escape(fence[2])}[`~:]*\s*$", lines[end]):
            end += 1
        directive = _MYST.match(fence[3])
        name = directive[1] if directive else ""
        if name and name not in CODE_DIRECTIVES:
            at = at + 1 if fence[2].startswith(":") and name not in HIDDEN else end + 1
            continue
        if fence[2].startswith(":") and not name:
            at += 1
            continue
        body = lines[at + 1 : end]
        while directive and body and re.match(r"\s*:[\w-]+:", body[0]):
            body = body[1:]
        yield "\n".join(body)
        at = end + 1


def asciidoc(source: str) -> Iterator[str]:
    """Listing and literal blocks between their lines of dashes or dots."""
    lines, at = source.split("\n"), 0
    while at < len(lines):
        if not re.fullmatch(r"-{4,}|\.{4,}|/{4,}", lines[at].rstrip()):
            at += 1
            continue
        # Under a line of text dashes are a title's underline.
        is_title = at > 0 and lines[at - 1].strip() and (at < 2 or lines[at - 2].strip()[:2] in ("", "[["))
        end = at + 1
        while end < len(lines) and lines[end].rstrip() != lines[at].rstrip():
            end += 1
        if is_title and abs(len(lines[at - 1].rstrip()) - len(lines[at].rstrip())) < 3:
            at += 1
            continue
        body = lines[at + 1 : end]
        if not lines[at].startswith("/") and not any(line.startswith("include::") for line in body):
            yield "\n".join(body)
        at = end + 1
