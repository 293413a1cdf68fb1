"""What a page says about its use: robots, text and data mining, licence links. Facts only: rules judge them."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from udfs.web.code_languages import attributes_of

_LINKS = 'link[rel~="license"], a[rel~="license"], a[href*="creativecommons.org/"]'
_LICENSE = "license"
_META = re.compile(r"<meta\b[^<>]*+>", re.I)
_ASKED = re.compile("robots|tdm-", re.I)
# A head without an end is looked at so far.
_LONGEST_HEAD = 64 * 1024
_CREATIVE_COMMONS = re.compile(r"https?://(?:www\.)?creativecommons\.org/(?:licen[cs]es|publicdomain)/", re.I)
# `googlebot: noindex` is for one reader; these are names for all.
_FOR_ALL = ("robots", "*")
_DIRECTIVE = re.compile(r"[a-z][a-z-]*")
_MOST_LICENCES, _LONGEST = 10, 500


@dataclass(frozen=True)
class Rights:
    """`robots` are the page's own words, `no_index` and `no_ai` also those of the header X-Robots-Tag; `tdm_reserved`
    is None where neither says anything about text and data mining. `licences` are links, sorted."""

    robots: str | None
    no_index: bool
    no_ai: bool
    tdm_reserved: bool | None
    licences: tuple[str, ...]


def rights_of(tree: Any, markup: str, url: str | None, header_robots: str | None, header_tdm: str | None) -> Rights:
    """The rights that a page and the headers it came with declare. `tree` is of the markup; None for a plain text."""
    said = dict[str, list[str]]()
    for tag in _META.findall(_head(markup)):
        if not _ASKED.search(tag):
            continue
        attributes = attributes_of(tag)
        name = attributes.get("name", "").strip().lower()
        if name in ("robots", "tdm-reservation"):
            said.setdefault(name, []).append(html.unescape(attributes.get("content", ""))[:_LONGEST])
    licences = set[str]()
    if tree and _may_link(markup):
        links = (_licence(element, url) for element in tree.document.query_selector_all(_LINKS).values())
        licences = {link for link in links if link}
    robots = ", ".join(said.get("robots", [])) or None
    found = directives(robots) | directives(header_robots)
    return Rights(
        robots=robots,
        no_index=not found.isdisjoint(("noindex", "none")),
        no_ai=not found.isdisjoint(("noai", "noimageai")),
        tdm_reserved=_tdm(", ".join(said.get("tdm-reservation", [])) or header_tdm),
        licences=tuple(sorted(licences)[:_MOST_LICENCES]),
    )


def _may_link(markup: str) -> bool:
    """Whether the page has anything that may be a licence link: most pages that say the word have none."""
    at = markup.find(_LICENSE)
    while at >= 0:
        if "rel" in markup[max(0, at - 60) : at]:
            return True
        at = markup.find(_LICENSE, at + len(_LICENSE))
    return "creativecommons.org/" in markup


def _head(markup: str) -> str:
    end = markup.find("<body", 0, _LONGEST_HEAD)
    return markup[: end if end >= 0 else _LONGEST_HEAD]


def directives(robots: str | None) -> set[str]:
    """What all readers are told: `googlebot: noindex, nofollow, robots: noai` is noai."""
    found, for_all = set[str](), True
    for part in (robots or "").lower().split(","):
        agent, colon, rest = part.partition(":")
        if colon and not agent.strip().startswith(("max-", "unavailable")):
            for_all, part = agent.strip() in _FOR_ALL, rest
        if for_all and (directive := _DIRECTIVE.match(part.strip())):
            found.add(directive[0])
    return found


def _licence(element: Any, url: str | None) -> str | None:
    link = str(element.getattr("href") or "").strip()
    if not link or len(link) > _LONGEST:
        return None
    rel = (element.getattr("rel") or "").lower().split()
    if "license" not in rel and not _CREATIVE_COMMONS.match(link):
        return None
    try:
        return urljoin(url or "", link)
    except ValueError:
        return None


def _tdm(said: str | None) -> bool | None:
    value = (said or "").strip()[:1]
    return {"1": True, "0": False}.get(value)
