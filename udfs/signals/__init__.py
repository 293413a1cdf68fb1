"""Quality signals: one small function each, measured once per text (the RefineCode filter, docs/rules.md).

Importing this package registers every family. VERSION changes with any source or data a value depends on.
"""

from __future__ import annotations

import hashlib
import sys
from importlib import resources

from udfs.signals import (
    authors,
    authors_c,
    authors_cpp,
    authors_javascript,
    authors_python,
    c,
    code,
    cpp,
    csharp,
    documents,
    go,
    html,
    java,
    javascript,
    kotlin,
    paths,
    php,
    python,
    ruby,
    rust,
    scala,
    shell,
    sql,
    swift,
    typescript,
)
from udfs.signals.registry import AUTHORS, PathSignal, Signal, all_signals, applicable, measure, path_signals
from udfs.signals.words import tokenizer_version

__all__ = [
    "AUTHORS",
    "MEASURED_AUTHORS",
    "VERSION",
    "PathSignal",
    "Signal",
    "all_signals",
    "applicable",
    "measure",
    "path_signals",
]

# What a kernel version ends with where the authors' own versions were measured too.
MEASURED_AUTHORS = "+authors"

FAMILIES = (
    code,
    documents,
    paths,
    typescript,
    php,
    rust,
    ruby,
    kotlin,
    swift,
    scala,
    shell,
    sql,
    python,
    c,
    cpp,
    csharp,
    go,
    java,
    javascript,
    html,
    authors,
    authors_python,
    authors_c,
    authors_cpp,
    authors_javascript,
)


def _version() -> str:
    package = resources.files("udfs")
    sources = [p for p in package.joinpath("signals").iterdir() if p.name.endswith(".py")]
    sources += [
        *(package.joinpath(f"{n}.py") for n in ("lexing", "comment_styles", "characters", "natural_language")),
        *(package.joinpath(f"data/{n}.json") for n in ("comment_syntax", "no_lexer")),
    ]
    # Which Python texts parse depends on the Python that asks.
    digest = hashlib.sha256(f"{tokenizer_version()} {sys.version_info[:2]}".encode())
    for source in sorted(sources, key=lambda p: p.name):
        digest.update(source.name.encode() + b"\0" + source.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return digest.hexdigest()[:16]


VERSION = _version()
