"""The domain that somebody registered, of any host: public suffixes and, beside them, those of hosting firms."""

from __future__ import annotations

import hashlib
from functools import cache, lru_cache
from importlib import resources
from typing import Any

import tldextract


@cache
def _extract() -> Any:
    """By the list that the package carries: none is fetched, none is cached on disk, and a run cannot move under us."""
    return tldextract.TLDExtract(
        suffix_list_urls=(), cache_dir=None, fallback_to_snapshot=True, include_psl_private_domains=True
    )


@lru_cache(65536)
def domain_of(host: str | None) -> str | None:
    """The registrable domain of a host; of `a.github.io` and `a.readthedocs.io` itself, for each is somebody's own. A
    host that is a suffix, an address or a bare name is its own domain; None for no host."""
    if not host:
        return None
    found = _extract().extract_str(host)
    return str(found.top_domain_under_public_suffix) or host


@cache
def snapshot() -> str:
    """The list's identity: SHA-256 of the snapshot that tldextract carries, a pinned artifact."""
    data = resources.files("tldextract").joinpath(".tld_set_snapshot").read_bytes()
    return hashlib.sha256(data).hexdigest()
