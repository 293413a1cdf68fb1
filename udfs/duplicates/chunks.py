"""Chunks of a text: runs of tokens that stand or go on their own (OpenCoder, comparison of levels: 4,096 tokens).

A token is a run of word bytes (letters, digits, underscore, any byte of a multi-byte character), a run of punctuation,
or a character of a script that has no spaces (udfs/duplicates/scripts.py). A chunk reaches from its first token to the
first token of the next one, so that the chunks of a text are the whole of it and none ends inside a character.
"""

from __future__ import annotations

from collections.abc import Collection

from schemas.identity import code_identity
from udfs.duplicates.scripts import token_spans

# Read once: what runs is what was imported, whatever happens to the file meanwhile.
VERSION = code_identity(__name__)


def chunk_spans(raw: bytes, size: int) -> list[tuple[int, int]]:
    """(first byte, end) of each chunk of `size` tokens, the last one shorter; a text without tokens is one chunk."""
    starts = [start for n, (start, _) in enumerate(token_spans(raw)) if n and n % size == 0]
    return list(zip([0, *starts], [*starts, len(raw)], strict=True))


def without_chunks(text: str, cut: Collection[int], size: int) -> str:
    """The text less these chunks, which are counted from 1. A line end keeps apart what was not side by side."""
    raw, last = text.encode(), 0
    kept: list[bytes] = []
    for number, (start, end) in enumerate(chunk_spans(raw, size), start=1):
        if number in cut:
            continue
        if kept and last != number - 1 and not kept[-1].endswith(b"\n"):
            kept.append(b"\n")
        kept.append(raw[start:end])
        last = number
    return b"".join(kept).decode()
