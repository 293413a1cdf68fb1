"""Hashes that lists name contents by: SHA-256, SHA-1, git's of a blob, Software Heritage's BLAKE2s."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

_HEX = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
GIT = 40
"""Digits of a hash by which git's own repositories name a blob, but for the few that are SHA-256."""


def is_hash(name: str) -> bool:
    """Whether a name could be checked against a content."""
    return bool(_HEX.fullmatch(name))


def is_of(data: bytes, names: Iterable[str]) -> bool:
    """Whether the content is what one of these names stands for. Lists do not say which hash theirs is, and have no
    need to: two kinds of equal length never meet.
    """
    asked = set(names)
    lengths = {len(name) for name in asked}
    return any(not asked.isdisjoint(_digests(data, length)) for length in sorted(lengths))


def _digests(data: bytes, length: int) -> set[str]:
    blob = b"blob %d\0" % len(data)
    if length == GIT:
        return {hashlib.sha1(data).hexdigest(), hashlib.sha1(blob + data).hexdigest()}
    both = {hashlib.sha256(data).hexdigest(), hashlib.sha256(blob + data).hexdigest()}
    return both | {hashlib.blake2s(data).hexdigest()}
