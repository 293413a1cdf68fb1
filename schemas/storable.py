"""Texts as tables take them: Arrow and Parquet hold UTF-8, which knows no lone surrogates."""

from __future__ import annotations


def without_surrogates(text: str) -> str:
    """The text with a question mark for each lone surrogate."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def utf8_bytes(text: str) -> int:
    """Its size in UTF-8; a lone surrogate counts three bytes."""
    return len(text.encode("utf-8", "surrogatepass"))
